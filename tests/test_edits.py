"""Everything a writer can do to a story through its session, and that all of it can be undone and redone."""

import random
import threading
from collections.abc import Callable
from dataclasses import replace

import pytest
from PIL import Image

from storyboard.captions import Binding
from storyboard.errors import StoryError
from storyboard.pictures import PictureStore
from storyboard.session import StorySession
from storyboard.story import MAX_ALIASES, MAX_CAST, MAX_FRAMES, MAX_SEED, Story, Take, new_story
from storyboard.undo import MAX_UNDO
from tests.fakes import FlatRenderer, small_cast

STORY = ("Rosa waves to Milo.", "She sits on a bench.", "They dance.")


@pytest.fixture
def pictures(tmp_path):
    return PictureStore(tmp_path)


@pytest.fixture
def session(pictures):
    return fresh(pictures, *STORY)


def fresh(pictures, *captions: str, **options) -> StorySession:
    session = StorySession(new_story(small_cast(pictures)), FlatRenderer(steps=1), pictures, **options)
    if captions:
        session.add_many(captions)
    return session


def ids(session: StorySession) -> list[str]:
    return [frame.id for frame in session.story.frames]


def captions(session: StorySession) -> list[str]:
    return [frame.caption for frame in session.story.frames]


def draw(session: StorySession, frame_id: str, reroll: bool = False) -> Take:
    *_, take = session.reroll(frame_id) if reroll else session.draw(frame_id)
    return take


def stale(session: StorySession) -> list[int]:
    return [number for number, one in enumerate(session.story.frames, 1) if session.is_stale(one.id)]


def written(story: Story) -> Story:
    """The story without anything that drawing brought."""
    return replace(story, frames=tuple(replace(one, takes=(), chosen=None) for one in story.frames))


def blue() -> Image.Image:
    return Image.new("RGB", (8, 8), "blue")


# -- Frames


def test_frames_go_before_after_and_at_the_end(session):
    first, _, last = ids(session)
    session.add("Milo runs.", before=first)
    session.add("Bolt hums.", after=last)
    session.add("Milo naps.", after=first)
    session.add("Rosa naps.")
    assert captions(session) == [
        "Milo runs.",
        STORY[0],
        "Milo naps.",
        *STORY[1:],
        "Bolt hums.",
        "Rosa naps.",
    ]


def test_many_frames_are_one_step_and_all_or_none(pictures):
    session = fresh(pictures, "Rosa waves.", "Milo naps.")
    revision = session.revision
    session.add_many(["Rosa runs.", "She falls."], after=ids(session)[0])
    assert captions(session) == ["Rosa waves.", "Rosa runs.", "She falls.", "Milo naps."]
    assert (session.revision, session.can_undo) == (revision + 1, "adding 2 frames")
    for bad, why in (
        (["Rosa runs.", "Zelda falls."], "Frame 6 names Zelda"),
        (["Rosa runs.", " "], "Frame 6 has no words"),
        ([], "no sentence to add"),
        (["Rosa runs."] * MAX_FRAMES, "These are 200 frames and the story has room for 196"),
    ):
        with pytest.raises(StoryError, match=why):
            session.add_many(bad)
    assert (len(session.story.frames), session.revision) == (4, revision + 1)


def test_an_edit_from_a_sentence_that_is_no_longer_there_changes_nothing(session):
    frame = ids(session)[1]
    session.edit(frame, "She runs.", base=STORY[1])  # one tab
    with pytest.raises(StoryError, match='Frame 2 was changed elsewhere meanwhile and now says "She runs."'):
        session.edit(frame, "She sleeps.", base=STORY[1])  # the other one
    assert captions(session)[1] == "She runs."
    session.edit(frame, "She runs.", base=STORY[1])  # the same words in both are no conflict
    session.edit(frame, "She sleeps.", base="  She   runs. ")
    session.edit(frame, "She eats.")  # without a base, the last one wins
    assert captions(session)[1] == "She eats."


def test_a_duplicate_has_the_settings_and_the_picture_but_is_its_own_frame(session):
    first = ids(session)[0]
    draw(session, first)
    take = draw(session, first, reroll=True)
    session.see(first, 0)
    session.lock(first, True)
    copy = session.duplicate(first)
    assert ids(session)[1] == copy.id != first
    assert (copy.caption, copy.sees, copy.locked) == (STORY[0], 0, False)
    assert [one.picture for one in copy.takes] == [copy.take.picture] == [take.picture]
    assert copy.take.id != take.id
    session.edit(copy.id, "Milo naps.")
    assert captions(session)[:2] == [STORY[0], "Milo naps."]


def test_a_duplicate_of_a_new_scene_is_not_out_of_date(session):
    first = ids(session)[0]
    session.see(first, 0)
    draw(session, first)
    session.duplicate(first)
    assert stale(session) == []


@pytest.mark.parametrize(
    ("start", "number", "order"), [(1, 3, "231"), (3, 1, "312"), (2, 2, "123"), (1, 2, "213")]
)
def test_a_frame_moves_and_the_others_close_up(session, start, number, order):
    before = ids(session)
    session.move(before[start - 1], number)
    assert ids(session) == [before[int(place) - 1] for place in order]


def test_moving_frames_that_read_each_other_makes_them_stale_and_moving_back_fresh(session):
    for frame in ids(session):
        draw(session, frame)
    session.move(ids(session)[2], 2)
    assert stale(session) == [2, 3]
    session.move(ids(session)[1], 3)
    assert stale(session) == []


def test_a_new_scene_reads_nothing_and_is_told_so_where_it_needs_somebody(session):
    first, second, _ = ids(session)
    draw(session, first)
    session.see(second, 0)
    with pytest.raises(StoryError, match="Frame 2 is about someone none of the frames it reads names"):
        draw(session, second)
    session.edit(second, "Rosa sits.")
    draw(session, second)
    assert session.renderer.requests[-1].history == ()
    draw(session, first, reroll=True)
    assert stale(session) == []
    session.see(second, None)
    assert stale(session) == [2]


def test_a_kept_seed_is_drawn_with_and_a_reroll_takes_another(session):
    first = ids(session)[0]
    session.keep_seed(first, 42)
    assert (draw(session, first).seed, draw(session, first).seed) == (42, 42)
    rerolled = draw(session, first, reroll=True).seed
    assert rerolled != 42
    session.keep_seed(first, None)
    assert draw(session, first).seed == rerolled  # that of the picture on the board


def test_an_edited_sentence_is_drawn_under_the_seed_of_its_picture(session):
    first = ids(session)[0]
    draw(session, first)
    seed = draw(session, first, reroll=True).seed
    session.edit(first, "Rosa runs.")
    session.move(first, 2)
    assert draw(session, first).seed == seed


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
    session.edit(second, "She stands on a bench.")  # still fine: she is Rosa


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
    assert stale(session) == [2]  # the first one wears its own
    session.use_portrait(first, "Rosa", None)
    assert session.story.frame(first).portraits == ()


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


@pytest.mark.parametrize(
    ("act", "why"),
    [
        (lambda s, f: s.add("Rosa", after=f, before=f), "give only one of the two"),
        (lambda s, f: s.add("Rosa", before="gone"), "no longer in the story"),
        (lambda s, f: s.duplicate("gone"), "no longer in the story"),
        (lambda s, f: s.move(f, 0), "Frame 1 cannot become frame 0; choose 1 to 3"),
        (lambda s, f: s.move(f, 4), "Frame 1 cannot become frame 4"),
        (lambda s, f: s.move(f, 1.0), "cannot become"),
        (lambda s, f: s.see(f, -1), "Frame 1 cannot see -1 frames; choose 0 to 200"),
        (lambda s, f: s.see(f, "2"), "cannot see"),
        (lambda s, f: s.see(f, True), "cannot see"),
        (lambda s, f: s.keep_seed(f, MAX_SEED + 1), "Frame 1 has the seed"),
        (lambda s, f: s.use_portrait(f, "Zelda", None), "Zelda is not in the cast"),
        (lambda s, f: s.use_portrait(f, "Rosa", "milo-jumper"), "Rosa has no such portrait"),
        (lambda s, f: s.include(f, "Zelda", "in"), "Zelda is not in the cast"),
        (lambda s, f: s.include(f, "Rosa", "maybe"), 'Rosa can be "in", "out" or "auto"'),
        (lambda s, f: s.rebind(f, 0, ["Rosa"]), "Frame 1 has 0 pronouns"),
        (lambda s, f: s.rebind(s.story.frames[1].id, 1, ["Rosa"]), "Frame 2 has 1 pronouns"),
        (lambda s, f: s.rebind(s.story.frames[1].id, 0, []), 'Say whom "she" in frame 2 stands for'),
        (lambda s, f: s.rebind(s.story.frames[1].id, 0, ["Zelda"]), "Zelda is not in the cast"),
        (lambda s, f: s.add_character("", "she", [], blue()), "The name has no letters"),
        (lambda s, f: s.add_character("1 2", "she", [], blue()), "The name has no letters"),
        (lambda s, f: s.add_character("a" * 61, "she", [], blue()), "61 characters long; shorten it to 60"),
        (lambda s, f: s.add_character("THEY", "she", [], blue()), '"THEY" is a pronoun'),
        (lambda s, f: s.add_character("rosa", "she", [], blue()), "rosa is what Rosa is called already"),
        (lambda s, f: s.add_character("The Robot", "it", [], blue()), "The Robot is what Bolt is called"),
        (lambda s, f: s.add_character("Ada", "xe", [], blue()), "called he, she, they or it; choose one"),
        (lambda s, f: s.add_character("Ada", "she", ["Milo"], blue()), "Milo is what Milo is called"),
        (
            lambda s, f: s.add_character("Ada", "she", [f"A{n}" for n in range(MAX_ALIASES + 1)], blue()),
            f"Ada has {MAX_ALIASES + 1} aliases; keep at most {MAX_ALIASES}",
        ),
        (lambda s, f: s.edit_character("Zelda", "Ada", "she", []), "Zelda is not in the cast"),
        (lambda s, f: s.edit_character("Rosa", "Milo", "she", []), "Milo is what Milo is called"),
        (lambda s, f: s.remove_character("Zelda"), "Zelda is not in the cast"),
        (lambda s, f: s.redo(), "nothing to redo"),
    ],
)
def test_bad_input_is_one_sentence_and_leaves_everything_as_it_was(session, act, why):
    before = (session.story, session.revision, session.can_undo, sorted(session.pictures.folder.iterdir()))
    with pytest.raises(StoryError, match=why) as caught:
        act(session, ids(session)[0])
    assert str(caught.value).endswith(".") and "\n" not in str(caught.value)
    after = (session.story, session.revision, session.can_undo, sorted(session.pictures.folder.iterdir()))
    assert after == before


def test_a_full_cast_takes_nobody_more(session):
    for number in range(MAX_CAST - 3):
        session.add_character(f"Extra {number}", "it", [], blue())
    with pytest.raises(StoryError, match=f"The cast has {MAX_CAST} characters, the most"):
        session.add_character("Ada", "she", [], blue())


# -- Undo

Act = Callable[[StorySession, str], object]
EVERY_CHANGE: list[tuple[Act, str]] = [
    (lambda s, f: s.add("Milo naps.", before=f), "adding frame 2"),
    (lambda s, f: s.add_many(["Milo naps.", "He wakes."]), "adding 2 frames"),
    (lambda s, f: s.edit(f, "She runs."), "changing the sentence of frame 2"),
    (lambda s, f: s.duplicate(f), "duplicating frame 2"),
    (lambda s, f: s.move(f, 3), "moving frame 2 to 3"),
    (lambda s, f: s.remove(f), "removing frame 2"),
    (lambda s, f: s.lock(f, True), "locking frame 2"),
    (lambda s, f: s.see(f, 1), "changing how much frame 2 sees"),
    (lambda s, f: s.keep_seed(f, 5), "keeping the seed of frame 2"),
    (lambda s, f: s.use_portrait(f, "Rosa", "rosa-dress"), "choosing Rosa's portrait in frame 2"),
    (lambda s, f: s.include(f, "Bolt", "in"), "changing whether Bolt is in frame 2"),
    (lambda s, f: s.rebind(f, 0, ["Rosa"]), "saying whom a pronoun of frame 2 stands for"),
    (lambda s, f: s.choose_take(f, s.story.frame(f).takes[0].id), "choosing another take of frame 2"),
    (lambda s, f: s.rename("The lane"), "renaming the story"),
    (lambda s, f: s.add_character("Ada", "she", [], blue()), "adding Ada to the cast"),
    (lambda s, f: s.edit_character("Rosa", "Ruby", "she", []), "changing Rosa"),
    (lambda s, f: s.remove_character("Rosa"), "removing Rosa from the cast"),
    (lambda s, f: s.choose_portrait("Rosa", "rosa-dress"), "choosing Rosa's portrait"),
    (lambda s, f: s.add_portrait("Rosa", blue()), "adding a portrait of Rosa"),
]


@pytest.mark.parametrize(("act", "phrase"), EVERY_CHANGE, ids=[phrase for _, phrase in EVERY_CHANGE])
def test_every_change_is_one_step_back_and_forth(session, act, phrase):
    second = ids(session)[1]
    draw(session, ids(session)[0])
    draw(session, second), draw(session, second, reroll=True)
    before = session.story
    act(session, second)
    after = session.story
    assert (session.can_undo, session.can_redo) == (phrase, None)
    assert session.undo() == phrase
    assert (session.story, session.can_redo) == (before, phrase)
    assert session.redo() == phrase
    assert (session.story, session.can_undo, session.can_redo) == (after, phrase, None)


@pytest.mark.parametrize(
    "act",
    [
        lambda s, f: s.edit(f, " She  sits on a bench. "),
        lambda s, f: s.move(f, 2),
        lambda s, f: s.lock(f, False),
        lambda s, f: s.see(f, None),
        lambda s, f: s.include(f, "Rosa", "auto"),
        lambda s, f: s.rebind(f, 0, None),
        lambda s, f: s.rename(" "),
        lambda s, f: s.choose_portrait("Rosa", "rosa-raincoat"),
        lambda s, f: s.edit_character("Rosa", "Rosa", "she", []),
    ],
)
def test_what_changes_nothing_is_no_step(session, act):
    revision = session.revision
    act(session, ids(session)[1])
    assert (session.revision, session.can_undo) == (revision, "adding 3 frames")


def test_a_removed_frame_comes_back_in_its_place_with_all_its_takes(session):
    first, second, third = ids(session)
    draw(session, first)
    takes = (draw(session, second), draw(session, second, reroll=True))
    session.remove(second)
    draw(session, third)
    assert session.undo() == "removing frame 2"
    assert ids(session) == [first, second, third]
    assert session.story.frame(second).takes == takes
    assert session.story.frame(third).take is not None  # drawn while it was gone


def test_a_take_drawn_after_a_change_stays_when_the_change_is_undone(session):
    first = ids(session)[0]
    old = draw(session, first)
    session.edit(first, "Rosa runs to Milo.")
    new = draw(session, first)
    session.undo()
    frame = session.story.frame(first)
    assert (frame.caption, frame.take, frame.takes) == (STORY[0], old, (old, new))
    assert stale(session) == []
    session.redo()
    assert session.story.frame(first).take == new
    assert stale(session) == []


def test_a_first_picture_stays_on_the_board_whatever_is_undone(session):
    first = ids(session)[0]
    session.edit(first, "Rosa runs to Milo.")
    take = draw(session, first)
    session.undo()
    assert session.story.frame(first).take == take
    assert stale(session) == [1]


def test_undoing_a_change_elsewhere_leaves_new_pictures_on_the_board(session):
    first, second, _ = ids(session)
    draw(session, first)
    session.edit(second, "She runs.")
    new = draw(session, first, reroll=True)
    session.undo()
    assert session.story.frame(first).take == new


def test_choosing_a_take_is_undone_to_the_one_before(session):
    first = ids(session)[0]
    one, two = draw(session, first), draw(session, first, reroll=True)
    session.choose_take(first, one.id)
    session.undo()
    assert session.story.frame(first).take == two
    session.redo()
    assert session.story.frame(first).take == one


def test_a_frame_whose_adding_is_undone_and_redone_has_what_was_drawn_of_it(session):
    frame = session.add("Milo naps.")
    take = draw(session, frame.id)
    session.undo()
    assert not session.story.has_frame(frame.id)
    session.redo()
    assert session.story.frame(frame.id).take == take


def test_a_drawing_is_no_step_and_keeps_what_can_be_redone(session):
    session.edit(ids(session)[1], "She runs.")
    session.undo()
    draw(session, ids(session)[0])
    assert (session.can_undo, session.can_redo) == ("adding 3 frames", "changing the sentence of frame 2")
    session.redo()
    assert session.story.frames[0].take is not None


def test_a_new_change_ends_what_could_be_redone(session):
    session.edit(ids(session)[0], "Rosa runs.")
    session.undo()
    session.edit(ids(session)[0], "Rosa sleeps.")
    with pytest.raises(StoryError, match="nothing to redo"):
        session.redo()


def test_undoing_goes_back_to_the_empty_story_and_no_further(session):
    session.undo()
    assert session.story.frames == ()
    with pytest.raises(StoryError, match="nothing to undo"):
        session.undo()


def test_undoing_is_a_change_to_everyone_who_watches(session):
    revision = session.revision
    session.undo()
    session.redo()
    assert session.revision == revision + 2


def test_so_many_steps_are_kept_and_no_more(session):
    for number in range(MAX_UNDO + 5):
        session.rename(f"Title {number}")
    for _ in range(MAX_UNDO):
        session.undo()
    assert (session.can_undo, session.story.title) == (None, "Title 4")


def random_change(session: StorySession, dice: random.Random) -> None:
    """Some change to some frame; what is refused is no change."""
    frame = dice.choice(session.story.frames or [None])
    acts = [
        lambda: session.add(f"Rosa waves to Milo {dice.randrange(99)}."),
        lambda: session.rename(str(dice.random())),
    ]
    if frame is not None:
        number = dice.randrange(1, len(session.story.frames) + 1)
        acts += [
            lambda: session.edit(frame.id, f"Milo and she nap {dice.randrange(99)}."),
            lambda: session.remove(frame.id),
            lambda: session.duplicate(frame.id),
            lambda: session.move(frame.id, number),
            lambda: session.see(frame.id, dice.choice([None, 0, 2])),
            lambda: session.include(frame.id, "Bolt", dice.choice(["in", "out", "auto"])),
            lambda: session.choose_portrait("Rosa", dice.choice(["rosa-dress", "rosa-raincoat"])),
        ]
        if frame.takes:
            acts.append(lambda: session.choose_take(frame.id, dice.choice(frame.takes).id))
    dice.choice(acts)()


@pytest.mark.parametrize("seed", range(4))
def test_any_changes_are_undone_and_redone_exactly_and_no_take_is_lost(pictures, seed):
    dice = random.Random(seed)
    session = fresh(pictures, "Rosa waves.")
    stories, taken = [session.story], {}
    for _ in range(30):
        revision = session.revision
        random_change(session, dice)
        if session.revision > revision:
            stories.append(session.story)
        if session.story.frames and dice.random() < 0.4:
            frame = dice.choice(session.story.frames)
            taken.setdefault(frame.id, []).append(draw(session, frame.id, reroll=True).id)

    def check(expected: Story) -> None:
        assert written(session.story) == written(expected)
        for frame in session.story.frames:
            present = {take.id for take in frame.takes}
            assert present >= set(taken.get(frame.id, ())) and (frame.chosen in present or not present)

    for _ in range(2):
        for expected in reversed(stories[:-1]):
            session.undo()
            check(expected)
            if session.story.frames and dice.random() < 0.2:  # a drawing ends in the middle of it
                frame = dice.choice(session.story.frames)
                taken.setdefault(frame.id, []).append(draw(session, frame.id, reroll=True).id)
        for expected in stories[1:]:
            session.redo()
            check(expected)


def test_changes_and_undoing_from_many_threads_never_leave_half_a_change(session):
    def work(number: int) -> None:
        dice = random.Random(number)
        for _ in range(30):
            try:
                random_change(session, dice)
                session.undo()
            except StoryError:
                pass  # the frame is gone or the sentence does not fit any more: another thread's doing

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({frame.id for frame in session.story.frames}) == len(session.story.frames)
    while session.can_undo:
        session.undo()
    assert session.story.frames == ()
