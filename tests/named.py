"""A tiny language model as a GGUF file, and a tiny pipeline folder whose `reader/` only names this model."""

from __future__ import annotations

import hashlib
from pathlib import Path

import gguf
import torch
from tokenizers import pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM

from storyboard.models.image_tokens import ImageTokens
from storyboard.models.language_model import save_reader
from storyboard.models.mappers import ConditionMapper, VisualMapper
from storyboard.models.reader_folder import LanguageModelName, ReaderIndex
from tests import tiny

WIDTH = 32  # the least width of a quantised row
HEADS, KEY_HEADS = 2, 1
FILE = "Tiny-Instruct.Q4_1.gguf"
PACKAGE = "llm-tiny==1.2"
TOKENS = ["<unk>", "<start>", "<end>", *sorted(pre_tokenizers.ByteLevel.alphabet()), "ro", "sa"]


def language_model() -> LlamaForCausalLM:
    torch.manual_seed(11)
    config = LlamaConfig(
        vocab_size=len(TOKENS),
        hidden_size=WIDTH,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=HEADS,
        num_key_value_heads=KEY_HEADS,
        max_position_embeddings=512,
        tie_word_embeddings=True,
        initializer_range=0.5,
    )
    return LlamaForCausalLM(config).eval()


def write_gguf(path: Path, kind: str = "Q4_1") -> dict[str, torch.Tensor]:
    """Writes `language_model` quantised, like llama.cpp. Returns its weights as they are read back from the file."""
    model, read = language_model(), {}
    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_name("Tiny Instruct")
    writer.add_file_type(gguf.LlamaFileType[f"MOSTLY_{kind}"])
    _write_sizes(writer, model.config)
    _write_words(writer)
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, model.config.num_hidden_layers)
    for key, weight in model.state_dict().items():
        if key == "lm_head.weight":
            continue  # the word matrix, again
        stem = key.removesuffix(".weight")
        data, quantisation = weight.numpy(), gguf.GGMLQuantizationType.F32
        heads = {"q_proj": HEADS, "k_proj": KEY_HEADS}.get(stem.rpartition(".")[2])
        if heads:  # llama.cpp pairs neighbours where transformers pairs the two halves
            data = data.reshape(heads, 2, -1, WIDTH).swapaxes(1, 2).reshape(weight.shape)
        if data.ndim > 1:
            quantisation = gguf.GGMLQuantizationType[kind]
            data = gguf.quantize(data, quantisation)
        writer.add_tensor(f"{names.get_name(stem)}.weight", data, raw_dtype=quantisation)
        plain = gguf.dequantize(data, quantisation)
        if heads:
            plain = plain.reshape(heads, -1, 2, WIDTH).swapaxes(1, 2).reshape(weight.shape)
        read[key] = torch.from_numpy(plain.copy())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return read


def _write_sizes(writer: gguf.GGUFWriter, config: LlamaConfig) -> None:
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(10000.0)
    writer.add_rope_dimension_count(config.hidden_size // config.num_attention_heads)
    writer.add_vocab_size(config.vocab_size)


def _write_words(writer: gguf.GGUFWriter) -> None:
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list(TOKENS)
    kinds = [gguf.TokenType.CONTROL] * 3 + [gguf.TokenType.NORMAL] * (len(TOKENS) - 3)
    writer.add_token_types(kinds)
    writer.add_token_merges(["r o", "s a"])
    writer.add_unk_token_id(0)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)


def name_of(path: Path, package: str | None = PACKAGE) -> LanguageModelName:
    """Returns the name of a GGUF file."""
    data = path.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    return LanguageModelName("somebody/Tiny-GGUF", "abc123", FILE, digest, len(data), "llama", package)


def write_pipeline(folder: Path, name: LanguageModelName, language: bool = True, **settings) -> None:
    """Writes a tiny pipeline that names the language model `name`. It carries the parts for it, and an OPT or none."""
    tiny.pipeline(language).save_pretrained(folder)
    torch.manual_seed(12)
    parts = {
        "image_tokens": ImageTokens(WIDTH, tiny.IMAGE_TOKENS),
        "visual_mapper": VisualMapper(tiny.VISION_WIDTH, WIDTH, tiny.VISUAL_TOKENS),
        "condition_mapper": ConditionMapper(
            WIDTH, tiny.TEXT_WIDTH, tiny.TEXT_TOKENS, width=16, layers=1, heads=2, feedforward=16
        ),
    }
    settings = {"first_frame": "llm", "context_frames": 3, **settings}
    save_reader(folder, ReaderIndex(name, settings=settings), parts)
