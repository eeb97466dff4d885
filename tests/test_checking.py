"""A picture beside its sentence: what the judge finds wrong, and a frame that is drawn again until nothing is wrong."""

from functools import cache

import pytest
from PIL import Image

from storyboard.errors import StoryError
from storyboard.models.folder import bundled_pipeline
from storyboard.models.judge import load_judge
from storyboard.pipeline.checking import compare, known_by, who_is_meant
from storyboard.renderer import CastMember, ContextFrame, Verdict
from storyboard.story.as_json import story_from_json, story_to_json
from storyboard.story.values import Take, new_story
from storyboard.studio.session import BEST_OF, StorySession
from storyboard.text.captions import Reading
from tests.fakes import FlatRenderer, small_cast
from training.maple_lane import Actor, Scene, draw, draw_portrait

ROSA = Actor("Rosa", "dress", "waving", x=0.28)
OTTO = Actor("Otto", "coat", "standing", x=0.72)
OUTFITS = {"Rosa": "dress", "Otto": "coat", "Milo": "jumper"}
MISSING = Verdict(missing=("Rosa",))
WORSE = Verdict(missing=("Rosa",), others=("Milo",), strangers=1)


@cache
def bundled_judge():
    return load_judge(bundled_pipeline() / "judge")


def portrait(name: str) -> Image.Image:
    return Image.fromarray(draw_portrait(name, OUTFITS[name], 128))


def looked_at(*actors: Actor, sentence: str, meant: tuple[str, ...], place: str = "park") -> Verdict:
    judge = bundled_judge()
    cast = {name: known_by(name, portrait(name), judge) for name in OUTFITS}
    picture = Image.fromarray(draw(Scene(place, actors), 256))
    return compare(judge, picture, sentence, meant, cast)


@pytest.mark.parametrize(
    ("actors", "sentence", "meant", "wrong"),
    [
        ((ROSA, OTTO), "Rosa waves to Otto in the park.", ("Rosa", "Otto"), Verdict()),
        ((ROSA,), "Rosa waves to Otto in the park.", ("Rosa", "Otto"), Verdict(missing=("Otto",))),
        ((ROSA, OTTO), "Rosa waves.", ("Rosa",), Verdict(others=("Otto",))),
        ((ROSA, Actor("Pip", "pyjamas", "standing", x=0.72)), "Rosa waves.", ("Rosa",), Verdict(strangers=1)),
        (
            (ROSA, Actor("Rosa", "dress", "standing", x=0.72)),
            "Rosa waves.",
            ("Rosa",),
            Verdict(twice=("Rosa",)),
        ),
        ((ROSA,), "Rosa waves at the beach.", ("Rosa",), Verdict(place="park")),
        ((ROSA,), "Rosa walks from the park to the beach.", ("Rosa",), Verdict()),
    ],
)
def test_the_bundled_judge_says_what_is_wrong_with_real_pictures(actors, sentence, meant, wrong):
    assert looked_at(*actors, sentence=sentence, meant=meant) == wrong
    assert wrong.faults == bool(wrong != Verdict())


def test_nobody_is_too_many_where_the_sentence_speaks_of_people_otherwise_too():
    """A picture of Rosa, Milo and Otto was said to be wrong for "Rosa and the two men"."""
    judge, picture = bundled_judge(), Image.fromarray(draw(Scene("park", (ROSA, OTTO)), 256))
    cast = {name: known_by(name, portrait(name), judge) for name in ("Rosa", "Otto")}
    assert compare(judge, picture, "Rosa and the man wave.", ("Rosa",), cast, True) == Verdict()
    assert compare(judge, picture, "Rosa waves.", ("Rosa",), cast) == Verdict(others=("Otto",))


def test_a_portrait_of_nobody_is_known_by_nothing():
    assert known_by("Rosa", Image.new("RGB", (128, 128), "white"), bundled_judge()) is None


def test_who_is_meant_is_said_by_names_readings_and_words_that_leave_no_choice():
    blank = Image.new("RGB", (8, 8))
    people = (("Rosa", "she"), ("Nana", "she"), ("Milo", "he"))
    cast = [CastMember(name, pronoun, (), blank) for name, pronoun in people]
    earlier = [ContextFrame("Rosa and Nana meet Milo.", blank)]
    reading = Reading("she", 0, 3, ("Nana",), 0.9, "model")
    assert who_is_meant("She waves to Milo.", [reading], cast, earlier) == ("Milo", "Nana")
    assert who_is_meant("He waves.", [], cast, earlier) == ("Milo",)
    # It may be Rosa or Nana, so nothing is claimed.
    assert who_is_meant("She waves.", [], cast, earlier) == ()
    assert who_is_meant("It rains on Milo.", [], cast, earlier) == ("Milo",)


@pytest.fixture
def session(tmp_path):
    from storyboard.disk.pictures import PictureStore

    pictures = PictureStore(tmp_path)
    return StorySession(new_story(small_cast(pictures)), FlatRenderer(), pictures)


def drawn(events) -> list[Take]:
    return [event for event in events if isinstance(event, Take)]


def test_a_frame_is_drawn_again_until_nothing_is_wrong(session):
    frame = session.add("Rosa waves.")
    session.renderer.verdicts = [WORSE, MISSING, Verdict(), MISSING]
    drawn(session.draw(frame.id))
    assert len(drawn(session.draw_best(frame.id))) == 2
    takes = session.story.frame(frame.id).takes
    assert session.story.frame(frame.id).take == takes[2] and len({take.seed for take in takes}) == 3
    assert drawn(session.draw_best(frame.id)) == []  # nothing is wrong now


def test_of_takes_that_all_have_faults_the_best_is_chosen_and_undo_knows_nothing_of_it(session):
    frame = session.add("Rosa waves.")
    session.renderer.verdicts = [WORSE, MISSING, WORSE, WORSE, WORSE]
    drawn(session.draw(frame.id))
    assert len(drawn(session.draw_best(frame.id))) == BEST_OF - 1
    held = session.story.frame(frame.id)
    assert held.take == held.takes[1] and len(held.takes) == BEST_OF
    session.undo()
    assert not session.story.frames  # adding the frame was the only edit


def test_a_picture_nobody_looked_at_is_not_drawn_again(session):
    frame = session.add("Rosa waves.")
    drawn(session.draw(frame.id))
    assert drawn(session.draw_best(frame.id)) == []


def test_an_edit_meanwhile_ends_the_search(session):
    """Later takes would be for another sentence, and takes of two sentences cannot be compared."""
    frame = session.add("Rosa waves.")
    session.renderer.verdicts = [WORSE, WORSE, Verdict()]
    drawn(session.draw(frame.id))
    events = session.draw_best(frame.id)
    next(events)
    session.edit(frame.id, "Milo waves.")
    assert len(drawn(events)) <= 1 and len(session.renderer.verdicts) == 1
    assert session.story.frame(frame.id).caption == "Milo waves."


def test_verdicts_and_the_way_of_checking_come_back_from_json(session):
    frame = session.add("Rosa waves.")
    session.renderer.verdicts = [Verdict(("Rosa",), (), ("Milo",), 2, "beach")]
    drawn(session.draw(frame.id))
    session.set_checking("always")
    data = story_to_json(session.story)
    assert story_from_json(data) == session.story
    del data["checking"], data["frames"][0]["takes"][0]["verdict"]
    older = story_from_json(data)
    assert older.checking == "ask" and older.frames[0].take.verdict is None
    data["frames"][0]["takes"][0]["verdict"] = {"missing": "Rosa"}
    with pytest.raises(StoryError, match="verdict.missing"):
        story_from_json(data)
    with pytest.raises(StoryError, match="off, ask, always; choose one"):
        session.set_checking("never")
