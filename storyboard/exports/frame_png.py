"""A frame's picture as a PNG that says how it was made, and such a PNG back as a frame.

Knows neither torch nor gradio. The PNG shows the picture in the story's look; two text chunks are added:
"Description", the sentence, for every other program, and KEYWORD, JSON for `frame_from_png`. A look does not get lost
on the way back: under any but colour the file also holds the picture as it was drawn. What comes back is foreign data
and is checked as strictly as a project file.
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
DRAWN = b"drWn"  # the chunk with the picture as it was drawn: private, optional, to be kept by who changes the rest
VERSION = 1
PNG_START = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class PictureOfFrame:
    """A frame read back from a PNG: its picture, a story with its cast and just this frame, and the model's name."""

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
    """Returns a PNG of the frame's chosen take, with how it was made. ValueError where the frame has none.

    `model`: noted as what drew it where the take does not say so itself.
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
    """Returns what `frame_to_png` wrote.

    StoryError for any other picture, and for one whose notes were changed by hand.
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
    """Returns a frame for `story` as it was drawn: sentence, picture, seed and the writer's own decisions about people.

    Decisions about people this story's cast does not have are left out. Nothing is known of whether the picture is
    still the answer here, so it does not count as out of date.
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
    """The frame and its take in a story of their own: the cast it had, no other frame and no other take."""
    alone = replace(frame, caption=take.caption, takes=(take,), chosen=take.id, sees=None, locked=False)
    if frame.caption != take.caption:  # its pronouns are other ones by now
        alone = replace(alone, bindings=())
    # The story's own id opens it for whoever has it, so no file carries it.
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
    """The picture as it was drawn, where the file shows it in a look; None where it shows it as it is."""
    try:
        with Image.open(io.BytesIO(data), formats=("PNG",)) as picture:
            picture.load()
            chunks = getattr(picture, "private_chunks", [])
            return next((chunk[1] for chunk in chunks if chunk[0] == DRAWN), None)
    except Exception as error:  # damaged chunks raise whatever they lead to
        raise StoryError("The picture has damaged notes; use another copy of it.") from error


def _notes(data: bytes) -> str:
    """The JSON text in the picture. Read a second time: what `read_picture` gives has no notes left."""
    try:
        with Image.open(io.BytesIO(data), formats=("PNG",)) as picture:
            picture.load()
            notes = picture.text.get(KEYWORD)  # type: ignore[attr-defined]  # a PNG has texts
    except Exception as error:  # damaged chunks raise whatever they lead to
        raise StoryError("The picture has damaged notes; use another copy of it.") from error
    if notes is None:
        raise StoryError(
            "The picture does not say how it was made, so no frame can be made of it; use one exported here."
        )
    return str(notes)
