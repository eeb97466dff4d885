"""The folder of base parts that a recipe fills, and how parts of a given size are built.

The folder has the layout of a diffusers pipeline (`vae/`, `unet/`, `text_encoder/`, ...). So for full-size training it
is simply a Stable Diffusion folder with a language model added. Knows nothing of data or losses.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Protocol, TypeAlias, TypeVar

import torch
from diffusers import (
    AutoencoderKL,
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    PNDMScheduler,
    UNet2DConditionModel,
)
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    CLIPConfig,
    CLIPImageProcessor,
    CLIPModel,
    CLIPTextModel,
    CLIPTokenizerFast,
    CLIPVisionModelWithProjection,
    PreTrainedModel,
    PreTrainedTokenizerFast,
)

from storyboard.errors import StoryError
from storyboard.models.autoencoder import SharpAutoencoderKL
from storyboard.models.portrait_encoder import PortraitEncoder

CONFIGS = Path(__file__).parent
Module = TypeVar("Module", bound=torch.nn.Module)
Scheduler: TypeAlias = DPMSolverMultistepScheduler | PNDMScheduler | DDIMScheduler
SCHEDULERS: dict[str, type[Scheduler]] = {
    "dpm": DPMSolverMultistepScheduler,
    "pndm": PNDMScheduler,
    "ddim": DDIMScheduler,
}


class Part(Protocol):
    """A part in such a folder: a model, a tokenizer or a processor."""

    def save_pretrained(self, folder: Path, /) -> object: ...


def load_config(name: str) -> dict:
    """Returns a size: the configs of every part. `name` is a file, or the stem of a file in `training/configs`."""
    return json.loads(config_file(name).read_text())


def config_file(name: str) -> Path:
    """Returns the JSON file with that name, or with that stem in `training/configs`."""
    return Path(name) if name.endswith(".json") else CONFIGS / f"{name}.json"


def build_vae(config: dict) -> AutoencoderKL:
    return AutoencoderKL(**config["vae"])


def load_vae(parts: Path) -> AutoencoderKL:
    """Returns the autoencoder of a parts folder, with the class that it was saved with."""
    folder = Path(parts) / "vae"
    sharp = AutoencoderKL.load_config(folder)["_class_name"] == SharpAutoencoderKL.__name__
    return (SharpAutoencoderKL if sharp else AutoencoderKL).from_pretrained(folder)


def load_image_encoder(folder: Path) -> CLIPVisionModelWithProjection | PortraitEncoder:
    """Returns the encoder of portraits in float32, with the class that it was saved with.

    folder: the encoder's own folder.
    """
    small = json.loads((Path(folder) / "config.json").read_text()).get("_class_name")
    if small == PortraitEncoder.__name__:
        return PortraitEncoder.from_pretrained(folder)
    return CLIPVisionModelWithProjection.from_pretrained(folder, dtype=torch.float32)


def build_unet(config: dict) -> UNet2DConditionModel:
    return UNet2DConditionModel(**config["unet"])


def build_scheduler(config: dict) -> DPMSolverMultistepScheduler:
    return DPMSolverMultistepScheduler(**config["scheduler"])


def load_scheduler(parts: Path) -> Scheduler:
    """Returns the sampler of a parts folder, with the class that it was saved with. StoryError for an unknown class."""
    folder = Path(parts) / "scheduler"
    saved = DDIMScheduler.load_config(folder).get("_class_name")
    kind = next((one for one in SCHEDULERS.values() if one.__name__ == saved), None)
    if kind is None:
        known = ", ".join(one.__name__ for one in SCHEDULERS.values())
        raise StoryError(f"The sampler of {folder} is {saved}; save it as one of {known}.")
    return kind.from_pretrained(folder)


def build_clip(config: dict, tokenizer: CLIPTokenizerFast) -> CLIPModel:
    """Returns CLIP with both towers. Its text tower has the vocabulary of `tokenizer`."""
    size = config["clip"]
    ids = {
        "vocab_size": len(tokenizer),
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    return CLIPModel(
        CLIPConfig(
            text_config={**size["text_config"], **ids, "projection_dim": size["projection_dim"]},
            vision_config={**size["vision_config"], "projection_dim": size["projection_dim"]},
            projection_dim=size["projection_dim"],
        )
    )


def split_clip(clip: CLIPModel) -> tuple[CLIPTextModel, CLIPVisionModelWithProjection]:
    """Returns the two towers as the pipeline uses them: for text states, and for projected image features."""
    text = CLIPTextModel(clip.config.text_config)
    vision = CLIPVisionModelWithProjection(clip.config.vision_config)
    for model, prefix in ((text, "text_model."), (vision, "vision_model."), (vision, "visual_projection.")):
        own = model.state_dict()
        weights = {k: v for k, v in clip.state_dict().items() if k.startswith(prefix)}
        if not any(k in own for k in weights):  # transformers 5 has no such prefix for a single text tower
            weights = {k.removeprefix(prefix): v for k, v in weights.items()}
        unknown = sorted(weights.keys() - own.keys())
        if unknown:
            raise ValueError(f"{type(model).__name__} has no weight {unknown[0]!r}")
        model.load_state_dict(weights, strict=False)
    return text.eval(), vision.eval()


def join_towers(clip: CLIPModel, parts: Path) -> None:
    """Copies the towers of a parts folder into `clip`. Only weights that the pipeline does not keep stay new."""
    text = CLIPTextModel.from_pretrained(parts / "text_encoder").state_dict()
    weights = {f"text_model.{name.removeprefix('text_model.')}": weight for name, weight in text.items()}
    weights |= CLIPVisionModelWithProjection.from_pretrained(parts / "image_encoder").state_dict()
    report = clip.load_state_dict(weights, strict=False)
    odd = sorted({*report.unexpected_keys, *report.missing_keys} - {"text_projection.weight", "logit_scale"})
    if odd:
        raise ValueError(f"{parts} does not fit this CLIP: first weight that differs is {odd[0]!r}")


def build_image_processor(config: dict) -> CLIPImageProcessor:
    size = config["clip"]["vision_config"]["image_size"]
    return CLIPImageProcessor(size={"shortest_edge": size}, crop_size={"height": size, "width": size})


def build_language_model(config: dict, tokenizer: PreTrainedTokenizerFast) -> PreTrainedModel:
    """Returns a causal language model of the configured family, with the vocabulary of `tokenizer`."""
    size = dict(config["language_model"])
    family = size.pop("model_type")
    ids = {
        "vocab_size": len(tokenizer),
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    return AutoModelForCausalLM.from_config(AutoConfig.for_model(family, **size, **ids))


def train_clip_tokenizer(texts: list[str], size: int, max_length: int) -> CLIPTokenizerFast:
    """Returns a lower-casing byte-level BPE in CLIP's form (`</w>` ends a word), learned from `texts`."""
    bpe = Tokenizer(models.BPE(unk_token="<|endoftext|>", end_of_word_suffix="</w>"))
    bpe.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()])
    bpe.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(_clip_words(), behavior="removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=["<|startoftext|>", "<|endoftext|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        end_of_word_suffix="</w>",
        show_progress=False,
    )
    bpe.train_from_iterator(texts, trainer)
    learnt = json.loads(bpe.to_str())["model"]
    vocabulary, merges = learnt["vocab"], [tuple(merge) for merge in learnt["merges"]]
    for byte in sorted(pre_tokenizers.ByteLevel.alphabet()):
        # Any byte may be inside a word or end it. A byte that these texts lack would otherwise become the end token.
        vocabulary.setdefault(byte, len(vocabulary))
        vocabulary.setdefault(f"{byte}</w>", len(vocabulary))
    return CLIPTokenizerFast(vocab=vocabulary, merges=merges, model_max_length=max_length)


def _clip_words() -> Regex:
    return Regex(r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+")


def train_language_tokenizer(texts: list[str], size: int) -> PreTrainedTokenizerFast:
    """Returns a byte-level BPE like OPT's: `</s>` (id 2) begins every prompt, and `<pad>` is 1."""
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=["<s>", "<pad>", "</s>", "<unk>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    bpe.train_from_iterator(texts, trainer)
    bpe.post_processor = processors.TemplateProcessing(
        single="</s> $A", special_tokens=[("</s>", bpe.token_to_id("</s>"))]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=bpe, bos_token="</s>", eos_token="</s>", pad_token="<pad>", unk_token="<unk>"
    )


def save_part(folder: Path, name: str, part: Part) -> None:
    """Writes a part to where the next training step and the pipeline look for it, with weights in float32."""
    part.save_pretrained(Path(folder) / name)


def freeze(module: Module) -> Module:
    """Returns `module` in eval mode and without gradients."""
    return module.requires_grad_(False).eval()
