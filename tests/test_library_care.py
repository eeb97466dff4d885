"""Dangers for a library while nobody looks: a lost file, a wrong clock, a full disk."""

import random
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from PIL import Image

from storyboard.errors import StoryError
from storyboard.library import DAYS_KEPT, Library
from storyboard.library.backups import BACKUPS_KEPT, SECONDS_BETWEEN_BACKUPS
from storyboard.library.leaving import PICTURE_DAYS
from tests.kept import DAY, SHELF, Clock, reopened, story_with, take


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def library(tmp_path, clock):
    library = Library(tmp_path / "library", clock)
    yield library
    library.close()


def backed_up(library: Library, count: int = 3) -> list:
    stories = [story_with(f"Rosa waves {number}.") for number in range(count)]
    for story in stories:
        library.save(story, 1)
        library.shelves.put(SHELF, story.id)
    library._file.back_up()
    library.close()
    return stories


def gone(path: Path) -> None:
    path.unlink()


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def without_tables(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")


@pytest.mark.parametrize("lose", [gone, emptied, without_tables])
def test_a_lost_file_beside_whole_backups_is_replaced_by_the_newest(library, clock, lose):
    """A new library was silently begun, and seven days later its backups had replaced the good ones."""
    stories = backed_up(library)
    # This file is no backup at all.
    (library.folder / "backups" / "library-20380101-000000.sqlite3").write_bytes(b"")
    lose(library.folder / "library.sqlite3")
    library = Library(library.folder, clock)
    assert "The backup of" in library.notices[0] and "opened instead" in library.notices[0]
    assert [library.open(story.id).story for story in stories] == stories
    library = reopened(library)
    assert library.notices == ()
    library.close()


def test_a_flipped_byte_in_the_schema_opens_the_backup(library, clock, tmp_path):
    """Some such bytes ended the start with a UnicodeDecodeError, or with an unknown version."""
    stories = backed_up(library)
    whole = (library.folder / "library.sqlite3").read_bytes()
    schema = [place for place in range(100, 4096) if whole[place]]
    for place in random.Random(0).sample(schema, 40):
        damaged = bytearray(whole)
        damaged[place] ^= 0x80
        (library.folder / "library.sqlite3").write_bytes(damaged)
        opened = Library(library.folder, clock)
        assert [opened.open(story.id).story for story in stories] == stories
        opened.close()


def test_a_clock_that_is_ahead_for_one_start_neither_stops_backups_nor_empties_the_bin(library, clock):
    """A start in the year 2050 left a backup that was the newest for ever, and removed what was deleted yesterday."""
    story, other = story_with("Rosa waves."), story_with("Milo sits.")
    library.save(story, 1)
    library.save(other, 1)
    library.delete(story.id)
    now, backups = clock.now, library.folder / "backups"
    clock.now += 25 * 365 * DAY
    library = reopened(library)
    library._file.back_up()
    clock.now = now + DAY
    library = reopened(library)
    library.restore(story.id)
    assert library.open(story.id).story == story
    for day in range(BACKUPS_KEPT + 2):
        clock.now = now + (day + 2) * SECONDS_BETWEEN_BACKUPS
        library = reopened(library)
    names = sorted(path.name for path in backups.iterdir())
    assert len(names) == BACKUPS_KEPT and all(name < "library-2030" for name in names)
    library.close()


def test_pictures_that_no_story_speaks_of_go_some_days_later(library, clock):
    """Nothing ever removed pictures, so a library only grew.

    Pictures of deleted stories stay while these can come back.
    """
    kept, spare = (library.pictures.put(Image.new("RGB", (8, 8), colour)) for colour in ("red", "blue"))
    story = story_with("Rosa waves.")
    frame = story.frames[0].with_take(take(kept))
    library.save(story.with_changed_frame(frame), 1)
    library.delete(story.id)
    for _ in range(PICTURE_DAYS - 1):
        clock.now += DAY
        library = reopened(library)  # twice on the same day counts as one day
        library = reopened(library)
    assert library.pictures.keys() == {kept, spare}
    clock.now += DAY
    library = reopened(library)
    assert library.pictures.keys() == {kept}
    for _ in range(DAYS_KEPT + PICTURE_DAYS + 3):
        clock.now += DAY
        library = reopened(library)
    assert library.pictures.keys() == set()
    library.close()


def test_places_of_empty_visits_leave_their_shelves(library):
    """A visitor who writes nothing has a story on a shelf that is never saved, and nothing else."""
    story = story_with("Rosa waves.")
    library.save(story, 1)
    library.shelves.put(SHELF, story.id)
    for number in range(3):
        library.shelves.put(f"a-visit-number-{number}", f"never-written-{number}")
    library = reopened(library)
    places = [tuple(row) for row in library._file.rows("SELECT shelf, story FROM shelves")]
    assert places == [(SHELF, story.id)]
    library.delete(story.id)
    library = reopened(library)
    assert [one.story_id for one in library.shelves.list(SHELF, deleted=True)] == [story.id]
    library.close()


def test_pictures_stay_while_a_damaged_file_may_be_mended(library, clock):
    library.pictures.put(Image.new("RGB", (8, 8), "blue"))
    (library.folder / "library-damaged-20260101-000000.sqlite3").write_bytes(b"perhaps")
    for _ in range(2 * PICTURE_DAYS):
        clock.now += DAY
        library = reopened(library)
    assert len(library.pictures.keys()) == 1
    library.close()


def test_what_writers_wrote_is_nobody_elses_to_read(library):
    """Everybody on the machine could read the database and its backups."""
    library.save(story_with("Rosa waves."), 1)
    backup = library._file.back_up()
    for path in (*library.folder.glob("library.sqlite3*"), backup):
        assert path.stat().st_mode & 0o077 == 0, path
    path = library.folder / "library.sqlite3"
    path.chmod(0o644)  # the mode that earlier versions of the app left
    library = reopened(library)
    assert path.stat().st_mode & 0o777 == 0o600
    library.close()


FULL = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
from storyboard.library import FolderUnusable, open_library
for fall_back in (False, True):
    try:
        open_library(sys.argv[1], fall_back=fall_back)
    except FolderUnusable as error:
        print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits of file sizes are POSIX")
def test_a_full_disk_without_a_library_yet_is_one_sentence(tmp_path):
    """When the lock file was closed, its buffer raised an OSError without a sentence for the writer."""
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path / "library")],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parent.parent,
    )
    assert done.returncode == 0, done.stderr
    sentences = done.stdout.splitlines()
    assert len(sentences) == 2 and all("--library" in one or "free some" in one for one in sentences)


def test_a_library_that_cannot_keep_pictures_gives_way_to_a_temporary_one(tmp_path):
    (tmp_path / "pictures").write_text("no folder")
    with pytest.raises(StoryError, match="No pictures can be kept"):
        Library(tmp_path)


def test_a_library_holds_no_more_pictures_than_its_budget(tmp_path):
    """One visitor of a Space could fill its disk, and then nobody could save a sentence."""
    library = Library(tmp_path, budget=400)
    story = story_with("Rosa waves.")
    key = library.pictures.put(Image.new("RGB", (8, 8), "red"))
    with pytest.raises(StoryError, match="may hold .* GB of pictures and is full"):
        for shade in range(20):
            library.pictures.put(Image.new("RGB", (8, 8), (shade, 0, 0)))
    # A picture that is already there takes no room.
    assert library.pictures.put(Image.new("RGB", (8, 8), "red")) == key
    library.save(story, 1)
    library.close()
    again = Library(tmp_path, budget=400)
    with pytest.raises(StoryError, match="is full"):
        for shade in range(3):
            again.pictures.put(Image.new("RGB", (8, 8), (0, shade, 0)))
    again.close()
