"""Measures drawing a frame after its sentence has been read: P8 to P12, engines, previews, a busy machine."""

from __future__ import annotations

import random
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from diffusers.models.attention_processor import AttnProcessor

from benchmarks.arms import Told, counting, take_turns
from storyboard.models.latents import decode_latents
from storyboard.models.onnx_unet import OnnxUNet
from storyboard.models.preview import Previewer, linear_colours
from storyboard.models.threads import usable_cores
from storyboard.pipeline import StoryPipeline
from storyboard.pipeline.engine import quickened
from storyboard.renderer import FrameRequest, Preview, Rendered

THEIR_STEPS = 30  # the authors' own number; each step has guidance
VARIANTS = 4


def measured(folder: Path, repeats: int, cancels: int) -> dict[str, dict[str, Any]]:
    """Returns P8 to P12 and more, with the pipeline in the form in which the app opens it."""
    plain = StoryPipeline.from_pretrained(folder)
    quick = quickened(StoryPipeline.from_pretrained(folder))
    story = Told.of(plain, 2)
    request = story.request(2, explain=True)
    return {
        "engine: the same frame": engines(plain, quick, request, repeats),
        "P8 first preview": first_preview(quick, request, repeats),
        "P8 decoding": decoding(quick, repeats),
        "previews": previews(quick, request, repeats),
        "alone, and beside a program on every core": busy(quick, request, repeats),
        "P9 a frame, authors' steps": their_steps(plain, quick, request, repeats),
        "P10 recording attention": recording(plain, request, repeats),
        "P10 naive attention": naive(plain, request, repeats),
        "P11 cancelling": cancelling(quick, request, cancels),
        "P12 variants": variants(quick, request, repeats),
        "P12 variants, in torch": variants(plain, request, repeats),
    }


def drawn(pipeline: StoryPipeline, request: FrameRequest) -> Rendered:
    """Returns the finished frame."""
    *_, last = pipeline.generate(request)
    assert isinstance(last, Rendered)
    return last


def engines(
    plain: StoryPipeline, quick: StoryPipeline, request: FrameRequest, repeats: int
) -> dict[str, Any]:
    """Returns the times of a whole frame with explanation, like on the page: ours with the engine, theirs in torch."""
    timed = take_turns(partial(drawn, quick, request), partial(drawn, plain, request), repeats).told()
    runtime = isinstance(quick.network, OnnxUNet) and quick.network.works
    return {**timed, "runtime": runtime, "worst_of_255": _apart(drawn(quick, request), drawn(plain, request))}


def first_preview(pipeline: StoryPipeline, request: FrameRequest, repeats: int) -> dict[str, float]:
    """Returns the share of a frame's time after which the first preview is there."""
    parts = []
    for _ in range(repeats):
        start, seen = time.perf_counter(), 0.0
        for event in pipeline.generate(request):
            if isinstance(event, Preview) and event.picture is not None and not seen:
                seen = time.perf_counter() - start
        parts.append(seen / (time.perf_counter() - start))
    return {"part": statistics.median(parts)}


@torch.inference_mode()
def decoding(pipeline: StoryPipeline, repeats: int) -> dict[str, float]:
    """Returns the times of a linear preview of latents, and of the decoder."""
    latents, size = torch.randn(pipeline._latent_shape(1)), pipeline._size()
    colours = pipeline.config.preview_colours or [[0.1] * 3] * (latents.shape[1] + 1)
    look = partial(linear_colours, latents, colours, size)
    return take_turns(look, partial(decode_latents, pipeline.vae, latents), repeats).told()


def previews(pipeline: StoryPipeline, request: FrameRequest, repeats: int) -> dict[str, float]:
    """Returns the times of a frame without previews, and of a frame with them. The ratio is what they cost."""

    def unwatched() -> None:
        with patch.object(Previewer, "look", lambda *_: None):
            drawn(pipeline, request)

    return take_turns(unwatched, partial(drawn, pipeline, request), repeats).told()


def busy(pipeline: StoryPipeline, request: FrameRequest, repeats: int) -> dict[str, float]:
    """Returns the times of a frame on an idle machine, and of a frame while other programs want every core."""

    def beside() -> None:
        with spinning():
            drawn(pipeline, request)

    return take_turns(partial(drawn, pipeline, request), beside, repeats).told()


@contextmanager
def spinning() -> Iterator[None]:
    """Runs as many programs that always compute as there are cores."""
    programs = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(usable_cores())]
    try:
        yield
    finally:
        for one in programs:
            one.kill()
            one.wait()


def their_steps(
    plain: StoryPipeline, quick: StoryPipeline, request: FrameRequest, repeats: int
) -> dict[str, Any]:
    """Returns the times of a frame with the pipeline's own steps, and with the authors' THEIR_STEPS in torch.

    The authors' frame has no previews.
    """
    theirs = replace(request, steps=THEIR_STEPS, explain=False)
    timed = take_turns(partial(drawn, quick, request), partial(drawn, plain, theirs), repeats).told()
    rows = []
    for one in (request, theirs):
        with counting(plain) as count:
            drawn(plain, one)
        rows.append(count.rows)
    return {**timed, "ours_rows": rows[0], "theirs_rows": rows[1]}


def recording(pipeline: StoryPipeline, request: FrameRequest, repeats: int) -> dict[str, Any]:
    """Returns the times of a frame without an explanation, and of a frame with one.

    The ratio is the cost of the explanation, including the judge's look at the picture.
    """
    plain = replace(request, explain=False)
    timed = take_turns(partial(drawn, pipeline, plain), partial(drawn, pipeline, request), repeats).told()
    same = _apart(drawn(pipeline, plain), drawn(pipeline, request)) == 0
    return {**timed, "same_picture": same}


def naive(pipeline: StoryPipeline, request: FrameRequest, repeats: int) -> dict[str, float]:
    """Returns the times of a frame, and of a frame whose attention keeps all probabilities in every layer."""
    plain = replace(request, explain=False)

    def kept() -> None:
        processors = pipeline.unet.attn_processors
        pipeline.unet.set_attn_processor(AttnProcessor())
        try:
            drawn(pipeline, plain)
        finally:
            pipeline.unet.set_attn_processor(processors)

    return take_turns(partial(drawn, pipeline, plain), kept, repeats).told()


def cancelling(pipeline: StoryPipeline, request: FrameRequest, cancels: int) -> dict[str, Any]:
    """Returns how many steps a drawing takes to end after it is cancelled at a random moment.

    It also says whether the next frame is the same.
    """
    before = drawn(pipeline, request)
    chance, steps, waits = random.Random(0), before.steps, []
    for _ in range(cancels):
        at = time.perf_counter() + chance.random() * before.seconds
        for _ in pipeline.generate(request, lambda at=at: time.perf_counter() >= at):
            pass
        waits.append(max(0.0, time.perf_counter() - at))
    step, waits = before.seconds / steps, sorted(waits)
    same = _apart(before, drawn(pipeline, request)) == 0
    return {"p95_steps": waits[int(0.95 * (len(waits) - 1))] / step, "cancels": cancels, "same_picture": same}


def variants(pipeline: StoryPipeline, request: FrameRequest, repeats: int) -> dict[str, float]:
    """Returns the times of VARIANTS of a frame one by one, and of all of them in one batch."""
    wanted = [replace(request, seed=seed, explain=False) for seed in range(VARIANTS)]

    def each() -> None:
        for one in wanted:
            drawn(pipeline, one)

    timed = take_turns(each, partial(pipeline.generate_together, wanted), repeats).told()
    first = timed["ours_ms"] / VARIANTS / timed["theirs_ms"]
    return {**timed, "first_over_batch": first, "all_over_batch": 1 / timed["ratio"]}


def _apart(one: Rendered, other: Rendered) -> int:
    """Returns the largest difference between two pictures, of 255."""
    pixels = [np.asarray(rendered.picture, dtype=np.int16) for rendered in (one, other)]
    return int(np.abs(pixels[0] - pixels[1]).max())
