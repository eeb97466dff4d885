"""StoryPipeline: Char-LDM and the aligned language model behind one `from_pretrained`, drawing frame after frame.

It is a diffusers pipeline, which provides the Hub and `.to`, and a `Renderer`. `OnDisk` loads and saves it. Knows
nothing of stories: a FrameRequest has everything that a picture depends on.

Warning: features and conditions are cached between requests. Code that changes weights in place must call
`clear_caches()` before it draws again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Any

import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from transformers import CLIPTextModel, CLIPVisionModel, CLIPVisionModelWithProjection

from storyboard.models.autoencoder import SharpAutoencoderKL
from storyboard.models.conditioning import CharacterConditioner
from storyboard.models.denoise import DenoiseStep, Network, denoise
from storyboard.models.fusion import CharacterFuser
from storyboard.models.image_tokens import ImageTokens
from storyboard.models.judge import Judge
from storyboard.models.latents import decode_latents, downsampling, to_picture
from storyboard.models.mappers import ConditionMapper, VisualMapper
from storyboard.models.portrait_canvas import as_read_by, no_canvas, reads_canvas
from storyboard.models.portrait_encoder import PortraitEncoder
from storyboard.models.preview import Previewer
from storyboard.models.story_reader import StoryReader
from storyboard.pipeline.conditions import FrameCondition, FrameConditions
from storyboard.pipeline.explain import AttentionWatch
from storyboard.pipeline.numbers import check_numbers
from storyboard.pipeline.on_disk import OnDisk
from storyboard.pipeline.prompted import Prompted
from storyboard.renderer import Conditioning, FrameRequest, Preview, Rendered

ANSWER_SECONDS = 0.1  # within so many seconds a waiting request notices that it is cancelled


class StoryPipeline(Prompted, OnDisk):
    """Draws a FrameRequest, or sentences in a call as in diffusers' pipelines (see `Prompted`).

    Parts from `language_model` on are None in a pipeline without stage 2. A denoiser that reads a canvas also sees the
    portraits of the people whom it draws (`portrait_canvas.py`). The settings are:

    first_frame: how a frame without history is drawn, "char-ldm" or "llm".
    steps, guidance: defaults for requests that have none.
    guided: the part of a frame's UNet calls, counted from the first, that use guidance.
    start_merge_step: delayed conditioning (see `denoise`). Captions that name people only by pronouns delay by one call
        at most, because their text alone says little.
    cast_prefix: whether portraits come before the history.
    interleaved: whether the history has the earlier pictures. False: sentences only, as in the rows "Caption-" of Table
        4.
    context_frames: how many earlier frames the history has at most, as in the training of stage 2; None: as many as
        fit.
    place_words: the words that say where a sentence is, so that the history includes the last frame that says a place.
    prompt_tail: text behind "Image:".
    portrait_fill: the colour that pads portraits to squares.
    portrait_filter: the filter of Pillow that resizes portraits for the image encoder; None: the image processor does
        it.
    preview_colours: the linear map for previews, from `fit_colours`.
    nearest_caption: whether frames are drawn from the nearest caption of what was read (see `retelling.py`).

    network: what is called in place of the UNet and predicts the same (see `engine.py`); None: the UNet itself. doing,
    and the notice from `OnDisk`: as in a `Renderer`.
    """

    doing = ""
    network: Network | None = None

    model_cpu_offload_seq = (
        "text_encoder->image_encoder->visual_encoder->fuser->visual_mapper->image_tokens->language_model"
        "->condition_mapper->unet->vae"
    )
    _optional_components = [
        "language_model",
        "language_tokenizer",
        "image_tokens",
        "visual_mapper",
        "condition_mapper",
        "visual_encoder",
        "judge",
    ]

    def __init__(
        self,
        vae: AutoencoderKL | SharpAutoencoderKL,
        unet: UNet2DConditionModel,
        scheduler: Any,
        tokenizer: Any,
        text_encoder: CLIPTextModel,
        image_encoder: CLIPVisionModelWithProjection | PortraitEncoder,
        image_processor: Any,
        fuser: CharacterFuser,
        language_model: Any = None,
        language_tokenizer: Any = None,
        image_tokens: ImageTokens | None = None,
        visual_mapper: VisualMapper | None = None,
        condition_mapper: ConditionMapper | None = None,
        visual_encoder: CLIPVisionModel | None = None,
        judge: Judge | None = None,
        first_frame: str = "char-ldm",
        steps: int = 20,
        guidance: float = 3.0,
        guided: float = 1.0,
        start_merge_step: int = -1,
        cast_prefix: bool = True,
        interleaved: bool = True,
        context_frames: int | None = None,
        place_words: list | None = None,
        prompt_tail: str = "",
        portrait_fill: str = "black",
        portrait_filter: str | None = None,
        preview_colours: list | None = None,
        nearest_caption: bool = False,
    ):
        super().__init__()
        self.register_modules(
            vae=vae,
            unet=unet,
            scheduler=scheduler,
            tokenizer=tokenizer,
            text_encoder=text_encoder,
            image_encoder=image_encoder,
            image_processor=image_processor,
            fuser=fuser,
            language_model=language_model,
            language_tokenizer=language_tokenizer,
            image_tokens=image_tokens,
            visual_mapper=visual_mapper,
            condition_mapper=condition_mapper,
            visual_encoder=visual_encoder,
            judge=judge,
        )
        self.register_to_config(
            first_frame=first_frame,
            steps=steps,
            guidance=guidance,
            guided=guided,
            start_merge_step=start_merge_step,
            cast_prefix=cast_prefix,
            interleaved=interleaved,
            context_frames=context_frames,
            place_words=place_words,
            prompt_tail=prompt_tail,
            portrait_fill=portrait_fill,
            portrait_filter=portrait_filter,
            preview_colours=preview_colours,
            nearest_caption=nearest_caption,
        )
        self._conditions = FrameConditions(self)
        self._lock = threading.Lock()
        self._decode_seconds = 0.0
        self._doubted = False  # True if weights may have changed since the network was made

    @property
    def conditioner(self) -> CharacterConditioner:
        """Turns a caption and portraits into a condition."""
        return CharacterConditioner(self.tokenizer, self.text_encoder, self.image_encoder, self.fuser)

    @property
    def reader(self) -> StoryReader:
        """Turns a history into a condition."""
        return StoryReader(
            self.language_model,
            self.language_tokenizer,
            self.image_tokens,
            self.visual_mapper,
            self.condition_mapper,
        )

    def generate(
        self, request: FrameRequest, cancelled: Callable[[], bool] = lambda: False
    ) -> Iterator[Preview | Rendered]:
        """Draws one frame: yields a Preview after every UNet call, then one Rendered. See `Renderer`.

        Equal requests give equal pictures, bit for bit on the same machine. A request waits until the one before it is
        done. `cancelled` is asked while waiting and before every UNet call. Once it is true, the stream ends without a
        Rendered.
        """
        steps, guidance = self._numbers(request)
        while not self._lock.acquire(timeout=ANSWER_SECONDS):
            if cancelled():
                return
        try:
            # The check needs the lock too, because two threads cannot use a tokenizer at the same time.
            conditioning = self._conditions.check(request)
            yield from self._draw(request, conditioning, steps, guidance, cancelled)
        finally:
            self._lock.release()

    render = generate

    @torch.inference_mode()
    def generate_together(self, requests: Sequence[FrameRequest]) -> list[Rendered]:
        """Returns several frames drawn in one batch. On a CPU this takes two thirds of the time.

        They are as `generate` draws them, except for rounding. There are no previews, maps or readings. ValueError if
        the requests differ in steps or guidance.
        """
        numbers = {self._numbers(one) for one in requests}
        if len(numbers) != 1:
            raise ValueError(
                f"Frames drawn together need the same steps and guidance, not {sorted(numbers)}."
            )
        ((steps, guidance),) = numbers
        with self._lock:
            start = time.perf_counter()
            frames = [self._conditions.of(one, self._conditions.check(one)) for one in requests]
            *_, last = self._denoise(self._noise([one.seed for one in requests]), frames, steps, guidance)
            pictures = [to_picture(decode_latents(self.vae, one)) for one in last.latents.split(1)]
            seconds = (time.perf_counter() - start) / len(requests)
        return [
            Rendered(
                pictures[i], frame.mentioned, frame.conditioning, requests[i].seed, steps, guidance, seconds
            )
            for i, frame in enumerate(frames)
        ]

    @torch.inference_mode()
    def _draw(
        self,
        request: FrameRequest,
        conditioning: Conditioning,
        steps: int,
        guidance: float,
        cancelled: Callable[[], bool],
    ) -> Iterator[Preview | Rendered]:
        start = time.perf_counter()
        if cancelled():
            return
        frame = self._conditions.of(request, conditioning)
        readings, columns = self._conditions.explain(request, frame) if request.explain else ((), {})
        watch = AttentionWatch(self.unet, columns, after=self._delay(frame))
        previewer = Previewer(self.vae, self.config.preview_colours, self._decode_seconds)
        noise = self._noise([request.seed])
        for step in self._denoise(noise, [frame], steps, guidance, around_call=watch.around_call):
            if cancelled():
                return
            pixels = previewer.look(step, self._size())
            yield Preview(step.index + 1, step.total, None if pixels is None else to_picture(pixels))
            if cancelled():
                return
        decoding = time.perf_counter()
        picture = to_picture(decode_latents(self.vae, step.latents))
        now = time.perf_counter()
        self._decode_seconds = now - decoding
        yield Rendered(
            picture,
            frame.mentioned,
            conditioning,
            request.seed,
            steps,
            guidance,
            seconds=now - start,
            attention=watch.maps(_pair(step.latents.shape[-2:])),
            readings=readings,
            verdict=self._conditions.verdict(request, frame, readings, picture) if request.explain else None,
        )

    def _noise(self, seeds: Sequence[int]) -> torch.Tensor:
        """Returns noise (N, C, h, w) of N seeds. A seed gives the same noise on every machine."""
        generators = (torch.Generator("cpu").manual_seed(seed) for seed in seeds)
        return torch.cat([torch.randn(self._latent_shape(1), generator=one) for one in generators])

    def _denoise(
        self,
        noise: torch.Tensor,
        frames: Sequence[FrameCondition],
        steps: int,
        guidance: float,
        **watched: Any,
    ) -> Generator[DenoiseStep, torch.Tensor | None, None]:
        """Yields the denoising steps. noise: one row for each frame.

        watched: the `around_call` of `denoise`, if it is needed.
        """
        # diffusers' own `unet.dtype` looks through all modules, which takes milliseconds.
        weight = next(self.unet.parameters())
        read: dict[str, Any] = {"device": weight.device, "dtype": weight.dtype}
        texts = [frame.text for frame in frames if frame.text is not None]
        return denoise(
            self._network(),
            self.scheduler,
            noise.to(weight.device, torch.float32),
            torch.cat([frame.condition for frame in frames]).to(**read),
            frames[0].null.to(**read),
            steps=steps,
            guidance=guidance,
            guided=self.config.guided,
            text=torch.cat(texts).to(**read) if texts else None,
            start_merge_step=[self._delay(frame) for frame in frames],
            canvas=self._canvases(frames).to(**read) if reads_canvas(self.unet) else None,
            **watched,
        )

    def _canvases(self, frames: Sequence[FrameCondition]) -> torch.Tensor:
        """Returns what the denoiser reads of each frame's canvas, of an empty one where there is none."""
        empty = no_canvas(torch.zeros(self._latent_shape(1)))
        return as_read_by(
            self.unet, torch.cat([empty if frame.canvas is None else frame.canvas for frame in frames])
        )

    def _network(self) -> Network:
        """Returns what predicts the noise. A network that was made from older weights of the UNet is dropped."""
        is_of = getattr(self.network, "is_of", None)
        if self._doubted and is_of and not is_of(self.unet):
            self.network = None
        self._doubted = False
        return self.unet if self.network is None else self.network  # a compiled network has no truth value

    def _latent_shape(self, count: int) -> tuple[int, int, int, int]:
        """Returns the shape (N, C, h, w) of a batch of latents."""
        return (count, self.unet.config.out_channels, *_pair(self.unet.config.sample_size))

    def _numbers(self, request: FrameRequest) -> tuple[int, float]:
        """Returns the steps and guidance of a request. StoryError for a number out of range."""
        return check_numbers(request, self.config.steps, self.config.guidance)

    def _delay(self, frame: FrameCondition) -> int:
        """Returns the index of the last UNet call that reads the text alone; -1 if no call does."""
        delay = self.config.start_merge_step
        return min(0, delay) if frame.referential else delay

    def clear_caches(self) -> None:
        """Empties the caches of features, conditions and contexts. Call it after changing weights or parts."""
        self._conditions.clear()
        self._doubted = True

    def to(self, *args: Any, **kwargs: Any) -> StoryPipeline:
        """Returns the pipeline, as in diffusers.

        The caches are emptied, because they are on the old device in the old precision.
        """
        self.clear_caches()
        return super().to(*args, **kwargs)

    def _size(self) -> tuple[int, int]:
        """Returns the size (H, W) of a picture in pixels."""
        factor = downsampling(self.vae)
        height, width = _pair(self.unet.config.sample_size)
        return height * factor, width * factor


def _pair(size: int | Sequence[int]) -> tuple[int, int]:
    return (size, size) if isinstance(size, int) else (size[0], size[1])
