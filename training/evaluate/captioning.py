"""BLIP-2 says what is in a picture: the model of transformers, with the fine-tuned weights that the authors release.

`captioner.pth` has the format of LAVIS, in which BLIP-2 was first published. Its names are translated here. A key that
is unknown, missing or of another shape is refused by name. The preparation of pictures and the beam search are also
those of LAVIS. Contains no dataset and no score.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from transformers import AutoTokenizer, Blip2ForConditionalGeneration, PreTrainedTokenizerBase

from storyboard.errors import StoryError
from training.released.weights_file import read_weights, tensors_of

PROMPT = "a photo of"
CAPTIONS = 5  # captions of a picture: as many as there are beams
LONGEST = 30  # most new tokens of a caption
BATCH = 8
MEAN, STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)

# LAVIS's names -> transformers' names. q_bias and v_bias become one tensor and are handled separately.
_NAMES = tuple(
    (re.compile(pattern), name)
    for pattern, name in (
        (r"query_tokens", "query_tokens"),
        (r"visual_encoder\.cls_token", "vision_model.embeddings.class_embedding"),
        (r"visual_encoder\.pos_embed", "vision_model.embeddings.position_embedding"),
        (r"visual_encoder\.patch_embed\.proj\.(.+)", r"vision_model.embeddings.patch_embedding.\1"),
        (
            r"visual_encoder\.blocks\.(\d+)\.norm([12])\.(.+)",
            r"vision_model.encoder.layers.\1.layer_norm\2.\3",
        ),
        (
            r"visual_encoder\.blocks\.(\d+)\.attn\.qkv\.(.+)",
            r"vision_model.encoder.layers.\1.self_attn.qkv.\2",
        ),
        (
            r"visual_encoder\.blocks\.(\d+)\.attn\.proj\.(.+)",
            r"vision_model.encoder.layers.\1.self_attn.projection.\2",
        ),
        (r"visual_encoder\.blocks\.(\d+)\.mlp\.(.+)", r"vision_model.encoder.layers.\1.mlp.\2"),
        (r"ln_vision\.(.+)", r"vision_model.post_layernorm.\1"),
        (r"Qformer\.bert\.embeddings\.LayerNorm\.(.+)", r"qformer.layernorm.\1"),
        (
            r"Qformer\.bert\.encoder\.layer\.(\d+)\.(cross)?attention\.self\.(.+)",
            r"qformer.encoder.layer.\1.\2attention.attention.\3",
        ),
        (r"Qformer\.bert\.encoder\.layer\.(.+)", r"qformer.encoder.layer.\1"),
        (r"opt_proj\.(.+)", r"language_projection.\1"),
    )
)
_BIAS = re.compile(r"visual_encoder\.blocks\.(\d+)\.attn\.([qv])_bias")
# These are not used: LAVIS never trains the language model, and buffers hold no weights.
_UNUSED = re.compile(r"opt_model\..+|Qformer\.bert\.embeddings\.position_ids")


def from_lavis(weights: Mapping[str, torch.Tensor], path: str | Path) -> dict[str, torch.Tensor]:
    """Returns the weights under transformers' names, without the language model.

    StoryError names an unknown key.
    """
    found: dict[str, torch.Tensor] = {}
    biases: dict[str, dict[str, torch.Tensor]] = {}
    for key, tensor in weights.items():
        if _UNUSED.fullmatch(key):
            continue
        if bias := _BIAS.fullmatch(key):
            biases.setdefault(bias[1], {})[bias[2]] = tensor
            continue
        name = next((p.sub(n, key) for p, n in _NAMES if p.fullmatch(key)), None)
        if name is None:
            raise StoryError(f"{path} is no BLIP-2 of LAVIS: it has the unknown weight {key!r}")
        found[name] = tensor
    for block, pair in biases.items():
        if pair.keys() != {"q", "v"}:
            raise StoryError(f"{path} lacks one of the two biases of 'visual_encoder.blocks.{block}.attn'")
        joined = torch.cat([pair["q"], torch.zeros_like(pair["v"]), pair["v"]])  # keys have no bias
        found[f"vision_model.encoder.layers.{block}.self_attn.qkv.bias"] = joined
    return found


def load_lavis(model: Blip2ForConditionalGeneration, path: str | Path) -> None:
    """Loads the fine-tuned weights of a LAVIS checkpoint into `model`.

    LAVIS saves only what was trained. So the whole vision tower may be missing; then the tower of the base model stays.
    """
    held = read_weights(path)
    if not isinstance(held.get("model"), Mapping):
        raise StoryError(f"{path} is no checkpoint of LAVIS: it has no 'model'")
    weights = from_lavis(tensors_of(held["model"], path), path)
    # ln_vision is trained with the Q-Former even if the tower is frozen.
    frozen = not any(
        name.startswith(("vision_model.embeddings.", "vision_model.encoder.")) for name in weights
    )
    own = {
        name: tensor
        for name, tensor in model.state_dict().items()
        if not name.startswith("language_model.")
        and not (frozen and name.startswith(("vision_model.embeddings.", "vision_model.encoder.")))
    }
    odd = min(own.keys() ^ weights.keys(), default=None)
    if odd is not None:
        raise StoryError(
            f"{path} does not fit: {odd!r} {'is missing' if odd in own else 'is not in this model'}"
        )
    for name, tensor in weights.items():
        if tensor.shape != own[name].shape:
            raise StoryError(
                f"{path} does not fit: {name!r} is {tuple(tensor.shape)} and should be {tuple(own[name].shape)}"
            )
    model.load_state_dict(weights, strict=False)


class Captioner:
    """Maps pictures to captions, with the best caption first."""

    def __init__(self, model: Blip2ForConditionalGeneration, tokenizer: PreTrainedTokenizerBase):
        self.model, self.tokenizer = model.eval().requires_grad_(False), tokenizer

    def captions(self, pictures: Sequence[Image.Image]) -> list[list[str]]:
        """Returns five captions for each picture."""
        return [made for batch in _batches(pictures) for made in self._batch(batch)]

    @torch.inference_mode()
    def _batch(self, pictures: Sequence[Image.Image]) -> list[list[str]]:
        model, words = self.model, self.model.language_model
        side = model.config.vision_config.image_size
        pixels = torch.stack([captioner_pixels(picture, side) for picture in pictures])
        seen = model.vision_model(pixels.to(model.device, model.vision_model.dtype)).last_hidden_state
        queries = model.query_tokens.expand(len(pictures), -1, -1)
        asked = model.qformer(query_embeds=queries, encoder_hidden_states=seen.to(queries.dtype))
        said = model.language_projection(asked.last_hidden_state.to(model.language_projection.weight.dtype))
        prompt = self.tokenizer([PROMPT] * len(pictures), return_tensors="pt").input_ids.to(model.device)
        embedded = words.get_input_embeddings()(prompt)
        prefix = torch.cat([said.to(embedded.dtype), embedded], dim=1)
        tokens = words.generate(
            inputs_embeds=prefix,
            attention_mask=torch.ones(prefix.shape[:2], dtype=torch.long, device=prefix.device),
            num_beams=CAPTIONS,
            num_return_sequences=CAPTIONS,
            do_sample=False,
            max_new_tokens=LONGEST,
            min_new_tokens=1,
            eos_token_id=self.tokenizer("\n", add_special_tokens=False).input_ids[0],
            pad_token_id=self.tokenizer.pad_token_id,
        )
        texts = [text.strip() for text in self.tokenizer.batch_decode(tokens, skip_special_tokens=True)]
        return [texts[i : i + CAPTIONS] for i in range(0, len(texts), CAPTIONS)]


def captioner_pixels(picture: Image.Image, side: int) -> torch.Tensor:
    """Returns the pixels (3, side, side) of a picture in BLIP's normalisation. It is squeezed to a square, bicubic."""
    square = picture.convert("RGB").resize((side, side), Image.Resampling.BICUBIC)
    unit = torch.from_numpy(np.array(square)).permute(2, 0, 1) / 255
    return (unit - torch.tensor(MEAN)[:, None, None]) / torch.tensor(STD)[:, None, None]


def load_captioner(folder: str | Path, weights: str | Path | None, device: torch.device) -> Captioner:
    """Returns BLIP-2 with OPT (Salesforce/blip2-opt-2.7b-coco, or its folder), with the released weights loaded.

    It is in half precision on a GPU, as in the authors' evaluation. StoryError if the folder or the weights do not fit.
    """
    try:
        kind = torch.float16 if device.type == "cuda" else torch.float32
        model = Blip2ForConditionalGeneration.from_pretrained(folder, dtype=kind)
        tokenizer = AutoTokenizer.from_pretrained(folder)
    except (OSError, ValueError) as error:
        raise StoryError(f"{folder} is no BLIP-2 that can be loaded: {str(error).splitlines()[0]}") from error
    if weights is not None:
        load_lavis(model, weights)
    return Captioner(model.to(device), tokenizer)


def _batches(pictures: Sequence[Image.Image]) -> Iterator[Sequence[Image.Image]]:
    return (pictures[i : i + BATCH] for i in range(0, len(pictures), BATCH))
