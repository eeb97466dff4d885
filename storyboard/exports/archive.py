"""All drawn frames as PNG files with readable names, and a story.json that describes them, as a ZIP or a folder.

Imports neither torch nor Gradio. `story_from_folder` reads such a folder back.
"""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from storyboard.disk.pictures import PictureStore
from storyboard.disk.uploads import MAX_UPLOAD_BYTES, read_at_most
from storyboard.errors import StoryError
from storyboard.exports.frame_png import frame_from_png, frame_to_png, rebuilt_frame
from storyboard.exports.panels import drawn_panels, slug
from storyboard.exports.reading import read_json
from storyboard.story.values import MAX_FRAMES, Story, Take, new_id

INDEX = "story.json"
MAX_INDEX_BYTES = 4 * 2**20
_NAME = re.compile(r"[^/\\:\0]{1,200}\.png")
_STAMP = (1980, 1, 1, 0, 0, 0)  # a fixed date, so that equal stories give equal files


def write_zip(story: Story, pictures: PictureStore, path: Path, model: str = "") -> None:
    """Writes a ZIP with `01_slug.png` and so on, and story.json. StoryError if nothing is drawn."""
    with zipfile.ZipFile(path, "w", allowZip64=False) as file:
        for name, data in story_files(story, pictures, model):
            packing = zipfile.ZIP_STORED if name.endswith(".png") else zipfile.ZIP_DEFLATED
            file.writestr(zipfile.ZipInfo(name, _STAMP), data, compress_type=packing)


def story_files(
    story: Story, pictures: PictureStore, model: str = "", named: bool = True
) -> Iterator[tuple[str, bytes]]:
    """Yields the name and the bytes of every file, story.json last. StoryError if nothing is drawn.

    `named`: names like 01_rosa-waves.png; otherwise names like 01.png, which a script knows beforehand.
    """
    digits = max(2, len(str(len(story.frames))))
    entries = []
    for panel in drawn_panels(story):
        words = f"_{slug(panel.caption, 'frame')}" if named else ""
        name = f"{panel.number:0{digits}}{words}.png"
        yield name, frame_to_png(story, story.frames[panel.number - 1], pictures, model)
        entries.append({"picture": name, **_entry(panel.take)})
    index = {"title": story.title, "seed": story.seed, "model": model, "frames": entries}
    yield INDEX, (json.dumps(index, indent=2, ensure_ascii=False) + "\n").encode()


def story_from_folder(path: Path, pictures: PictureStore) -> Story:
    """Returns the story whose story.json is at `path`, with its pictures in the same folder.

    Order and title come from story.json, everything else from the notes in the pictures. The cast is that of the first
    picture. StoryError for anything that does not fit.
    """
    index = read_json(_bytes(path, MAX_INDEX_BYTES), str(path))
    entries = index.get("frames") if isinstance(index, dict) else None
    if not isinstance(entries, list) or not 1 <= len(entries) <= MAX_FRAMES:
        raise StoryError(
            f"{path} lists no frames, or more than {MAX_FRAMES}; give the story.json of an export."
        )
    story = None
    for entry in entries:
        name = entry.get("picture") if isinstance(entry, dict) else None
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise StoryError(
                f"{path} names a picture that is no PNG beside it; give the story.json of an export."
            )
        try:
            read = frame_from_png(_bytes(path.parent / name, MAX_UPLOAD_BYTES))
        except StoryError as error:
            raise StoryError(f"{name}: {error}") from error
        story = story or replace(read.story, id=new_id(), cast=(), frames=())
        frame = rebuilt_frame(read, read.story, pictures)
        story = replace(story, frames=(*story.frames, frame))
    return story  # type: ignore[return-value]  # there is at least one entry


def _bytes(path: Path, most: int) -> bytes:
    data = read_at_most(path, most, str(path))
    if len(data) > most:
        raise StoryError(f"{path} is over {most // 2**20} MB, too large to be one of an export.")
    return data


def _entry(take: Take) -> dict:
    return {
        "caption": take.caption,
        "resolved": take.text,
        "mentioned": list(take.mentioned),
        "seed": take.seed,
        "steps": take.steps,
        "guidance": take.guidance,
        "seconds": round(take.seconds, 3),
        "conditioning": take.conditioning,
        "model": take.model,
    }
