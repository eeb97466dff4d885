"""The denoising loop: guidance, delayed conditioning, and a look at every step.

It is a generator, so that the caller can show, cancel or record between steps. Several calls may run at the same time:
each steps its own scheduler and changes no module. Must not decode pictures.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F

from storyboard.errors import StoryError


@dataclass(frozen=True)
class DenoiseStep:
    """The state after one UNet call out of `total` calls (PNDM makes one call more than the number of steps)."""

    index: int  # from 0
    total: int
    timestep: torch.Tensor  # the scheduler's timestep, a single number
    latents: torch.Tensor  # (B, C, h, w)
    predicted_clean: torch.Tensor  # (B, C, h, w): the finished latents that the model predicts at this step


Network = Callable[..., Any]  # a UNet, or anything with the same arguments and results


def _nothing(index: int, total: int) -> AbstractContextManager[Network | None]:
    return nullcontext()


def denoise(
    unet: Network,
    scheduler: Any,
    latents: torch.Tensor,
    condition: torch.Tensor,
    null: torch.Tensor,
    *,
    steps: int,
    guidance: float,
    guided: float = 1.0,
    text: torch.Tensor | None = None,
    start_merge_step: int | Sequence[int] = -1,
    canvas: torch.Tensor | None = None,
    around_call: Callable[[int, int], AbstractContextManager[Network | None]] = _nothing,
) -> Generator[DenoiseStep, torch.Tensor | None, None]:
    """Denoises unit-variance noise `latents` (B, C, h, w) under `condition` (B, L, D). Yields after each UNet call.

    null: the condition of the empty caption, (1, L, D) or (B, L, D).
    guidance: w in null + w (condition - null). At 1 or less, the null half is not computed.
    guided: the part of the calls, counted from the first, that use guidance. Later calls read `condition` alone, at
        half the cost.
    text, start_merge_step: delayed conditioning. Calls with index <= start_merge_step read `text` in place of
        `condition`, so that the layout is settled before the characters. -1: no call does. One number, or one for each
        row.
    canvas: (B, C + 1, h, w), what the denoiser reads beside the latents (`portrait_canvas.py`). The null half and calls
        that read `text` see an empty one.
    around_call: gives, for an index and the total, a context in which that UNet call is made, for callers who record.
        What the context gives is called in place of `unet` that time, unless it is None.

    The UNet is called in the precision of `condition`. Latents keep their own precision from step to step, because half
    precision would lose some of it at each step. Latents that are sent into the generator replace those of the last
    step. Raises StoryError if the last latents are not finite numbers.
    """
    delays = [start_merge_step] * len(latents) if isinstance(start_merge_step, int) else start_merge_step
    if max(delays) >= 0 and text is None:
        raise ValueError(f"start_merge_step={start_merge_step} needs the text condition.")
    scheduler = copy.deepcopy(scheduler)  # several frames may be drawn at once, each with its own state
    scheduler.set_timesteps(steps, device=latents.device)
    latents = latents * scheduler.init_noise_sigma
    null = null.expand(len(latents), -1, -1).to(condition)
    total = len(scheduler.timesteps)
    for index, timestep in enumerate(scheduler.timesteps):
        current = _merged(condition, text, [index > delay for delay in delays])
        model_input = scheduler.scale_model_input(latents, timestep)
        with around_call(index, total) as other:
            weight = guidance if index < guided * total else 1.0
            prediction = _guided(
                unet if other is None else other,
                model_input,
                timestep,
                current,
                null,
                weight,
                _shown(canvas, [index > delay for delay in delays]),
            )
        latents = scheduler.step(prediction, timestep, latents, return_dict=False)[0]
        if index == total - 1 and not torch.isfinite(latents).all():
            raise StoryError(
                "The model came to no picture (its numbers went out of range); draw it again, or load it in float32."
            )
        clean = _predict_clean(scheduler, prediction, timestep, model_input)
        changed = yield DenoiseStep(index, total, timestep, latents, clean)
        if changed is not None:
            latents = changed


def _merged(condition: torch.Tensor, text: torch.Tensor | None, merged: Sequence[bool]) -> torch.Tensor:
    """Returns what each row reads: the condition if it has merged, otherwise the text alone."""
    if all(merged):
        return condition
    if text is None:
        raise ValueError("rows that have not merged read their text, and none is given")
    if not any(merged):
        return text
    rows = torch.tensor(merged, device=condition.device).view(-1, 1, 1)
    return torch.where(rows, condition, text)


def _shown(canvas: torch.Tensor | None, merged: Sequence[bool]) -> torch.Tensor | None:
    """Returns the canvas, empty in rows that have not merged."""
    if canvas is None or all(merged):
        return canvas
    return canvas * torch.tensor(merged, device=canvas.device).view(-1, 1, 1, 1)


def _guided(
    unet: Network,
    model_input: torch.Tensor,
    timestep: torch.Tensor,
    condition: torch.Tensor,
    null: torch.Tensor,
    guidance: float,
    canvas: torch.Tensor | None,
) -> torch.Tensor:
    read = blank = model_input.to(condition.dtype)
    if canvas is not None:
        read = torch.cat([read, canvas.to(read)], dim=1)
        blank = F.pad(blank, (0, 0, 0, 0, 0, canvas.shape[1]))
    if guidance <= 1:
        return unet(read, timestep, encoder_hidden_states=condition).sample.to(model_input.dtype)
    both = torch.cat([null, condition])
    predicted = unet(torch.cat([blank, read]), timestep, encoder_hidden_states=both).sample
    without, given = predicted.to(model_input.dtype).chunk(2)
    return without + guidance * (given - without)


def _predict_clean(
    scheduler: Any, prediction: torch.Tensor, timestep: torch.Tensor, model_input: torch.Tensor
) -> torch.Tensor:
    """Returns x_0, computed from the scaled model input x_t = sqrt(a) x_0 + sqrt(1 - a) noise."""
    signal = scheduler.alphas_cumprod.to(model_input.device)[timestep.long()].to(model_input.dtype)
    scale, noise_scale = signal.sqrt(), (1 - signal).sqrt()
    kind = scheduler.config.prediction_type
    if kind == "epsilon":
        return (model_input - noise_scale * prediction) / scale.clamp(min=1e-4)
    if kind == "v_prediction":
        return scale * model_input - noise_scale * prediction
    if kind == "sample":
        return prediction
    raise ValueError(f'prediction_type is "{kind}"; the loop knows "epsilon", "v_prediction" and "sample".')
