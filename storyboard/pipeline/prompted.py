"""Calls the pipeline in the way of diffusers: `pipe("Rosa waves in the park.", cast=..., history=...).images`.

Sentences, portraits and earlier frames go in, a batch of pictures comes out; arguments have diffusers' names. This
module has the arguments, their checks, the callback and the output. `StoryPipeline` does the drawing. Knows no stories.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import torch
from diffusers.callbacks import MultiPipelineCallbacks, PipelineCallback
from diffusers.image_processor import VaeImageProcessor
from diffusers.pipelines.pipeline_utils import DiffusionPipeline
from diffusers.utils import BaseOutput
from diffusers.utils.torch_utils import randn_tensor
from PIL import Image

from storyboard.disk.pictures import StoredPicture
from storyboard.errors import StoryError
from storyboard.models.latents import decode_latents, to_picture
from storyboard.pipeline.conditions import FrameCondition
from storyboard.renderer import PRONOUNS, CastMember, Conditioning, ContextFrame, FrameRequest

OutputType = Literal["pil", "np", "pt", "latent"]
OUTPUT_TYPES: tuple[OutputType, ...] = get_args(OutputType)
StepEnd = Callable[[Any, int, torch.Tensor, dict[str, torch.Tensor]], dict[str, torch.Tensor] | None]
Person = CastMember | Mapping[str, Any]
Earlier = ContextFrame | tuple[str, Image.Image]
MAX_BATCH = 64  # the most pictures of one call


@dataclass
class StoryPipelineOutput(BaseOutput):
    """The result of a call: N pictures in the order of the sentences. Pictures of the same sentence follow one another.

    images: N PIL pictures; or an array (N, H, W, 3) or a tensor (N, 3, H, W) in 0..1; or latents (N, C, h, w).
    mentioned: for each picture, the names of the cast that its sentence mentions.
    conditioning: for each picture, what it was drawn from.
    """

    images: list[Image.Image] | np.ndarray | torch.Tensor
    mentioned: list[tuple[str, ...]]
    conditioning: list[Conditioning]


class Prompted(DiffusionPipeline):
    """The call of a `StoryPipeline`, which inherits from this class."""

    _callback_tensor_inputs = ("latents",)
    _interrupt = False
    _num_timesteps = 0

    @property
    def interrupt(self) -> bool:
        """Whether a callback asked to stop. As in diffusers, it does so by `pipe._interrupt = True`."""
        return self._interrupt

    @property
    def num_timesteps(self) -> int:
        """How many calls of the UNet the current or latest picture takes."""
        return self._num_timesteps

    @torch.no_grad()
    def __call__(
        self,
        prompt: str | Sequence[str],
        cast: Sequence[Person] = (),
        history: Sequence[Earlier] = (),
        num_inference_steps: int | None = None,
        guidance_scale: float | None = None,
        num_images_per_prompt: int = 1,
        generator: torch.Generator | list[torch.Generator] | None = None,
        latents: torch.Tensor | None = None,
        conditioning: Conditioning | None = None,
        output_type: OutputType = "pil",
        return_dict: bool = True,
        callback_on_step_end: StepEnd | PipelineCallback | MultiPipelineCallbacks | None = None,
        callback_on_step_end_tensor_inputs: Sequence[str] = ("latents",),
    ) -> StoryPipelineOutput | tuple:
        """Draws sentences, all of them in one batch.

        Args:
            prompt: one sentence, or several, each of which is drawn as the next frame of the same story.
            cast: the people whom the sentences may name: `CastMember`s, or mappings with a `name`, a `portrait` (a PIL
                picture) and, if they are known, a `pronoun` (default "they") and `aliases`.
            history: earlier frames, oldest first: `ContextFrame`s, or pairs of a sentence and its PIL picture.
            num_inference_steps: denoising steps, 1 to 100; default: the pipeline's own.
            guidance_scale: weight of the condition, 0 to 30; default: the pipeline's own.
            num_images_per_prompt: how many pictures of each sentence are drawn.
            generator: one for the batch, or one for each picture. A generator on the CPU with the seed n gives the
                picture that a `FrameRequest` with the seed n gives.
            latents: noise of unit variance (N, C, h, w) to begin with, in place of noise from `generator`.
            conditioning: "char-ldm" reads portraits, "llm" the story, "text" the words alone; by default the first
                frame of a story is drawn as the pipeline says, and later ones read the story.
            output_type: "pil", "np", "pt" or "latent", as `StoryPipelineOutput` says.
            return_dict: if False, a tuple of the images alone is returned.
            callback_on_step_end: called after every step with the pipeline, the step, the timestep and a dict of
                tensors; latents in the dict that it returns replace the present ones.
            callback_on_step_end_tensor_inputs: the names in that dict; "latents" is the only one there is.

        Returns:
            `StoryPipelineOutput`, or `(images,)`.

        Raises:
            StoryError: naming the argument that cannot be drawn from, before the first step.
        """
        if isinstance(callback_on_step_end, (PipelineCallback, MultiPipelineCallbacks)):
            callback_on_step_end_tensor_inputs = callback_on_step_end.tensor_inputs
        shared = (_people(cast), _earlier(history), num_inference_steps, guidance_scale, conditioning)
        requests = [_request(sentence, *shared) for sentence in _sentences(prompt)]
        count = _count(len(requests), num_images_per_prompt)
        self._check_inputs(output_type, callback_on_step_end_tensor_inputs, count, generator, latents)
        steps, guidance = self._numbers(requests[0])
        with self._lock:
            self._settle()
            frames = [self._conditions.of(one, self._conditions.check(one)) for one in requests]
            rows = [frame for frame in frames for _ in range(num_images_per_prompt)]
            if latents is None:
                latents = randn_tensor(self._latent_shape(count), generator, torch.device("cpu"))
            watched = (callback_on_step_end, callback_on_step_end_tensor_inputs)
            latents = self._walk(latents, rows, steps, guidance, *watched)
            images = self._finished(latents, output_type)
        self.maybe_free_model_hooks()
        if not return_dict:
            return (images,)
        return StoryPipelineOutput(
            images, [frame.mentioned for frame in rows], [frame.conditioning for frame in rows]
        )

    def _settle(self) -> None:
        """Gives all parts the same precision, the widest that any of them has.

        By default, diffusers loads its own parts of a half-precision folder in full precision, and leaves other parts
        in half.
        """
        parts: list[Any] = [part for part in self.components.values() if isinstance(part, torch.nn.Module)]
        parts = [part for part in parts if not getattr(part, "is_quantized", False)]
        widest = max((part.dtype for part in parts), key=lambda one: torch.finfo(one).bits)
        narrow = [part for part in parts if part.dtype != widest]
        for part in narrow:
            torch.nn.Module.to(part, widest)  # diffusers' own `to` warns of it
        if narrow:
            self.clear_caches()

    def _walk(
        self,
        latents: torch.Tensor,
        rows: Sequence[FrameCondition],
        steps: int,
        guidance: float,
        step_end: StepEnd | None,
        tensor_inputs: Sequence[str],
    ) -> torch.Tensor:
        """Returns finished latents from noise.

        Shows a progress bar, and calls a callback that may change the latents.
        """
        self._interrupt = False
        loop = self._denoise(latents, rows, steps, guidance)
        changed = None
        bar = None
        try:
            while not self._interrupt:
                step = loop.send(changed)
                if bar is None:
                    self._num_timesteps, bar = step.total, self.progress_bar(total=step.total)
                bar.update()
                latents = step.latents
                if step_end is not None:
                    given = dict.fromkeys(tensor_inputs, latents)  # there is no other tensor to give
                    told = step_end(self, step.index, step.timestep, given) or {}
                    latents = changed = told.get("latents", latents)
        except StopIteration:
            pass
        finally:
            loop.close()
            if bar is not None:
                bar.close()
        return latents

    def _finished(
        self, latents: torch.Tensor, output_type: OutputType
    ) -> list[Image.Image] | np.ndarray | torch.Tensor:
        if output_type == "latent":
            return latents
        # One at a time, so that a picture does not depend on the others of its batch.
        pixels = [decode_latents(self.vae, one) for one in latents.split(1)]
        if output_type == "pil":
            return [to_picture(one) for one in pixels]
        return VaeImageProcessor().postprocess(torch.cat(pixels).float(), output_type)

    def _check_inputs(
        self,
        output_type: object,
        tensor_inputs: Sequence[str],
        count: int,
        generator: object,
        latents: object,
    ) -> None:
        """Raises StoryError for a wrong output type, callback tensor, generator or noise.

        count: pictures of the batch.
        """
        if output_type not in OUTPUT_TYPES:
            raise StoryError(
                f'There is no output type "{output_type}"; choose one of {", ".join(OUTPUT_TYPES)}.'
            )
        foreign = [name for name in tensor_inputs if name not in self._callback_tensor_inputs]
        if foreign:
            raise StoryError(
                f'callback_on_step_end_tensor_inputs has "{foreign[0]}"; a callback can have '
                f"{', '.join(self._callback_tensor_inputs)}."
            )
        if isinstance(generator, list) and len(generator) != count:
            raise StoryError(
                f"There are {len(generator)} generators for {count} pictures; give one for each, or one for all."
            )
        for one in generator if isinstance(generator, list) else [generator]:
            if one is not None and not isinstance(one, torch.Generator):
                raise StoryError(f"A generator is a torch.Generator, not {one!r}.")
        shape = self._latent_shape(count)
        if latents is not None and not (isinstance(latents, torch.Tensor) and tuple(latents.shape) == shape):
            raise StoryError(
                f"latents have the shape {tuple(getattr(latents, 'shape', ()))}; they need {shape}."
            )


def _sentences(prompt: object) -> list[str]:
    sentences = [prompt] if isinstance(prompt, str) else prompt
    if (
        not isinstance(sentences, Sequence)
        or not sentences
        or not all(isinstance(one, str) for one in sentences)
    ):
        raise StoryError(f"prompt is a sentence or a list of sentences, not {prompt!r}.")
    return list(sentences)


def _count(sentences: int, each: object) -> int:
    if not isinstance(each, int) or isinstance(each, bool) or not 1 <= each <= MAX_BATCH // sentences:
        raise StoryError(
            f"num_images_per_prompt is {each!r}; a call draws 1 to {MAX_BATCH} pictures of all its sentences together."
        )
    return sentences * each


def _request(
    sentence: str,
    cast: tuple[CastMember, ...],
    history: tuple[ContextFrame, ...],
    steps: Any,
    guidance: Any,
    conditioning: Any,
) -> FrameRequest:
    for name, value, kinds in (
        ("num_inference_steps", steps, (int,)),
        ("guidance_scale", guidance, (int, float)),
    ):
        if value is not None and (isinstance(value, bool) or not isinstance(value, kinds)):
            raise StoryError(f"{name} is a number, not {value!r}.")
    return FrameRequest(
        sentence, cast, history, seed=0, steps=steps, guidance=guidance, conditioning=conditioning
    )


def _people(cast: object) -> tuple[CastMember, ...]:
    if isinstance(cast, (str, Mapping)) or not isinstance(cast, Sequence):
        raise StoryError(f"cast is a list of people, each with a name and a portrait, not {cast!r}.")
    people = tuple(_person(one) for one in cast)
    names = [person.name for person in people]
    if len(set(names)) < len(names):
        raise StoryError(
            f"Two of the cast have one name ({', '.join(names)}); give each a name of their own."
        )
    return people


def _person(one: object) -> CastMember:
    if isinstance(one, Mapping):
        foreign = sorted(set(one) - {"name", "portrait", "pronoun", "aliases"})
        if foreign or "name" not in one or "portrait" not in one:
            raise StoryError(
                f"Somebody of the cast has {', '.join(map(str, one)) or 'nothing'}; they need a name and a portrait, "
                "and may have a pronoun and aliases."
            )
        one = CastMember(
            one["name"], one.get("pronoun", "they"), tuple(one.get("aliases", ())), one["portrait"]
        )
    if not isinstance(one, CastMember):
        raise StoryError(f"Somebody of the cast is {one!r}; give a name and a portrait.")
    if not isinstance(one.name, str) or not one.name.strip():
        raise StoryError(f"Somebody of the cast is called {one.name!r}; a name has letters.")
    if one.pronoun not in PRONOUNS:
        raise StoryError(f"{one.name}'s pronoun is {one.pronoun!r}; choose one of {', '.join(PRONOUNS)}.")
    _check_picture(one.portrait, f"{one.name}'s portrait")
    return one


def _earlier(history: object) -> tuple[ContextFrame, ...]:
    if isinstance(history, (str, Mapping)) or not isinstance(history, Sequence):
        raise StoryError(
            f"history is a list of earlier frames, each a sentence and its picture, not {history!r}."
        )
    frames = []
    for number, one in enumerate(history, 1):
        if isinstance(one, Sequence) and not isinstance(one, str) and len(one) == 2:
            one = ContextFrame(*one)
        if not isinstance(one, ContextFrame) or not isinstance(one.caption, str):
            raise StoryError(f"Frame {number} of the history is {one!r}; give its sentence and its picture.")
        _check_picture(one.picture, f"The picture of frame {number} of the history")
        frames.append(one)
    return tuple(frames)


def _check_picture(picture: object, what: str) -> None:
    if not isinstance(picture, (Image.Image, StoredPicture)):
        raise StoryError(f"{what} is {type(picture).__name__}; give a PIL picture.")
