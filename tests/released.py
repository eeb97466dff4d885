"""The authors' two checkpoint formats, and the models from which they were trained, at tiny size.

`Released(folder)` writes a Stable Diffusion folder, a CLIP folder, an OPT folder with pickled weights, and the two
checkpoints on top of them, like the authors' code. Frozen parts are rounded to bfloat16. Trained parts are in float32
and differ from the base. Tokenizers know the words of the prompts, one token for each.
"""

from __future__ import annotations

import json
from pathlib import Path

import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
from transformers import CLIPConfig, CLIPModel

from storyboard.models.image_tokens import ImageTokens
from storyboard.models.mappers import ConditionMapper, VisualMapper
from tests import tiny
from training.released.keys import FIRST_STAGE, SECOND_STAGE, to_released

VISUAL_TOKENS = 3  # m; the usual number is 4
RETRIEVAL = 6
WORDS = ("Image", "Caption", "Fred", "waves", "He", "runs")


class Released:
    """The paths of all files, and the tensors of both checkpoints by their names in the files."""

    def __init__(self, folder: Path):
        self.base, self.clip, self.llm = folder / "sd15", folder / "clip", folder / "llm"
        self.first_stage = folder / "pytorch_model.bin"
        self.second_stage = folder / "second-stage"
        self._write_base()
        write_opt(self.llm)
        self.first = self._first()
        self.second = self._second()
        torch.save(self.first, self.first_stage)
        inner = self.second_stage / "second-stage-opt"  # archives often have such an inner folder
        inner.mkdir(parents=True)
        torch.save({"state_dict": self.second}, inner / "pretrained_ckpt.pth.tar")
        self.args = inner / "model_args.json"
        self.args.write_text(json.dumps(model_args(first_image_token=len(opt_vocabulary()) + 1)))

    def arguments(self, out: Path, **changes) -> list[str]:
        """Returns the arguments of the import command for these files."""
        given = {
            "first-stage": self.first_stage,
            "second-stage": self.second_stage,
            "base": self.base,
            "clip": self.clip,
            "llm": self.llm,
            "out": out,
            **changes,
        }
        return [word for name, value in given.items() if value for word in (f"--{name}", str(value))]

    def _write_base(self) -> None:
        tokenizer = tiny.text_tokenizer()
        parts = {
            "vae": tiny.vae(),
            "unet": tiny.unet(),
            "text_encoder": tiny.text_encoder(tokenizer),
            "tokenizer": tokenizer,
        }
        for name, part in parts.items():
            part.save_pretrained(self.base / name)
        vision = tiny.image_encoder()
        clip = CLIPModel(
            CLIPConfig(
                text_config=parts["text_encoder"].config.to_dict(),
                vision_config=vision.config.to_dict(),
                projection_dim=tiny.PORTRAIT_WIDTH,
            )
        )
        clip.load_state_dict(vision.state_dict(), strict=False)
        clip.save_pretrained(self.clip)
        tiny.image_processor().save_pretrained(self.clip)
        self.parts = {**parts, "image_encoder": vision, "fuser": tiny.fuser()}

    def _first(self) -> dict[str, torch.Tensor]:
        states = {s.part: self.parts[s.part].state_dict() for s in FIRST_STAGE.sections}
        released = to_released(FIRST_STAGE, states)
        torch.manual_seed(20)
        return {key: _as_trained(key, tensor) for key, tensor in released.items()}

    def _second(self) -> dict[str, torch.Tensor]:
        torch.manual_seed(21)
        parts = {
            "image_tokens": ImageTokens(tiny.WORD_WIDTH),
            "visual_mapper": VisualMapper(tiny.VISION_WIDTH, tiny.WORD_WIDTH, VISUAL_TOKENS),
            "condition_mapper": ConditionMapper(tiny.WORD_WIDTH, tiny.TEXT_WIDTH, tiny.TEXT_TOKENS),
        }
        heads = {
            "model.logit_scale": torch.tensor(1.0),
            "model.visual_fc.weight": torch.randn(RETRIEVAL, tiny.VISION_WIDTH),
            "model.visual_fc.bias": torch.randn(RETRIEVAL),
            "model.ret_text_hidden_fcs.0.model.weight": torch.randn(RETRIEVAL, tiny.WORD_WIDTH),
            "model.ret_text_hidden_fcs.0.model.bias": torch.randn(RETRIEVAL),
        }
        states = {name: part.state_dict() for name, part in parts.items()}
        return {key: tensor.bfloat16() for key, tensor in to_released(SECOND_STAGE, states, heads).items()}


def _as_trained(key: str, tensor: torch.Tensor) -> torch.Tensor:
    # The tiny vision tower has only one layer, so this layer is among the last two.
    if key.startswith(("unet.", "postfuse_module.", "image_encoder.vision_model.encoder.layers.")):
        return tensor.bfloat16().float() + 0.02 * tensor.std(correction=0) * torch.randn_like(tensor)
    return tensor.bfloat16()


def model_args(first_image_token: int, **changes) -> dict:
    ids = list(range(first_image_token, first_image_token + tiny.IMAGE_TOKENS))
    return {
        "llm_model": "a/path/that/says/llama",
        "visual_encoder": "openai/clip-vit-large-patch14",
        "freeze_lm": True,
        "freeze_vm": True,
        "n_visual_tokens": VISUAL_TOKENS,
        "ret_emb_dim": RETRIEVAL,
        "gen_emb_dim": tiny.TEXT_WIDTH,
        "text_fc_mode": "gill_mapper",
        "ret_text_fc_mode": "linear",
        "num_tokens": tiny.IMAGE_TOKENS,
        "num_clip_tokens": tiny.TEXT_TOKENS,
        "text_emb_layers": [-1],
        "max_len": 160,
        "interleave": True,
        "retrieval_token_idx": ids,
        "gen_token_idx": ids,
        **changes,
    }


def opt_vocabulary() -> dict[str, int]:
    return {piece: i for i, piece in enumerate([*_OPT_SYMBOLS, *map("".join, _OPT_MERGES)])}


def write_opt(folder: Path) -> None:
    """Writes OPT in its authors' format: a vocabulary, merges, and pickled weights."""
    _write_opt_tokenizer(folder)
    vocabulary = len(opt_vocabulary()) + 7  # more rows than words, like the released matrix
    tokenizer = tiny.language_tokenizer()
    model = tiny.opt(tokenizer)
    model.resize_token_embeddings(vocabulary)
    model.config.update({"pad_token_id": 1, "bos_token_id": 2, "eos_token_id": 2})
    model = model.half()
    model.config.dtype = torch.float16
    (folder / "config.json").write_text(model.config.to_json_string())
    torch.save(model.state_dict(), folder / "pytorch_model.bin")


def _write_opt_tokenizer(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "vocab.json").write_text(json.dumps(opt_vocabulary()))
    merges = "\n".join(" ".join(merge) for merge in _OPT_MERGES)
    (folder / "merges.txt").write_text(f"#version: 0.2\n{merges}\n")
    settings = {
        "tokenizer_class": "GPT2Tokenizer",
        "add_bos_token": True,
        "bos_token": "</s>",
        "eos_token": "</s>",
        "unk_token": "</s>",
        "pad_token": "<pad>",
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))


def write_llama(folder: Path) -> None:
    """Writes config and tokenizer of a Llama-2: SentencePiece, without a padding token."""
    folder.mkdir(parents=True)
    vocabulary = {piece: i for i, piece in enumerate([*_LLAMA_SYMBOLS, *map("".join, _LLAMA_MERGES)])}
    backend = Tokenizer(
        models.BPE(
            vocab=vocabulary, merges=_LLAMA_MERGES, fuse_unk=True, byte_fallback=True, unk_token="<unk>"
        )
    )
    backend.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    backend.add_special_tokens(["<unk>", "<s>", "</s>"])
    backend.save(str(folder / "tokenizer.json"))
    settings = {"tokenizer_class": "LlamaTokenizer", "bos_token": "<s>", "eos_token": "</s>"}
    (folder / "tokenizer_config.json").write_text(json.dumps({**settings, "unk_token": "<unk>"}))
    tokenizer = tiny.language_tokenizer()
    config = tiny.llama(tokenizer).config
    config.update({"vocab_size": len(vocabulary)})
    (folder / "config.json").write_text(config.to_json_string())


def _merges(words: list[str]) -> list[tuple[str, str]]:
    """Returns merges that build each word from its letters, left to right."""
    pairs = [(word[:end], word[end]) for word in words for end in range(1, len(word))]
    return list(dict.fromkeys(pairs))


_OPT_SYMBOLS = ["<s>", "<pad>", "</s>", "<unk>", *sorted(pre_tokenizers.ByteLevel.alphabet())]
_OPT_MERGES = _merges([*(f"Ġ{word}" for word in WORDS), "Ġ<", "</", "img"])
_LLAMA_SYMBOLS = [
    *("<unk>", "<s>", "</s>"),
    *(f"<0x{byte:02X}>" for byte in range(256)),
    *sorted(set("▁<>/:.img" + "".join(WORDS))),
]
_LLAMA_MERGES = _merges([*(f"▁{word}" for word in WORDS), "▁<", "▁</", "img"])
