"""The values that a story is made of. All are frozen: an edit returns a new value, so nobody sees half a change.

Imports neither torch nor Gradio, and knows neither files nor threads. Pictures appear only as keys of a `PictureStore`.
`inputs.py` says what a picture depends on and whether it is out of date.
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
MAX_PORTRAITS = 12  # per character
MAX_ALIASES = 12  # per character
MAX_NAME = 60  # characters
MAX_LABEL = 60  # characters
MAX_TITLE = 200  # characters
MAX_MODEL = 200  # characters
MAX_STYLE = 300  # characters
MAX_PROMPT = 4000  # characters
MAX_LOOKS = 200  # characters
MAX_TAKES = 1000  # per frame
MAX_SEED = 2**31 - 1
LOOKS = ("colour", "grey", "ink")  # see `looks.py`
CROPS = {"none": None, "4:3": (4, 3), "16:9": (16, 9)}  # the shape marked on every picture
CHECKINGS = ("off", "ask", "always")  # whether a picture with faults is drawn again
# By name, the factor of the pipeline's own number of denoising steps.
QUALITIES = {"draft": 0.5, "standard": 1.0, "fine": 2.0}
ID = re.compile(r"[A-Za-z0-9_-]{1,100}")  # the id of a story, frame, take or portrait


def new_id() -> str:
    """Returns a fresh id that nobody can guess and that is safe in addresses and file names."""
    return secrets.token_urlsafe(9)


@dataclass(frozen=True)
class StoryStyle:
    """How all pictures of a story should look. Only some renderers can follow it."""

    words: str = ""
    negative: str = ""  # what no picture should show or be
    aspect: str = "square"  # one of ASPECTS
    picture: str = ""  # the key of an example of the style, "" for none

    @property
    def digest(self) -> str:
        """A hash of the style; "" for the default style, which every story begins with."""
        if self == StoryStyle():
            return ""
        parts = "\0".join((self.words, self.negative, self.aspect, self.picture))
        return hashlib.sha256(parts.encode()).hexdigest()


@dataclass(frozen=True)
class Portrait:
    """One way that a character looks. `picture` is a key of the picture store.

    `look` is the look that the picture was drawn from, None for a picture from elsewhere. `words` are the writer's own
    words for what can be seen, "" if the writer said nothing.
    """

    id: str
    label: str
    picture: str
    look: Look | None = None
    words: str = ""


@dataclass(frozen=True)
class Character:
    """A cast member and the portrait that it wears now. `chosen` is the id of one of `portraits`."""

    name: str
    pronoun: str  # one of PRONOUNS
    aliases: tuple[str, ...]
    portraits: tuple[Portrait, ...]
    chosen: str

    @property
    def portrait(self) -> Portrait:
        """The chosen portrait. StoryError if this character has no portrait with the id `chosen`."""
        return self.find_portrait(self.chosen)

    def find_portrait(self, portrait_id: str) -> Portrait:
        """Returns the portrait with that id. If there is none, the StoryError lists the portraits that there are."""
        for portrait in self.portraits:
            if portrait.id == portrait_id:
                return portrait
        labels = ", ".join(portrait.label for portrait in self.portraits)
        raise StoryError(f"{self.name} has no such portrait; choose one of: {labels}.")

    def portrait_in(self, frame: Frame) -> Portrait:
        """Returns the portrait worn in `frame`: the frame's own choice for this character, else the chosen portrait."""
        return self.find_portrait(dict(frame.portraits).get(self.name, self.chosen))

    def choosing(self, portrait_id: str) -> Character:
        return replace(self, chosen=self.find_portrait(portrait_id).id)

    def with_portrait(self, portrait: Portrait) -> Character:
        """Returns this character with one more portrait, which is not yet chosen.

        StoryError if it has MAX_PORTRAITS already.
        """
        if len(self.portraits) >= MAX_PORTRAITS:
            raise StoryError(
                f"{self.name} already has {MAX_PORTRAITS} portraits, the most there can be; use one of them."
            )
        return replace(self, portraits=(*self.portraits, portrait))


@dataclass(frozen=True)
class Take:
    """One finished picture of a frame and everything it was made with."""

    id: str
    caption: str  # the sentence at the moment of drawing
    seed: int
    steps: int
    guidance: float
    picture: str  # key of the picture store
    conditioning: Conditioning
    mentioned: tuple[str, ...]
    seconds: float
    inputs: str  # `StoryInputs.hash` at the moment of drawing
    resolved: str = ""  # the sentence as the model read it; "" if that is `caption`
    readings: tuple[Reading, ...] = ()  # positions in them refer to `caption`
    attention: tuple[tuple[str, str], ...] = ()  # character's name, key of an 8-bit map
    portraits: tuple[tuple[str, str], ...] = ()  # character's name, key of the portrait it was drawn with
    read: tuple[str, ...] = ()  # ids of the takes it read, oldest first
    model: str = ""  # the model that drew it, as `model_name` says; "" if that was not kept
    verdict: Verdict | None = None  # what is wrong with the picture; None if no judge looked
    style: str = ""  # `StoryStyle.digest` at the moment of drawing
    prompt: str = ""  # the prompt that the model got; "" if it got the sentence itself
    wordings: tuple[Wording, ...] = ()  # words that were drawn in place of words of the sentence

    @property
    def text(self) -> str:
        """The sentence as the model read it. Later frames read it in the same form."""
        return self.resolved or self.caption


@dataclass(frozen=True)
class Frame:
    """A sentence, its takes (oldest first) and the writer's settings for it.

    `chosen` is the id of the take on the board, None before the first take. Characters appear by their name in the
    cast.
    """

    id: str
    caption: str
    takes: tuple[Take, ...] = ()
    chosen: str | None = None
    locked: bool = False  # bulk changes leave it out
    sees: int | None = None  # how many earlier frames it reads: None all, 0 none (a new scene), k the last k
    seed: int | None = None  # None: the seed follows from the story's seed and the frame's place
    # A character's name, and the id of the portrait that it wears in this frame instead of its chosen one.
    portraits: tuple[tuple[str, str], ...] = ()
    included: tuple[str, ...] = ()  # characters that are shown though the sentence does not name them
    excluded: tuple[str, ...] = ()  # characters that are not shown though the sentence names them
    bindings: tuple[Binding, ...] = ()  # the people that pronouns stand for, as the writer said
    wordings: tuple[Wording, ...] = ()  # words that the writer wants drawn in place of words of the sentence
    board: BoardNotes = BoardNotes()  # notes beside the sentence; no picture depends on them

    @cached_property
    def take(self) -> Take | None:
        """The chosen take, None before the first. It is looked up only once, because a frame never changes."""
        return next((take for take in self.takes if take.id == self.chosen), None)

    def with_take(self, take: Take) -> Frame:
        """Returns the frame with one more take, which becomes the chosen one."""
        return replace(self, takes=(*self.takes, take), chosen=take.id)

    def choosing(self, take: Take) -> Frame:
        """Returns the frame with `take`, one of its own, on the board again.

        The frame gets back the sentence that the take was drawn from.
        """
        return replace(self, chosen=take.id, caption=take.caption)


@dataclass(frozen=True)
class Story:
    """A story: its cast, and its frames in order. Make one with `new_story`.

    `look`, one of LOOKS: how its pictures are shown.
    `quality`, one of QUALITIES: how many denoising steps its next pictures take.
    `checking`, one of CHECKINGS: whether pictures that may be wrong are marked, and redrawn without being asked.
    `crop`, one of CROPS: the shape that is marked on pictures and cut out of them in films.
    `style`: what renderers that can draw in any style are told.
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
        """Each cast name -> its aliases and the descriptions that fit only it ("the old woman").

        `find_mentions` takes names in this form.
        """
        own = describe(self.cast).own
        return {one.name: (*one.aliases, *own[one.name]) for one in self.cast}

    def has_frame(self, frame_id: str) -> bool:
        return any(frame.id == frame_id for frame in self.frames)

    def frame_number(self, frame_id: str) -> int:
        """Returns the frame's place in the story, counted from 1. StoryError if the story has no such frame."""
        for number, frame in enumerate(self.frames, start=1):
            if frame.id == frame_id:
                return number
        raise StoryError(
            "That frame is no longer in the story; it was removed, so choose one of those that are."
        )

    def frame(self, frame_id: str) -> Frame:
        """Returns the frame with that id. StoryError if there is none."""
        return self.frames[self.frame_number(frame_id) - 1]

    def character(self, name: str) -> Character:
        """Returns the cast member of that name; case does not matter.

        If there is none, the StoryError lists the cast.
        """
        for character in self.cast:
            if character.name.casefold() == name.strip().casefold():
                return character
        raise StoryError(
            f"{clean_text(name)[:40] or 'That name'} is not in the cast; it has {listed(self.names)}."
        )

    def with_frame(self, frame: Frame, number: int) -> Story:
        """Returns the story with `frame` inserted as frame `number` (from 1).

        StoryError if it has MAX_FRAMES already.
        """
        if len(self.frames) >= MAX_FRAMES:
            raise StoryError(
                f"A story has at most {MAX_FRAMES} frames; start another one for frame {MAX_FRAMES + 1}."
            )
        return replace(self, frames=(*self.frames[: number - 1], frame, *self.frames[number - 1 :]))

    def with_changed_frame(self, changed: Frame) -> Story:
        """Returns the story in which the frame with the same id is replaced by `changed`."""
        return replace(
            self, frames=tuple(changed if frame.id == changed.id else frame for frame in self.frames)
        )

    def without_frame(self, frame_id: str) -> Story:
        number = self.frame_number(frame_id)
        return replace(self, frames=(*self.frames[: number - 1], *self.frames[number:]))

    def with_character(self, changed: Character) -> Story:
        """Returns the story in which the cast member of the same name is replaced by `changed`."""
        return replace(self, cast=tuple(changed if one.name == changed.name else one for one in self.cast))


def new_story(cast: tuple[Character, ...], seed: int = 0, title: str = "") -> Story:
    """Returns a story without frames.

    StoryError if the cast is too large, if two of it have the same name, or if the seed is out of range.
    """
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
    """Returns the seed for drawing a frame the `attempt`-th time (from 0).

    It follows from the story's seed and the frame's place. Ids are random and therefore not used, so that the same
    sentences with the same seed give the same pictures.
    """
    material = f"{story.seed}/{story.frame_number(frame_id)}/{attempt}"
    return int.from_bytes(hashlib.sha256(material.encode()).digest()[:4], "big") & MAX_SEED
