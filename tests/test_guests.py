"""Strangers: stories of them, drawn like in the app, and the scores from what the judge sees."""

import json

import pytest

from storyboard.disk.pictures import PictureStore
from storyboard.errors import StoryError
from storyboard.models.judge import save_judge
from storyboard.studio.cast import load_cast
from tests import tiny
from tests.fakes import FlatRenderer
from tests.test_judge import VOCABULARY, on_stage, seen, tiny_judge
from training.assemble import write_cast
from training.evaluate.drawing import KeptRenderer
from training.evaluate.guest_scores import GuestFrame, guest_scores
from training.evaluate.guests import GuestPicture, draw_guests, main
from training.evaluate.judge.vocabulary import labels_of
from training.maple_lane import BY_NAME, sample_guest_story, split_of


def scores_of(story, *people_of_frames) -> dict:
    frames = []
    for number, people in enumerate(people_of_frames):
        one, wanted = GuestPicture(story, number), story.frames[number].scene.actors
        frames.append(GuestFrame(story.id, number + 1, one.named, on_stage(wanted, people)))
    return guest_scores(frames, VOCABULARY, (1, 4))


@pytest.fixture
def story():
    """Returns a story of a man and a woman. So the first frame has a name and the fourth a pronoun."""
    return sample_guest_story(0)


def actors(story) -> list[tuple]:
    return [frame.scene.actors for frame in story.frames]


def test_a_guest_story_is_of_two_people_and_mostly_of_the_first():
    for seed in range(20):
        story = sample_guest_story(seed, 7)
        guest, friend = story.looks
        assert not {guest, friend} & set(BY_NAME)
        shown = [{actor.name for actor in frame.scene.actors} for frame in story.frames]
        assert shown == [{guest}, {guest}, {guest, friend}] * 2 + [{guest}]
        assert all(split_of(frame.scene) == "test" for frame in story.frames)
        assert story == sample_guest_story(seed, 7)


def test_real_people_score_everything(story):
    told = scores_of(story, *(tuple(seen(actor) for actor in some) for some in actors(story)))
    assert {one["value"] for one in told.values()} == {100.0}
    assert told["Alone"]["of"] == 3 and told["Both, not mixed up"]["of"] == 1
    assert told["All five, frame 1"]["of"] == told["All five, frame 4"]["of"] == 1
    assert told == json.loads(json.dumps(told))


def test_one_wrong_part_spoils_all_five_and_its_own_score(story):
    people = [tuple(seen(actor) for actor in some) for some in actors(story)]
    (guest,) = actors(story)[3]
    other = next(name for name in VOCABULARY.facets["hair"] if name != labels_of(guest)["hair"])
    people[3] = (seen(guest, hair=other),)
    told = scores_of(story, *people)
    assert told["All five, frame 4"]["right"] == 0 and told["All five, frame 1"]["right"] == 1
    assert told["Look, hair"]["right"] == 2 and told["Look, skin"]["right"] == 3


def test_somebody_twice_or_missing_is_not_alone(story):
    people = [tuple(seen(actor) for actor in some) for some in actors(story)]
    told = scores_of(story, people[0] * 2, (), people[2], people[3])
    assert told["Alone"]["right"] == 1 and told["All five, frame 1"]["right"] == 1
    assert told["Look, hair"]["right"] == 2


def test_two_who_lend_each_other_their_looks_are_mixed_up(story):
    one, two = actors(story)[2]
    first, second = labels_of(one), labels_of(two)
    parts = ("hair", "hair_colour", "skin", "top_colour", "bottom_colour")
    lent = seen(one, **{part: second[part] for part in parts[1:]})
    people = [tuple(seen(actor) for actor in some) for some in actors(story)]
    assert any(first[part] != second[part] for part in parts[1:])
    swapped = scores_of(story, *people[:2], tuple(reversed(people[2])), people[3])
    assert swapped["Both, not mixed up"]["right"] == 1  # left and right do not matter
    mixed = scores_of(story, *people[:2], (lent, people[2][1]), people[3])
    assert mixed["Both, each once"]["right"] == 1 and mixed["Both, not mixed up"]["right"] == 0


def test_guests_are_drawn_beside_the_cast_of_the_pipeline(story, tmp_path):
    write_cast(tmp_path / "cast")
    pictures = PictureStore(tmp_path / "store")
    cast = load_cast(tmp_path / "cast", pictures)
    flat = FlatRenderer()
    told = draw_guests(story, cast, KeptRenderer(flat, "weights", tmp_path / "kept"), pictures)
    assert [request.caption for request in flat.requests] == [one.caption for one in told]
    assert {member.name for member in flat.requests[0].cast} == {*BY_NAME, *story.looks}
    assert [one.named for one in told] == [True, False, True, False]
    assert all(one.open() is not None for one in told)
    again = FlatRenderer()
    draw_guests(story, cast, KeptRenderer(again, "weights", tmp_path / "kept"), pictures)
    assert len(again.requests) == 1  # one frame is drawn again, to notice a change in the code


def test_the_command_draws_scores_and_shows(tmp_path, capsys):
    tiny.pipeline().save_pretrained(tmp_path / "pipeline")
    write_cast(tmp_path / "pipeline")
    save_judge(tiny_judge(), tmp_path / "judge")
    flags = ["--pipeline", str(tmp_path / "pipeline"), "--judge", str(tmp_path / "judge"), "--steps", "1"]
    flags += ["--stories", "1", "--json", str(tmp_path / "told.json"), "--out", str(tmp_path / "drawn")]
    main([*flags, "--sheet", str(tmp_path / "sheet.png")])
    told = json.loads((tmp_path / "told.json").read_text())
    assert told["frames"] == 4 and told["refused"] == 0
    assert told["scores"].keys() == told["real frames"].keys() >= {"Alone", "All five, frame 1"}
    assert (tmp_path / "sheet.png").stat().st_size and "Both, not mixed up" in capsys.readouterr().out
    with pytest.raises(StoryError, match="--stories 0"):
        main([*flags[:-5], "0", *flags[-4:]])
