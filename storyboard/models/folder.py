"""A saved pipeline on disk: is it all there, and is it safe to load? Reads headers only.

Weights must be safetensors. Pickled weights can run code while they are loaded, so a folder that holds any is refused
whole. Knows the layout of a diffusers folder, not what the parts do.
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
# What tensors of a class are called, by their endings: a part with another part's weights would load as random ones.
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
# The largest numbers that models have, with room above: a wrong one would ask for more memory than there is.
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
ATTENTIONS = (
    None,
    "eager",
    "sdpa",
    "flash_attention_2",
    "flex_attention",
)  # any other names code to fetch and run
PICKLED = {".bin", ".ckpt", ".pickle", ".pkl", ".pt", ".pth", ".tar"}


def bundled_pipeline() -> Path:
    """Returns the folder of the pipeline that comes along: in the installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "assets" / "maple-lane"
    return installed if installed.is_dir() else package.parent / "assets" / "maple-lane"


def check_folder(folder: Path) -> None:
    """StoryError, naming the folder, what is wrong and the remedy, unless `folder` holds a whole, safe pipeline."""
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
    """The parts of the index, each with the name of its class."""
    index = _read_json(folder, INDEX)
    if not isinstance(index, dict):
        raise _incomplete(folder, INDEX, "cannot be read")
    return {
        name: value[1].rpartition(".")[2]  # of this program's own parts the index has the whole name
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
                tensors.update(
                    opened.keys()
                )  # opening checks the header, and that the file is as long as it says
        except (SafetensorError, OSError):
            raise _incomplete(folder, f"{name}/{path.name}", "is cut off or damaged") from None
    lacking = [mark for mark in MARKS.get(kind, ()) if not any(one.endswith(mark) for one in tensors)]
    if weights and lacking:
        raise StoryError(
            f'The pipeline folder "{folder}" has other weights in {name} than a {kind} has ({lacking[0]} is missing); '
            "copy that part again."
        )


def _check_config(folder: Path, name: str, config: dict) -> None:
    """StoryError for a config that would have code fetched, or sizes that no model has."""
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
    """Every setting, those of configs inside the config too."""
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
    """A JSON file of the folder. StoryError naming it where it is missing, damaged or nested beyond reading."""
    try:
        value = json.loads((folder / name).read_text(encoding="utf-8"))
        json.dumps(value)  # what can just be read may still be too deep for whoever walks through it
        return value
    except FileNotFoundError:
        raise _incomplete(folder, name, "is missing") from None
    except (ValueError, RecursionError, OSError):
        raise _incomplete(folder, name, "cannot be read") from None


def _is_model(part: Path) -> bool:
    """Models have a config.json; tokenizers, schedulers and processors have files of other names."""
    return (part / "config.json").is_file()


def _incomplete(folder: Path, what: str, state: str) -> StoryError:
    return StoryError(
        f'The pipeline folder "{folder}" is incomplete: {what} {state}; copy the whole folder again.'
    )


def _is_component(value: object) -> bool:
    """An entry ["library", "Class"] of the index; [null, null] is a component left out, the rest are settings."""
    return isinstance(value, list) and len(value) == 2 and all(isinstance(item, str) for item in value)
