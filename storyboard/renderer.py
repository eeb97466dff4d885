"""The door between stories and models: a FrameRequest goes in, previews and one finished picture come out.

Knows neither torch nor gradio. `storyboard.pipeline` has the real renderer; tests have one that paints flat colours.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, Protocol, get_args

from PIL import Image

from storyboard.disk.pictures import StoredPicture
from storyboard.text.captions import Reading

MAX_STEPS = 100  # denoising steps a frame may be asked for
MAX_GUIDANCE = 30.0

PRONOUNS = ("he", "she", "they", "it")  # what a character may be called by

# What a picture is drawn from: the portraits (paper §3.2), the story so far as the language model reads it (§3.3), the
# words of its caption alone, or a prompt written for a model that knows no cast, with portraits where it looks at them.
Conditioning = Literal["char-ldm", "llm", "text", "prompt"]
CONDITIONINGS: tuple[Conditioning, ...] = get_args(Conditioning)

# What computes a pipeline's pictures. auto: the fastest there is without compiling, ONNX Runtime on a CPU. torch:
# nothing but torch. compiled: torch.compile, which takes minutes at the start.
Engine = Literal["auto", "torch", "compiled"]
ENGINES: tuple[Engine, ...] = get_args(Engine)

# Width to height of a picture, by name.
ASPECTS = {"square": (1, 1), "landscape": (4, 3), "wide": (16, 9), "portrait": (3, 4), "tall": (9, 16)}

# What is looked at with `convert("RGB")`: in memory, or on disk until somebody looks.
Picture = Image.Image | StoredPicture


def steps_for(steps: int, effort: float) -> int:
    """Returns the denoising steps at `effort` times the usual number, from 1 to MAX_STEPS."""
    return min(max(1, math.ceil(steps * effort)), MAX_STEPS)


@dataclass(frozen=True)
class CastMember:
    """One character as this frame should see it."""

    name: str
    pronoun: str  # one of PRONOUNS
    aliases: tuple[str, ...]
    portrait: Picture  # RGB, the portrait chosen for this frame
    # Who they are and what can be seen of them, in short phrases, the most telling first; () where that is not known.
    look: tuple[str, ...] = ()


@dataclass(frozen=True)
class ContextFrame:
    """An earlier frame the language model reads: its sentence and the picture that was chosen for it."""

    caption: str
    picture: Picture  # RGB


@dataclass(frozen=True)
class Style:
    """How every picture of a story is to look, for a renderer that can be asked; others leave it aside."""

    words: str = ""
    negative: str = ""  # what no picture is to show or to be
    aspect: str = "square"  # one of ASPECTS
    picture: Picture | None = None  # RGB, an example of the style


@dataclass(frozen=True)
class FrameRequest:
    """Everything a picture depends on. Two equal requests give the equal picture."""

    caption: str
    cast: tuple[
        CastMember, ...
    ]  # whom this frame may show, in the story's order: all but those kept out of it
    history: tuple[ContextFrame, ...]  # earlier frames, oldest first
    seed: int
    steps: int | None = None  # None: the pipeline's own default
    effort: float = 1.0  # times that many steps
    guidance: float | None = None
    conditioning: Conditioning | None = None  # None: the pipeline decides
    resolved: str | None = None  # drawn in place of `caption`: pronouns the writer bound, characters added
    refers: bool | None = None  # whether it is read only with the story before it; None: its words say
    explain: bool = False  # also give attention and readings
    style: Style = Style()


@dataclass(frozen=True)
class Preview:
    """A rough picture after `step` of `steps` denoising steps."""

    step: int
    steps: int
    picture: Image.Image | None  # None on steps for which no preview was decoded


@dataclass(frozen=True)
class Verdict:
    """What a judge finds wrong with a picture, by names of the cast; nothing at all where it is as its sentence says.

    others: who is there and not meant. strangers: how many are there who look like nobody of the cast. place: where it
    is instead of where the sentence says, "" where that is right or was not said.
    """

    missing: tuple[str, ...] = ()
    twice: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    strangers: int = 0
    place: str = ""

    @property
    def faults(self) -> int:
        """How many things are wrong."""
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
    attention: tuple[
        tuple[str, Image.Image], ...
    ] = ()  # name, "L" map of where the picture looked at its token
    readings: tuple[Reading, ...] = ()  # places are those in the text drawn: `resolved`, else `caption`
    verdict: Verdict | None = None  # None: nobody looked, or the words leave open who is meant
    prompt: str = ""  # what a model was asked for that is not given the sentence as it is


class Renderer(Protocol):
    """What draws. `doing` and `notice` are for the writer, "" where there is nothing to say."""

    doing: str  # a line about what it is loading, and cannot draw without
    notice: str  # a sentence about what it goes on without, and the remedy

    def render(
        self, request: FrameRequest, cancelled: Callable[[], bool] = lambda: False
    ) -> Iterator[Preview | Rendered]:
        """Yield Previews, then exactly one Rendered. Stops without one once `cancelled()` is true.

        Raises StoryError for a request that cannot be drawn, before the first step.
        """
        ...


def finished(renderer: Renderer, request: FrameRequest) -> Rendered:
    """Returns the picture that a request ends with, for whoever watches no previews."""
    *_, last = renderer.render(request)
    if not isinstance(last, Rendered):
        raise RuntimeError(f'The renderer stopped before "{request.caption}" was drawn.')
    return last
