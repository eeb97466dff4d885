"""StoryLdmPipeline: Story-LDM as a Renderer, so that it is drawn, kept and scored like every other system.

A request's history is its memory: frames that are held already are not written again, and everything held belongs to
the story that is being drawn. It sees no portraits, as in its description.
"""

from __future__ import annotations

import copy
import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderKL, DiffusionPipeline, UNet2DConditionModel
from PIL import Image
from torch import nn
from transformers import CLIPTextModel

from storyboard.models.autoencoder import SharpAutoencoderKL
from storyboard.models.denoise import denoise
from storyboard.models.latents import decode_latents, downsampling, encode_pictures, to_picture
from storyboard.renderer import ContextFrame, FrameRequest, Preview, Rendered
from storyboard.text.captions import clean_caption
from training.examples.captions import token_ids
from training.examples.pixels import pixels_of
from training.story_ldm.memory import FrameMemory, StoryContext, StoryMemory, gather, joined

CONDITIONING = "story-ldm"


def read_captions(
    text_encoder: CLIPTextModel, tokenizer: Any, captions: Sequence[str]
) -> tuple[torch.Tensor, torch.Tensor]:
    """What the UNet reads of each sentence (N, L, D), and the one vector the memory compares (N, D)."""
    read = text_encoder(token_ids(tokenizer, list(captions)).to(text_encoder.device))
    return read.last_hidden_state, read.pooler_output


class StoryLdmPipeline(DiffusionPipeline):
    """Draws a FrameRequest from its sentence and the frames before it. steps, guidance: defaults of a request."""

    model_cpu_offload_seq = "text_encoder->unet->memory->vae"

    def __init__(
        self,
        vae: AutoencoderKL | SharpAutoencoderKL,
        unet: UNet2DConditionModel,
        memory: StoryMemory,
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
            memory=memory,
            scheduler=scheduler,
            tokenizer=tokenizer,
            text_encoder=text_encoder,
        )
        self.register_to_config(steps=steps, guidance=guidance)
        self._held: dict[tuple[str, str], FrameMemory] = {}

    @torch.inference_mode()
    def render(
        self, request: FrameRequest, cancelled: Callable[[], bool] = lambda: False
    ) -> Iterator[Preview | Rendered]:
        """See `Renderer`. Previews have no picture: nobody watches an evaluation."""
        start = time.perf_counter()
        steps, guidance = request.steps or self.config.steps, request.guidance
        guidance = self.config.guidance if guidance is None else guidance
        caption = clean_caption(request.caption)
        states, sentence = read_captions(self.text_encoder, self.tokenizer, [caption])
        null, _ = read_captions(self.text_encoder, self.tokenizer, [""])
        context = self._remember(request.history, sentence)
        noise = self._noise(request.seed).to(states)
        with self.memory.reading(self.unet, context):
            for step in denoise(
                self.unet, self.scheduler, noise, states, null, steps=steps, guidance=guidance
            ):
                if cancelled():
                    return
                yield Preview(step.index + 1, step.total, None)
        picture = to_picture(decode_latents(self.vae, step.latents))
        seconds = time.perf_counter() - start
        yield Rendered(picture, (), CONDITIONING, request.seed, steps, guidance, seconds)

    def _remember(self, history: Sequence[ContextFrame], question: torch.Tensor) -> StoryContext | None:
        """Hold exactly the frames of `history`, those that are new written now."""
        keys = [(frame.caption, _digest(frame.picture)) for frame in history]
        held = {
            key: self._held[key] if key in self._held else self._write(frame)
            for key, frame in zip(keys, history, strict=True)
        }
        self._held = held
        if not held:
            return None
        return gather(joined([held[key] for key in keys]), [range(len(keys))], question)

    def _write(self, frame: ContextFrame) -> FrameMemory:
        picture = frame.picture.convert("RGB")
        side = self.unet.config.sample_size * downsampling(self.vae)
        if picture.size != (side, side):
            picture = picture.resize((side, side), Image.Resampling.LANCZOS)
        latents = encode_pictures(self.vae, pixels_of(np.array(picture))[None].to(self.vae.device))
        states, sentence = read_captions(self.text_encoder, self.tokenizer, [clean_caption(frame.caption)])
        return self.memory.write(self.unet, latents.to(states), states, sentence)

    def forget(self) -> None:
        """Drop the memory; needed after weights change."""
        self._held = {}

    def _noise(self, seed: int) -> torch.Tensor:
        size = self.unet.config.sample_size
        shape = (1, self.unet.config.in_channels, size, size)
        return torch.randn(shape, generator=torch.Generator("cpu").manual_seed(seed))

    def save_half(self, path: str | Path) -> None:
        """Save with weights in float16. This one stays as it is."""
        halves = {
            name: copy.deepcopy(part).half() if isinstance(part, nn.Module) else part
            for name, part in self.components.items()
        }
        settings = {"steps": self.config.steps, "guidance": self.config.guidance}
        type(self)(**halves, **settings).save_pretrained(str(path), safe_serialization=True)


def _digest(picture: Image.Image) -> str:
    rgb = picture.convert("RGB")
    return hashlib.sha256(repr(rgb.size).encode() + rgb.tobytes()).hexdigest()
