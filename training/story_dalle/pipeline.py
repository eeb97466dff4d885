"""StoryDallePipeline: StoryDALL-E as a Renderer. The first frame of a request's history is its source frame.

As in its description, the model sees no portraits. It also sees none of the pictures between the source frame and the
frame that it draws.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import torch
from diffusers import VQModel

from storyboard.errors import StoryError
from storyboard.models.latents import to_picture
from storyboard.renderer import FrameRequest, Preview, Rendered
from storyboard.text.captions import clean_caption
from training.examples.baseline import BaselinePipeline
from training.examples.captions import words_of
from training.story_dalle.tokens import check_fits, codes_of, picture_of
from training.story_dalle.transformer import StoryTransformer


class StoryDallePipeline(BaselinePipeline):
    """Draws a FrameRequest from its sentences and its first picture. temperature, top_k: how codes are chosen."""

    CONDITIONING = "story-dalle"
    GIVEN = 1
    SETTINGS = ("temperature", "top_k")
    model_cpu_offload_seq = "transformer->vq"

    def __init__(
        self,
        vq: VQModel,
        transformer: StoryTransformer,
        tokenizer: Any,
        temperature: float = 1.0,
        top_k: int = 128,
    ):
        super().__init__()
        check_fits(vq, transformer.config.codes, transformer.config.places)
        self.register_modules(vq=vq, transformer=transformer, tokenizer=tokenizer)
        self.register_to_config(temperature=temperature, top_k=top_k)

    @property
    def side(self) -> int:
        return self.vq.config.sample_size

    @torch.inference_mode()
    def render(
        self, request: FrameRequest, cancelled: Callable[[], bool] = lambda: False
    ) -> Iterator[Preview | Rendered]:
        """See `Renderer`.

        A step is one token of the picture, whatever the request asks for, and there is no guidance.
        """
        if not request.history:
            raise StoryError(
                "StoryDALL-E continues a story and was given no source frame; give it the story's first picture."
            )
        start, device = time.perf_counter(), self.device
        told = [clean_caption(one) for one in (*(f.caption for f in request.history), request.caption)]
        words, mask = (tensor.to(device) for tensor in words_of(self.tokenizer, told))
        story = self.transformer.story_embedding(words, mask, [range(len(told))])
        source = codes_of(self.vq, self.pixels(request.history[0].picture))
        generator = torch.Generator("cpu").manual_seed(request.seed)
        total = self.transformer.config.places
        for codes in self.transformer.write(
            story, words[-1:], source, generator, self.config.temperature, self.config.top_k
        ):
            if cancelled():
                return
            yield Preview(codes.shape[1], total, None)
        picture = to_picture(picture_of(self.vq, codes))
        yield self.rendered(picture, request, total, 1.0, start)
