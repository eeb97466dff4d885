"""The studio for drawing with any text-to-image model, and what the page offers with it.

Knows how models are found, but not what they do. torch is imported only while a model loads.
"""

from __future__ import annotations

import logging
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable
from pathlib import Path

from storyboard.errors import StoryError
from storyboard.library import Library
from storyboard.models.hub import INDEX, HubPlace, Wanted, check_model, place_of
from storyboard.renderer import ASPECTS, MAX_GUIDANCE, Renderer
from storyboard.served import HubModel
from storyboard.studio.cast import load_cast
from storyboard.studio.model_name import DIGITS, model_name
from storyboard.studio.studio import Studio
from storyboard.ui.hints import Hints
from storyboard.ui.loading import LoadingRenderer
from storyboard.ui.replicas import Replicas
from storyboard.ui.zero_gpu import borrow_gpu

log = logging.getLogger(__name__)

STEPS = 30  # the default number of denoising steps, for the model's own scheduler


def add_arguments(parser: ArgumentParser) -> None:
    """Adds the flags that say which model draws, and what is put on it."""
    hand = parser.add_argument_group("any text-to-image model", "see docs/any-model.md")
    hand.add_argument(
        "--hand",
        metavar="MODEL",
        help="a diffusers model of the Hugging Face Hub, or its folder, instead of a pipeline",
    )
    hand.add_argument(
        "--ip-adapter", metavar="NAME", help="how it looks at portraits, such as h94/IP-Adapter"
    )
    hand.add_argument(
        "--lora", action="append", default=[], metavar="NAME[=WEIGHT]", help="put on it; may be repeated"
    )
    hand.add_argument("--guidance", type=_guidance, help="weight of the prompt; default: the model's own")
    hand.add_argument("--cast", type=Path, metavar="FOLDER", help="with a cast.json, that stories begin with")


def refuse_alone(options: Namespace) -> None:
    """Raises StoryError for a flag that has no meaning without a model."""
    for flag in ("ip_adapter", "lora", "guidance", "cast"):
        if getattr(options, flag) not in (None, []):
            raise StoryError(
                f"--{flag.replace('_', '-')} goes with --hand, and a pipeline folder has its own; name a model with "
                "--hand, or leave it out."
            )


def check(options: Namespace) -> HubPlace:
    """Returns where the model is. StoryError if there is no such model; nothing is loaded for that."""
    if options.ip_adapter:
        place_of(options.ip_adapter, "The IP-Adapter")
    return check_model(options.hand)


def build(options: Namespace, place: HubPlace, library: Library, replicas: Replicas | None = None) -> Studio:
    """Returns the studio of a checked model, which is still being loaded. StoryError for a cast that does not fit.

    replicas: where pictures are drawn, if not in this program.
    """
    cast = load_cast(options.cast, library.pictures) if options.cast else ()
    named = (options.hand, options.ip_adapter, tuple(options.lora))
    opens = HubModel(Wanted(*named, steps=STEPS, guidance=options.guidance))

    def load(tell: Callable[[str], None]) -> Renderer:
        hand = opens.open(tell)
        if hand.notice:
            print(f"storyboard: {hand.notice}", file=sys.stderr)
        return hand

    served = replicas.renderer(opens, library) if replicas else None
    return Studio(
        served or borrow_gpu(lambda: load(log.info)) or LoadingRenderer(load),
        cast,
        library.pictures,
        steps=options.steps,
        workers=replicas.workers if replicas else 1,
        library=library,
        model=place.name.rpartition("/")[2],
        own_steps=STEPS,
        drawn_by=" + ".join(filter(None, (_version(place), options.ip_adapter, *options.lora))),
        knows_no_cast=True,
    )


def hints_of(options: Namespace) -> Hints:
    """Returns what such a model accepts, and what it cannot say about its pictures."""
    return Hints(
        steps=STEPS,
        styled=True,
        style_pictures=bool(options.ip_adapter),
        aspects=tuple(ASPECTS),
        shows_attention=False,
        judges=False,
    )


def _guidance(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= MAX_GUIDANCE:  # also refuses NaN
        raise ArgumentTypeError(f"{text!r} is no number from 0 to {MAX_GUIDANCE:g}")
    return value


def _version(place: HubPlace) -> str:
    """Returns what drew a picture: for a folder a hash of its weights, for a repository of the Hub its commit."""
    if place.folder is not None:
        return model_name(place.folder)
    return f"{place.name} {place.get(INDEX).parent.name[:DIGITS]}"
