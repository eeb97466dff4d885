"""Project files: a story comes back from one. A hostile file is refused whole, in one sentence, and leaves no trace."""

import hashlib
import io
import json
import re
import stat
import struct
import zipfile
from dataclasses import replace

import pytest
from PIL import Image

from storyboard.disk.pictures import PictureStore
from storyboard.errors import StoryError
from storyboard.exports import project
from storyboard.exports.project import read_project, write_project
from storyboard.story.inputs import stale_frames
from storyboard.text.captions import Binding
from tests.stories import drawn_story

BOMB = 64 * 2**20


@pytest.fixture
def kept(tmp_path):
    """Returns a story with decisions of every kind, and its pictures."""
    story, pictures = drawn_story(tmp_path / "a", "Rosa waves to Milo.", "She sits with him.", "Bolt sings.")
    frame = replace(story.frames[1], bindings=(Binding("she", 0, ("Rosa",)),), excluded=("Bolt",), seed=77)
    frame = replace(frame, locked=True, sees=1, portraits=(("Rosa", "rosa-dress"),))
    return story.with_changed_frame(frame), pictures


@pytest.fixture
def elsewhere(tmp_path):
    """Returns an empty picture store on another machine."""
    return PictureStore(tmp_path / "b" / "pictures")


@pytest.fixture
def parts(kept, tmp_path):
    """Writes a project file with changed parts: `parts(change)`, where `change` edits {name: bytes} in place."""
    path = tmp_path / "story.storyboard"
    write_project(*kept, path=path)
    with zipfile.ZipFile(path) as file:
        members = {name: file.read(name) for name in file.namelist()}

    def changed(change):
        changed = dict(members)
        change(changed)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
            for name, data in changed.items():
                file.writestr(name if isinstance(name, zipfile.ZipInfo) else zipfile.ZipInfo(name), data)
        return path

    return changed


def refused(path, store) -> str:
    """Returns why the file is refused. Nothing of it may be left anywhere."""
    with pytest.raises(StoryError) as caught:
        read_project(path, store)
    assert [one for one in store.folder.parent.rglob("*") if one != store.folder] == []
    told = str(caught.value)
    assert "\n" not in told and len(told) < 200
    return told


def test_a_story_comes_back_whole_under_another_id(kept, elsewhere, tmp_path):
    story, pictures = kept
    path = tmp_path / "story.storyboard"
    write_project(story, pictures, path)
    back = read_project(path, elsewhere)
    assert back.id != story.id and replace(back, id=story.id) == story
    assert stale_frames(back) == stale_frames(story)
    for frame in story.frames:
        same = [store.open(frame.take.picture).tobytes() for store in (pictures, elsewhere)]
        assert same[0] == same[1]
    assert read_project(path, elsewhere).id != back.id  # every time it is opened, it is a new story
    with zipfile.ZipFile(path) as file:
        assert story.id.encode() not in b"".join(map(file.read, file.namelist()))


def link(name: str) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name)
    member.external_attr = (stat.S_IFLNK | 0o777) << 16
    return member


def first_picture(members: dict) -> str:
    return next(name for name in members if str(name).startswith("pictures/"))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda m: m.update({"../evil.png": b"x"}), "belongs to no project"),
        (lambda m: m.update({"/etc/evil": b"x"}), "belongs to no project"),
        (lambda m: m.update({"pictures/../../evil.png": b"x"}), "belongs to no project"),
        (lambda m: m.update({"pictures\\..\\evil.png": b"x"}), "belongs to no project"),
        (lambda m: m.update({"C:\\evil.png": b"x"}), "belongs to no project"),
        (lambda m: m.update({"pictures/": b""}), "belongs to no project"),
        (lambda m: m.update({link("pictures/" + "a" * 64 + ".png"): b"/etc/passwd"}), "is a link"),
        (lambda m: m.update({f"pictures/{'a' * 64}.png": b"x"}), "does not speak of"),
        (lambda m: m.pop(first_picture(m)), "lacks 1 of its pictures"),
        (lambda m: m.pop("story.json"), "has no story"),
        (lambda m: m.update({first_picture(m): b"not a picture"}), "damaged picture"),
        (lambda m: m.update({"story.json": b"{"}), "project file"),
        (lambda m: m.update({"story.json": b"[]"}), "story is not an object"),
        (lambda m: m.update({"story.json": b"\xff\xfe"}), "project file"),
        (lambda m: m.update({"story.json": b"[" * 10**6}), "project file"),
        (
            lambda m: m.update({"story.json": b" " * BOMB + m["story.json"]}),
            "larger than|far more than it holds",
        ),
        (lambda m: m.update({first_picture(m): bytes(BOMB)}), "larger than|far more than it holds"),
        (
            lambda m: m.update({f"pictures/{number:064x}.png": b"" for number in range(5001)}),
            "more than 5000 parts",
        ),
    ],
)
def test_a_hostile_file_is_refused_and_leaves_no_trace(parts, elsewhere, change, reason):
    assert re.search(reason, refused(parts(change), elsewhere))


@pytest.mark.parametrize(
    "change",
    [
        lambda story: story.pop("frames"),
        lambda story: story.update(frames=7),
        lambda story: story["frames"][0].update(caption=["x"]),
        lambda story: story["frames"][0].update(caption="x" * 10_000),
        lambda story: story["frames"][0]["takes"][0].update(picture="../../../etc/passwd"),
        lambda story: story["frames"][0]["takes"][0].update(seed=-1),
        lambda story: story["frames"][0].update(chosen="nobody"),
        lambda story: story["frames"].extend(story["frames"] * 100),
        lambda story: story["cast"].append(story["cast"][0]),
        lambda story: story["cast"][0].update(name=""),
        lambda story: story.update(seed=float("nan")),
    ],
)
def test_a_story_that_does_not_fit_is_refused(parts, elsewhere, change):
    def rewrite(members):
        story = json.loads(members["story.json"])
        change(story)
        members["story.json"] = json.dumps(story).encode()

    refused(parts(rewrite), elsewhere)


def test_a_picture_of_the_right_name_that_is_a_bomb_or_no_png_is_refused(parts, elsewhere):
    huge = io.BytesIO()
    Image.new("1", (30_000, 30_000)).save(huge, "PNG")
    gif = io.BytesIO()
    Image.new("RGB", (8, 8)).save(gif, "GIF")
    for data in (huge.getvalue(), gif.getvalue(), b"\x89PNG\r\n\x1a\n" + b"x" * 99):

        def swap(members, data=data):
            key = hashlib.sha256(data).hexdigest()
            name = first_picture(members)
            del members[name]
            members[f"pictures/{key}.png"] = data
            old = name.removeprefix("pictures/").removesuffix(".png")
            members["story.json"] = members["story.json"].replace(old.encode(), key.encode())

        refused(parts(swap), elsewhere)


def test_sizes_a_file_states_about_itself_prove_nothing(parts, elsewhere, monkeypatch):
    monkeypatch.setattr(project, "MAX_RATIO", 10**9)  # so that only the count of bytes can stop it
    path = parts(lambda members: members.update({"story.json": bytes(BOMB)}))
    data = bytearray(path.read_bytes())
    at = data.index(b"PK\1\2")  # the central directory's entry of story.json: its unpacked size
    data[at + 24 : at + 28] = struct.pack("<I", 10)
    path.write_bytes(data)
    refused(path, elsewhere)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data[:-40],
        lambda data: data[: len(data) // 2],
        lambda data: b"",
        lambda data: b"PK\5\6" + bytes(18),
        lambda data: data + b"tail",
        lambda data: data.replace(b"PK\3\4", b"PK\3\5"),
        lambda data: b"%PDF-1.7 " + data[:-22],
    ],
)
def test_a_damaged_file_is_refused(parts, elsewhere, spoil):
    path = parts(lambda members: None)
    path.write_bytes(spoil(path.read_bytes()))
    refused(path, elsewhere)


def test_encrypted_or_twice_named_parts_are_refused(parts, elsewhere):
    path = parts(lambda members: None)
    with pytest.warns(UserWarning, match="Duplicate"):
        with zipfile.ZipFile(path, "a") as file:
            file.writestr(zipfile.ZipInfo("story.json"), b"{}")
    assert "twice" in refused(path, elsewhere)
    path = parts(lambda members: None)
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\1\2") + 8] |= 1
    path.write_bytes(data)
    assert "encrypted" in refused(path, elsewhere)


def test_no_file_and_a_folder_are_one_sentence(elsewhere, tmp_path):
    assert "cannot be read" in refused(tmp_path / "none.storyboard", elsewhere)
    assert "cannot be read" in refused(tmp_path, elsewhere)
