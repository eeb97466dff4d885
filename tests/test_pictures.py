"""The picture store, and the cast that comes with a pipeline folder."""

import errno
import json
import os
from dataclasses import replace

import pytest
from PIL import Image

from storyboard.disk.pictures import PictureStore, StoredPicture
from storyboard.errors import StoryError
from storyboard.story.values import MAX_PORTRAITS, Frame, new_id, new_story
from storyboard.studio.cast import load_cast
from storyboard.studio.requests import request_for
from tests import tiny
from tests.fakes import in_memory, small_cast
from tests.kept import take


@pytest.fixture
def store(tmp_path):
    return PictureStore(tmp_path / "pictures")


def test_a_picture_comes_back_as_it_was_and_an_equal_one_is_stored_once(store):
    picture = Image.effect_noise((9, 7), 50).convert("RGB")
    key = store.put(picture)
    tagged = picture.copy()
    tagged.info["icc_profile"] = b"anything"
    assert store.put(tagged) == key
    assert store.open(key).tobytes() == picture.tobytes()
    assert [path.name for path in store.folder.iterdir()] == [f"{key}.png"]


@pytest.mark.parametrize("key", ["", "../../etc/passwd", "A" * 64, "0" * 63, "0" * 64 + "\n"])
def test_only_keys_become_paths(store, key):
    with pytest.raises(StoryError):
        store.path(key)


def test_a_missing_or_damaged_picture_is_a_story_error(store):
    with pytest.raises(StoryError, match="missing"):
        store.open("0" * 64)
    key = store.put(Image.new("RGB", (64, 64), "red"))
    store.path(key).write_bytes(store.path(key).read_bytes()[:60])
    with pytest.raises(StoryError, match="draw its frame again"):
        store.open(key)


def test_a_picture_reaches_the_disk_before_it_gets_its_name(store, monkeypatch):
    """After a power cut there must never be a name without its content."""
    done = []
    fsync, replace = os.fsync, os.replace
    monkeypatch.setattr("os.fsync", lambda number: done.append("sync") or fsync(number))
    monkeypatch.setattr("os.replace", lambda *paths: done.append("name") or replace(*paths))
    store.put(Image.new("RGB", (4, 4), "red"))
    assert done == ["sync", "name"] + ([] if os.name == "nt" else ["sync"])  # at last the folder
    store.put(Image.new("RGB", (4, 4), "red"))
    assert done.count("name") == 1


@pytest.mark.parametrize("failing", ["os.fsync", "os.replace", "pathlib.Path.write_bytes"])
def test_a_full_disk_is_a_story_error_and_leaves_nothing_behind(store, monkeypatch, failing):
    def fail(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(failing, fail)
        with pytest.raises(StoryError, match="No space left on device.; free some disk space"):
            store.put(Image.new("RGB", (4, 4), "red"))
    assert list(store.folder.iterdir()) == []
    assert store.open(store.put(Image.new("RGB", (4, 4), "red"))).size == (4, 4)


def test_a_picture_cut_short_is_written_again_with_the_next_equal_one(store):
    picture = Image.effect_noise((64, 64), 50)
    key = store.put(picture)
    store.path(key).write_bytes(store.path(key).read_bytes()[:60])
    assert store.put(picture) == key
    assert store.open(key).size == (64, 64)


def test_half_written_files_are_swept_and_nothing_else(store):
    key = store.put(Image.new("RGB", (4, 4), "red"))
    (store.folder / f"{key}.png.00ff.part").write_bytes(b"half")
    assert (store.sweep(), store.sweep()) == (1, 0)
    assert [path.name for path in store.folder.iterdir()] == [f"{key}.png"]


def test_a_folder_that_cannot_be_made_is_a_story_error(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StoryError, match="cannot be kept in"):
        PictureStore(tmp_path / "file" / "pictures")


def write_cast(folder, **changes):
    entry = {
        "name": "Rosa",
        "pronoun": "she",
        "aliases": ["the painter"],
        "portraits": [{"id": "rosa-raincoat", "label": "raincoat", "file": "portraits/rosa.png"}],
    }
    (folder / "portraits").mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (8, 8), "yellow").save(folder / "portraits" / "rosa.png")
    (folder / "cast.json").write_text(json.dumps({"characters": [{**entry, **changes}]}))
    return folder


def test_the_cast_of_a_pipeline_folder_wears_its_first_portraits(store, tmp_path):
    (rosa,) = load_cast(write_cast(tmp_path / "pipeline"), store)
    assert (rosa.name, rosa.pronoun, rosa.aliases, rosa.chosen) == (
        "Rosa",
        "she",
        ("the painter",),
        "rosa-raincoat",
    )
    assert store.open(rosa.portrait.picture).getpixel((0, 0)) == (255, 255, 0)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"pronoun": "xe"}, "needs a name of at most"),
        ({"name": " "}, "needs a name"),
        ({"portraits": []}, f"1 to {MAX_PORTRAITS} portraits"),
        ({"portraits": None}, "not a cast file"),
        ({"portraits": [{"id": "a", "label": "a"}]}, "not a cast file"),
        ({"portraits": [{"id": "a", "label": "a", "file": "../outside.png"}]}, "lies outside"),
        ({"portraits": [{"id": "a", "label": "a", "file": "none.png"}]}, "cannot be read"),
    ],
)
def test_a_cast_file_that_does_not_fit_is_a_story_error(store, tmp_path, changes, reason):
    with pytest.raises(StoryError, match=reason):
        load_cast(write_cast(tmp_path, **changes), store)


@pytest.mark.parametrize(
    "text", ['{"characters": [', "[]", "{}", '{"characters": []}', "[" * 100_000, '{"characters": 3}']
)
def test_a_half_written_cast_file_is_a_story_error(store, tmp_path, text):
    (tmp_path / "cast.json").write_text(text)
    with pytest.raises(StoryError):
        load_cast(tmp_path, store)


def test_a_folder_without_a_cast_or_no_folder_is_a_story_error(store, tmp_path):
    with pytest.raises(StoryError, match="no cast.json"):
        load_cast(tmp_path, store)
    with pytest.raises(StoryError, match="no pipeline folder"):
        load_cast(tmp_path / "none", store)


@pytest.fixture
def decoded(monkeypatch):
    """Returns the keys of a store's pictures that were read, in order."""
    keys, convert = [], StoredPicture.convert

    def counting(self, mode):
        keys.append(self.key)
        return convert(self, mode)

    monkeypatch.setattr(StoredPicture, "convert", counting)
    return keys


def long_story(pictures, frames: int):
    """Returns a story in which every frame has its own picture."""
    story = new_story(small_cast(pictures))
    for number in range(1, frames + 1):
        key = pictures.put(Image.new("RGB", (16, 16), (number, 0, 0)))
        frame = Frame(new_id(), f"Rosa waves {number} times.").with_take(
            replace(take(key), caption="Rosa waves.")
        )
        story = story.with_frame(frame, number)
    return story


def test_asking_for_a_frame_reads_none_of_the_pictures_before_it(tmp_path, decoded):
    """Every frame decoded all earlier pictures: 0.45 s for a frame at 200, although a model reads only a few."""
    pictures = PictureStore(tmp_path)
    story = long_story(pictures, 30)
    request = request_for(story, story.frames[-1].id, 1, pictures, None, False)
    assert (len(request.history), len(request.cast), decoded) == (29, 3, [])
    pictures.path(story.frames[3].take.picture).unlink()
    with pytest.raises(StoryError, match="draw its frame again"):
        request_for(story, story.frames[-1].id, 1, pictures, None, False)


def test_a_pipeline_reads_what_its_window_shows_and_for_a_reroll_nothing(tmp_path, decoded):
    """A reroll read and hashed every picture of the story again: 18 to 33 ms, although only its seed is new."""
    pictures = PictureStore(tmp_path)
    story = long_story(pictures, 12)
    pipeline = tiny.pipeline(context_frames=3)
    frame = story.frames[-1]
    first = list(pipeline.render(request_for(story, frame.id, 1, pictures, 1, False)))[-1]
    shown = [one.take.picture for one in story.frames[-4:-1]]
    portrait = story.cast[0].portrait.picture
    assert set(decoded) == {*shown, portrait} and first.conditioning == "llm"
    decoded.clear()
    again = list(pipeline.render(request_for(story, frame.id, 2, pictures, 1, False)))[-1]
    assert decoded == [] and again.picture.tobytes() != first.picture.tobytes()
    pipeline.clear_caches()
    loose = list(pipeline.render(in_memory(request_for(story, frame.id, 2, pictures, 1, False))))[-1]
    assert loose.picture.tobytes() == again.picture.tobytes()
