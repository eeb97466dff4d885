"""Helps `StoryPipeline.from_pretrained`: options for diffusers, the parts of a named reader, and repositories of the
Hub.

It also says what went wrong when something does not load. Knows folders and parts, but not how pictures are drawn.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from huggingface_hub import snapshot_download

from storyboard.errors import StoryError
from storyboard.models.language_model import LanguageModel, Tell, load_language_model, open_parts
from storyboard.models.reader_folder import ReaderIndex

OF_THE_HUB = ("cache_dir", "force_download", "local_files_only", "revision", "token")


def options_of(folder: Path, asked: dict[str, Any]) -> dict[str, Any]:
    """Returns the options for diffusers, with the precision as `dtype`.

    StoryError for a variant that the folder does not have, and for a precision that is not one.
    """
    options = {**asked, "use_safetensors": True}
    dtype, older = options.pop("dtype", None), options.pop("torch_dtype", None)
    if dtype is not None and older is not None and dtype != older:
        raise StoryError(f"dtype is {dtype} and torch_dtype {older}, which mean the same; leave one out.")
    precision = dtype or older or torch.float32
    if not isinstance(precision, (torch.dtype, dict)):
        raise StoryError(f"dtype is {precision!r}; give a precision such as torch.float16.")
    variant = options.get("variant")
    if variant is not None and not any(folder.glob(f"*/*.{variant}*.safetensors")):
        raise StoryError(
            f'The pipeline folder "{folder}" has no weights of the variant "{variant}"; leave variant out.'
        )
    return {**options, "dtype": precision}


def language_model_of(
    index: ReaderIndex | None, needed: bool, tell: Tell
) -> tuple[LanguageModel | None, str]:
    """Returns the language model that a folder names, or None and the reason if it cannot be loaded.

    If it is `needed`, raises StoryError instead of returning None.
    """
    if index is None:
        return None, ""
    try:
        return load_language_model(index.language_model, tell), ""
    except StoryError as error:
        if needed:
            raise
        return None, str(error)


def stage_2_of(folder: Path, index: ReaderIndex, model: LanguageModel, dtype: Any) -> dict[str, Any]:
    """Returns the parts and settings that go with a language model and its tokenizer, in place of the folder's own."""
    kind = dtype.get("default", torch.float32) if isinstance(dtype, dict) else dtype
    language_model, tokenizer = model
    parts = open_parts(folder, index, language_model.config.hidden_size, kind)
    named = {"language_model": language_model.to(kind), "language_tokenizer": tokenizer}
    return {**named, **parts, **index.settings}


def fetched(repository: str, asked: Mapping[str, Any]) -> tuple[Path, dict[str, Any]]:
    """Returns the folder that a repository of the Hub was downloaded to, and the options that are not for the Hub.

    StoryError if it cannot be downloaded.
    """
    how = {name: value for name, value in asked.items() if name in OF_THE_HUB}
    try:
        folder = Path(snapshot_download(repository, **how))
    except Exception as error:  # which errors a connection raises depends on the network
        raise StoryError(
            f'"{repository}" is neither a pipeline folder nor a Hub repository within reach; '
            "check the path, or the connection."
        ) from error
    return folder, {name: value for name, value in asked.items() if name not in OF_THE_HUB}


def unfit(path: str | Path, error: Exception) -> StoryError:
    """Returns the error for a folder that diffusers cannot load."""
    return StoryError(
        f'The pipeline folder "{path}" does not fit this program ({first_line(error)}); '
        "copy the whole folder again or get the version it was made with."
    )


def first_line(error: Exception) -> str:
    """Returns the first line of an error's message."""
    return str(error).strip().split("\n")[0]
