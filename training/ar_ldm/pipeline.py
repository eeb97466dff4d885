"""ArLdmPipeline: AR-LDM as a Renderer. Its denoiser reads a request's history beside the caption.

The model sees no portraits, as in its description. BLIP's states of a frame are kept while the same story is drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL, UNet2DConditionModel
from transformers import CLIPTextModel

from storyboard.models.autoencoder import SharpAutoencoderKL
from storyboard.models.denoise import Network
from storyboard.renderer import ContextFrame, FrameRequest, Preview, Rendered
from storyboard.text.captions import clean_caption
from training.ar_ldm.history import Condition, HistoryEncoder
from training.examples.baseline import BaselinePipeline, frame_key
from training.examples.captions import token_ids


class ArLdmPipeline(BaselinePipeline):
    """Draws a FrameRequest from its sentence and the frames before it. steps, guidance: defaults for a request."""

    CONDITIONING = "ar-ldm"
    model_cpu_offload_seq = "text_encoder->history_encoder->unet->vae"

    def __init__(
        self,
        vae: AutoencoderKL | SharpAutoencoderKL,
        unet: UNet2DConditionModel,
        history_encoder: HistoryEncoder,
        history_tokenizer: Any,
        scheduler: Any,
        tokenizer: Any,
        text_encoder: CLIPTextModel,
        steps: int = 20,
        guidance: float = 3.0,
    ):
        super().__init__()
        self.register_modules(
            vae=vae,
            unet=unet,
            history_encoder=history_encoder,
            history_tokenizer=history_tokenizer,
            scheduler=scheduler,
            tokenizer=tokenizer,
            text_encoder=text_encoder,
        )
        self.register_to_config(steps=steps, guidance=guidance)
        self._told: dict[tuple[str, str], torch.Tensor] = {}

    @torch.inference_mode()
    def render(
        self, request: FrameRequest, cancelled: Callable[[], bool] = lambda: False
    ) -> Iterator[Preview | Rendered]:
        """See `Renderer`."""
        condition = self._condition(request)
        null = self.history_encoder(self._read(""), *self._nothing(), [[]])
        network, null_states = guided_network(self.unet, condition, null)
        yield from self.denoised(network, condition.states, null_states, request, cancelled)

    def _condition(self, request: FrameRequest) -> Condition:
        history = request.history[-self.history_encoder.config.frames :]
        keys = [frame_key(frame) for frame in history]
        told = {
            key: self._told[key] if key in self._told else self._encode(frame)
            for key, frame in zip(keys, history, strict=True)
        }
        self._told = told  # states of other stories are dropped
        current = self._read(clean_caption(request.caption))
        if not told:
            return self.history_encoder(current, *self._nothing(), [[]])
        longest = max(states.shape[1] for states in told.values())
        padded = [F.pad(told[key], (0, 0, 0, longest - told[key].shape[1])) for key in keys]
        mask = torch.stack(
            [torch.arange(longest, device=current.device) < told[key].shape[1] for key in keys]
        )
        return self.history_encoder(current, torch.cat(padded), mask, [range(len(keys))])

    def _encode(self, frame: ContextFrame) -> torch.Tensor:
        """The states (1, T, D) of one earlier frame, without padding."""
        words = self.history_encoder.tokens(self.history_tokenizer, [clean_caption(frame.caption)])
        pixels = self.pixels(frame.picture).to(self.history_encoder.dtype)
        ids, mask = words["input_ids"].to(pixels.device), words["attention_mask"].to(pixels.device)
        return self.history_encoder.encode({"input_ids": ids, "attention_mask": mask}, pixels)

    def _read(self, caption: str) -> torch.Tensor:
        ids = token_ids(self.tokenizer, [caption]).to(self.text_encoder.device)
        return self.text_encoder(ids).last_hidden_state

    def _nothing(self) -> tuple[torch.Tensor, torch.Tensor]:
        """The states and the mask of no earlier frames."""
        device = self.text_encoder.device
        return (
            torch.zeros(0, 1, self.history_encoder.width, device=device),
            torch.zeros(0, 1, dtype=torch.bool, device=device),
        )

    def forget(self) -> None:
        self._told = {}


def guided_network(
    unet: UNet2DConditionModel, condition: Condition, null: Condition
) -> tuple[Network, torch.Tensor]:
    """Returns the UNet in the form that `denoise` calls, and null states of the same length as the condition's.

    The UNet is told which tokens are real. With guidance, the null half of the batch stands first; its caption is empty
    and it has no history.
    """
    lacking = condition.mask.shape[1] - null.mask.shape[1]
    null_mask = F.pad(null.mask, (0, lacking)).expand(len(condition.mask), -1)
    both = torch.cat([null_mask, condition.mask])

    def network(latents: torch.Tensor, *args: Any, **kwargs: Any) -> Any:
        return partial(unet, encoder_attention_mask=both[-len(latents) :])(latents, *args, **kwargs)

    return network, F.pad(null.states, (0, 0, 0, lacking))
