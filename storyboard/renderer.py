"""The door between stories and models: a FrameRequest goes in, previews and one finished picture come out.

Imports neither torch nor Gradio. The real renderer is in `storyboard.pipeline`; tests have one that paints flat
colours.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, Protocol, get_args

from PIL import Image

from storyboard.disk.pictures import StoredPicture
from storyboard.text.captions import Reading

MAX_STEPS = 100  # the most denoising steps that a frame may ask for
MAX_GUIDANCE = 30.0

PRONOUNS = ("he", "she", "they", "it")  # the pronouns that a character may have

# What a picture is drawn from. char-ldm: the caption and the portraits (paper §3.2). llm: the story so far, as the
# language model reads it (§3.3). text: the words of the caption alone. prompt: a prompt written for a model that knows
# no cast, with portraits if that model looks at them.
Conditioning = Literal["char-ldm", "llm", "text", "prompt"]
CONDITIONINGS: tuple[Conditioning, ...] = get_args(Conditioning)

# What computes a pipeline's pictures. auto: the fastest engine that needs no compiling; on a CPU that is ONNX Runtime.
# torch: nothing but torch. compiled: torch.compile, which takes minutes at the start.
Engine = Literal["auto", "torch", "compiled"]
ENGINES: tuple[Engine, ...] = get_args(Engine)

# The ratio of width to height of a picture, by name.
ASPECTS = {"square": (1, 1), "landscape": (4, 3), "wide": (16, 9), "portrait": (3, 4), "tall": (9, 16)}

# A picture in memory, or one that stays on disk until it is needed. `convert("RGB")` gives the pixels of both.
Picture = Image.Image | StoredPicture


def steps_for(steps: int, effort: float) -> int:
    """Returns the denoising steps at `effort` times the usual number, from 1 to MAX_STEPS."""
    return min(max(1, math.ceil(steps * effort)), MAX_STEPS)


@dataclass(frozen=True)
class CastMember:
    """One character as this frame should show it."""

    name: str
    pronoun: str  # one of PRONOUNS
    aliases: tuple[str, ...]
    portrait: Picture  # RGB, the portrait chosen for this frame
    # Who the character is and what can be seen of it, in short phrases, the most telling first; () if that is unknown.
    look: tuple[str, ...] = ()


@dataclass(frozen=True)
class ContextFrame:
    """An earlier frame that the language model reads: its sentence and the picture that was chosen for it."""

    caption: str
    picture: Picture  # RGB


@dataclass(frozen=True)
class Style:
    """How every picture of a story should look. A renderer that cannot be asked for a style ignores it."""

    words: str = ""
    negative: str = ""  # what no picture should show or be
    aspect: str = "square"  # one of ASPECTS
    picture: Picture | None = None  # RGB, an example of the style


@dataclass(frozen=True)
class FrameRequest:
    """Everything that a picture depends on. Two equal requests give two equal pictures."""

    caption: str
    cast: tuple[CastMember, ...]  # the characters that this frame may show, in the story's order
    history: tuple[ContextFrame, ...]  # earlier frames, oldest first
    seed: int
    steps: int | None = None  # None: the pipeline's own default
    effort: float = 1.0  # the number of steps is multiplied by it
    guidance: float | None = None
    conditioning: Conditioning | None = None  # None: the pipeline decides
    # Drawn in place of `caption`: the pronouns that the writer bound are names here, and added characters are in it.
    resolved: str | None = None
    refers: bool | None = None  # whether only the story before it makes it clear; None: its words decide
    explain: bool = False  # also return attention maps and readings
    style: Style = Style()


@dataclass(frozen=True)
class Preview:
    """A rough picture after `step` of `steps` denoising steps."""

    step: int
    steps: int
    picture: Image.Image | None  # None on steps for which no preview was decoded


@dataclass(frozen=True)
class Verdict:
    """What a judge finds wrong with a picture, by names of the cast. All fields are empty if it fits.

    missing: those who should be there and are not. twice: those who are there more than once. others: those who are
    there and should not be. strangers: how many people look like nobody of the cast. place: where the picture is
    instead of where the sentence says, "" if that is right or the sentence says no place.
    """

    missing: tuple[str, ...] = ()
    twice: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    strangers: int = 0
    place: str = ""

    @property
    def faults(self) -> int:
        """The number of faults."""
        people = len(self.missing) + len(self.twice) + len(self.others) + self.strangers
        return people + bool(self.place)


@dataclass(frozen=True)
class Rendered:
    """A finished picture and how it was made."""

    picture: Image.Image  # RGB
    mentioned: tuple[str, ...]  # cast names found in the text drawn
    conditioning: Conditioning
    seed: int
    steps: int
    guidance: float
    seconds: float
    # A name, and an "L" map of how much each place of the picture attended to the name's token.
    attention: tuple[tuple[str, Image.Image], ...] = ()
    # Positions in them refer to the text that was drawn: `resolved` if there is one, else `caption`.
    readings: tuple[Reading, ...] = ()
    verdict: Verdict | None = None  # None: no judge looked, or the words leave open who is meant
    prompt: str = ""  # the prompt, for a model that does not get the sentence itself


class Renderer(Protocol):
    """What draws. `doing` and `notice` are shown to the writer, and are "" when there is nothing to say."""

    doing: str  # a line about what is being loaded; nothing can be drawn before
    notice: str  # a sentence about a missing part that drawing goes on without, and the remedy

    def render(
        self, request: FrameRequest, cancelled: Callable[[], bool] = lambda: False
    ) -> Iterator[Preview | Rendered]:
        """Yields Previews, then exactly one Rendered. Stops without a Rendered once `cancelled()` is true.

        Raises StoryError for a request that cannot be drawn, before the first step.
        """
        ...


def finished(renderer: Renderer, request: FrameRequest) -> Rendered:
    """Returns the picture that a request ends with, for callers that need no previews.

    Raises RuntimeError if the renderer stopped before it.
    """
    *_, last = renderer.render(request)
    if not isinstance(last, Rendered):
        raise RuntimeError(f'The renderer stopped before "{request.caption}" was drawn.')
    return last
