"""The library's file: one process at a time, upgrades and backups. Nothing is lost, whatever a disk does."""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from storyboard.errors import StoryError
from storyboard.library import FolderUnusable, Library, open_library
from storyboard.library.backups import BACKUPS_KEPT, SECONDS_BETWEEN_BACKUPS
from storyboard.library.file import MIGRATIONS
from storyboard.story.as_json import story_to_json
from storyboard.story.job import Job
from storyboard.story.values import Frame, Story, new_id
from tests.fakes import small_cast
from tests.kept import SHELF, Clock, reopened, save_all, story_with, titled


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


def damage(path: Path) -> None:
    """Overwrites the middle of the file, like a failing disk."""
    data = bytearray(path.read_bytes())
    data[5000 : len(data) - 5000] = b"\xff" * (len(data) - 10000)
    path.write_bytes(data)


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
    """Writes a library in the format of the first version: without undo history and jobs."""
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
    assert [entry.title for entry in library.shelves.list(SHELF)] == ["Old"]
    library.save(titled(story, "New"), 8, undo=[("naming", story)])
    library.jobs.remember(Job("a", story.id, story.frames[0].id))
    assert len(library.jobs.interrupted()) == 1
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
    for _ in range(2):  # the refusal must release the lock
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
        library._file._backing_up.join()  # the backup's thread reads the file only when it starts
    library.save(titled(story, "the same day"), BACKUPS_KEPT + 5)
    library._file._backing_up.join()
    names = sorted(path.name for path in backups.iterdir())
    assert len(names) == BACKUPS_KEPT and not any(name.endswith(".part") for name in names)
    with closing(sqlite3.connect(backups / names[-1])) as connection:
        assert connection.execute("SELECT title FROM stories").fetchone() == (str(BACKUPS_KEPT + 4),)


def test_a_damaged_library_is_kept_aside_and_the_newest_whole_backup_opened(library, clock):
    stories = [story_with(f"Rosa waves {number}.", "x" * 250) for number in range(40)]
    for story in stories:
        library.shelves.put(SHELF, story.id)
        library.save(story, 1)
    library._file.back_up()
    clock.now += 60
    damage(library._file.back_up())  # the newest backup is damaged too
    library.close()
    damage(library.folder / "library.sqlite3")
    library = Library(library.folder, clock)
    (notice, *_) = library.notices
    assert "damaged" in notice and "The backup of" in notice
    (kept,) = library.folder.glob("library-damaged-*.sqlite3")
    assert str(kept) in notice
    assert [library.open(story.id).story for story in stories] == stories
    assert len(library.shelves.list(SHELF)) == 40
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
        library.shelves.put(SHELF, one.id)
    library.close()
    path = library.folder / "library.sqlite3"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
    data = bytearray(path.read_bytes())
    # Damage some pages, here of the rows of frames. Other pages can still be read.
    middle = len(data) * 3 // 4 // 4096 * 4096
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
    """After this, SQLite fails with the same error as on a full disk."""
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
    library.save(big, 2, undo=[("pasting", story)])  # when there is room again, the same change succeeds
    saved = library.open(story.id)
    assert (saved.story, [name for name, _ in saved.undo]) == (big, ["pasting"])


def test_a_library_that_turns_read_only_says_so_and_still_shows_its_stories(library):
    story = story_with("Rosa waves.")
    library.save(story, 1)
    library._file._connection.execute("PRAGMA query_only = ON")
    for change in (
        lambda: library.save(titled(story, "x"), 2),
        lambda: library.delete(story.id),
        lambda: library.shelves.put(SHELF, story.id),
    ):
        with pytest.raises(StoryError, match="cannot be written"):
            change()
    library.jobs.remember(Job("a", story.id, "b"))
    assert library.open(story.id).story == story


def test_a_folder_that_cannot_be_written_is_refused_or_replaced_for_now(tmp_path):
    (tmp_path / "file").write_text("no folder")
    unusable = tmp_path / "file" / "library"
    with pytest.raises(FolderUnusable, match="--library"):
        Library(unusable)
    with pytest.raises(FolderUnusable):
        open_library(unusable)
    library = open_library(unusable, fall_back=True)
    assert (
        library.kept == "nowhere" and str(unusable) in library.notices[0] and "export" in library.notices[0]
    )
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
