"""StoryPipeline: Char-LDM and the aligned language model behind one `from_pretrained`, drawing frame after frame.

A diffusers pipeline, so the Hub and `.to` come from there; it is a `Renderer` too. How it is loaded and saved is
`OnDisk`'s. Knows nothing of stories: a FrameRequest holds all that a picture depends on.

Footgun: features and conditions are kept from request to request. Code that changes weights in place calls
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
from storyboard.models.portrait_encoder import PortraitEncoder
from storyboard.models.preview import Previewer
from storyboard.models.story_reader import StoryReader
from storyboard.pipeline.conditions import FrameCondition, FrameConditions
from storyboard.pipeline.explain import AttentionWatch
from storyboard.pipeline.numbers import check_numbers
from storyboard.pipeline.on_disk import OnDisk
from storyboard.pipeline.prompted import Prompted
from storyboard.renderer import Conditioning, FrameRequest, Preview, Rendered

ANSWER_SECONDS = 0.1  # how soon a request that waits for another one notices that it is cancelled


class StoryPipeline(Prompted, OnDisk):
    """Draws a FrameRequest; or sentences, called as diffusers' pipelines are (see `Prompted`).

    Parts from `language_model` on are None in a pipeline without stage 2.

    first_frame: "char-ldm" or "llm", how a frame without history is drawn. steps, guidance: defaults of a request.
    guided: the part of a frame's UNet calls that have guidance, from the first.
    start_merge_step: delayed conditioning (see `denoise`); captions that say who only by pronouns, where the text
    alone tells little, delay by one call at most. cast_prefix: portraits open the history. interleaved: it has the
    earlier pictures; False: sentences only, the rows Caption- of Table 4. context_frames: how many earlier frames it
    has at most, those that stage 2 was trained with; None: as many as fit. place_words: what says where a sentence
    is, so that one of those frames is the one that said it last. prompt_tail: text behind "Image:". portrait_fill:
    colour that pads portraits to squares. portrait_filter: how they are brought to the image encoder's size, a name
    of Pillow's; None: as the image processor does it. preview_colours: map for previews, from `fit_colours`.

    network: what is called in place of the UNet and predicts the same (see `engine.py`); None: the UNet. doing is that
    of a `Renderer`, and so is the notice that `OnDisk` has.
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
        self._doubted = False  # weights may have changed since the network was made

    @property
    def conditioner(self) -> CharacterConditioner:
        """Caption + portraits -> condition."""
        return CharacterConditioner(self.tokenizer, self.text_encoder, self.image_encoder, self.fuser)

    @property
    def reader(self) -> StoryReader:
        """History -> condition."""
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
        """Draw one frame: a Preview after every UNet call, then one Rendered. See `Renderer`.

        Equal requests give equal pictures, bit for bit on one machine. Requests wait for one another. `cancelled`
        is asked while waiting and before every UNet call; once true, the stream ends without a Rendered.
        """
        steps, guidance = self._numbers(request)
        while not self._lock.acquire(timeout=ANSWER_SECONDS):
            if cancelled():
                return
        try:
            # Checked behind the lock too: tokenizers cannot be used by two threads at a time.
            conditioning = self._conditions.check(request)
            yield from self._draw(request, conditioning, steps, guidance, cancelled)
        finally:
            self._lock.release()

    render = generate

    @torch.inference_mode()
    def generate_together(self, requests: Sequence[FrameRequest]) -> list[Rendered]:
        """Returns several frames drawn in one go, on a CPU in two thirds of the time.

        Rounding aside they are as `generate` draws them.
        For whoever watches nobody draw: no previews, maps or readings. ValueError where steps or guidance differ.
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
        """Noise (N, C, h, w) of N seeds, each of which gives the same on every machine."""
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
        """Of one frame a row of noise. watched: the `around_call` of `denoise`, where somebody looks on."""
        read: dict[str, Any] = {"device": self.unet.device, "dtype": self.unet.dtype}
        texts = [frame.text for frame in frames if frame.text is not None]
        return denoise(
            self._network(),
            self.scheduler,
            noise.to(self.unet.device, torch.float32),
            torch.cat([frame.condition for frame in frames]).to(**read),
            frames[0].null.to(**read),
            steps=steps,
            guidance=guidance,
            guided=self.config.guided,
            text=torch.cat(texts).to(**read) if texts else None,
            start_merge_step=[self._delay(frame) for frame in frames],
            **watched,
        )

    def _network(self) -> Network:
        """What predicts the noise. One made from weights that are no longer the UNet's is let go of."""
        is_of = getattr(self.network, "is_of", None)
        if self._doubted and is_of and not is_of(self.unet):
            self.network = None
        self._doubted = False
        return self.unet if self.network is None else self.network  # a compiled one is neither true nor false

    def _latent_shape(self, count: int) -> tuple[int, int, int, int]:
        """(N, C, h, w) of a batch."""
        return (count, self.unet.config.in_channels, *_pair(self.unet.config.sample_size))

    def _numbers(self, request: FrameRequest) -> tuple[int, float]:
        """Steps and guidance of a request; StoryError for a number out of range."""
        return check_numbers(request, self.config.steps, self.config.guidance)

    def _delay(self, frame: FrameCondition) -> int:
        """The last UNet call that reads the text alone; -1: none does."""
        delay = self.config.start_merge_step
        return min(0, delay) if frame.referential else delay

    def clear_caches(self) -> None:
        """Forget kept features, conditions and contexts; call after changing weights or parts."""
        self._conditions.clear()
        self._doubted = True

    def to(self, *args: Any, **kwargs: Any) -> StoryPipeline:
        """Returns the pipeline, as in diffusers.

        What is kept is forgotten, for it lies on the old device in the old precision.
        """
        self.clear_caches()
        return super().to(*args, **kwargs)

    def _size(self) -> tuple[int, int]:
        """(H, W) of a picture."""
        factor = downsampling(self.vae)
        height, width = _pair(self.unet.config.sample_size)
        return height * factor, width * factor


def _pair(size: int | Sequence[int]) -> tuple[int, int]:
    return (size, size) if isinstance(size, int) else (size[0], size[1])
