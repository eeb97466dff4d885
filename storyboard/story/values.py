"""The values a story is made of. All frozen: an edit returns a new value, so a reader never sees half a change.

Knows neither torch, gradio, files nor threads. Pictures appear only as keys of a `PictureStore`. What a picture
depends on, and whether it is out of date, is `inputs.py`'s.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass, replace
from functools import cached_property

from storyboard.errors import StoryError
from storyboard.people import Look
from storyboard.renderer import PRONOUNS as PRONOUNS
from storyboard.renderer import Conditioning, Verdict
from storyboard.story.descriptions import describe
from storyboard.text.board_notes import BoardNotes
from storyboard.text.captions import Binding, Reading, clean_text, listed
from storyboard.text.wordings import Wording

MAX_FRAMES = 200
MAX_CAST = 12
MAX_PORTRAITS = 12  # a character
MAX_ALIASES = 12  # a character
MAX_NAME = 60  # characters
MAX_LABEL = 60  # characters
MAX_TITLE = 200  # characters
MAX_MODEL = 200  # characters
MAX_STYLE = 300  # characters
MAX_PROMPT = 4000  # characters
MAX_LOOKS = 200  # characters
MAX_TAKES = 1000  # a frame
MAX_SEED = 2**31 - 1
LOOKS = ("colour", "grey", "ink")  # see `looks.py`
CROPS = {"none": None, "4:3": (4, 3), "16:9": (16, 9)}  # the shape marked on every picture
CHECKINGS = ("off", "ask", "always")  # whether a picture with faults is drawn again
QUALITIES = {"draft": 0.5, "standard": 1.0, "fine": 2.0}  # times the pipeline's own number of denoising steps
ID = re.compile(r"[A-Za-z0-9_-]{1,100}")  # of a story, frame, take or portrait


def new_id() -> str:
    """Returns a fresh id, unguessable and safe in addresses and file names."""
    return secrets.token_urlsafe(9)


@dataclass(frozen=True)
class StoryStyle:
    """How all pictures of a story are to look. Only some renderers can be told."""

    words: str = ""
    negative: str = ""  # what no picture is to show or to be
    aspect: str = "square"  # one of ASPECTS
    picture: str = ""  # the key of an example of the style, "" for none

    @property
    def digest(self) -> str:
        """A hash of it, "" for the one that every story begins with."""
        if self == StoryStyle():
            return ""
        parts = "\0".join((self.words, self.negative, self.aspect, self.picture))
        return hashlib.sha256(parts.encode()).hexdigest()


@dataclass(frozen=True)
class Portrait:
    """One way a character looks; `picture` is a key of the picture store.

    `look` is what the picture was drawn from, None for a picture that came from elsewhere. `words` are the writer's for
    what can be seen, "" where they said nothing.
    """

    id: str
    label: str
    picture: str
    look: Look | None = None
    words: str = ""


@dataclass(frozen=True)
class Character:
    """A cast member and the portrait it wears now (`chosen`, the id of one of `portraits`)."""

    name: str
    pronoun: str  # one of PRONOUNS
    aliases: tuple[str, ...]
    portraits: tuple[Portrait, ...]
    chosen: str

    @property
    def portrait(self) -> Portrait:
        """The chosen portrait. StoryError where `chosen` is none of this character's."""
        return self.find_portrait(self.chosen)

    def find_portrait(self, portrait_id: str) -> Portrait:
        """Returns the portrait with that id. StoryError listing the others where there is none."""
        for portrait in self.portraits:
            if portrait.id == portrait_id:
                return portrait
        labels = ", ".join(portrait.label for portrait in self.portraits)
        raise StoryError(f"{self.name} has no such portrait; choose one of: {labels}.")

    def portrait_in(self, frame: Frame) -> Portrait:
        """Returns the portrait worn in `frame`: the frame's own one for this character, else the chosen one."""
        return self.find_portrait(dict(frame.portraits).get(self.name, self.chosen))

    def choosing(self, portrait_id: str) -> Character:
        return replace(self, chosen=self.find_portrait(portrait_id).id)

    def with_portrait(self, portrait: Portrait) -> Character:
        """Returns this character with one more portrait, not yet chosen. StoryError past MAX_PORTRAITS."""
        if len(self.portraits) >= MAX_PORTRAITS:
            raise StoryError(
                f"{self.name} already has {MAX_PORTRAITS} portraits, the most there can be; use one of them."
            )
        return replace(self, portraits=(*self.portraits, portrait))


@dataclass(frozen=True)
class Take:
    """One finished picture of a frame and everything it was made with."""

    id: str
    caption: str  # the sentence as it was when this was drawn
    seed: int
    steps: int
    guidance: float
    picture: str  # key of the picture store
    conditioning: Conditioning
    mentioned: tuple[str, ...]
    seconds: float
    inputs: str  # `StoryInputs.hash` at the moment of drawing
    resolved: str = ""  # the sentence as the model read it, where that is another one than `caption`
    readings: tuple[Reading, ...] = ()  # places are those in `caption`
    attention: tuple[tuple[str, str], ...] = ()  # character's name, key of an 8-bit map
    portraits: tuple[tuple[str, str], ...] = ()  # character's name, key of the portrait it was drawn with
    read: tuple[str, ...] = ()  # ids of the takes it read, oldest first
    model: str = ""  # what drew it, as `model_name` says; "" where that was not kept
    verdict: Verdict | None = None  # what is wrong with the picture; None where nobody looked
    style: str = ""  # `StoryStyle.digest` at the moment of drawing
    prompt: str = ""  # what the model was asked for, where that is another text than the sentence
    wordings: tuple[Wording, ...] = ()  # what was drawn in place of words of the sentence

    @property
    def text(self) -> str:
        """The sentence as the model read it, which is also how later frames read it."""
        return self.resolved or self.caption


@dataclass(frozen=True)
class Frame:
    """One sentence, its takes, oldest first, and what the writer decided about it.

    `chosen` is the id of the take on the board, None before the first. Characters appear by their name in the cast.
    """

    id: str
    caption: str
    takes: tuple[Take, ...] = ()
    chosen: str | None = None
    locked: bool = False  # kept out of everything done in bulk
    sees: int | None = (
        None  # how many frames before it are read: None all, 0 none (a new scene), k the last k
    )
    seed: int | None = (
        None  # drawn under this one; None: it follows from the story's seed and the frame's place
    )
    portraits: tuple[
        tuple[str, str], ...
    ] = ()  # name, id of the portrait worn here instead of the chosen one
    included: tuple[str, ...] = ()  # characters shown though the sentence does not name them
    excluded: tuple[str, ...] = ()  # characters not shown though the sentence names them
    bindings: tuple[Binding, ...] = ()  # whom pronouns stand for, where the writer said so
    wordings: tuple[
        Wording, ...
    ] = ()  # what is drawn in place of words of the sentence, where the writer said so
    board: BoardNotes = BoardNotes()  # what stands beside the sentence; no picture depends on it

    @cached_property
    def take(self) -> Take | None:
        """The chosen take, None before the first. Looked up once: a frame never changes."""
        return next((take for take in self.takes if take.id == self.chosen), None)

    def with_take(self, take: Take) -> Frame:
        """Returns the frame with one more take, which is now the chosen one."""
        return replace(self, takes=(*self.takes, take), chosen=take.id)

    def choosing(self, take: Take) -> Frame:
        """Returns the frame with `take`, one of its own, on the board again, and the sentence it was drawn from."""
        return replace(self, chosen=take.id, caption=take.caption)


@dataclass(frozen=True)
class Story:
    """A story: its cast and its frames in order. Make one with `new_story`.

    `look`, one of LOOKS, is how its pictures are shown; `quality`, one of QUALITIES, how those to come are drawn.
    `checking`, one of CHECKINGS, is whether those that may be wrong are marked, and drawn again without being asked.
    `crop`, one of CROPS, is the shape that is marked on pictures and cut out of them in films.
    `style` is what those that draw in any style are told.
    """

    id: str
    title: str
    seed: int
    cast: tuple[Character, ...] = ()
    frames: tuple[Frame, ...] = ()
    look: str = "colour"
    quality: str = "standard"
    checking: str = "ask"
    crop: str = "none"
    style: StoryStyle = StoryStyle()

    @cached_property
    def names(self) -> dict[str, tuple[str, ...]]:
        """Each cast name with its aliases and what only that one is called ("the old woman"), as `find_mentions` wants
        them."""
        own = describe(self.cast).own
        return {one.name: (*one.aliases, *own[one.name]) for one in self.cast}

    def has_frame(self, frame_id: str) -> bool:
        return any(frame.id == frame_id for frame in self.frames)

    def frame_number(self, frame_id: str) -> int:
        """Returns the frame's place in the story, from 1. StoryError where it has none."""
        for number, frame in enumerate(self.frames, start=1):
            if frame.id == frame_id:
                return number
        raise StoryError(
            "That frame is no longer in the story; it was removed, so choose one of those that are."
        )

    def frame(self, frame_id: str) -> Frame:
        """Returns the frame with that id. StoryError where there is none."""
        return self.frames[self.frame_number(frame_id) - 1]

    def character(self, name: str) -> Character:
        """Returns the cast member of that name, whatever its case. StoryError listing the cast where there is none."""
        for character in self.cast:
            if character.name.casefold() == name.strip().casefold():
                return character
        raise StoryError(
            f"{clean_text(name)[:40] or 'That name'} is not in the cast; it has {listed(self.names)}."
        )

    def with_frame(self, frame: Frame, number: int) -> Story:
        """Returns the story with `frame` inserted as frame `number` (from 1). StoryError past MAX_FRAMES."""
        if len(self.frames) >= MAX_FRAMES:
            raise StoryError(
                f"A story has at most {MAX_FRAMES} frames; start another one for frame {MAX_FRAMES + 1}."
            )
        return replace(self, frames=(*self.frames[: number - 1], frame, *self.frames[number - 1 :]))

    def with_changed_frame(self, changed: Frame) -> Story:
        """Returns the story with the frame of that id replaced."""
        return replace(
            self, frames=tuple(changed if frame.id == changed.id else frame for frame in self.frames)
        )

    def without_frame(self, frame_id: str) -> Story:
        number = self.frame_number(frame_id)
        return replace(self, frames=(*self.frames[: number - 1], *self.frames[number:]))

    def with_character(self, changed: Character) -> Story:
        """Returns the story with the cast member of that name replaced."""
        return replace(self, cast=tuple(changed if one.name == changed.name else one for one in self.cast))


def new_story(cast: tuple[Character, ...], seed: int = 0, title: str = "") -> Story:
    """Returns an empty story. StoryError for a cast too large or with two of one name, and for a seed out of range."""
    if len(cast) > MAX_CAST:
        raise StoryError(f"The cast has {len(cast)} characters; keep at most {MAX_CAST}.")
    taken: set[str] = set()
    for character in cast:
        if character.name.casefold() in taken:
            raise StoryError(f"Two cast members are called {character.name}; give one of them another name.")
        taken.add(character.name.casefold())
    if not 0 <= seed <= MAX_SEED:
        raise StoryError(f"The seed {seed} is out of range; use a whole number from 0 to {MAX_SEED}.")
    return Story(id=new_id(), title=clean_text(title)[:200], seed=seed, cast=cast)


def frame_seed(story: Story, frame_id: str, attempt: int = 0) -> int:
    """Returns the seed of a frame's `attempt`-th drawing, from the story's seed and the frame's place.

    Ids are random and stay out of it: the same sentences under the same seed get the same pictures.
    """
    material = f"{story.seed}/{story.frame_number(frame_id)}/{attempt}"
    return int.from_bytes(hashlib.sha256(material.encode()).digest()[:4], "big") & MAX_SEED
