"""The frozen language model of a second stage: OPT or Llama, recognised by its config and never by a path.

It tokenises as the authors' did. For SentencePiece vocabularies that needs a repair: theirs put a "▁" before every
text, so that a text with a leading space begins with a token for the "▁" alone. Newer tokenizers leave that token out.
"""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from tokenizers import normalizers
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoTokenizer,
    LlamaConfig,
    OPTConfig,
    PreTrainedModel,
    PreTrainedTokenizerFast,
)

from storyboard.errors import StoryError
from storyboard.models.hub import HubPlace, place_of

FAMILIES = {OPTConfig: "OPT", LlamaConfig: "Llama"}
SPACE = "▁"  # a space, in SentencePiece vocabularies
MARKERS = 1  # the authors add so many tokens before the image tokens: <|image|>
HUB_ID = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*")
PICKLES = re.compile(r"pytorch_model[\w-]*\.bin")
BESIDE = (".json", ".txt", ".model")  # files that belong to the weights: configs, index, vocabulary
SLACK = 1  # some copies of a tokenizer have one more token, for padding


@dataclass(frozen=True)
class Language:
    """A language model that is chosen but not loaded yet."""

    source: Path | str
    family: str
    width: int  # E
    positions: int
    tokenizer: PreTrainedTokenizerFast


def choose(source: Path | str) -> Language:
    """Looks at a folder or Hub id. Returns family, sizes and tokenizer. StoryError for an unknown family.

    If the Hub has only pickled weights, they are downloaded; convert them before `load`.
    """
    source = _fetched(source)
    config = _loaded(lambda: AutoConfig.from_pretrained(source, trust_remote_code=False), source, "config")
    family = FAMILIES.get(type(config))
    if family is None:
        raise StoryError(
            f'"{source}" is a language model of type {config.model_type}; the second stages are for '
            f"{' and '.join(FAMILIES.values())}."
        )
    with torch.device("meta"):
        width = AutoModelForCausalLM.from_config(config).get_input_embeddings().weight.shape[1]
    return Language(source, family, width, config.max_position_embeddings, load_tokenizer(source))


def load_tokenizer(source: Path | str) -> PreTrainedTokenizerFast:
    """Returns the tokenizer of a folder or Hub id. It tokenises each text as the authors' did."""
    loaded = _loaded(
        lambda: AutoTokenizer.from_pretrained(source, trust_remote_code=False), source, "tokenizer"
    )
    if not isinstance(loaded, PreTrainedTokenizerFast):
        raise StoryError(
            f'The tokenizer of "{source}" is none of the fast kind; give a copy with tokenizer.json.'
        )
    backend = loaded.backend_tokenizer
    if SPACE in loaded.get_vocab():
        backend.normalizer = normalizers.Sequence(
            [normalizers.Prepend(SPACE), normalizers.Replace(" ", SPACE)]
        )
        backend.pre_tokenizer = None
    special = {name: token for name, token in loaded.special_tokens_map.items() if isinstance(token, str)}
    if "bos_token" not in special:
        raise StoryError(f'The tokenizer of "{source}" has no start token, and a prompt needs one.')
    return PreTrainedTokenizerFast(tokenizer_object=backend, **special)


def _fetched(source: Path | str) -> Path | str:
    """Returns what to load from: the folder or Hub id itself, or the folder of its downloaded pickled weights."""
    if Path(source).is_dir() or not HUB_ID.fullmatch(str(source)):
        return source
    place: HubPlace = place_of(str(source), "The language model")
    files = [name for name in place.files() if "/" not in name]
    if any(name.endswith(".safetensors") for name in files) or not any(map(PICKLES.fullmatch, files)):
        return source
    wanted = [name for name in files if PICKLES.fullmatch(name) or name.endswith(BESIDE)]
    # All are in one snapshot; its other files are not fetched.
    return [place.get(name) for name in wanted][-1].parent


def check_vocabulary(language: Language, first_image_token: int | None) -> None:
    """Raises StoryError if the image tokens were trained with another vocabulary, so with another language model."""
    if first_image_token is None:
        return
    words, trained = len(language.tokenizer), first_image_token - MARKERS
    if abs(trained - words) > SLACK:
        raise StoryError(
            f'The second stage was trained with a vocabulary of {trained} tokens and that of "{language.source}" '
            f"({language.family}) has {words}; give the language model it was trained with."
        )


def pickled_weights(language: Language, scratch: Path) -> dict[Path, Path]:
    """Returns its pickled files if it has no others, each with the file in `scratch` that it becomes.

    Convert them before `load`.
    """
    folder = Path(language.source)
    if not folder.is_dir() or list(folder.glob("*.safetensors")):
        return {}
    return {path: scratch / _renamed(path.name) for path in sorted(folder.glob("pytorch_model*.bin"))}


def load(language: Language, scratch: Path) -> PreTrainedModel:
    """Returns the model in the precision of its files. Converted weights are read from `scratch`."""
    converted = any(scratch.glob("*.safetensors"))
    source = (
        _loaded(lambda: _completed(language.source, scratch), language.source, "index") if converted else None
    )
    model, report = _loaded(
        lambda: AutoModelForCausalLM.from_pretrained(
            source or language.source,
            dtype="auto",
            use_safetensors=True,
            trust_remote_code=False,
            output_loading_info=True,
        ),
        language.source,
        "weights",
    )
    odd = sorted(report["missing_keys"]) or sorted(map(str, report["mismatched_keys"]))
    if odd:
        raise StoryError(f'The language model "{language.source}" lacks weights ("{odd[0]}"); get it again.')
    return model.requires_grad_(False).eval()


def _completed(folder: Path | str, scratch: Path) -> Path:
    """Returns `scratch` with the configs of `folder` added, and an index that has the converted weights' names."""
    for path in Path(folder).glob("*.json"):
        shutil.copy(path, scratch / _renamed(path.name))
    index = scratch / "model.safetensors.index.json"
    if index.is_file():
        shards = json.loads(index.read_text(encoding="utf-8"))
        shards["weight_map"] = {key: _renamed(file) for key, file in shards["weight_map"].items()}
        index.write_text(json.dumps(shards), encoding="utf-8")
    return scratch


def _renamed(name: str) -> str:
    return name.replace("pytorch_model", "model").replace(".bin", ".safetensors")


def _loaded(load: Any, source: Path | str, what: str) -> Any:
    try:
        return load()
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError, ImportError) as error:
        reason = str(error).strip().split("\n")[0][:200]
        raise StoryError(
            f'The {what} of the language model "{source}" cannot be loaded ({reason}); give the folder of a whole one.'
        ) from error
