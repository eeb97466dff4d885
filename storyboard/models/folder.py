"""A saved pipeline on disk: is it all there, and is it safe to load? Reads headers only.

Weights must be safetensors. Pickled weights can run code while they are loaded, so a folder that holds any is refused
whole. Knows the layout of a diffusers folder, not what the parts do.
"""

from __future__ import annotations

import json
from pathlib import Path

from safetensors import SafetensorError, safe_open

from storyboard.errors import StoryError
from storyboard.models.reader_folder import FOLDER as READER
from storyboard.models.reader_folder import read_reader

INDEX = "model_index.json"
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
    for name in _components(folder):
        _check_component(folder, name)
    reader = read_reader(folder)
    for name in reader.parts if reader else ():
        _check_component(folder, f"{READER}/{name}")


def _components(folder: Path) -> list[str]:
    try:
        index = json.loads((folder / INDEX).read_text(encoding="utf-8"))
        return [name for name, value in index.items() if _is_component(value)]
    except FileNotFoundError:
        raise _incomplete(folder, INDEX, "is missing") from None
    except (ValueError, AttributeError):
        raise _incomplete(folder, INDEX, "cannot be read") from None


def _check_component(folder: Path, name: str) -> None:
    part = folder / name
    if not part.is_dir() or not any(part.iterdir()):
        raise _incomplete(folder, name, "is missing")
    for path in part.glob("*.json"):
        try:
            json.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            raise _incomplete(folder, f"{name}/{path.name}", "cannot be read") from None
    for shards in part.glob("*.safetensors.index.json"):
        for shard in set(json.loads(shards.read_text(encoding="utf-8"))["weight_map"].values()):
            if not (part / shard).is_file():
                raise _incomplete(folder, f"{name}/{shard}", "is missing")
    weights = sorted(part.glob("*.safetensors"))
    if not weights and _is_model(part):
        raise _incomplete(folder, f"the weights of {name}", "are missing")
    for path in weights:
        try:
            with safe_open(path, framework="pt"):
                pass  # opening checks that the header is sound and that the file is as long as it says
        except (SafetensorError, OSError):
            raise _incomplete(folder, f"{name}/{path.name}", "is cut off or damaged") from None


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
