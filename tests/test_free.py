"""Free stories drawn like in the app, and scored: each at the smallest size that is real."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from storyboard.disk.pictures import PictureStore
from storyboard.errors import StoryError
from storyboard.models.judge.matching import Wanted
from storyboard.renderer import Verdict
from storyboard.studio.cast import load_cast
from tests import tiny
from tests.fakes import FlatRenderer
from training.assemble import write_cast
from training.evaluate import free_reading
from training.evaluate.drawing import KeptRenderer, frame_seed
from training.evaluate.frame_classifier import FrameClassifier, save_classifier
from training.evaluate.free import by_kind, look_at, main, report, sheet_of, verdicts
from training.evaluate.free_drawing import FreePicture, draw_free_story
from training.evaluate.free_stories import load_free_stories
from training.evaluate.labels import maple_lane_names
from training.evaluate.metrics import ABSENT, Labels, deeds_right
from training.evaluate.people_scores import Staged
from training.evaluate.report import Judged, Scored
from training.maple_lane import BY_NAME


@pytest.fixture(scope="module")
def stories():
    return load_free_stories()


@pytest.fixture(scope="module")
def cast_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cast")
    write_cast(folder)
    return folder


@pytest.fixture
def draw(tmp_path, cast_folder):
    """Draws a story. By default a new flat renderer continues with the pictures of earlier calls."""
    pictures = PictureStore(tmp_path / "store")
    cast = load_cast(cast_folder, pictures)

    def drawn(story, flat=None, best=False) -> list[FreePicture]:
        kept = KeptRenderer(flat or FlatRenderer(), "weights", tmp_path / "kept")
        return draw_free_story(story, cast, kept, pictures, best=best)

    return drawn


def named(stories, name: str):
    return next(story for story in stories if story.id == name)


def test_a_story_is_drawn_as_the_app_draws_it(stories, draw):
    """The whole cast, the story's portraits, earlier pictures, and the names that the app's rules put in."""
    story, flat = named(stories, "bread-and-snow"), FlatRenderer()
    told = draw(story, flat)
    assert [request.caption for request in flat.requests] == [frame.text for frame in story.frames]
    assert [len(request.history) for request in flat.requests] == [0, 1, 2, 3]
    assert flat.requests[3].history[1].picture.tobytes() == told[1].open().tobytes()
    assert [request.seed for request in flat.requests] == [frame_seed(story.id, n) for n in range(4)]
    assert {member.name for member in flat.requests[0].cast} == set(BY_NAME)
    apron = next(member.portrait for member in flat.requests[0].cast if member.name == "Nana")
    other = draw(replace(story, outfits={**story.outfits, "Nana": "poncho"}), again := FlatRenderer())
    poncho = next(member.portrait for member in again.requests[0].cast if member.name == "Nana")
    assert apron.tobytes() != poncho.tobytes() and told[0].path != other[0].path
    bound = FlatRenderer()
    draw(named(stories, "burnt-porridge"), bound)
    assert "asked Milo whether" in bound.requests[1].resolved


def test_a_second_run_draws_one_picture_to_check_and_reads_the_others(stories, draw):
    story = stories[0]
    first = draw(story)
    told = draw(story, again := FlatRenderer())
    assert [one.path for one in told] == [one.path for one in first] and len(again.requests) == 1
    told[2].path.unlink()
    draw(story, again := FlatRenderer())
    assert [request.caption for request in again.requests] == [story.frames[0].text, story.frames[2].text]


def test_what_the_judge_finds_wrong_is_drawn_again_and_the_best_is_scored(stories, draw):
    story, flat = stories[0], FlatRenderer()
    flat.verdicts = [Verdict(missing=("Milo",), twice=("Rosa",)), Verdict(missing=("Milo",)), Verdict()]
    told = draw(story, flat, best=True)
    assert len(flat.requests) == len(story.frames) + 2  # the third picture of the first frame has no fault
    first = told[0].made
    assert first.seed == flat.requests[2].seed != flat.requests[0].seed and first.verdict == Verdict()
    again = draw(story, read := FlatRenderer(), best=True)
    assert len(read.requests) == 1 and [one.path for one in again] == [one.path for one in told]
    once = draw(story, FlatRenderer())
    assert once[0].made.verdict == Verdict(missing=("Milo",), twice=("Rosa",))


def test_pictures_of_changed_code_are_noticed(stories, draw):
    draw(stories[0])
    with pytest.raises(StoryError, match="other code"):
        draw(stories[0], FlatRenderer(size=8))


def test_a_text_that_the_app_refuses_has_no_picture_and_no_later_frame_reads_it(stories, draw):
    story = stories[0]
    stranger = replace(story.frames[1], text="Then Zelda waves to Milo.")
    story = replace(story, frames=(story.frames[0], stranger, *story.frames[2:]))
    told = draw(story, flat := FlatRenderer())
    assert "names Zelda" in told[1].refused and told[1].open() is None
    assert [len(request.history) for request in flat.requests] == [0, 1, 2]


def test_an_outfit_that_the_cast_does_not_have_is_named(stories, tmp_path, cast_folder):
    pictures = PictureStore(tmp_path / "store")
    cast = [replace(one, portraits=one.portraits[:1]) for one in load_cast(cast_folder, pictures)]
    kept = KeptRenderer(FlatRenderer(), "weights", tmp_path / "kept")
    with pytest.raises(StoryError, match="no portrait of Rosa in a purple jumper"):
        draw_free_story(named(stories, "burnt-porridge"), cast, kept, pictures)


class Clairvoyant:
    """A judge that gets its answers in advance, one after another: the labels of what it was given."""

    def __init__(self, *answers: Labels):
        self.names, self.answers = maple_lane_names(), list(answers)

    def see(self, pictures) -> Labels:
        count = len(list(pictures))
        answer = self.answers.pop(0)
        assert count == len(answer)
        return answer


def test_open_actions_ask_nothing_and_a_refused_text_shows_nobody(stories, draw):
    story = named(stories, "burnt-porridge")
    told = draw(story)
    told[1] = FreePicture(story, 1, refused="who is that")
    names = maple_lane_names()
    truth = names.labels_of([frame.scene for frame in story.as_maple_story().frames])
    scored = look_at(Clairvoyant(truth[[0, 2, 3]], truth), told)
    assert (scored.truth.actions != ABSENT).sum(axis=1).tolist() == [1, 0, 2, 2]
    assert scored.drawn.characters.sum(axis=1).tolist() == [1, 0, 2, 3]
    scores = report(scored, told, names)
    assert scores["scores"]["Char-Acc"]["right"] == 3 and scores["scores"]["BG-Acc"]["right"] == 3
    assert scores["scores"]["Action-Acc"] | {"low": 0, "high": 0} == {
        "value": 100.0, "low": 0, "high": 0, "right": 5, "of": 5
    }  # fmt: skip
    assert scores["real frames"]["Char-Acc"]["right"] == 4 and scores["refused"] == 1
    assert scores["by kind"]["group word"]["frames"] == 1
    assert scores["pictures"][1]["truth"]["characters"] == {"Milo": None, "Nana": None}
    assert scores == json.loads(json.dumps(scores))
    assert sheet_of(scores, told).width > 4 * 176


def test_what_the_apps_judge_says_is_counted_beside_the_truth(stories, draw):
    story, flat = named(stories, "burnt-porridge"), FlatRenderer()
    flat.verdicts = [Verdict(), Verdict(missing=("Nana",)), Verdict(place="in the park"), None]
    told = draw(story, flat)
    truth = maple_lane_names().labels_of([frame.scene for frame in story.as_maple_story().frames])
    drawn = truth[np.arange(4)]
    drawn.places[2] = False
    wanted = [tuple(Wanted(name, {}) for name in frame.who) for frame in story.frames]
    twice = [Staged(some, (), (*range(len(some)), 0), "", ()) for some in wanted]
    once = [Staged(some, (), tuple(range(len(some))), "", ()) for some in wanted]
    stage = Judged([twice[0], once[1], once[2], twice[3]], {}, {})
    scored = Scored(np.zeros(4), np.arange(4), truth, drawn, truth, stage)
    # Frame 1 shows somebody twice and frame 3 is elsewhere. Frame 2 is right. Frame 4 has no verdict.
    counts = by_kind(scored, told)
    assert [counts[kind]["scores"]["Each once"]["right"] for kind in ("past", "place unsaid")] == [2, 1]
    assert verdicts(scored, told) == {"judged": 3, "said to be wrong": 2, "rightly": 1, "wrong": 2}


def test_who_does_what_wants_every_deed_on_its_own_person():
    truth = np.array([[1, 2, ABSENT], [1, 2, ABSENT], [1, 1, ABSENT], [1, 2, 2], [ABSENT, 1, ABSENT]])
    seen = np.array([[1, 2, 0], [2, 1, 0], [0, 0, 0], [1, 2, 2], [0, 1, 0]])
    found = np.array([[1, 1, 0], [1, 1, 0], [1, 1, 0], [1, 1, 0], [1, 1, 1]], bool)
    places = np.zeros((5, 1), bool)
    ratio = deeds_right(Labels(truth != ABSENT, places, truth, truth), Labels(found, places, seen, seen))
    assert ratio.above.tolist() == [1, 0, 0, 0, 0] and ratio.below.tolist() == [1, 1, 0, 1, 0]


def test_the_command_draws_scores_and_tells_the_same_twice(tmp_path, monkeypatch, capsys):
    # The tiny tokenizer spells, and these are whole sentences.
    monkeypatch.setattr(tiny, "TEXT_TOKENS", 512)
    tiny.pipeline().save_pretrained(tmp_path / "pipeline")
    write_cast(tmp_path / "pipeline")
    torch.manual_seed(0)
    classifier = FrameClassifier(**maple_lane_names().as_config(), size=16, widths=(8, 8))
    save_classifier(classifier, tmp_path / "classifier")

    def run(name: str) -> dict:
        flags = {"--json": name, "--sheet": "sheet.png", "--pipeline": "pipeline", "--out": "pictures"}
        flags |= {"--classifier": "classifier"}
        given = [part for flag, value in flags.items() for part in (flag, str(tmp_path / value))]
        main([*given, "--stories", "1", "--steps", "1"])
        return json.loads((tmp_path / name).read_text(encoding="utf-8"))

    told = run("scores/one.json")
    assert told["frames"] == 4 and told["drawn by"] == {"char-ldm": 1, "llm": 3} and told["steps"] == [1]
    assert told["by kind"]["past"]["frames"] == 4
    printed = capsys.readouterr().out
    assert "Who does what" in printed and "somebody unnamed" in printed
    assert Image.open(tmp_path / "sheet.png").width > 4 * 176
    assert run("two.json") == told


def test_stories_are_read_without_being_drawn(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(tiny, "TEXT_TOKENS", 512)
    built = tiny.pipeline(interleaved=False, first_frame="llm", context_frames=4)
    mapper = tiny.condition_mapper(reads_story=True, people=8)
    built.register_modules(condition_mapper=mapper, visual_mapper=None)
    built.save_pretrained(tmp_path / "pipeline")
    write_cast(tmp_path / "pipeline")
    flags = [
        "--pipeline",
        str(tmp_path / "pipeline"),
        "--json",
        str(tmp_path / "read.json"),
        "--stories",
        "1",
    ]
    free_reading.main(flags)
    told = json.loads((tmp_path / "read.json").read_text(encoding="utf-8"))
    assert told["frames"] == told["right"]["of"] == len(told["read"]) == 4
    right = [set(one["read"]) == set(one["truth"]) for one in told["read"]]
    assert told["right"]["right"] == sum(right)
    decided = [one for one in told["read"] if one["words"] is not None]
    assert told["words decide"] == len(decided) > 0
    # Without training it points at nobody. Those of whom the words are sure are there all the same.
    assert any(one["read"] and set(one["read"]) <= set(one["words"]) for one in decided)
    assert "words decide" in capsys.readouterr().out
    silent = tiny.pipeline(interleaved=False, first_frame="llm")
    silent.save_pretrained(tmp_path / "silent")
    write_cast(tmp_path / "silent")
    with pytest.raises(StoryError, match="does not point at people"):
        free_reading.main(["--pipeline", str(tmp_path / "silent"), *flags[2:]])
