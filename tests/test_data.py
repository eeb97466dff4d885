"""Dataset folders as records: the authors' two datasets and Maple Lane, stories of any length, and damaged folders."""

import json
import logging
import pickle
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from storyboard.errors import StoryError
from tests import story_folders
from tests.story_folders import SIZE, clip_id
from training.data import READERS, StoryDataset, open_reader
from training.data.__main__ import main
from training.data.splits import differs_from_published, split_by_episode
from training.maple_lane.writer import write_dataset


@pytest.fixture
def flintstones(tmp_path) -> Path:
    story_folders.flintstones(tmp_path / "flintstones")
    return tmp_path / "flintstones"


@pytest.fixture
def pororo(tmp_path) -> Path:
    story_folders.pororo(tmp_path / "pororo")
    return tmp_path / "pororo"


@pytest.fixture(scope="module")
def lane(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("lane")
    write_dataset(folder, "test", 2, 5, size=SIZE)
    write_dataset(folder, "train", 1, 4, size=SIZE)
    return folder


# Records


def test_a_flintstones_clip_as_a_record(flintstones):
    clip = open_reader(flintstones).clip(clip_id(1, 0, 1))
    assert clip.captions == ("Wilma and Fred sit down.",)
    assert clip.characters == ("wilma", "fred") and clip.setting == "cave"
    assert [(s.id, s.word, clip.tokens[s.start : s.end]) for s in clip.segments] == [
        (5, "wilma", ("Wilma",)),
        (6, "fred", ("Fred",)),
    ]
    assert clip.segments[0].box == (8, 16, 64, 120)
    assert clip.labels == (1, 1, 0, 0, 0, 0, 0)
    assert len(clip.background) == 323 and clip.background.index(1) == 1
    assert {name for name, _ in clip.portraits} == {"Fred", "Wilma"}


def test_pictures_and_masks_belong_to_the_same_moment(flintstones):
    frame = StoryDataset(open_reader(flintstones), "test").story(0).frames[1]
    picture, mask = np.array(frame.picture()), frame.mask()
    assert picture.shape == (SIZE, SIZE, 3) and mask.shape == (SIZE, SIZE)
    assert np.array_equal(mask == 5, (picture == (50, 200, 20 * frame.number)).all(-1))


def test_a_missing_mask_is_none(flintstones):
    for file in (flintstones / "seg_mask_4x_comb").iterdir():
        file.unlink()
    assert StoryDataset(open_reader(flintstones), "test").story(0).frames[0].mask() is None


def test_a_maple_lane_clip_as_a_record(lane):
    story = StoryDataset(open_reader(lane), "test").story(0)
    record = json.loads((lane / "stories.json").read_text())[0]
    written = next(
        r for r in (record, *json.loads((lane / "stories.json").read_text())) if r["split"] == "test"
    )
    frame = story.frames[0]
    assert story.captions == tuple(f["plain"] for f in written["frames"][:4])
    assert story.referential[1:] == tuple(f["referential"] for f in written["frames"][1:4])
    for segment in frame.clip.segments:
        assert frame.clip.tokens[segment.start : segment.end][0].lower() == segment.word
        assert (frame.mask() == segment.id).any()
    assert all(file.is_file() for name, file in frame.clip.portraits)
    assert {name for name, _ in frame.clip.portraits} == set(written["outfits"])


def test_a_pororo_clip_has_several_captions(pororo):
    clip = open_reader(pororo).clip("film_0")
    assert len(clip.captions) == 3 and clip.characters == ("Pororo", "Crong")


def test_every_kind_is_recognised_and_can_be_said(flintstones, pororo, lane):
    assert [open_reader(f).kind for f in (flintstones, pororo, lane)] == list(READERS)
    with pytest.raises(StoryError, match='"garfield".*flintstones, pororo, maple-lane'):
        open_reader(flintstones, "garfield")


# Stories


def test_four_frames_overlap_and_follow_the_list(flintstones):
    dataset = StoryDataset(open_reader(flintstones), "test")
    assert dataset.stories == [tuple(clip_id(1, 0, i + k) for k in range(4)) for i in range(3)]
    assert len(StoryDataset(open_reader(flintstones), "train")) == 3


def test_a_story_may_stay_within_its_split(flintstones):
    """By the published rule, training stories continued into test clips, and both stages learned from these."""
    ids = [clip_id(1, 0, shot) for shot in range(6)]
    split = {"train": ids[:5], "val": [], "test": ids[5:]}
    story_folders.write_json(flintstones / "split.json", split)
    reader = open_reader(flintstones)
    assert StoryDataset(reader, "train").clips == ids
    within = StoryDataset(reader, "train", followers="own")
    assert within.stories == [tuple(ids[:4]), tuple(ids[1:5])]
    assert StoryDataset(reader, "train", 1).clips == ids[:5]


def test_without_a_list_the_next_of_the_same_episode_follow(flintstones):
    listed = StoryDataset(open_reader(flintstones), "test").stories
    (flintstones / "following_cache3.pkl").unlink()
    assert StoryDataset(open_reader(flintstones), "test").stories == listed


def test_other_lengths_go_end_to_end(flintstones):
    reader = open_reader(flintstones)
    assert StoryDataset(reader, "test", 2).stories == [
        (clip_id(1, 0, i), clip_id(1, 0, i + 1)) for i in (0, 2, 4)
    ]
    assert StoryDataset(reader, "test", 6).stories == [tuple(clip_id(1, 0, i) for i in range(6))]
    assert len(StoryDataset(reader, "test", 7)) == 0
    assert len(StoryDataset(reader, "test", 5, overlapping=True)) == 2
    assert len(StoryDataset(reader, "test", 1)) == 6


def test_long_stories_of_a_split_with_two_episodes_never_cross_them(tmp_path):
    parts = story_folders.flintstones(tmp_path / "f", episodes=4, clips=5)
    stories = StoryDataset(open_reader(tmp_path / "f"), "train", 3).stories
    # Ten clips in strides of three: the second story crosses two episodes and is left out, as in the published rule.
    assert stories == [tuple(parts["train"][i : i + 3]) for i in (0, 6)]


def test_a_list_of_another_length_is_used_for_that_length(flintstones):
    clips = [clip_id(1, 0, i) for i in (5, 3)]
    story_folders.write_pickle(flintstones / "following_cache1.pkl", {clips[0]: clips[1:]})
    assert StoryDataset(open_reader(flintstones), "test", 2).stories == [tuple(clips)]


def test_pororos_order_is_that_of_its_lists(pororo, tmp_path):
    ids = story_folders.pororo(tmp_path / "again")
    reader = open_reader(pororo)
    assert reader.ordered() == ids != sorted(ids)
    assert StoryDataset(reader, "test", 6).stories == [tuple(ids)]
    assert sorted(StoryDataset(reader, "test").stories) == sorted(tuple(ids[i : i + 4]) for i in range(3))


def test_a_ring_of_followers_ends(pororo):
    ring = {"film_0": ["film_7", "film_4", "film_0"]}
    story_folders.write_pickle(pororo / "following_cache3.pkl", ring)
    assert len(open_reader(pororo).ordered()) == 6


def test_the_pictures_chosen_depend_on_seed_clip_and_draw_alone(flintstones):
    def numbers(seed: int, draw: int = 0) -> list[int]:
        dataset = StoryDataset(open_reader(flintstones), "train", 1, seed=seed)
        return [dataset.story(i, draw).frames[0].number for i in range(len(dataset))]

    assert numbers(0) == numbers(0) != numbers(1)
    assert numbers(0) != numbers(0, draw=1)
    one, other = (
        StoryDataset(open_reader(flintstones), "test"),
        StoryDataset(open_reader(flintstones), "test", 2),
    )
    assert one.story(0).frames[1].number == other.story(0).frames[1].number
    drawn = Counter(one.story(0, draw).frames[0].number for draw in range(300))
    assert all(70 < drawn[number] < 130 for number in range(story_folders.PICTURES))


def test_captions_with_pronouns_follow_the_rule(flintstones):
    said = {
        rule: StoryDataset(open_reader(flintstones), "test", rule=rule).story(1).referential
        for rule in ("evaluation", "training", "story-ldm")
    }
    assert said["evaluation"] == (
        "Wilma and Fred sit down.",
        "They laugh.",
        "Then Wilma leaves.",
        "She sings.",
    )
    assert said["training"][3] == "He sings."
    assert said["story-ldm"][1] == "Fred and Wilma laugh. So it was."


def test_a_pororo_caption_is_chosen_by_luck_by_time_or_first(pororo):
    def said(rule: str) -> set[tuple[int, str]]:
        dataset = StoryDataset(open_reader(pororo), "test", 1, rule=rule)
        frames = [dataset.frame("film_0", draw) for draw in range(40)]
        return {(frame.number, frame.caption) for frame in frames}

    captions = open_reader(pororo).clip("film_0").captions
    assert said("story-ldm") == {(number, captions[0]) for number in range(3)}
    assert said("training") == {(0, captions[1]), (1, captions[2]), (2, captions[2])}
    assert {caption for _, caption in said("evaluation")} == set(captions)


def test_a_pororo_story_opens_with_a_caption_chosen_once_more(pororo):
    dataset = StoryDataset(open_reader(pororo), "test")
    pairs = {(dataset.story(0, d).opening, dataset.story(0, d).captions[0]) for d in range(60)}
    assert len(pairs) == 9


# The split


def test_the_original_split_stands_in_and_says_that_its_numbers_differ(flintstones, caplog):
    (flintstones / "split.json").rename(flintstones / "train-val-test_split.json")
    with caplog.at_level(logging.WARNING):
        dataset = StoryDataset(open_reader(flintstones), "test")
    assert len(dataset) == 3
    assert "split.json is missing" in caplog.text
    assert "20132/2071/2309" in caplog.text and "6/6/6" in caplog.text and "3/3/3" in caplog.text


def test_the_published_numbers_raise_no_warning(flintstones, caplog, monkeypatch):
    (flintstones / "split.json").rename(flintstones / "train-val-test_split.json")
    monkeypatch.setattr(READERS["flintstones"], "published", (3, 3, 3))
    with caplog.at_level(logging.WARNING):
        assert len(open_reader(flintstones).splits["test"]) == 6
    assert "cannot be compared" not in caplog.text


def test_without_any_split_whole_episodes_are_dealt_out(tmp_path, caplog):
    story_folders.flintstones(tmp_path / "f", episodes=12, clips=4, split=False)
    with caplog.at_level(logging.WARNING):
        parts = open_reader(tmp_path / "f").splits
    assert "whole episodes" in caplog.text and "cannot be compared" in caplog.text
    owner = {clip.split("_")[3]: name for name, ids in parts.items() for clip in ids}
    assert all(owner[clip.split("_")[3]] == name for name, ids in parts.items() for clip in ids)
    assert (
        sum(map(len, parts.values())) == 48 and len(parts["train"]) >= 36 and parts["test"] and parts["val"]
    )
    assert parts == open_reader(tmp_path / "f").splits


def test_shares_are_met_with_many_episodes():
    ids = [f"{episode}/{shot}" for episode in range(160) for shot in range(150)]
    shares = {"train": 20132, "val": 2071, "test": 2309}
    dealt = split_by_episode(ids, lambda clip: clip.split("/")[0], shares)
    for name, share in shares.items():
        assert abs(len(dealt[name]) / len(ids) - share / sum(shares.values())) < 0.01


def test_the_published_numbers_may_be_of_clips_or_of_stories():
    counts = {"clips": (9, 9, 9), "stories of 4 frames": (6, 6, 6)}
    assert differs_from_published(counts, (6, 6, 6)) is None
    assert "6/6/7" in differs_from_published(counts, (6, 6, 7))


# Bad folders


def test_a_missing_clip_says_which_and_how_many_more(flintstones):
    for shot in (1, 3, 4):
        (flintstones / "video_frames_sampled_4x" / f"{clip_id(1, 0, shot)}.npy").unlink()
    with pytest.raises(StoryError, match=f"{clip_id(1, 0, 1)}.npy is missing, and 2 more"):
        StoryDataset(open_reader(flintstones), "test")
    assert len(StoryDataset(open_reader(flintstones), "train")) == 3


@pytest.mark.parametrize("clip", ["../../etc/passwd", "a/b", "", "nul\0", "c:d"])
def test_an_id_that_leads_elsewhere_is_refused(flintstones, clip):
    story_folders.write_json(flintstones / "split.json", {"train": [], "val": [], "test": [clip]})
    with pytest.raises(StoryError, match="cannot be a file's name"):
        StoryDataset(open_reader(flintstones), "test", 1)


def test_followers_that_lead_elsewhere_are_refused(flintstones):
    story_folders.write_pickle(flintstones / "following_cache3.pkl", {clip_id(1, 0, 0): ["../x"] * 3})
    with pytest.raises(StoryError, match="cannot be a file's name"):
        StoryDataset(open_reader(flintstones), "test")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"caption": ""}, "no caption"),
        ({"segments": {}}, "no list of segments"),
        ({"segments": [{"id": 0, "word": "fred", "bbox": [0, 0, 1, 1]}]}, "id 0"),
        ({"segments": [{"id": 1, "word": "fred", "bbox": [0, 0, 1]}]}, "box"),
        ({"segments": [{"id": 1, "word": "fred", "bbox": [0, 0, 1, 1], "start": 2, "end": 99}]}, "token 99"),
        ({"tokens": [1, 2, 3, 4, 5]}, "no words"),
    ],
)
def test_a_broken_annotation_names_its_clip(flintstones, change, said):
    path = flintstones / "cleaned_annotations.json"
    table = json.loads(path.read_text())
    table[clip_id(1, 0, 2)] |= change
    story_folders.write_json(path, table)
    with pytest.raises(StoryError, match=f"{clip_id(1, 0, 2)}.*{said}"):
        open_reader(flintstones).clip(clip_id(1, 0, 2))


def test_a_truncated_picture_file_names_itself(flintstones):
    path = flintstones / "video_frames_sampled_4x" / f"{clip_id(1, 0, 0)}.npy"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(StoryError, match=path.name):
        StoryDataset(open_reader(flintstones), "test").story(0)


def test_segments_may_count_their_last_token_or_one_past_it(flintstones):
    path = flintstones / "cleaned_annotations.json"
    table = json.loads(path.read_text())
    for segment in table[clip_id(1, 0, 1)]["segments"]:
        segment["end"] -= 1
    before = open_reader(flintstones).clip(clip_id(1, 0, 1)).segments
    story_folders.write_json(path, table)
    assert open_reader(flintstones).clip(clip_id(1, 0, 1)).segments == before


# The command


def run(*arguments: object) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "training.data", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_check_finds_nothing_wrong_with_whole_folders(flintstones, pororo, lane, capsys):
    for folder in (flintstones, pororo, lane):
        assert main(["check", str(folder)]) == 0, capsys.readouterr().out
    assert "WRONG" not in capsys.readouterr().out


def test_check_tells_what_is_missing_and_wrong_file_by_file(flintstones, capsys):
    frames, masks = flintstones / "video_frames_sampled_4x", flintstones / "seg_mask_4x_comb"
    (frames / f"{clip_id(1, 0, 1)}.npy").unlink()
    (frames / f"{clip_id(1, 2, 2)}.npy").unlink()
    (frames / f"{clip_id(1, 1, 0)}.npy").write_bytes(b"\x93NUMPY")
    np.save(masks / f"{clip_id(1, 1, 1)}-frame0.npy", np.zeros((4, 4), dtype=np.uint8))
    (masks / f"{clip_id(1, 1, 2)}-frame1.npy").unlink()
    labels = pickle.loads((flintstones / "labels.pkl").read_bytes())
    del labels[clip_id(1, 1, 3)]
    story_folders.write_pickle(flintstones / "labels.pkl", labels)
    assert main(["check", str(flintstones)]) == 1
    out = capsys.readouterr().out
    assert "is missing, and 1 more" in out
    assert f"{clip_id(1, 1, 0)}.npy cannot be read" in out and "And 1 more" in out
    assert f"labels: {clip_id(1, 1, 3)} is without labels" in out
    assert f"{clip_id(1, 1, 2)} is without a mask" in out


def test_check_tells_of_a_missing_split_and_of_leaking_stories(flintstones, capsys):
    ids = [clip_id(1, 0, shot) for shot in range(6)]
    story_folders.write_json(flintstones / "split.json", {"train": ids[3:], "val": [], "test": ids[:3]})
    main(["check", str(flintstones)])
    assert "3 of 3 test stories go on into clips of another split" in capsys.readouterr().out
    story_folders.write_json(flintstones / "split.json", {"train": ids[:3], "val": ids[3:], "test": []})
    main(["check", str(flintstones)])
    assert "3 of 3 train stories go on into clips of another split; stage 2" in capsys.readouterr().out
    (flintstones / "split.json").unlink()
    assert main(["check", str(flintstones)]) == 1
    assert "WRONG split.json: missing; whole episodes instead" in capsys.readouterr().out


def test_the_command_ends_with_a_code_and_no_traceback(tmp_path, flintstones):
    assert run("check", flintstones).returncode == 0
    gone = run("check", tmp_path / "nowhere")
    assert gone.returncode == 1 and gone.stderr.strip() == f"There is no folder {tmp_path / 'nowhere'}."
