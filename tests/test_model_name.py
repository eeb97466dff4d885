"""The model's name in a picture: the same for the same weights, another for others, and in every exported file."""

import json

import pytest

from storyboard.disk.pictures import PictureStore
from storyboard.exports.frame_png import frame_from_png, frame_to_png
from storyboard.exports.project import read_project, write_project
from storyboard.story.as_json import story_to_json
from storyboard.story.values import new_story
from storyboard.studio import model_name as module
from storyboard.studio.model_name import model_name
from storyboard.studio.session import StorySession
from tests.fakes import FlatRenderer, small_cast


@pytest.fixture
def folder(tmp_path):
    """Returns a folder with three weights files."""
    for name in ("unet/a", "unet/b", "vae/a"):
        path = tmp_path / "maple-lane" / f"{name}.safetensors"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode() * 1000)
    return tmp_path / "maple-lane"


def test_the_same_weights_have_the_same_name_and_others_another(folder, tmp_path):
    first = model_name(folder)
    assert first == model_name(folder) and first.startswith("maple-lane ") and len(first.split()[1]) == 12
    (folder / "cast.json").write_text("{}")  # this file has no weights
    assert model_name(folder) == first
    changed = folder / "vae" / "a.safetensors"
    data = bytearray(changed.read_bytes())
    data[2000] ^= 1
    changed.write_bytes(data)
    second = model_name(folder)
    changed.rename(folder / "vae" / "c.safetensors")
    assert len({first, second, model_name(folder)}) == 3


def test_a_large_file_is_told_apart_by_pieces_all_over_it(folder, monkeypatch):
    monkeypatch.setattr(module, "WHOLE", 1000)
    monkeypatch.setattr(module, "SAMPLES", 8)
    monkeypatch.setattr(module, "PIECE", 100)
    first = model_name(folder)
    path = folder / "unet" / "a.safetensors"
    data = path.read_bytes()
    for place in (0, len(data) // 2, len(data) - 100):
        trained = data[:place] + bytes(byte ^ 1 for byte in data[place : place + 900]) + data[place + 900 :]
        path.write_bytes(trained)
        assert model_name(folder) != first
        assert len(trained) == len(data)


def test_a_folder_without_weights_has_its_name_only(tmp_path):
    assert model_name(tmp_path / "nowhere") == "nowhere"


def test_what_drew_a_picture_is_in_its_take_its_png_and_the_project_file(folder, tmp_path):
    pictures = PictureStore(tmp_path / "pictures")
    name = model_name(folder)
    session = StorySession(new_story(small_cast(pictures)), FlatRenderer(), pictures, model=name)
    list(session.draw(session.add("Rosa waves.").id))
    story = session.story
    assert story.frames[0].take.model == name
    read = frame_from_png(frame_to_png(story, story.frames[0], pictures, "another"))
    assert (read.model, read.take.model) == (name, name)
    assert name in json.dumps(story_to_json(story))
    write_project(story, pictures, tmp_path / "story.storyboard")
    again = read_project(tmp_path / "story.storyboard", PictureStore(tmp_path / "b" / "pictures"))
    assert again.frames[0].take.model == name
