"""Turns tensors of the two checkpoints into parts of a pipeline, checked against the models that training started from.

A part keeps the precision that its tensors have in the file, which may differ within a part. Knows no command line, and
no folder of ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, PNDMScheduler, UNet2DConditionModel
from torch import nn
from transformers import (
    CLIPImageProcessorPil,
    CLIPTextModel,
    CLIPTokenizer,
    CLIPVisionModel,
    CLIPVisionModelWithProjection,
)

from storyboard.errors import StoryError
from storyboard.models.fusion import CharacterFuser
from storyboard.models.image_tokens import ImageTokens
from storyboard.models.mappers import ConditionMapper, VisualMapper
from training.configs.parts import load_config
from training.released.check import check_keys, check_likeness, check_numbers, shapes_of
from training.released.keys import (
    FIRST_STAGE,
    LEVEL,
    SECOND_STAGE,
    from_released,
    standardise,
    to_released,
)
from training.released.language import Language
from training.released.model_args import ModelArgs

TRAINED_VISION_LAYERS = 2  # so many last layers were trained
# The config with values that are in no file: the sampler, and the inner shape of Mapper_LDM.
SIZE = "sd15-opt-6.7b"


@dataclass(frozen=True)
class Base:
    """Stable Diffusion and CLIP as published, from which stage 1 started."""

    vae: AutoencoderKL
    unet: UNet2DConditionModel
    scheduler: PNDMScheduler
    tokenizer: CLIPTokenizer
    text_encoder: CLIPTextModel
    image_encoder: CLIPVisionModelWithProjection
    visual_encoder: CLIPVisionModel
    image_processor: CLIPImageProcessorPil


def load_base(base: str, clip: str) -> Base:
    """Returns the base from folders or Hub ids, safetensors only. A StoryError names the part that cannot be loaded."""
    return Base(
        vae=_load(AutoencoderKL, base, "vae"),
        unet=_load(UNet2DConditionModel, base, "unet"),
        # Not the sampler of the base folder, which may be any.
        scheduler=PNDMScheduler(**load_config(SIZE)["scheduler"]),
        tokenizer=_load(CLIPTokenizer, base, "tokenizer"),
        text_encoder=_load(CLIPTextModel, base, "text_encoder"),
        image_encoder=_load(CLIPVisionModelWithProjection, clip),
        visual_encoder=_load(CLIPVisionModel, clip),
        image_processor=_load(CLIPImageProcessorPil, clip),
    )


def import_first_stage(
    file: Path, tensors: dict[str, torch.Tensor], base: Base
) -> tuple[CharacterFuser, tuple[str, ...]]:
    """Puts Char-LDM's weights into the base's denoiser and encoders. Returns the fuser, and the tolerated differences.

    The autoencoder is checked but stays the base's, because the authors decode with that one.
    """
    found = standardise(FIRST_STAGE, tensors)
    with torch.device("meta"):
        fuser = CharacterFuser(base.text_encoder.config.hidden_size, base.image_encoder.config.projection_dim)
    modules = {
        "text_encoder": base.text_encoder,
        "image_encoder": base.image_encoder,
        "vae": base.vae,
        "unet": base.unet,
        "fuser": fuser,
    }
    expected = to_released(FIRST_STAGE, {name: module.state_dict() for name, module in modules.items()})
    text, vision = base.text_encoder.config, base.image_encoder.vision_model.embeddings
    check_keys(
        file,
        found,
        shapes_of(expected),
        {
            "text_encoder.embeddings.position_ids": (1, text.max_position_embeddings),
            "image_encoder.vision_model.embeddings.position_ids": (1, vision.num_positions),
        },
    )
    check_numbers(file, found)
    known = {key: tensor for key, tensor in expected.items() if not key.startswith("postfuse_module.")}
    check_likeness(file, found, known, _trained_in(base.image_encoder.config.num_hidden_layers))
    states = from_released(FIRST_STAGE, found.used)
    for name in ("text_encoder", "image_encoder", "unet", "fuser"):
        _assign(modules[name], states[name])
    return fuser.eval(), found.tolerated


def import_second_stage(
    file: Path, tensors: dict[str, torch.Tensor], args: ModelArgs, language: Language, base: Base
) -> tuple[dict[str, nn.Module], tuple[str, ...]]:
    """Returns image tokens and both mappers by name, and the tolerated differences."""
    _check_sizes(args, language, base)
    found = standardise(SECOND_STAGE, tensors)
    image_width = base.visual_encoder.config.hidden_size
    with torch.device("meta"):
        parts = {
            "image_tokens": ImageTokens(language.width, args.image_tokens),
            "visual_mapper": VisualMapper(image_width, language.width, args.visual_tokens),
            "condition_mapper": ConditionMapper(
                language.width, args.condition_width, args.queries, **load_config(SIZE)["condition_mapper"]
            ),
        }
    expected = to_released(SECOND_STAGE, {name: part.state_dict() for name, part in parts.items()})
    heads = retrieval_shapes(args.retrieval_width, image_width, language.width)
    check_keys(file, found, shapes_of(expected), heads)
    check_numbers(file, found)
    for name, state in from_released(SECOND_STAGE, found.used).items():
        _assign(parts[name], state)
    return {name: part.eval() for name, part in parts.items()}, found.tolerated


def retrieval_shapes(retrieval: int, image: int, words: int) -> dict[str, tuple[int, ...]]:
    """Returns, by standard key, the shapes of the heads for retrieving pictures.

    The authors' model contains these heads, but does not use them here.
    """
    return {
        "model.logit_scale": (),
        "model.visual_fc.weight": (retrieval, image),
        "model.visual_fc.bias": (retrieval,),
        "model.ret_text_hidden_fcs.0.model.weight": (retrieval, words),
        "model.ret_text_hidden_fcs.0.model.bias": (retrieval,),
    }


def _check_sizes(args: ModelArgs, language: Language, base: Base) -> None:
    """Raises StoryError if the second stage is for a denoiser or a language model of another size."""
    pairs = (
        ("gen_emb_dim", args.condition_width, base.unet.config.cross_attention_dim, "the denoiser reads"),
        ("num_clip_tokens", args.queries, base.text_encoder.config.max_position_embeddings, "it reads"),
    )
    for key, value, wanted, what in pairs:
        if value != wanted:
            raise StoryError(
                f"The second stage's {key} is {value} where {what} {wanted}; give the base it belongs to."
            )
    if args.max_len > language.positions:
        raise StoryError(
            f"The second stage was trained with {args.max_len} positions and the language model has "
            f"{language.positions}; give the one it belongs to."
        )


def _trained_in(vision_layers: int) -> Any:
    """Returns a function that says which keys stage 1 trains: the denoiser, and the last layers of the vision tower."""
    last = range(vision_layers - TRAINED_VISION_LAYERS, vision_layers)
    prefixes = ("unet.", *(f"image_encoder.vision_model.encoder.layers.{i}." for i in last))
    return lambda key: key.startswith(prefixes)


def _assign(module: nn.Module, state: dict[str, torch.Tensor]) -> None:
    """Makes the tensors themselves the module's parameters, so that each keeps its precision."""
    own = module.state_dict().keys()
    named = {key if key in own else LEVEL + key: tensor for key, tensor in state.items()}
    module.load_state_dict(named, strict=True, assign=True)


def _load(kind: Any, source: str, part: str = "", **settings: Any) -> Any:
    if issubclass(kind, nn.Module):
        settings["use_safetensors"] = True
    if part:
        settings["subfolder"] = part
    try:
        loaded = kind.from_pretrained(source, **settings)
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, ImportError) as error:
        reason = str(error).strip().split("\n")[0][:200]
        what = f"{part} of the base" if part else f"{kind.__name__} of"
        raise StoryError(
            f'The {what} "{source}" cannot be loaded ({reason}); give a whole folder, its weights as safetensors.'
        ) from error
    return loaded.requires_grad_(False).eval() if isinstance(loaded, nn.Module) else loaded
