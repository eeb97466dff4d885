"""What a writer can say about people through a session: who is in a frame, whom a pronoun means, and the cast."""

from dataclasses import replace
from random import Random

import pytest

from storyboard.disk.pictures import PictureStore
from storyboard.errors import StoryError
from storyboard.exports.project import read_project, write_project
from storyboard.people import build, draw_person, random_look
from storyboard.story.inputs import stale_frames
from storyboard.story.values import MAX_CAST
from storyboard.studio.verbs import EDITS
from storyboard.text.captions import Binding
from tests.writing import STORY, blue, draw, fresh, ids, stale


@pytest.fixture
def pictures(tmp_path):
    return PictureStore(tmp_path)


@pytest.fixture
def session(pictures):
    return fresh(pictures, *STORY)


# -- Who is in a frame


def test_a_bound_pronoun_is_drawn_as_the_name_and_read_so_later_on(session):
    first, second, third = ids(session)
    draw(session, first)
    draw(session, second)
    session.rebind(second, 0, ["milo"])
    assert stale(session) == [2]
    take = draw(session, second)
    request = session.renderer.requests[-1]
    assert (request.caption, request.resolved) == (STORY[1], "Milo sits on a bench.")
    assert (take.caption, take.resolved, take.mentioned) == (STORY[1], request.resolved, ("Milo",))
    assert [frame.caption for frame in session.request(third, 0).history] == [STORY[0], take.resolved]
    session.rebind(second, 0, None)
    assert session.story.frame(second).bindings == ()
    assert session.request(second, 0).resolved is None


def test_binding_a_pronoun_makes_only_that_frame_stale(session):
    for frame in ids(session):
        draw(session, frame)
    session.rebind(ids(session)[1], 0, ["Milo"])
    assert stale(session) == [2]


def test_a_binding_stays_as_long_as_its_pronoun_stands_in_its_place(session):
    frame = ids(session)[1]
    session.rebind(frame, 0, ["Rosa"])
    session.edit(frame, "At last she runs.")
    assert session.story.frame(frame).bindings == (Binding("she", 0, ("Rosa",)),)
    session.edit(frame, "He waves to her; she runs.")
    assert session.story.frame(frame).bindings == ()


def test_a_pronoun_nobody_is_named_for_can_be_bound_and_drawn(session):
    first, second, _ = ids(session)
    session.rebind(second, 0, ["Rosa"])
    session.remove(first)
    assert draw(session, second).text == "Rosa sits on a bench."
    session.edit(second, "She stands on a bench.")  # still allowed: "She" is Rosa


def test_characters_are_put_in_and_kept_out_of_a_frame(session):
    first = ids(session)[0]
    session.include(first, "bolt", "in")
    session.include(first, "Milo", "out")
    take = draw(session, first)
    request = session.renderer.requests[-1]
    assert (take.resolved, take.mentioned) == ("Rosa waves to Milo, with Bolt.", ("Rosa", "Bolt"))
    assert [one.name for one in request.cast] == ["Rosa", "Bolt"]
    assert [name for name, _ in take.portraits] == ["Rosa", "Bolt"]
    session.include(first, "Milo", "in")
    session.include(first, "Bolt", "auto")
    frame = session.story.frame(first)
    assert (frame.included, frame.excluded) == (("Milo",), ())
    assert session.request(first, 0).resolved is None  # the sentence names him


def test_a_portrait_of_its_own_goes_to_that_frame_only(session, pictures):
    first, second, _ = ids(session)
    draw(session, first), draw(session, second)
    session.use_portrait(first, "rosa", "rosa-dress")
    assert stale(session) == [1]
    take = draw(session, first)
    rosa = session.renderer.requests[-1].cast[0].portrait
    assert rosa.tobytes() == pictures.open(dict(take.portraits)["Rosa"]).tobytes()
    assert rosa.getpixel((0, 0)) == (0, 128, 0)
    session.choose_portrait("Rosa", "rosa-dress")
    assert stale(session) == [2]  # the first frame wears its own outfit
    session.use_portrait(first, "Rosa", None)
    assert session.story.frame(first).portraits == ()


def test_the_one_somebody_can_do_something_to_is_drawn_by_name(pictures):
    """For "Milo meets her", with only one woman in the story, the model drew Milo twice."""
    session = fresh(pictures, "Rosa dances.", "Milo meets her.", "They sing.", explain=True)
    first, second, third = ids(session)
    draw(session, first)
    old = draw(session, second)
    assert (old.caption, old.resolved) == ("Milo meets her.", "Milo meets Rosa.")
    assert [(one.word, one.names, one.by) for one in old.readings] == [("her", ("Rosa",), "words")]
    assert [frame.caption for frame in session.request(third, 0).history] == ["Rosa dances.", old.resolved]
    session.edit(second, "Milo sits.")
    draw(session, second)
    session.choose_take(second, old.id)
    frame = session.story.frame(second)
    assert (frame.bindings, frame.included, stale(session)) == ((), (), [])
    session.rebind(second, 0, ["Bolt"])
    assert session.request(second, 0).resolved == "Milo meets Bolt."
    session.rebind(second, 0, None)
    session.include(second, "Rosa", "out")
    assert session.request(second, 0).resolved is None


def test_an_older_take_comes_back_with_what_the_writer_had_said(pictures):
    session = fresh(pictures, *STORY, explain=True)
    first, second, _ = ids(session)
    draw(session, first)
    session.rebind(second, 0, ["Milo"])
    session.include(second, "Bolt", "in")
    session.keep_seed(second, 5)
    old = draw(session, second)
    session.edit(second, "Rosa sits.")
    session.include(second, "Bolt", "out")
    session.keep_seed(second, 6)
    draw(session, second)
    session.choose_take(second, old.id)
    frame = session.story.frame(second)
    assert (frame.take, frame.caption, frame.seed) == (old, STORY[1], 5)
    assert (frame.bindings, frame.included, frame.excluded) == (
        (Binding("she", 0, ("Milo",)),),
        ("Bolt",),
        (),
    )
    assert stale(session) == []


# -- The cast


def test_a_new_character_is_drawn_where_a_sentence_names_it(session):
    ada = session.add_character(" Ada ", "she", ["Ms Ada", "", "ada"], blue())
    assert (ada.name, ada.aliases, ada.portrait.label) == ("Ada", ("Ms Ada",), "portrait 1")
    frame = session.add("Ms Ada waves.")
    assert draw(session, frame.id).mentioned == ("Ada",)
    assert session.renderer.requests[-1].cast[-1].portrait.getpixel((0, 0)) == (0, 0, 255)


def test_a_renamed_character_is_still_meant_by_sentences_that_use_the_old_name(session):
    first, second, _ = ids(session)
    session.use_portrait(first, "Rosa", "rosa-dress")
    session.include(second, "Rosa", "in")
    session.rebind(second, 0, ["Rosa"])
    session.include(ids(session)[2], "Rosa", "out")
    ruby = session.edit_character("Rosa", "Ruby", "they", ["Red"])
    assert (ruby.name, ruby.pronoun, ruby.aliases) == ("Ruby", "they", ("Red", "Rosa"))
    assert [one.name for one in session.story.cast] == ["Ruby", "Milo", "Bolt"]
    frames = session.story.frames
    assert frames[0].portraits == (("Ruby", "rosa-dress"),)
    assert (frames[1].included, frames[1].bindings[0].names) == (("Ruby",), ("Ruby",))
    assert frames[2].excluded == ("Ruby",)
    assert draw(session, first).mentioned == ("Ruby", "Milo")


def test_a_name_no_sentence_uses_is_not_kept_as_an_alias(session):
    assert session.edit_character("Bolt", "Nut", "it", []).aliases == ()


def test_a_removed_character_leaves_nothing_behind_but_sentences(session):
    first, second, third = ids(session)
    session.use_portrait(first, "Milo", "milo-jumper")
    session.rebind(third, 0, ["Rosa", "Milo"])
    session.rebind(second, 0, ["Milo"])
    session.include(second, "Milo", "in")
    session.remove_character("Milo")
    frames = session.story.frames
    assert [one.name for one in session.story.cast] == ["Rosa", "Bolt"]
    assert (frames[0].caption, frames[0].portraits) == (STORY[0], ())
    assert (frames[1].bindings, frames[1].included) == ((), ())
    assert frames[2].bindings == (Binding("they", 0, ("Rosa",)),)
    assert draw(session, first).mentioned == ("Rosa",)


def test_a_portrait_can_be_worn_at_once_in_one_step(session):
    portrait = session.add_portrait("Milo", blue(), "snow suit", wear=True)
    assert session.story.character("Milo").portrait == portrait
    session.undo()
    assert len(session.story.character("Milo").portraits) == 1


def test_a_full_cast_takes_nobody_more(session):
    for number in range(MAX_CAST - 3):
        session.add_character(f"Extra {number}", "it", [], blue())
    with pytest.raises(StoryError, match=f"The cast has {MAX_CAST} characters, the most"):
        session.add_character("Ada", "she", [], blue())


# -- Made people

ADA = random_look(Random(5))


def test_a_made_character_wears_what_is_drawn_from_its_look(session, pictures):
    ada = session.make_character("Ada", "she", None, ADA)
    assert (ada.portrait.look, len(ada.portraits)) == (ADA, 1)
    assert pictures.open(ada.portrait.picture).tobytes() == draw_person(build(ADA), 256).tobytes()
    frame = session.add("Ada waves.")
    assert draw(session, frame.id).mentioned == ("Ada",)
    assert session.renderer.requests[-1].cast[-1].portrait.size == (256, 256)


def test_another_look_is_another_portrait_worn_at_once_and_undo_takes_it_back(session):
    first = session.make_character("Ada", "she", [], ADA).portrait
    frame = session.add("Ada waves.").id
    draw(session, frame)
    green = replace(ADA, skin=(1, 200, 30))
    portrait = session.change_look("ada", green)
    ada = session.story.character("Ada")
    assert (ada.portraits, ada.portrait, portrait.look) == ((first, portrait), portrait, green)
    assert session.is_stale(frame)
    session.change_look("Ada", ADA)  # the first look is put on again
    assert session.story.character("Ada").portraits == (first, portrait) and not session.is_stale(frame)
    session.undo(), session.undo()
    assert session.story.character("Ada").portraits == (first,)
    session.redo()
    assert session.story.character("Ada").portrait == portrait


def test_a_look_changes_nothing_about_who_is_out_of_date(session):
    """The picture is what the model draws from. The look beside it is no separate input."""
    first = ids(session)[0]
    draw(session, first)
    story = session.story
    rosa = story.character("Rosa")
    looked = replace(rosa, portraits=tuple(replace(one, look=ADA) for one in rosa.portraits))
    assert stale_frames(story.with_character(looked)) == stale_frames(story) == frozenset()


@pytest.mark.parametrize(
    "name, pronoun", [("?", "she"), ("she", "she"), ("Rosa", "she"), ("Ada", "xe"), ("A" * 99, "it")]
)
def test_a_made_character_needs_a_name_of_its_own_and_nothing_is_drawn_before(
    session, pictures, name, pronoun
):
    before, known = session.story, set(pictures.folder.rglob("*.png"))
    with pytest.raises(StoryError):
        session.make_character(name, pronoun, [], ADA)
    assert session.story is before and set(pictures.folder.rglob("*.png")) == known


@pytest.mark.parametrize("look", [None, [], "red hair", {"wings": 2}, {"skin": [0, 0, 999]}, {"hair": "<b>"}])
def test_the_verbs_refuse_what_is_no_look_in_one_sentence(session, look):
    for verb, more in (
        ("make_character", {"name": "Ada", "pronoun": "she"}),
        ("change_look", {"name": "Rosa"}),
    ):
        with pytest.raises(StoryError, match=r"^[^.]+\.$"):
            EDITS[verb].do(session, {"look": look, **more})


def test_a_project_file_keeps_looks(session, pictures, tmp_path):
    session.make_character("Ada", "they", [], ADA)
    write_project(session.story, pictures, tmp_path / "story.storyboard")
    other = PictureStore(tmp_path / "elsewhere")
    read = read_project(tmp_path / "story.storyboard", other)
    assert read.cast == session.story.cast
    assert other.path(read.character("Ada").portrait.picture).is_file()
