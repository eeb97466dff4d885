"""The library: a saved story is there again, with its history, its jobs and its place on a shelf."""

from dataclasses import replace

import pytest

from storyboard.errors import StoryError
from storyboard.library import DAYS_KEPT, MAX_UNDO_SAVED, Library
from storyboard.library.leaving import STORY_DAYS
from storyboard.story.job import Job
from storyboard.story.values import MAX_TITLE, new_id
from tests.fakes import small_cast
from tests.kept import DAY, OTHER_SHELF, SHELF, Clock, reopened, save_all, story_with, take, titled


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "library"


@pytest.fixture
def library(folder, clock):
    library = Library(folder, clock)
    yield library
    library.close()


def test_a_saved_story_is_there_after_a_restart_with_its_revision_and_time(library, clock):
    story = replace(
        story_with("Rosa waves.", title="Böen & <b>日本語</b> 🎈"), cast=small_cast(library.pictures)
    )
    assert library.save(story, 1) == clock.now
    clock.now += 60
    library.save(titled(story, "Wind"), 2)
    library = reopened(library)
    saved = library.open(story.id)
    assert (saved.story, saved.revision, saved.updated) == (titled(story, "Wind"), 2, clock.now)
    assert library.has(story.id) and not library.has("another")
    library.close()


def test_a_story_changed_elsewhere_is_never_overwritten(library):
    story = story_with("Rosa waves.")
    save_all(library, story, titled(story, "first tab"))
    for revision in (1, 2, 4):
        with pytest.raises(StoryError, match="changed elsewhere"):
            library.save(titled(story, "second tab"), revision)
    assert library.open(story.id).story.title == "first tab"


def test_the_undo_history_comes_back_in_order(library):
    story = story_with("Rosa waves.")
    versions = [titled(story, str(number)) for number in range(4)]
    library.save(versions[0], 1)
    library.save(versions[1], 2, undo=[("a", versions[0])])
    library.save(versions[2], 3, undo=[("a", versions[0]), ("b", versions[1])])
    library = reopened(library)
    saved = library.open(story.id)
    assert (saved.undo, saved.redo) == ((("a", versions[0]), ("b", versions[1])), ())
    # One step back, and then an edit: the redo stack is filled, then emptied.
    library.save(versions[1], 4, undo=saved.undo[:1], redo=[("b", versions[2])])
    saved = library.open(story.id)
    assert (saved.undo, saved.redo) == ((("a", versions[0]),), (("b", versions[2]),))
    library.save(versions[3], 5, undo=[*saved.undo, ("c", versions[1])])
    saved = library.open(story.id)
    assert ([name for name, _ in saved.undo], saved.redo) == (["a", "c"], ())
    library.close()


def test_only_the_latest_changes_are_kept_and_each_is_written_once(library):
    story, undo = story_with("Rosa waves."), []
    for revision in range(1, MAX_UNDO_SAVED + 21):
        library.save(titled(story, str(revision)), revision, undo)
        undo.append((f"change {revision}", titled(story, str(revision))))
    names = [name for name, _ in library.open(story.id).undo]
    assert names == [name for name, _ in undo[-MAX_UNDO_SAVED - 1 : -1]]
    ((highest, count),) = library._file.rows("SELECT max(number), count(*) FROM changes")
    # One row for each save, none of them twice.
    assert (highest, count) == (MAX_UNDO_SAVED + 19, MAX_UNDO_SAVED)


def test_stacks_in_any_order_come_back_as_they_were(library):
    story = story_with("Rosa waves.")
    changes = [(name, titled(story, name)) for name in "abcd"]
    library.save(story, 1, undo=changes)
    library.save(story, 2, undo=[changes[3], changes[0], changes[0]], redo=changes)
    saved = library.open(story.id)
    assert (saved.undo, saved.redo) == ((changes[3], changes[0], changes[0]), tuple(changes))


def test_opening_a_story_while_a_session_goes_on_with_it_doubles_no_change(library):
    story = story_with("Rosa waves.")
    undo = [("a", titled(story, "a"))]
    library.save(story, 1, undo)
    library.open(story.id)  # somebody else opens it, which gives other objects
    undo.append(("b", titled(story, "b")))
    library.save(titled(story, "on"), 2, undo)
    library.let_go(story.id)
    undo.append(("c", titled(story, "c")))
    library.save(titled(story, "and on"), 3, undo)
    assert [name for name, _ in library.open(story.id).undo] == ["a", "b", "c"]


def test_a_damaged_undo_history_costs_only_itself(library):
    story = story_with("Rosa waves.")
    library.save(story, 1, undo=[("typing", story)])
    with library._file.transaction() as connection:
        connection.execute("UPDATE changes SET body = x'00'")
    saved = library.open(story.id)
    assert (saved.story, saved.undo) == (story, ())
    library.save(titled(story, "on it goes"), 2, undo=[("naming", story)])
    assert [name for name, _ in library.open(story.id).undo] == ["naming"]


def test_the_list_shows_a_shelfs_own_stories_the_latest_first(library, clock):
    older, newer, foreign = story_with("Rosa waves.", "Milo sits."), story_with(title="Empty"), story_with()
    drawn = older.frames[0].with_take(take("a" * 64)).with_take(take("b" * 64))
    older = older.with_changed_frame(drawn)
    for story, shelf in ((older, SHELF), (newer, SHELF), (foreign, OTHER_SHELF)):
        library.shelves.put(shelf, story.id)  # before the first save: nobody has written in the story yet
        assert library.shelves.list(shelf) == () or story is newer
        library.save(story, 1)
        clock.now += 10
    first, second = library.shelves.list(SHELF)
    assert (first.story_id, first.title, first.frames, first.thumbnail) == (newer.id, "Empty", 0, None)
    assert (second.opening, second.frames, second.thumbnail) == ("Rosa waves.", 2, "b" * 64)
    assert [entry.story_id for entry in library.shelves.list(OTHER_SHELF)] == [foreign.id]
    assert library.shelves.list("nobodys-shelf") == ()
    library.save(titled(older, "now the latest"), 2)
    assert [entry.title for entry in library.shelves.list(SHELF)] == ["now the latest", "Empty"]


def test_a_link_puts_a_story_on_another_shelf_too_and_once(library):
    story = story_with("Rosa waves.")
    library.save(story, 1)
    for _ in range(2):
        library.shelves.put(SHELF, story.id)
        library.shelves.put(OTHER_SHELF, story.id)
    assert len(library.shelves.list(SHELF)) == len(library.shelves.list(OTHER_SHELF)) == 1
    assert library.shelves.has(OTHER_SHELF, story.id) and library.shelves.has(SHELF, story.id)
    assert library.open(story.id).story == story


@pytest.mark.parametrize(
    "shelf", ["", "short", "../../etc/passwd", "x" * 65, "a' OR '1'='1", "shelf\nshelf", "\ud800" * 10]
)
def test_only_shelf_ids_are_shelves(library, shelf):
    with pytest.raises(StoryError, match="no shelf"):
        library.shelves.put(shelf, "a-story")
    assert library.shelves.list(shelf) == () and not library.shelves.has(shelf, "a-story")


def test_a_deleted_story_is_gone_until_it_is_restored(library, clock):
    story = story_with("Rosa waves.")
    library.shelves.put(SHELF, story.id)
    library.save(story, 1)
    library.delete(story.id)
    for refused in (library.open, library.delete, library.duplicate):
        with pytest.raises(StoryError, match="was deleted"):
            refused(story.id)
    with pytest.raises(StoryError, match="deleted, so nothing was saved"):
        library.save(titled(story, "typed in another tab"), 2)
    assert library.shelves.list(SHELF) == () and not library.has(story.id)
    assert [entry.deleted for entry in library.shelves.list(SHELF, deleted=True)] == [clock.now]
    library.restore(story.id)
    assert library.open(story.id).story == story and len(library.shelves.list(SHELF)) == 1


def test_deleted_stories_are_let_go_in_the_end(library, clock):
    stories = [story_with(), story_with()]
    for story in stories:
        library.save(story, 1)
    library.delete(stories[0].id)
    clock.now += DAYS_KEPT * DAY
    for _ in range(STORY_DAYS):
        clock.now += DAY
        library = reopened(library)
    with pytest.raises(StoryError, match=f"kept {DAYS_KEPT} days"):
        library.restore(stories[0].id)
    assert library.has(stories[1].id)
    library.close()


def test_a_copy_has_its_own_id_and_life(library):
    story = story_with("Rosa waves.", title="x " * (MAX_TITLE // 2 - 1) + "y")
    library.save(story, 1, undo=[("typing", story)])
    copy = library.open(library.duplicate(story.id))
    assert copy.story.id != story.id and copy.story.title.endswith(" (copy)") and copy.undo == ()
    assert copy.story.frames == story.frames
    library.save(titled(copy.story, "other"), copy.revision + 1)
    assert library.open(story.id).story == story


def test_a_story_is_renamed_and_hostile_titles_are_only_text(library):
    story = story_with("Rosa waves.")
    library.shelves.put(SHELF, story.id)
    library.save(story, 1, undo=[("typing", story)])
    hostile = "'); DROP TABLE stories;-- ${7*7} <script>\u202e" + "x" * 10_000
    library.rename(story.id, hostile)
    saved = library.open(story.id)
    assert saved.story.title.startswith("'); DROP TABLE stories;-- ${7*7} <script>x")
    assert len(saved.story.title) <= MAX_TITLE and (saved.revision, len(saved.undo)) == (2, 1)


@pytest.mark.parametrize("story_id", ["", "nowhere", "../x", "' OR 1=1 --", "x" * 10**6, "\ud800"])
def test_an_unknown_story_is_one_sentence_everywhere(library, story_id):
    save_all(library, story_with("Rosa waves."))
    for verb in (library.open, library.delete, library.restore, library.duplicate):
        with pytest.raises(StoryError):
            verb(story_id)
    assert not library.has(story_id)


def test_what_was_being_drawn_is_offered_again_until_it_ended(library):
    story = story_with("Rosa waves.", "Milo sits.")
    library.save(story, 1)
    jobs = [Job(new_id(), story.id, frame.id, reroll) for frame in story.frames for reroll in (False, True)]
    for job in jobs:
        library.jobs.remember(job)
        library.jobs.remember(replace(job, state="drawing"))
    for job, state in zip(jobs, ("done", "failed", "cancelled", "interrupted"), strict=True):
        library.jobs.remember(replace(job, state=state))
    library = reopened(library)
    assert library.jobs.interrupted() == (replace(jobs[3], state="interrupted"),)
    library.delete(story.id)
    library.restore(story.id)
    assert library.jobs.interrupted() == ()
    library.close()


def test_a_job_that_cannot_be_remembered_stops_nothing(library):
    library.jobs.remember(Job("a", "a story never saved", "b"))
    assert library.jobs.interrupted() == ()
    library.close()
    library.jobs.remember(Job("a", "b", "c"))


def rows_written(library, *saved) -> int:
    """Returns how many rows of the file a save writes or deletes."""
    connection = library._file._connection
    before = connection.total_changes
    library.save(*saved)
    return connection.total_changes - before


def test_an_edit_of_a_long_story_writes_one_frame(library):
    """Every edit wrote the whole story twice: the story itself, and the step that leads back to it."""
    counts, sizes = [], []
    for frames in (5, 200):
        story = story_with(*[f"Rosa waves {number}." for number in range(frames)])
        library.save(story, 1)
        undo, revision = [], 1
        for number in range(3):
            before, frame = story, replace(story.frames[2], caption=f"Rosa sings {number}.")
            story = story.with_changed_frame(frame)
            undo.append((f"edit {number}", before))
            revision += 1
            counts.append(rows_written(library, story, revision, undo))
        (row,) = library._file.rows("SELECT length(body) AS size FROM stories WHERE id = ?", (story.id,))
        sizes.append(row["size"])
        library = reopened(library)
        saved = library.open(story.id)
        assert saved.story == story and [step for _, step in saved.undo] == [step for _, step in undo]
        # A loaded story shares what it has in common with its history, so the next edit writes one frame too.
        again = saved.story.with_changed_frame(replace(saved.story.frames[0], locked=True))
        counts.append(rows_written(library, again, revision + 1, (*saved.undo, ("lock", saved.story))))
    assert counts == [3] * 8 and sizes[1] < sizes[0] + 200 * 6
    library.close()


def test_frames_nothing_speaks_of_any_more_leave_the_file(library):
    story = story_with("Rosa waves.", "Milo sits.")
    library.save(story, 1)
    undo = []
    for number in range(MAX_UNDO_SAVED + 20):
        before = story
        story = story.with_changed_frame(replace(story.frames[0], caption=f"Rosa sings {number}."))
        undo.append((f"edit {number}", before))
        library.save(story, number + 2, undo)
    assert library._file.rows("SELECT count(*) AS rows FROM parts")[0]["rows"] == MAX_UNDO_SAVED + 2
    library.let_go(story.id)  # a drawing may still save a story that no page has open
    library.save(titled(story, "x"), number + 3, undo)
    assert library._file.rows("SELECT count(*) AS rows FROM parts")[0]["rows"] == MAX_UNDO_SAVED + 2
    library = reopened(library)
    saved = library.open(story.id)
    assert saved.story == titled(story, "x") and saved.undo[-1][1] == undo[-1][1]
    library.delete(story.id)
    library._file._connection.execute("DELETE FROM stories")
    assert library._file.rows("SELECT count(*) AS rows FROM parts")[0]["rows"] == 0
    library.close()


def test_a_story_whose_frame_is_lost_says_that_it_is_damaged(library):
    story = story_with("Rosa waves.", "Milo sits.")
    library.save(story, 1)
    library = reopened(library)
    library._file._connection.execute("DELETE FROM parts WHERE number = 1")
    with pytest.raises(StoryError, match="damaged"):
        library.open(story.id)
    library.close()
