"""The training objectives of both stages, as functions of tensors.

L_reg is in `attention.py`, next to the recording. Nothing here owns parameters or draws random numbers.
"""

from __future__ import annotations

from typing import Any, Literal

import torch
import torch.nn.functional as F

from storyboard.models.denoise import Network

IGNORED = -100  # the label of positions that are not supervised


def diffusion_loss(
    unet: Network,
    scheduler: Any,
    latents: torch.Tensor,
    condition: torch.Tensor,
    noise: torch.Tensor,
    timesteps: torch.Tensor,
    weights: torch.Tensor | None = None,
    canvas: torch.Tensor | None = None,
    colours: torch.Tensor | None = None,
) -> torch.Tensor:
    """Returns the denoising error of latents (B, C, h, w) under condition (B, L, D) as a scalar.

    timesteps: (B,).
    weights: (B, 1, h, w), factors of the squared error; zeros leave out what is masked. None: all places count alike.
    canvas: (B, C + 1, h, w), what the denoiser reads beside the latents (`portrait_canvas.py`).
    colours: (C, C), a linear map of the error whose square is added to the error's own (`colour_emphasis`).

    The target is noise or velocity, as `scheduler.config.prediction_type` says. All timesteps count alike: what people
    do and where they stand is decided at the noisy ones. Min-SNR weights, which are 0.2 down to 0.006 there, left that
    unlearned.
    """
    off = denoising_error(unet, scheduler, latents, condition, noise, timesteps, canvas)
    error = off.square()
    if colours is not None:
        error = error + of_colours(off, colours).square()
    return (error if weights is None else error * weights).mean()


def denoising_error(
    unet: Network,
    scheduler: Any,
    latents: torch.Tensor,
    condition: torch.Tensor,
    noise: torch.Tensor,
    timesteps: torch.Tensor,
    canvas: torch.Tensor | None = None,
) -> torch.Tensor:
    """Returns by how much the prediction is off its target at each place, (B, C, h, w). Arguments: `diffusion_loss`."""
    noisy = scheduler.add_noise(latents, noise, timesteps)
    shown = noisy if canvas is None else torch.cat([noisy, canvas.to(noisy)], dim=1)
    prediction = unet(shown, timesteps, encoder_hidden_states=condition).sample
    kind = scheduler.config.prediction_type
    if kind == "epsilon":
        target = noise
    elif kind == "v_prediction":
        target = scheduler.get_velocity(latents, noise, timesteps)
    else:
        raise ValueError(f'prediction_type is "{kind}"; the loss knows "epsilon" and "v_prediction".')
    return prediction.float() - target.float()


def of_colours(off: torch.Tensor, colours: torch.Tensor) -> torch.Tensor:
    """Returns what a map (C, C) of `colour_emphasis` makes of an error (B, C, h, w), in the same shape."""
    return torch.einsum("bchw,kc->bkhw", off, colours.to(off))


def colour_emphasis(colours: torch.Tensor, weight: float) -> torch.Tensor:
    """Returns the map (C, C) for `diffusion_loss` with which the error of colours counts `weight` times.

    colours: (C + 1, 3), the linear map from latents to colours that `fit_colours` found. Three of the many
    directions of latents say nearly all about colours, and most others where outlines are. So without this, a hair
    colour weighs little beside the place of a hair.
    """
    basis = torch.linalg.qr(colours[:-1].float()).Q
    return (weight - 1) ** 0.5 * basis @ basis.T


def generation_loss(
    logits: torch.Tensor, labels: torch.Tensor, vocabulary: int, form: Literal["paper", "code"] = "paper"
) -> torch.Tensor:
    """Returns L_gen (Eq. 4): next-token cross-entropy, averaged over the supervised positions.

    logits: (B, T, vocabulary + R).
    labels: (B, T) ids; image token r is vocabulary + r, and -100 is ignored.
    form: "paper" supervises all R image tokens; "code" supervises the words and the first image token, as the released
        code does.
    """
    if form not in ("paper", "code"):
        raise ValueError(f'form is "{form}"; choose "paper" or "code".')
    targets = labels[:, 1:]
    supervised = targets >= vocabulary if form == "paper" else (targets >= 0) & (targets <= vocabulary)
    return F.cross_entropy(logits[:, :-1][supervised].float(), targets[supervised])


def alignment_loss(predicted: torch.Tensor, target: torch.Tensor, squared: bool = True) -> torch.Tensor:
    """Returns L_align between conditions (B, L, D).

    squared: True is Eq. 6 as a mean over elements, which is the paper's sum divided by L D. False is the mean length of
    a token's error, which the released code minimises.
    """
    error = predicted.float() - target.float()
    return error.square().mean() if squared else error.norm(dim=-1).mean()
