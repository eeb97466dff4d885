"""The project file: a whole story with all its takes and portraits in one ZIP, written and read.

Imports neither torch nor Gradio. Inside are `story.json`, as `story/as_json.py` writes it, and `pictures/<hash>.png`,
named by the SHA-256 of their content. A project file is not trusted: nothing is unpacked under a name of its own, sizes
are counted while they are read, and every picture is decoded and encoded again. Nothing of a refused file reaches the
picture store.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
import struct
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from storyboard.disk.durable import sync_folder
from storyboard.disk.pictures import PictureStore
from storyboard.errors import StoryError
from storyboard.exports.frame_png import PNG_START
from storyboard.exports.reading import read_json, read_picture
from storyboard.story.as_json import Tell, story_from_json, story_to_json, untold
from storyboard.story.inputs import StoryInputs
from storyboard.story.values import Character, Frame, Story, Take, new_id

ENDING = ".storyboard"
STORY = "story.json"
MAX_MEMBERS = 5000
MAX_PROJECT_BYTES = 512 * 2**20
MAX_STORY_BYTES = 12 * 2**20
MAX_PICTURE_BYTES = 8 * 2**20
MAX_RATIO = 100  # the largest ratio of unpacked to packed size, for parts larger than MIN_RATIO_BYTES
MIN_RATIO_BYTES = 2**20

_MEMBER = re.compile(r"pictures/([0-9a-f]{64})\.png")
_STAMP = (1980, 1, 1, 0, 0, 0)  # a fixed date, so that equal stories give equal files
_END = struct.Struct("<4s4H2LH")  # the ZIP's "end of central directory" record
_CHUNK = 2**16


def write_project(story: Story, pictures: PictureStore, path: Path) -> None:
    """Writes the project file. StoryError if a picture of the story is missing or damaged."""
    # Whoever has a story's id can open it, so no file contains it.
    described = json.dumps(story_to_json(replace(story, id=new_id())), ensure_ascii=False, indent=1).encode()
    with zipfile.ZipFile(path, "w", allowZip64=False) as file:
        file.writestr(zipfile.ZipInfo(STORY, _STAMP), described, compress_type=zipfile.ZIP_DEFLATED)
        for key in sorted(picture_keys(story)):
            data = pictures.path(key).read_bytes() if pictures.path(key).is_file() else b""
            if hashlib.sha256(data).hexdigest() != key:
                raise StoryError(
                    f"The picture {key[:8]} of the story is missing or damaged, so the project would not be whole; draw"
                    " its frame again or remove it."
                )
            file.writestr(zipfile.ZipInfo(f"pictures/{key}.png", _STAMP), data)


def read_project(path: Path, pictures: PictureStore, tell: Tell = untold) -> Story:
    """Returns the story of a project file under a fresh id, with its pictures in the store.

    Either everything is taken in, or nothing and a StoryError is raised. `tell` is called with one sentence for each
    look that cannot be read.
    """
    try:
        if path.stat().st_size > MAX_PROJECT_BYTES:
            raise _refused(f"is over {MAX_PROJECT_BYTES // 2**20} MB")
        with open(path, "rb") as opened:
            _check_directory(opened)
            with zipfile.ZipFile(opened) as file:
                return _read(file, pictures, tell)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        raise _refused("is damaged or is no project file") from error
    except OSError as error:
        raise StoryError(
            f"The project file cannot be read ({error.strerror}); choose it once more."
        ) from error


def picture_keys(story: Story) -> frozenset[str]:
    """Returns the keys of all pictures that a story uses.

    Those are its takes, the attention maps and portraits that takes keep, the portraits of the cast, and the example of
    the style.
    """
    keys = {portrait.picture for character in story.cast for portrait in character.portraits}
    keys |= {story.style.picture} - {""}
    for take in (take for frame in story.frames for take in frame.takes):
        keys.add(take.picture)
        keys.update(key for _, key in (*take.attention, *take.portraits))
    return frozenset(keys)


def _read(file: zipfile.ZipFile, pictures: PictureStore, tell: Tell) -> Story:
    members = _checked_members(file)
    budget = _Budget(MAX_PROJECT_BYTES)
    described = b"".join(_chunks(file, members[STORY], MAX_STORY_BYTES, budget))
    story = story_from_json(read_json(described, "The project file"), tell)
    wanted = {f"pictures/{key}.png": key for key in picture_keys(story)}
    if wanted.keys() - members.keys():
        raise _refused(f"lacks {len(wanted.keys() - members.keys())} of its pictures")
    if members.keys() - wanted.keys() - {STORY}:
        raise _refused("has pictures its story does not speak of")
    # A folder beside the store is on the same disk, so moving the pictures in at the end costs nothing.
    with tempfile.TemporaryDirectory(prefix=".import-", dir=pictures.folder.parent) as folder:
        staged = PictureStore(folder)
        keys = {}
        for name, key in sorted(wanted.items()):
            data = b"".join(_chunks(file, members[name], MAX_PICTURE_BYTES, budget))
            keys[key] = _staged(data, key, staged)
        _move(staged, set(keys.values()), pictures)
    return _with_keys(story, keys.__getitem__)


def _check_directory(file) -> None:
    """Raises StoryError unless the list of members is short, plain and at the very end, as `write_project` leaves it.

    zipfile would read a list of any length into memory before anybody could count it.
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _END.size - 20))
    tail = file.read()
    if len(tail) < _END.size:
        raise _refused("is damaged or is no project file")
    signature, _, _, _, members, directory, _, comment = _END.unpack(tail[-_END.size :])
    if signature != b"PK\5\6" or comment or tail[: -_END.size].startswith(b"PK\6\7"):
        raise _refused("is damaged or is no project file")
    if members > MAX_MEMBERS or directory > MAX_MEMBERS * 200:
        raise _refused(f"has more than {MAX_MEMBERS} parts")


def _checked_members(file: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """Returns the members by name. StoryError unless each is a plain file with a name that projects use."""
    members: dict[str, zipfile.ZipInfo] = {}
    for member in file.infolist():
        name = member.orig_filename  # in `filename` a null ends the name, and backslashes are replaced
        kind = stat.S_IFMT(member.external_attr >> 16)
        if name != STORY and not _MEMBER.fullmatch(name):
            raise _refused("has a part that belongs to no project")
        if name in members:
            raise _refused("has a part twice")
        if kind not in (0, stat.S_IFREG) or member.flag_bits & 0x1:
            raise _refused("has a part that is a link or is encrypted")
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise _refused("is packed in a way that projects are not")
        members[name] = member
    if STORY not in members or len(members) > MAX_MEMBERS:
        raise _refused("has no story in it, or too many parts")
    return members


class _Budget:
    """How many bytes may still be unpacked, over all members together."""

    def __init__(self, left: int) -> None:
        self.left = left

    def take(self, count: int) -> None:
        self.left -= count
        if self.left < 0:
            raise _refused(f"unpacks to more than {MAX_PROJECT_BYTES // 2**20} MB")


def _chunks(file: zipfile.ZipFile, member: zipfile.ZipInfo, most: int, budget: _Budget) -> Iterator[bytes]:
    """Yields the member's bytes, and counts them, because the sizes that a file states about itself prove nothing."""
    count = 0
    with file.open(member) as opened:
        while chunk := opened.read(_CHUNK):
            count += len(chunk)
            budget.take(len(chunk))
            if count > most:
                raise _refused(f"has a part larger than {most // 2**20} MB")
            if count > max(MIN_RATIO_BYTES, MAX_RATIO * member.compress_size):
                raise _refused("unpacks to far more than it holds")
            yield chunk


def _staged(data: bytes, key: str, staged: PictureStore) -> str:
    if hashlib.sha256(data).hexdigest() != key or not data.startswith(PNG_START):
        raise _refused(f"has a damaged picture ({key[:8]})")
    return staged.put(read_picture(data, f"The picture {key[:8]} of the project file"))


def _move(staged: PictureStore, keys: set[str], pictures: PictureStore) -> None:
    """Moves the pictures into the store under the same names.

    The story itself comes into the library only after that.
    """
    new = [key for key in keys if not pictures.path(key).is_file()]
    pictures.make_room(sum(staged.path(key).stat().st_size for key in new))
    for key in new:
        os.replace(staged.path(key), pictures.path(key))
    sync_folder(pictures.folder)


def _with_keys(story: Story, new_key: Callable[[str], str]) -> Story:
    """Returns the story under a fresh id, with the keys that its pictures have here.

    The keys are the same unless another version of the PNG encoder wrote them. With other keys the hashes of inputs
    change too, so pictures that were up to date get their hash again.
    """
    moved = replace(
        story,
        id=new_id(),
        cast=tuple(_character(character, new_key) for character in story.cast),
        style=replace(story.style, picture=story.style.picture and new_key(story.style.picture)),
        frames=tuple(
            replace(frame, takes=tuple(_take(take, new_key) for take in frame.takes))
            for frame in story.frames
        ),
    )
    if picture_keys(moved) == picture_keys(story):
        return moved
    old, new = StoryInputs(story), StoryInputs(moved)
    return replace(
        moved,
        frames=tuple(
            after if old.is_stale(before) else _fresh(after, new)
            for before, after in zip(story.frames, moved.frames, strict=True)
        ),
    )


def _fresh(frame: Frame, inputs: StoryInputs) -> Frame:
    if frame.take is None or not frame.take.inputs:
        return frame
    kept, style = frame.take, inputs.story.style.digest
    take = replace(kept, inputs=inputs.hash(frame, kept.conditioning), style=kept.style and style)
    return replace(frame, takes=tuple(take if one.id == take.id else one for one in frame.takes))


def _character(character: Character, new_key: Callable[[str], str]) -> Character:
    portraits = tuple(replace(one, picture=new_key(one.picture)) for one in character.portraits)
    return replace(character, portraits=portraits)


def _take(take: Take, new_key: Callable[[str], str]) -> Take:
    return replace(
        take,
        picture=new_key(take.picture),
        attention=tuple((name, new_key(key)) for name, key in take.attention),
        portraits=tuple((name, new_key(key)) for name, key in take.portraits),
    )


def _refused(why: str) -> StoryError:
    return StoryError(f"The project file {why}; use another copy of it.")
