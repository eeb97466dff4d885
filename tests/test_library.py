"""The library: what was saved is there again, nobody else's is shown, and whatever a disk does, nothing is lost."""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from storyboard.errors import StoryError
from storyboard.jobs import Job
from storyboard.library import DAYS_KEPT, MAX_CHANGES_KEPT, FolderUnusable, Library, open_library
from storyboard.library.file import BACKUPS_KEPT, MIGRATIONS, SECONDS_BETWEEN_BACKUPS
from storyboard.story import MAX_TITLE, Frame, Story, Take, new_id, new_story
from storyboard.story_json import story_to_json
from tests.fakes import small_cast

SHELF, OTHER_SHELF = "a-browsers-own-id", "some-other-browser"
DAY = 24 * 3600


class Clock:
    """A clock that stands until it is told."""

    def __init__(self, now: float = 1_700_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


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


def reopened(library: Library) -> Library:
    library.close()
    return Library(library.folder, library._clock)


def story_with(*captions: str, title: str = "") -> Story:
    story = new_story((), title=title)
    for number, caption in enumerate(captions, start=1):
        story = story.with_frame(Frame(new_id(), caption), number)
    return story


def take(picture: str) -> Take:
    return Take(new_id(), "Rosa waves.", 1, 20, 5.0, picture, "llm", ("Rosa",), 0.5, "")


def titled(story: Story, title: str) -> Story:
    return replace(story, title=title)


def save_all(library: Library, *stories: Story) -> None:
    """Each as the next revision of the one before."""
    for revision, story in enumerate(stories, start=1):
        library.save(story, revision)


def damage(path: Path) -> None:
    """Overwrite the middle of the file, as a failing disk would."""
    data = bytearray(path.read_bytes())
    data[5000 : len(data) - 5000] = b"\xff" * (len(data) - 10000)
    path.write_bytes(data)


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
    # One step back, and on from there: the redo stack is filled, then emptied.
    library.save(versions[1], 4, undo=saved.undo[:1], redo=[("b", versions[2])])
    saved = library.open(story.id)
    assert (saved.undo, saved.redo) == ((("a", versions[0]),), (("b", versions[2]),))
    library.save(versions[3], 5, undo=[*saved.undo, ("c", versions[1])])
    saved = library.open(story.id)
    assert ([name for name, _ in saved.undo], saved.redo) == (["a", "c"], ())
    library.close()


def test_only_the_latest_changes_are_kept_and_each_is_written_once(library):
    story, undo = story_with("Rosa waves."), []
    for revision in range(1, MAX_CHANGES_KEPT + 21):
        library.save(titled(story, str(revision)), revision, undo)
        undo.append((f"change {revision}", titled(story, str(revision))))
    names = [name for name, _ in library.open(story.id).undo]
    assert names == [name for name, _ in undo[-MAX_CHANGES_KEPT - 1 : -1]]
    ((highest, count),) = library._file.rows("SELECT max(number), count(*) FROM changes")
    assert (highest, count) == (MAX_CHANGES_KEPT + 19, MAX_CHANGES_KEPT)  # one row a save, none twice


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
    library.open(story.id)  # by somebody else: these are other objects
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
        library.put_on_shelf(shelf, story.id)  # before the first save: a story nobody has written in yet
        assert library.list(shelf) == () or story is newer
        library.save(story, 1)
        clock.now += 10
    first, second = library.list(SHELF)
    assert (first.story_id, first.title, first.frames, first.thumbnail) == (newer.id, "Empty", 0, None)
    assert (second.opening, second.frames, second.thumbnail) == ("Rosa waves.", 2, "b" * 64)
    assert [entry.story_id for entry in library.list(OTHER_SHELF)] == [foreign.id]
    assert library.list("nobodys-shelf") == ()
    library.save(titled(older, "now the latest"), 2)
    assert [entry.title for entry in library.list(SHELF)] == ["now the latest", "Empty"]


def test_a_link_puts_a_story_on_another_shelf_and_off_again(library):
    story = story_with("Rosa waves.")
    library.save(story, 1)
    for _ in range(2):
        library.put_on_shelf(SHELF, story.id)
        library.put_on_shelf(OTHER_SHELF, story.id)
    library.take_off_shelf(SHELF, story.id)
    assert (library.list(SHELF), len(library.list(OTHER_SHELF))) == ((), 1)
    assert library.is_on_shelf(OTHER_SHELF, story.id) and not library.is_on_shelf(SHELF, story.id)
    assert library.open(story.id).story == story


@pytest.mark.parametrize(
    "shelf", ["", "short", "../../etc/passwd", "x" * 65, "a' OR '1'='1", "shelf\nshelf", "\ud800" * 10]
)
def test_only_shelf_ids_are_shelves(library, shelf):
    with pytest.raises(StoryError, match="no shelf"):
        library.put_on_shelf(shelf, "a-story")
    library.take_off_shelf(shelf, "a-story")
    assert library.list(shelf) == () and not library.is_on_shelf(shelf, "a-story")


def test_a_deleted_story_is_gone_until_it_is_restored(library, clock):
    story = story_with("Rosa waves.")
    library.put_on_shelf(SHELF, story.id)
    library.save(story, 1)
    library.delete(story.id)
    for refused in (library.open, library.delete, library.duplicate):
        with pytest.raises(StoryError, match="was deleted"):
            refused(story.id)
    with pytest.raises(StoryError, match="deleted, so nothing was saved"):
        library.save(titled(story, "typed in another tab"), 2)
    assert library.list(SHELF) == () and not library.has(story.id)
    assert [entry.deleted for entry in library.list(SHELF, deleted=True)] == [clock.now]
    library.restore(story.id)
    assert library.open(story.id).story == story and len(library.list(SHELF)) == 1


def test_deleted_stories_are_let_go_in_the_end(library, clock):
    stories = [story_with(), story_with()]
    for story in stories:
        library.save(story, 1)
    library.delete(stories[0].id)
    clock.now += (DAYS_KEPT + 1) * DAY
    library = reopened(library)
    with pytest.raises(StoryError, match=f"kept {DAYS_KEPT} days"):
        library.restore(stories[0].id)
    assert library.has(stories[1].id)
    library.close()


def test_a_copy_has_its_own_id_and_life(library):
    story = story_with("Rosa waves.", title="x " * (MAX_TITLE // 2 - 1) + "y")
    library.save(story, 1, undo=[("typing", story)])
    copy = library.open(library.duplicate(story.id, SHELF))
    assert copy.story.id != story.id and copy.story.title.endswith(" (copy)") and copy.undo == ()
    assert copy.story.frames == story.frames
    library.save(titled(copy.story, "other"), copy.revision + 1)
    assert library.open(story.id).story == story
    assert [entry.title for entry in library.list(SHELF)] == ["other"]


def test_a_story_is_renamed_and_hostile_titles_are_only_text(library):
    story = story_with("Rosa waves.")
    library.put_on_shelf(SHELF, story.id)
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
        library.remember(job)
        library.remember(replace(job, state="drawing"))
    for job, state in zip(jobs, ("done", "failed", "cancelled", "interrupted"), strict=True):
        library.remember(replace(job, state=state))
    library = reopened(library)
    assert library.interrupted_jobs() == (replace(jobs[3], state="interrupted"),)
    library.delete(story.id)
    library.restore(story.id)
    assert library.interrupted_jobs() == ()
    library.close()


def test_a_job_that_cannot_be_remembered_stops_nothing(library):
    library.remember(Job("a", "a story never saved", "b"))
    assert library.interrupted_jobs() == ()
    library.close()
    library.remember(Job("a", "b", "c"))


def test_a_second_process_is_refused_in_one_sentence(library):
    with pytest.raises(StoryError, match="already open in process") as refusal:
        Library(library.folder)
    assert not isinstance(refusal.value, FolderUnusable)
    with pytest.raises(StoryError, match="already open"):
        open_library(library.folder, fall_back=True)
    script = (
        "import sys\nfrom storyboard.library import Library\nfrom storyboard.errors import StoryError\n"
        "try:\n    Library(sys.argv[1])\nexcept StoryError as error:\n    print(error)"
    )
    command = [sys.executable, "-c", script, str(library.folder)]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=Path(__file__).parent.parent, check=True
    )
    assert "already open in process" in done.stdout and "--library" in done.stdout
    assert len(done.stdout.splitlines()) == 1
    library.close()
    Library(library.folder).close()


def make_version_1(folder: Path, story: Story) -> None:
    """A library as the first version left it: no undo history, no jobs."""
    folder.mkdir()
    with closing(sqlite3.connect(folder / "library.sqlite3")) as connection:
        for statement in MIGRATIONS[0]:
            connection.execute(statement)
        connection.execute(
            "INSERT INTO stories VALUES (?, ?, 7, 'Old', 'Rosa waves.', 1, NULL, 1.0, 2.0, NULL)",
            (story.id, json.dumps(story_to_json(story))),
        )
        connection.execute("INSERT INTO shelves VALUES (?, ?)", (SHELF, story.id))
        connection.execute("PRAGMA user_version = 1")
        connection.commit()


def test_a_library_of_version_1_is_backed_up_and_upgraded(folder, clock):
    story = story_with("Rosa waves.")
    make_version_1(folder, story)
    library = Library(folder, clock)
    saved = library.open(story.id)
    assert (saved.story, saved.revision, saved.updated, saved.undo) == (story, 7, 2.0, ())
    assert [entry.title for entry in library.list(SHELF)] == ["Old"]
    library.save(titled(story, "New"), 8, undo=[("naming", story)])
    library.remember(Job("a", story.id, story.frames[0].id))
    assert len(library.interrupted_jobs()) == 1
    assert library._file.rows("PRAGMA user_version")[0][0] == len(MIGRATIONS)
    (backup,) = (folder / "backups").iterdir()
    with closing(sqlite3.connect(backup)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)
        assert connection.execute("SELECT title FROM stories").fetchone() == ("Old",)
    library.close()


def test_a_migration_that_fails_leaves_the_library_as_it_was(folder, monkeypatch):
    story = story_with("Rosa waves.")
    make_version_1(folder, story)
    broken = (MIGRATIONS[0], (*MIGRATIONS[1], "CREATE TABLE stories (id)"))
    monkeypatch.setattr("storyboard.library.file.MIGRATIONS", broken)
    with pytest.raises(StoryError, match="already exists"):
        Library(folder)
    monkeypatch.undo()
    with closing(sqlite3.connect(folder / "library.sqlite3")) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)
    library = Library(folder)
    assert library.open(story.id).story == story
    library.close()


def test_a_library_of_a_newer_app_is_left_alone(library):
    with library._file.transaction() as connection:
        connection.execute("PRAGMA user_version = 99")
    library.close()
    before = (library.folder / "library.sqlite3").read_bytes()
    for _ in range(2):  # the refusal lets go of the lock
        with pytest.raises(StoryError, match="newer version of this app .form 99"):
            open_library(library.folder, fall_back=True)
    assert (library.folder / "library.sqlite3").read_bytes() == before


def test_a_backup_is_made_every_day_while_it_runs_and_the_oldest_are_dropped(library, clock):
    story = story_with("Rosa waves.")
    library.save(story, 1)
    backups = library.folder / "backups"
    assert not backups.exists()
    for revision in range(2, BACKUPS_KEPT + 5):
        clock.now += SECONDS_BETWEEN_BACKUPS + 1
        library.save(titled(story, str(revision)), revision)
        library.save(titled(story, "the same day"), revision + 1) if revision == BACKUPS_KEPT + 4 else None
        library._file._backing_up.join()
    names = sorted(path.name for path in backups.iterdir())
    assert len(names) == BACKUPS_KEPT and not any(name.endswith(".part") for name in names)
    with closing(sqlite3.connect(backups / names[-1])) as connection:
        assert connection.execute("SELECT title FROM stories").fetchone() == (str(BACKUPS_KEPT + 4),)


def test_a_damaged_library_is_kept_aside_and_the_newest_whole_backup_opened(library, clock):
    stories = [story_with(f"Rosa waves {number}.", "x" * 250) for number in range(40)]
    for story in stories:
        library.put_on_shelf(SHELF, story.id)
        library.save(story, 1)
    library._file.back_up()
    clock.now += 60
    damage(library._file.back_up())  # the newest backup is no better
    library.close()
    damage(library.folder / "library.sqlite3")
    library = Library(library.folder, clock)
    (notice, *_) = library.notices
    assert "damaged" in notice and "The backup of" in notice
    (kept,) = library.folder.glob("library-damaged-*.sqlite3")
    assert str(kept) in notice
    assert [library.open(story.id).story for story in stories] == stories
    assert len(library.list(SHELF)) == 40
    library = reopened(library)
    assert library.notices == ()
    library.close()


def test_what_was_written_after_the_backup_is_read_from_the_damaged_file(library):
    story = story_with("Rosa waves.", title="old")
    library.save(story, 1)
    library._file.back_up()
    library.save(titled(story, "new"), 2)
    later = [story_with(*["Milo sits " + "x" * 100] * 4) for _ in range(60)]
    for one in later:
        library.save(one, 1)
        library.put_on_shelf(SHELF, one.id)
    library.close()
    path = library.folder / "library.sqlite3"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
    data = bytearray(path.read_bytes())
    # Damage some pages in the middle: what lies in others can be read.
    middle = len(data) // 2 // 4096 * 4096
    data[middle : middle + 3 * 4096] = b"\xff" * (3 * 4096)
    path.write_bytes(data)
    library = reopened(library)
    assert "stories were read from the damaged file" in " ".join(library.notices)
    assert library.open(story.id).story.title == "new"
    found = [one for one in later if library.has(one.id)]
    assert len(found) > len(later) / 2
    assert [library.open(one.id).story for one in found] == found
    library.close()


@pytest.mark.parametrize("content", [b"not a database at all" * 100, b"SQLite format 3\0" + bytes(4000)])
def test_rubbish_in_the_librarys_place_is_kept_and_a_new_one_begun(folder, content):
    folder.mkdir()
    (folder / "library.sqlite3").write_bytes(content)
    library = Library(folder)
    assert "starts anew" in library.notices[0]
    (kept,) = folder.glob("library-damaged-*.sqlite3")
    assert kept.read_bytes() == content
    save_all(library, story_with("Rosa waves."))
    library.close()


def fill_the_disk(library: Library) -> None:
    """SQLite then fails with the very error of a full disk."""
    ((pages,),) = library._file.rows("PRAGMA page_count")
    library._file._connection.execute(f"PRAGMA max_page_count = {pages}")


def test_a_full_disk_refuses_the_change_and_loses_nothing(library):
    story = story_with("Rosa waves.")
    library.save(story, 1, undo=[("typing", story)])
    fill_the_disk(library)
    big = story.with_frame(Frame(new_id(), "y" * 300), 1)
    for _ in range(60):
        big = big.with_frame(Frame(new_id(), "y" * 300), 1)
    with pytest.raises(StoryError, match="disk of .* is full; free some space"):
        library.save(big, 2, undo=[("typing", story), ("pasting", story)])
    assert library.open(story.id).story == story
    library._file._connection.execute("PRAGMA max_page_count = 1000000")
    library.save(big, 2, undo=[("pasting", story)])  # once there is room, the same change goes through
    saved = library.open(story.id)
    assert (saved.story, [name for name, _ in saved.undo]) == (big, ["pasting"])


def test_a_library_that_turns_read_only_says_so_and_still_shows_its_stories(library):
    story = story_with("Rosa waves.")
    library.save(story, 1)
    library._file._connection.execute("PRAGMA query_only = ON")
    for change in (
        lambda: library.save(titled(story, "x"), 2),
        lambda: library.delete(story.id),
        lambda: library.put_on_shelf(SHELF, story.id),
    ):
        with pytest.raises(StoryError, match="cannot be written"):
            change()
    library.remember(Job("a", story.id, "b"))
    assert library.open(story.id).story == story


def test_a_folder_that_cannot_be_written_is_refused_or_replaced_for_now(tmp_path):
    (tmp_path / "file").write_text("no folder")
    unusable = tmp_path / "file" / "library"
    with pytest.raises(FolderUnusable, match="--library"):
        Library(unusable)
    with pytest.raises(FolderUnusable):
        open_library(unusable)
    library = open_library(unusable, fall_back=True)
    assert library.temporary and str(unusable) in library.notices[0] and "export" in library.notices[0]
    story = story_with("Rosa waves.")
    library.save(story, 1)
    assert library.open(story.id).story == story
    library.close()
    library.close()
    assert not library.folder.exists()


def test_half_pictures_are_swept_and_whole_ones_stay(library):
    key = small_cast(library.pictures)[0].portrait.picture
    (library.pictures.folder / f"{key}.png.0000.part").write_bytes(b"half")
    library = reopened(library)
    assert [path.suffix for path in library.pictures.folder.iterdir()] == [".png"] * 4
    assert library.pictures.open(key).size == (8, 8)
    library.close()


def test_the_file_is_opened_as_durably_as_it_goes(library):
    settings = ("journal_mode", "synchronous", "foreign_keys", "trusted_schema", "busy_timeout", "mmap_size")
    values = [library._file.rows(f"PRAGMA {setting}") for setting in settings]
    assert [rows[0][0] if rows else 0 for rows in values] == ["wal", 2, 1, 0, 5000, 0]


def test_an_interrupted_upgrade_of_the_backup_folder_leaves_no_rest(library):
    backups = library.folder / "backups"
    backups.mkdir()
    (backups / "library-20200101-000000.sqlite3.abcd.part").write_bytes(b"half")
    (backups / "my own notes.txt").write_text("stay")
    library = reopened(library)
    assert [path.name for path in backups.glob("*.part")] == [] and (backups / "my own notes.txt").exists()
    library.close()
