"""LoRAs on top of a model. Each is found on the Hub or on this machine, and gets its weight.

Knows diffusers' loaders, but no prompts.
"""

from __future__ import annotations

import logging
from importlib.util import find_spec
from typing import Any

from storyboard.errors import StoryError
from storyboard.models.hub import HubPlace, place_of
from storyboard.pipeline.loading import first_line

log = logging.getLogger(__name__)

REMEDY = "pip install 'storygpt-v-storyboard[lora]', or in a checkout: pip install -r requirements-lora.txt"
LARGEST = 2.0  # the largest weight


def load_loras(pipe: Any, named: tuple[str, ...]) -> None:
    """Loads LoRAs on a pipeline, all together. Each is "NAME" or "NAME=WEIGHT".

    StoryError for one that does not fit.
    """
    if find_spec("peft") is None:
        raise StoryError(f"LoRAs need one more package; run: {REMEDY}")
    if not hasattr(pipe, "load_lora_weights"):
        raise StoryError(
            f"A {type(pipe).__name__} takes no LoRAs; start without --lora, or with another model."
        )
    weights = {}
    for number, one in enumerate(named):
        name, weight = split_weight(one)
        place = place_of(name, "The LoRA")
        path = place.get(place.file or _only_file(place))
        adapter = f"lora_{number}"
        try:
            pipe.load_lora_weights(path.parent, weight_name=path.name, adapter_name=adapter)
            fits = adapter in {known for some in pipe.get_list_adapters().values() for known in some}
        except Exception as error:  # a LoRA for another model fails in many ways
            log.warning("%s was not loaded", name, exc_info=True)
            raise _misfit(name, pipe, first_line(error)) from error
        if not fits:
            raise _misfit(name, pipe, "none of its weights has a place there")
        weights[adapter] = weight
    pipe.set_adapters(list(weights), adapter_weights=list(weights.values()))


def split_weight(named: str) -> tuple[str, float]:
    """Returns the name and the weight in "NAME=0.8"; the weight of "NAME" is 1.

    StoryError for a weight out of range.
    """
    name, equals, text = named.rpartition("=")
    if not equals:
        return named, 1.0
    try:
        weight = float(text)
    except ValueError:
        weight = -1.0
    if not 0 < weight <= LARGEST:  # also refuses NaN
        raise StoryError(
            f'The weight "{text[:40]}" of the LoRA "{name[:100]}" is none; give a number above 0 and up to {LARGEST:g}.'
        )
    return name, weight


def _only_file(place: HubPlace) -> str:
    files = [file for file in place.files() if file.endswith(".safetensors")]
    if len(files) != 1:
        found = f"are several ({', '.join(files[:5])})" if files else "is none"
        raise StoryError(
            f'The LoRA "{place.name}" is one safetensors file, and there {found}; name it as in '
            f'"{place.name}/FILE.safetensors".'
        )
    return files[0]


def _misfit(name: str, pipe: Any, why: str) -> StoryError:
    return StoryError(
        f'The LoRA "{name[:100]}" does not fit a {type(pipe).__name__} ({why[:160]}); choose one made for this model.'
    )
