"""The copy of a library on the Hub: fetched before the library opens, written later, with a notice if that fails.

The Hub is a server of the tests that stores what huggingface_hub commits.
"""

import time
from pathlib import Path

import huggingface_hub
import pytest
from huggingface_hub import HfApi
from PIL import Image

from storyboard.errors import StoryError
from storyboard.library import Library, Mirror
from tests import hub_server
from tests.kept import SHELF, save_all, story_with, titled

REPOSITORY = "nana/stories"
NEVER = 1e6  # seconds; nothing is written until the library is closed


@pytest.fixture(scope="module")
def server():
    with hub_server.hub() as server:
        yield server


@pytest.fixture
def hub(server, monkeypatch):
    """Returns an empty Hub that huggingface_hub finds."""
    server.repositories.clear()
    server.asked.clear()
    server.failing = None
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr(
        "storyboard.library.mirror.HfApi", lambda: HfApi(endpoint=server.url, token=hub_server.TOKEN)
    )
    return server


def mirrored(folder: Path, every: float = NEVER) -> Library:
    return Library(folder, mirror=Mirror(REPOSITORY, every))


def until(holds) -> None:
    """Waits for the work of another thread."""
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_stories_pictures_and_undo_are_there_after_the_disk_was_emptied(hub, tmp_path):
    library = mirrored(tmp_path / "before")
    key = library.pictures.put(Image.new("RGB", (8, 8), "red"))
    story = story_with("Rosa waves.")
    library.shelves.put(SHELF, story.id)
    save_all(library, story, titled(story, "Night"))
    assert library.kept == "hub"
    library.close()
    assert hub.repositories[REPOSITORY].private
    assert set(hub.repositories[REPOSITORY].files) >= {"library.sqlite3", f"pictures/{key}.png"}
    again = mirrored(tmp_path / "after")
    assert [(one.story_id, one.title) for one in again.shelves.list(SHELF)] == [(story.id, "Night")]
    assert again.open(story.id).revision == 2 and again.pictures.keys() == {key}
    assert (again.trouble, again.notices) == ("", ())
    assert {one.name for one in again.folder.iterdir()} >= {"library.sqlite3", "pictures"}
    assert not list(again.folder.glob("*.part"))
    again.close()


def test_a_change_is_written_while_the_app_runs_and_nothing_is_where_nothing_changed(hub, tmp_path):
    library = mirrored(tmp_path, every=0.01)
    library.save(story_with("Rosa waves."), 1)
    until(lambda: "library.sqlite3" in hub.repositories.get(REPOSITORY, hub_server.Repository(True)).files)
    commits = [one for one in hub.asked if "/commit/" in one]
    looks = len(hub.asked)
    until(lambda: len(hub.asked) > looks + 5)
    assert [one for one in hub.asked if "/commit/" in one] == commits
    library.close()


def test_a_picture_that_has_gone_goes_from_the_copy_too(hub, tmp_path):
    library = mirrored(tmp_path / "before")
    key = library.pictures.put(Image.new("RGB", (8, 8), "red"))
    library.save(story_with("Rosa waves."), 1)
    library.close()
    library = mirrored(tmp_path / "after")
    library.pictures.remove([key])
    library.save(story_with("Milo naps."), 1)
    library.close()
    assert not [one for one in hub.repositories[REPOSITORY].files if one.startswith("pictures/")]


@pytest.mark.parametrize(
    ("status", "why"),
    [
        (401, "the token is not valid"),
        (403, "may not write there, or the account is full"),
        (507, "the repository is full"),
        (418, "answers with status 418"),
    ],
)
def test_a_copy_that_cannot_be_written_is_said_and_stories_go_on(hub, tmp_path, status, why):
    library = mirrored(tmp_path)
    assert library.trouble == ""
    hub.failing = status
    story = story_with("Rosa waves.")
    library.save(story, 1)
    library.mirror._try_to_write(library)
    assert why in library.trouble and library.trouble.startswith(
        "The copy of the stories on the Hub cannot be"
    )
    assert library.open(story.id).story == story
    hub.failing = None
    library.mirror._try_to_write(library)
    assert library.trouble == "" and "library.sqlite3" in hub.repositories[REPOSITORY].files
    library.close()


def test_a_start_without_the_hub_loses_nothing_of_the_copy(hub, tmp_path):
    """An empty library, opened while the Hub could not be reached, overwrote the copy of all stories."""
    library = mirrored(tmp_path / "before")
    before = story_with("Rosa waves.")
    library.shelves.put(SHELF, before.id)
    save_all(library, before, titled(before, "Night"))
    library.close()
    hub.failing = 503
    library = mirrored(tmp_path / "after")
    assert library.trouble.startswith("The stories of before cannot be fetched from the Hub")
    meanwhile = story_with("Milo naps.")
    library.shelves.put(SHELF, meanwhile.id)
    library.save(meanwhile, 1)
    library.mirror._try_to_write(library)
    hub.failing = None
    library.mirror._try_to_write(library)
    assert library.trouble == "" and {one.story_id for one in library.shelves.list(SHELF)} == {
        before.id,
        meanwhile.id,
    }
    assert library.open(before.id).story.title == "Night"
    library.close()
    library = mirrored(tmp_path / "later")
    assert {one.story_id for one in library.shelves.list(SHELF)} == {before.id, meanwhile.id}
    library.close()


def test_two_apps_with_one_copy_take_in_each_others_stories_and_come_to_rest(hub, tmp_path):
    one, other = mirrored(tmp_path / "one"), mirrored(tmp_path / "other")
    mine, theirs = story_with("Rosa waves."), story_with("Milo naps.")
    one.save(mine, 1)
    other.save(theirs, 1)
    for library in (one, other, one, other):
        library.mirror._try_to_write(library)
    assert one.has(theirs.id) and other.has(mine.id)
    head = hub.repositories[REPOSITORY].head
    for library in (one, other):
        library.mirror._try_to_write(library)
    assert hub.repositories[REPOSITORY].head == head
    one.close()
    other.close()


def test_what_was_written_to_the_copy_meanwhile_is_not_written_over(hub, tmp_path, monkeypatch):
    library = mirrored(tmp_path / "mine")
    library.mirror._try_to_write(library)
    other = mirrored(tmp_path / "theirs")
    theirs = story_with("Milo naps.")
    other.save(theirs, 1)
    library.save(story_with("Rosa waves."), 1)
    look = library.mirror._look

    def looked():
        found = look()
        other.close()  # this writes after the other one has looked
        return found

    with monkeypatch.context() as patch:
        patch.setattr(library.mirror, "_look", looked)
        library.mirror._try_to_write(library)
    assert library.trouble == "" and not library.has(theirs.id)
    library.mirror._try_to_write(library)
    assert library.has(theirs.id)
    library.close()


def test_a_long_history_is_squashed_and_writing_goes_on(hub, tmp_path, monkeypatch):
    monkeypatch.setattr("storyboard.library.mirror.SQUASHED_AFTER", 2)
    library = mirrored(tmp_path / "before")
    stories = [story_with("Rosa waves.") for _ in range(3)]
    for story in stories:
        library.save(story, 1)
        library.mirror._try_to_write(library)
    assert library.trouble == "" and len(hub.repositories[REPOSITORY].commits) == 2
    library.close()
    library = mirrored(tmp_path / "after")
    assert all(library.has(story.id) for story in stories)
    library.close()


def test_a_public_repository_is_refused(hub, tmp_path):
    hub.repositories[REPOSITORY] = hub_server.Repository(private=False)
    library = mirrored(tmp_path)
    library.save(story_with("Rosa waves."), 1)
    library.mirror._try_to_write(library)
    assert f"{REPOSITORY} is public and everybody could read the stories" in library.trouble
    assert "library.sqlite3" not in hub.repositories[REPOSITORY].files
    library.close()


def test_a_damaged_copy_is_set_aside_as_a_damaged_library_is(hub, tmp_path):
    hub.repositories[REPOSITORY] = hub_server.Repository(private=True)
    hub.repositories[REPOSITORY].commit({"library.sqlite3": b"no database" * 1000, "pictures/x.png": b"x"})
    library = mirrored(tmp_path)
    assert "was damaged" in library.notices[0]
    story = story_with("Rosa waves.")
    library.save(story, 1)
    assert library.has(story.id) and library.pictures.keys() == set()
    library.close()


@pytest.mark.parametrize("name", ["stories", "a/b/c", "../x", "https://huggingface.co/datasets/a/b", ""])
def test_what_names_no_repository_is_refused(name):
    with pytest.raises(StoryError, match="no repository of the Hub"):
        Mirror(name)
