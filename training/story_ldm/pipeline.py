"""StoryLdmPipeline: Story-LDM as a Renderer, so that it is used and scored like every other system.

A request's history is the memory. Frames that the memory already holds are not written again, and the memory holds only
frames of the story that is being drawn. The model sees no portraits, as in its description.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from transformers import CLIPTextModel

from storyboard.models.autoencoder import SharpAutoencoderKL
from storyboard.models.latents import encode_pictures
from storyboard.renderer import ContextFrame, FrameRequest, Preview, Rendered
from storyboard.text.captions import clean_caption
from training.examples.baseline import BaselinePipeline, frame_key
from training.examples.captions import token_ids
from training.story_ldm.memory import FrameMemory, StoryContext, StoryMemory, gather, joined


def read_captions(
    text_encoder: CLIPTextModel, tokenizer: Any, captions: Sequence[str]
) -> tuple[torch.Tensor, torch.Tensor]:
    """Returns the text states that the UNet reads (N, L, D), and the vectors that the memory compares (N, D)."""
    read = text_encoder(token_ids(tokenizer, list(captions)).to(text_encoder.device))
    return read.last_hidden_state, read.pooler_output


class StoryLdmPipeline(BaselinePipeline):
    """Draws a FrameRequest from its sentence and the frames before it. steps, guidance: defaults for a request."""

    CONDITIONING = "story-ldm"
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
        """See `Renderer`."""
        caption = clean_caption(request.caption)
        states, sentence = read_captions(self.text_encoder, self.tokenizer, [caption])
        null, _ = read_captions(self.text_encoder, self.tokenizer, [""])
        context = self._remember(request.history, sentence)
        with self.memory.reading(self.unet, context):
            yield from self.denoised(self.unet, states, null, request, cancelled)

    def _remember(self, history: Sequence[ContextFrame], question: torch.Tensor) -> StoryContext | None:
        """Makes the memory hold exactly the frames of `history`. New frames are written now."""
        keys = [frame_key(frame) for frame in history]
        held = {
            key: self._held[key] if key in self._held else self._write(frame)
            for key, frame in zip(keys, history, strict=True)
        }
        self._held = held
        if not held:
            return None
        return gather(joined([held[key] for key in keys]), [range(len(keys))], question)

    def _write(self, frame: ContextFrame) -> FrameMemory:
        latents = encode_pictures(self.vae, self.pixels(frame.picture))
        states, sentence = read_captions(self.text_encoder, self.tokenizer, [clean_caption(frame.caption)])
        return self.memory.write(self.unet, latents.to(states), states, sentence)

    def forget(self) -> None:
        """Clears the memory. This is needed after the weights change."""
        self._held = {}
