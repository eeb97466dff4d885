"""Checks a saved pipeline on disk: is it complete, and is it safe to load? Reads headers only.

Weights must be safetensors. Loading pickled weights can run code, so a folder that has any is refused as a whole. Knows
the layout of a diffusers folder, but not what the parts do.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from storyboard.errors import StoryError
from storyboard.models.reader_folder import FOLDER as READER
from storyboard.models.reader_folder import read_reader

INDEX = "model_index.json"
# Name endings that the tensors of each class must have. A part with the weights of another part would load as random
# weights.
MARKS = {
    "UNet2DConditionModel": ("conv_in.weight", "time_embedding.linear_1.weight"),
    "AutoencoderKL": ("encoder.conv_in.weight", "decoder.conv_in.weight"),
    "SharpAutoencoderKL": ("encoder.conv_in.weight", "decoder.conv_in.weight"),
    "CLIPTextModel": ("embeddings.token_embedding.weight",),
    "CLIPVisionModel": ("embeddings.patch_embedding.weight",),
    "CLIPVisionModelWithProjection": ("embeddings.patch_embedding.weight", "visual_projection.weight"),
    "OPTForCausalLM": ("embed_tokens.weight", "embed_positions.weight"),
    "LlamaForCausalLM": ("embed_tokens.weight",),
    "PortraitEncoder": ("stages.0.weight", "visual_projection.weight"),
    "CharacterFuser": ("mlp1.fc1.weight", "mlp2.fc1.weight"),
    "VisualMapper": ("visual_embeddings.weight",),
    "ConditionMapper": ("fc.weight", "tfm.encoder.norm.weight"),
}
# The largest values of these settings, well above those of real models. A wrong value could need more memory than there
# is.
LARGEST = {
    "block_out_channels": 8192,
    "cross_attention_dim": 16_384,
    "attention_head_dim": 8192,
    "num_attention_heads": 512,
    "layers_per_block": 32,
    "transformer_layers_per_block": 64,
    "sample_size": 4096,
    "in_channels": 4096,
    "out_channels": 4096,
    "latent_channels": 1024,
    "hidden_size": 65_536,
    "intermediate_size": 262_144,
    "ffn_dim": 262_144,
    "num_hidden_layers": 512,
    "vocab_size": 4_000_000,
    "max_position_embeddings": 16_000_000,
}
# Any other name would make transformers download code and run it.
ATTENTIONS = (None, "eager", "sdpa", "flash_attention_2", "flex_attention")
PICKLED = {".bin", ".ckpt", ".pickle", ".pkl", ".pt", ".pth", ".tar"}


def bundled_pipeline() -> Path:
    """Returns the folder of the bundled pipeline: inside the installed package, or beside the package in a checkout."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "assets" / "maple-lane"
    return installed if installed.is_dir() else package.parent / "assets" / "maple-lane"


def check_folder(folder: Path) -> None:
    """Raises StoryError unless `folder` holds a complete, safe pipeline.

    It names the folder, the fault and the remedy.
    """
    if folder.is_file():
        raise StoryError(
            f'"{folder}" is a single file, not a pipeline folder; convert it with training.import_weights.'
        )
    if not folder.is_dir():
        raise StoryError(f'There is no pipeline folder "{folder}"; check the path given with --pipeline.')
    pickled = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.suffix in PICKLED)
    if pickled:
        raise StoryError(
            f'The pipeline folder "{folder}" holds pickled weights ({pickled[0]}), which could run code when '
            "loaded; convert them to safetensors with training.import_weights."
        )
    for name, kind in _components(folder).items():
        _check_component(folder, name, kind)
    reader = read_reader(folder)
    for name in reader.parts if reader else ():
        _check_component(folder / READER, name, name.title().replace("_", ""))


def _components(folder: Path) -> dict[str, str]:
    """Returns the parts in the index, each with the name of its class."""
    index = _read_json(folder, INDEX)
    if not isinstance(index, dict):
        raise _incomplete(folder, INDEX, "cannot be read")
    return {
        name: value[1].rpartition(".")[2]  # the index has this program's own classes with their module
        for name, value in index.items()
        if not name.startswith("_") and _is_component(value)  # "_class_name" may be a file and a class
    }


def _check_component(folder: Path, name: str, kind: str) -> None:
    part = folder / name
    if Path(name).name != name or not part.is_dir() or not any(part.iterdir()):
        raise _incomplete(folder, name, "is missing")
    described = {path.name: _read_json(folder, f"{name}/{path.name}") for path in sorted(part.glob("*.json"))}
    config = described.get("config.json", {})
    if not isinstance(config, dict):
        raise _incomplete(folder, f"{name}/config.json", "cannot be read")
    _check_config(folder, name, config)
    for file in described:
        if file.endswith(".safetensors.index.json"):
            _check_shards(folder, name, file, described[file])
    weights = sorted(part.glob("*.safetensors"))
    if not weights and _is_model(part):
        raise _incomplete(folder, f"the weights of {name}", "are missing")
    tensors: set[str] = set()
    for path in weights:
        try:
            with safe_open(path, framework="np") as opened:
                # Opening checks the header, and that the file has the length that the header says.
                tensors.update(opened.keys())
        except (SafetensorError, OSError):
            raise _incomplete(folder, f"{name}/{path.name}", "is cut off or damaged") from None
    lacking = [mark for mark in MARKS.get(kind, ()) if not any(one.endswith(mark) for one in tensors)]
    if weights and lacking:
        raise StoryError(
            f'The pipeline folder "{folder}" has other weights in {name} than a {kind} has ({lacking[0]} is missing); '
            "copy that part again."
        )


def _check_config(folder: Path, name: str, config: dict) -> None:
    """Raises StoryError for a config that would have code downloaded, or that has sizes which no model has."""
    for key, value in _settings(config):
        if (
            key.lstrip("_").startswith("attn_implementation") and value not in ATTENTIONS
        ) or key == "auto_map":
            raise StoryError(
                f'The pipeline folder "{folder}" asks for code from elsewhere ({key} of {name}); remove that line from '
                f"{name}/config.json, or use another pipeline."
            )
        most = LARGEST.get(key)
        if most is not None and any(one > most or one < 0 for one in _numbers(value)):
            raise StoryError(
                f'The pipeline folder "{folder}" has a {name} of unreasonable size ({key} over {most}); copy '
                f"{name}/config.json again."
            )


def _settings(config: dict) -> Iterator[tuple[str, Any]]:
    """Yields every setting, including those of configs inside the config."""
    for key, value in config.items():
        yield key, value
        if isinstance(value, dict):
            yield from _settings(value)


def _numbers(value: object) -> Iterator[float]:
    if isinstance(value, (int, float)):
        yield value
    elif isinstance(value, list):
        for one in value:
            yield from _numbers(one)


def _check_shards(folder: Path, name: str, file: str, index: object) -> None:
    shards = index.get("weight_map") if isinstance(index, dict) else None
    if not isinstance(shards, dict) or not all(isinstance(one, str) for one in shards.values()):
        raise _incomplete(folder, f"{name}/{file}", "cannot be read")
    for shard in set(shards.values()):
        if Path(shard).name != shard or not (folder / name / shard).is_file():
            raise _incomplete(folder, f"{name}/{Path(shard).name}", "is missing")


def _read_json(folder: Path, name: str) -> Any:
    """Returns a JSON file of the folder. StoryError that names it if it is missing, damaged or nested too deep."""
    try:
        value = json.loads((folder / name).read_text(encoding="utf-8"))
        json.dumps(value)  # a value that can be parsed may still be nested too deep to walk through
        return value
    except FileNotFoundError:
        raise _incomplete(folder, name, "is missing") from None
    except (ValueError, RecursionError, OSError):
        raise _incomplete(folder, name, "cannot be read") from None


def _is_model(part: Path) -> bool:
    """Returns whether a part is a model: models have a config.json; tokenizers, schedulers and processors do not."""
    return (part / "config.json").is_file()


def _incomplete(folder: Path, what: str, state: str) -> StoryError:
    return StoryError(
        f'The pipeline folder "{folder}" is incomplete: {what} {state}; copy the whole folder again.'
    )


def _is_component(value: object) -> bool:
    """Returns whether an entry of the index is a part, ["library", "Class"]. [null, null] is a part left out.

    All other entries are settings.
    """
    return isinstance(value, list) and len(value) == 2 and all(isinstance(item, str) for item in value)
