"""Libraries and project files that the code of earlier commits wrote: they open with nothing changed.

`tests/earlier/make.py` made them, and says which format each was the first to have.
"""

import json
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image

from storyboard.disk.pictures import PictureStore
from storyboard.exports.project import read_project
from storyboard.library import Library
from storyboard.library.file import MIGRATIONS
from storyboard.story.inputs import inputs_of, stale_frames

MADE = sorted((Path(__file__).parent / "earlier").glob("*.zip"))


@pytest.fixture(params=MADE, ids=lambda path: path.stem)
def earlier(request, tmp_path):
    """What a commit wrote: the paths .library and .project, and .told, which says what they must contain."""
    with zipfile.ZipFile(request.param) as file:
        file.extractall(tmp_path)
    told = json.loads((tmp_path / "expected.json").read_text())
    return SimpleNamespace(library=tmp_path / "library", project=tmp_path / "story.storyboard", told=told)


def check(story, told, pictures, kept):
    """Checks that nothing of the story is missing or out of date. kept: the folder of its pictures."""
    assert story.title == told["title"]
    described = [
        {
            "caption": frame.caption,
            "locked": frame.locked,
            "chosen": frame.chosen,
            "takes": [[take.id, take.caption] for take in frame.takes],
        }
        for frame in story.frames
    ]
    expected = [one | {"takes": [take[:2] for take in one["takes"]]} for one in told["frames"]]
    assert described == expected
    inputs = inputs_of(story)
    assert all(take.inputs for frame in story.frames for take in frame.takes)
    causes = {frame.caption: inputs.stale_cause(frame) for frame in story.frames if inputs.is_stale(frame)}
    assert causes == {} and not stale_frames(story)
    for frame, before in zip(story.frames, told["frames"], strict=True):
        for take, (_, _, key) in zip(frame.takes, before["takes"], strict=True):
            with Image.open(pictures.path(take.picture)) as now, Image.open(kept / f"{key}.png") as then:
                assert now.convert("RGB").tobytes() == then.convert("RGB").tobytes()


def test_a_library_opens_without_a_frame_out_of_date(earlier):
    library = Library(earlier.library)
    assert library.notices == ()
    saved = library.open(earlier.told["id"])
    check(saved.story, earlier.told, library.pictures, earlier.library / "pictures")
    assert [name for name, _ in saved.undo] == earlier.told["undo"]
    assert [name for name, _ in saved.redo] == earlier.told["redo"] != []
    assert [one.story_id for one in library.shelves.list(earlier.told["shelf"])] == [saved.story.id]
    library.save(saved.undo[-1][1], saved.revision + 1, saved.undo[:-1], saved.redo)
    library.close()
    again = Library(earlier.library)
    assert again._file.rows("PRAGMA user_version")[0][0] == len(MIGRATIONS)
    assert again.open(saved.story.id).story == saved.undo[-1][1]
    again.close()


def test_a_project_file_opens_without_a_frame_out_of_date(earlier, tmp_path):
    store, notices = PictureStore(tmp_path / "here"), []
    story = read_project(earlier.project, store, notices.append)
    assert notices == []
    check(story, earlier.told, store, earlier.library / "pictures")


def test_every_form_of_library_there_was_is_among_them(tmp_path):
    versions = set()
    for number, path in enumerate(MADE):
        with zipfile.ZipFile(path) as file:
            file.extractall(tmp_path / str(number))
        header = (tmp_path / str(number) / "library" / "library.sqlite3").read_bytes()[:100]
        versions.add(int.from_bytes(header[60:64], "big"))  # the place of SQLite's user_version
    assert versions == set(range(2, len(MIGRATIONS) + 1))  # no commit had version 1
