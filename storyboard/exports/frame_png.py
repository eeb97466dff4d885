"""A frame's picture as a PNG that says how it was made; such a PNG can be turned into a frame again.

Imports neither torch nor Gradio. The PNG shows the picture in the story's look. Two text chunks are added:
"Description" has the sentence, for all other programs; KEYWORD has JSON, for `frame_from_png`. If the look is not
"colour", the file also holds the picture as it was drawn, so that the look can be taken off again. A PNG that comes
back is foreign data, and is checked as strictly as a project file.
"""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, replace

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from storyboard.disk.pictures import PictureStore
from storyboard.errors import StoryError
from storyboard.exports.reading import read_json, read_picture
from storyboard.story.as_json import story_from_json, story_to_json
from storyboard.story.looks import finished
from storyboard.story.values import MAX_MODEL, Frame, Story, Take, new_id

KEYWORD = "StoryGPT-V Storyboard frame"
# The chunk with the picture as it was drawn. Its letters mean: private, optional, safe to copy when the rest changes.
DRAWN = b"drWn"
VERSION = 1
PNG_START = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class PictureOfFrame:
    """A frame that was read from a PNG.

    picture: the picture of the frame. story: a story with the frame's cast and only this frame. model: the name of the
    model that drew it.
    """

    picture: Image.Image
    story: Story
    model: str

    @property
    def frame(self) -> Frame:
        return self.story.frames[0]

    @property
    def take(self) -> Take:
        return self.frame.takes[0]


def frame_to_png(story: Story, frame: Frame, pictures: PictureStore, model: str = "") -> bytes:
    """Returns a PNG of the frame's chosen take that says how it was made. ValueError if the frame has no chosen take.

    `model`: written down as the model that drew it, if the take does not say so itself.
    """
    take = frame.take
    if take is None:
        raise ValueError(f"frame {frame.id} has no take to export")
    notes = PngInfo()
    notes.add_itxt("Title", story.title)
    notes.add_itxt("Description", take.caption)
    notes.add_text("Software", "StoryGPT-V Storyboard")
    notes.add_itxt(KEYWORD, json.dumps(_described(story, frame, take, model), ensure_ascii=False))
    drawn = pictures.open(take.picture)
    shown = finished(drawn, story.look)
    if shown is not drawn:
        notes.add(DRAWN, _encoded(drawn))
    return _encoded(shown, notes)


def frame_from_png(data: bytes) -> PictureOfFrame:
    """Returns the frame that `frame_to_png` wrote.

    StoryError for any other picture, and for a picture whose notes were changed by hand.
    """
    what = "The picture"
    if not data.startswith(PNG_START):
        raise StoryError(
            "Only a PNG exported from a storyboard can be made a frame again; use that file as it is."
        )
    picture, drawn = read_picture(data, what), _drawn(data)
    if drawn is not None:
        picture = read_picture(drawn, what)
    described = read_json(_notes(data).encode(), what)
    if not isinstance(described, dict) or not isinstance(described.get("model"), str):
        raise StoryError(f"{what} has damaged notes; use another copy of it.")
    if described.get("version") != VERSION:
        raise StoryError(f"{what} was made by a newer version of this app; update the app to use it.")
    story = story_from_json(described.get("story"))
    if len(story.frames) != 1 or len(story.frames[0].takes) != 1 or story.frames[0].take is None:
        raise StoryError(f"{what} has damaged notes (not one frame and its take); use another copy of it.")
    return PictureOfFrame(picture, story, described["model"][:MAX_MODEL])


def rebuilt_frame(read: PictureOfFrame, story: Story, pictures: PictureStore) -> Frame:
    """Returns a frame for `story` with the sentence, picture, seed and settings of a frame from a PNG.

    Settings about people who are not in this story's cast are left out. It is unknown whether the picture still fits
    here, so it does not count as out of date.
    """
    names, old = set(story.names), read.frame
    worn = {(one.name, portrait.id) for one in story.cast for portrait in one.portraits}
    picture = pictures.put(read.picture)
    take = replace(read.take, id=new_id(), picture=picture, inputs="", attention=(), read=())
    return Frame(
        id=new_id(),
        caption=take.caption,
        takes=(take,),
        chosen=take.id,
        seed=old.seed,
        portraits=tuple(pair for pair in old.portraits if pair in worn),
        included=tuple(name for name in old.included if name in names),
        excluded=tuple(name for name in old.excluded if name in names),
        bindings=tuple(one for one in old.bindings if names.issuperset(one.names)),
    )


def _described(story: Story, frame: Frame, take: Take, model: str) -> dict:
    """Returns the frame as JSON, in a story that has the same cast, but no other frame and no other take."""
    alone = replace(frame, caption=take.caption, takes=(take,), chosen=take.id, sees=None, locked=False)
    if frame.caption != take.caption:  # the bindings are about the pronouns of the newer sentence
        alone = replace(alone, bindings=())
    # Whoever has a story's id can open it, so no file contains it.
    return {
        "version": VERSION,
        "model": take.model or model[:MAX_MODEL],
        "story": story_to_json(replace(story, id=new_id(), frames=(alone,))),
    }


def _encoded(picture: Image.Image, notes: PngInfo | None = None) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG", pnginfo=notes)
    return buffer.getvalue()


def _drawn(data: bytes) -> bytes | None:
    """Returns the picture as it was drawn if the file shows it in a look, or None if the file shows it unchanged."""
    try:
        with Image.open(io.BytesIO(data), formats=("PNG",)) as picture:
            picture.load()
            chunks = getattr(picture, "private_chunks", [])
            return next((chunk[1] for chunk in chunks if chunk[0] == DRAWN), None)
    except Exception as error:  # damaged chunks can raise any error
        raise StoryError("The picture has damaged notes; use another copy of it.") from error


def _notes(data: bytes) -> str:
    """Returns the JSON text in the picture.

    The file is read a second time, because `read_picture` removes all notes.
    """
    try:
        with Image.open(io.BytesIO(data), formats=("PNG",)) as picture:
            picture.load()
            notes = picture.text.get(KEYWORD)  # type: ignore[attr-defined]  # a PNG picture has `text`
    except Exception as error:  # damaged chunks can raise any error
        raise StoryError("The picture has damaged notes; use another copy of it.") from error
    if notes is None:
        raise StoryError(
            "The picture does not say how it was made, so no frame can be made of it; use one exported here."
        )
    return str(notes)
