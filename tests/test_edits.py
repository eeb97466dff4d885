"""What a writer can do to the frames of a story through its session, and what is refused of these and other changes."""

import pytest

from storyboard.disk.pictures import PictureStore
from storyboard.errors import StoryError
from storyboard.story.values import MAX_ALIASES, MAX_FRAMES, MAX_SEED
from tests.writing import STORY, blue, captions, draw, fresh, ids, stale


@pytest.fixture
def pictures(tmp_path):
    return PictureStore(tmp_path)


@pytest.fixture
def session(pictures):
    return fresh(pictures, *STORY)


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
        (["Rosa runs.", "Zelda hides."], "Frame 6 names Zelda"),
        (["Rosa runs.", " "], "Frame 6 has no words"),
        ([], "no sentence to add"),
        (["Rosa runs."] * MAX_FRAMES, "These are 200 frames and the story has room for 196"),
    ):
        with pytest.raises(StoryError, match=why):
            session.add_many(bad)
    assert (len(session.story.frames), session.revision) == (4, revision + 1)


def test_an_edit_from_a_sentence_that_is_no_longer_there_changes_nothing(session):
    frame = ids(session)[1]
    session.edit(frame, "She runs.", base=STORY[1])  # from one tab
    with pytest.raises(StoryError, match='Frame 2 was changed elsewhere meanwhile and now says "She runs."'):
        session.edit(frame, "She sleeps.", base=STORY[1])  # from the other tab
    assert captions(session)[1] == "She runs."
    session.edit(frame, "She runs.", base=STORY[1])  # two edits with the same words are no conflict
    session.edit(frame, "She sleeps.", base="  She   runs. ")
    session.edit(frame, "She eats.")  # without a base, the last edit wins
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
    assert draw(session, first).seed == rerolled  # the seed of the picture on the board


def test_an_edited_sentence_is_drawn_under_the_seed_of_its_picture(session):
    first = ids(session)[0]
    draw(session, first)
    seed = draw(session, first, reroll=True).seed
    session.edit(first, "Rosa runs.")
    session.move(first, 2)
    assert draw(session, first).seed == seed


# -- The story's look and quality


def test_a_look_changes_no_picture_and_makes_none_stale(session):
    for frame_id in ids(session):
        draw(session, frame_id)
    frames = session.story.frames
    session.set_look("ink")
    assert (session.story.look, session.story.frames, stale(session)) == ("ink", frames, [])


def test_a_quality_is_how_the_pictures_to_come_are_drawn(session):
    first, second, _ = ids(session)
    session.steps = 15
    draw(session, first)
    for quality, steps in (("draft", 8), ("standard", 15), ("fine", 30)):
        session.set_quality(quality)
        assert draw(session, second).steps == steps
    assert session.story.frame(first).take.steps == 15 and stale(session) == []


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
        (lambda s, f: s.set_look("sepia"), "colour, grey or ink; choose one"),
        (lambda s, f: s.set_quality("best"), "draft, standard, fine; choose one"),
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
