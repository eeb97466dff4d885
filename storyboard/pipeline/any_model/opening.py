"""Finds a text-to-image model, downloads and loads it, and makes it ready to draw, or refuses it in one sentence.

Written for diffusers' AutoPipelineForText2Image, and tried with Stable Diffusion 1.5 and XL. A model of another family
gets those arguments that its pipeline takes. Knows how models are loaded, but not how a frame becomes a prompt.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoPipelineForText2Image, DiffusionPipeline

from storyboard.errors import StoryError
from storyboard.models.hub import INDEX, HubPlace, Wanted, check_model, hindrance, refusal
from storyboard.pipeline.any_model.adapter import PortraitAdapter, load_adapter
from storyboard.pipeline.any_model.loras import load_loras
from storyboard.pipeline.any_model.previews import fitted_colours
from storyboard.pipeline.any_model.renderer import AnyModelRenderer
from storyboard.pipeline.loading import first_line
from storyboard.pipeline.sturdy import is_out_of_memory

log = logging.getLogger(__name__)

# While accelerate makes empty weights, it does so in all threads, so of two models loaded at once both stay empty.
_ONE_AT_A_TIME = threading.Lock()
HALF = "fp16"  # the half-precision variant that most repositories offer
ONLY_WORDS = (
    "Portraits are not looked at, only words; start the app with --ip-adapter to have it look at them."
)
IN_TURNS = (
    "The model does not fit on the GPU as a whole, so its parts take turns there; pictures take longer."
)


def open_model(wanted: Wanted, tell: Callable[[str], None]) -> AnyModelRenderer:
    """Returns the renderer of a model, on the best device there is. `tell` takes lines about what is being loaded.

    A StoryError names the value and the remedy for anything that is not found or does not go together.
    """
    with _ONE_AT_A_TIME:
        return _opened(check_model(wanted.model), wanted, tell)


def _opened(place: HubPlace, wanted: Wanted, tell: Callable[[str], None]) -> AnyModelRenderer:
    try:
        tell(f"Looking for {place.name}")
        pipe = _loaded(place, tell)
        if wanted.loras:
            tell("Loading LoRAs")
            load_loras(pipe, wanted.loras)
        adapter: PortraitAdapter | None = None
        if wanted.adapter:
            tell(f"Loading {wanted.adapter}")
            adapter = load_adapter(pipe, wanted.adapter)
        colours = fitted_colours(pipe)
        tell(f"Moving {place.name} to its device")
        notices = [_place_on_device(pipe), "" if adapter else ONLY_WORDS]
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        raise StoryError(
            f'There is not enough memory to load "{place.name}"; close other programs, or choose a smaller model.'
        ) from error
    notice = " ".join(filter(None, notices))
    return AnyModelRenderer(pipe, adapter, wanted.steps, wanted.guidance, colours, notice)


def _loaded(place: HubPlace, tell: Callable[[str], None]) -> Any:
    """Returns the pipeline, in half precision on a GPU and in full precision on a CPU."""
    on_gpu = torch.cuda.is_available()
    folder = place.folder
    away: Exception | None = None
    variant = HALF if on_gpu and _has_half(place.files()) else None
    try:
        if folder is None:
            tell(f"Downloading {place.name}")
            # diffusers ignores some network failures, and would then take half a model for a whole one.
            away = place.away(INDEX)
            wanted = {"use_safetensors": True, "variant": variant, "local_files_only": away is not None}
            folder = Path(DiffusionPipeline.download(place.repository, **wanted))
        tell(f"Loading {place.name}")
        pipe = AutoPipelineForText2Image.from_pretrained(
            folder,
            dtype=torch.float16 if on_gpu else torch.float32,
            use_safetensors=True,
            local_files_only=True,
            variant=variant,
        )
    except Exception as error:
        if is_out_of_memory(error):
            raise
        raise _unloadable(place, error, away) from error
    pipe.set_progress_bar_config(disable=True)
    return pipe


def _has_half(files: list[str]) -> bool:
    return any(f".{HALF}." in file and file.endswith(".safetensors") for file in files)


def _unloadable(place: HubPlace, error: Exception, away: Exception | None) -> StoryError:
    """Returns the error for a model that diffusers does not load. away: why the Hub could not be reached."""
    log.warning("%s was not loaded", place.name, exc_info=error)
    said = first_line(error)
    if "AutoPipeline can't find a pipeline" in said:
        return StoryError(
            f'The model "{place.name}" is no text-to-image model ({INDEX} says what it is); choose one whose page on '
            'the Hub says "Text-to-Image".'
        )
    if hindered := away or hindrance(error):  # first, because a broken download also lacks files
        return refusal(place.what, place.name, hindered)
    if "safetensors" in said and ("no file named" in said or "find the necessary" in said):
        return StoryError(
            f'The model "{place.name}" has weights that are no safetensors, and those could run code; choose a model '
            "with safetensors."
        )
    return StoryError(
        f'The model "{place.name}" could not be loaded ({said[:200]}); get it again, or choose another.'
    )


def _place_on_device(pipe: Any) -> str:
    """Moves the pipeline to the GPU if there is one. Returns what a writer should know about that, or ""."""
    if not torch.cuda.is_available():
        return ""
    try:
        pipe.to("cuda")
    except torch.OutOfMemoryError:
        pipe.to("cpu")
        torch.cuda.empty_cache()
        pipe.enable_model_cpu_offload()
        return IN_TURNS
    return ""
