"""Stories of anybody in a dataset folder, beside those of the cast: written, read back, written again, and damaged."""

import json

import numpy as np
import pytest
from PIL import Image

from storyboard.errors import StoryError
from training.align_llm.clips import cast_of, named_portraits
from training.data.check import check
from training.data.dataset import StoryDataset, open_reader
from training.maple_lane import draw
from training.maple_lane.scene import draw_portrait, draw_with_masks
from training.maple_lane.words import canonical
from training.maple_lane.writer import frame_ids, story_of, write_dataset

WORLDS = ("cast", "people", "open")
SIZE = 64


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Writes two stories of each world for training and one of each for the test. The open ones are written twice."""
    path = tmp_path_factory.mktemp("worlds")
    for world in (*WORLDS, "open"):
        write_dataset(path, "train", 2, size=SIZE, world=world)
        write_dataset(path, "test", 1, size=SIZE, world=world)
    return path


def test_worlds_share_a_folder_and_are_not_doubled(folder):
    reader = open_reader(folder)
    assert {split: len(ids) for split, ids in reader.splits.items()} == {"train": 24, "val": 0, "test": 12}
    records = json.loads((folder / "stories.json").read_text("utf-8"))
    assert sorted((r["world"], r["split"]) for r in records) == sorted(
        (world, split) for world in WORLDS for split in ("train", "train", "test")
    )
    assert len(StoryDataset(reader, "train")) == 6


@pytest.mark.parametrize("world", WORLDS)
def test_a_frame_is_read_as_it_was_told(folder, world):
    reader = open_reader(folder)
    for index in range(2):
        tale = story_of(world, "train", index)
        for clip_id, frame in zip(frame_ids("train", index, 4, world), tale.frames, strict=True):
            clip = reader.clip(clip_id)
            picture, masks = draw_with_masks(frame.scene, SIZE)
            assert np.array_equal(clip.pictures()[0], picture) and np.array_equal(
                picture, draw(frame.scene, SIZE)
            )
            assert [s.word for s in clip.segments] == [name.lower() for name in masks]
            for segment, mask in zip(clip.segments, masks.values(), strict=True):
                assert np.array_equal(clip.mask(0) == segment.id, mask)
                assert clip.tokens[segment.start].lower() == segment.word
            assert clip.characters == tuple(actor.name for actor in frame.scene.actors)
            assert clip.captions == (frame.plain,) and clip.canonical == canonical(frame.scene)
            assert [person.name for person in clip.shows.people] == list(clip.characters)
            assert dict(clip.looks) == tale.looks
            assert sum(clip.labels) == (len(clip.characters) if world == "cast" else 0)


@pytest.mark.parametrize("world", WORLDS)
def test_everybody_has_the_portrait_of_how_they_look(folder, world):
    tale = story_of(world, "test", 0)
    clip = open_reader(folder).clip(frame_ids("test", 0, 4, world)[0])
    assert {name for name, _ in clip.portraits} == {*tale.outfits, *tale.looks}
    for name, file in clip.portraits:
        with Image.open(file) as portrait:
            assert np.array_equal(np.array(portrait), draw_portrait(name, tale.wears(name), SIZE))


def test_stage_two_finds_people_of_any_name_and_their_portraits(folder):
    reader = open_reader(folder)
    told = [story for story in StoryDataset(reader, "train") if story.frames[0].clip.looks]
    assert told
    for story in told:
        shown = {name for frame in story.frames for name in frame.clip.characters}
        assert {name for name, _ in cast_of(reader, story.frames)} == shown
        for frame in story.frames:
            found = {mention.name for mention in named_portraits(reader, frame.clip, frame.caption)}
            assert found == set(frame.clip.characters), frame.caption


def test_such_a_folder_passes_the_check(folder):
    assert not [str(finding) for finding in check(folder) if finding.wrong and "split" not in finding.file]


def test_a_damaged_look_and_an_unknown_world_are_refused(tmp_path):
    with pytest.raises(ValueError, match="'moon' is not one of cast, people, open"):
        write_dataset(tmp_path / "none", "val", 1, size=SIZE, world="moon")
    assert not (tmp_path / "none").exists()
    write_dataset(tmp_path, "val", 1, size=SIZE, world="people")
    file = tmp_path / "stories.json"
    records = json.loads(file.read_text("utf-8"))
    next(iter(records[0]["looks"].values()))["hair"] = "../../etc"
    file.write_text(json.dumps(records), "utf-8")
    reader = open_reader(tmp_path)
    with pytest.raises(StoryError, match="stories.json has a look that is none.*hair"):
        reader.clip(reader.ordered()[0])
