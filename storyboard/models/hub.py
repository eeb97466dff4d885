"""Models and single files of the Hugging Face Hub or of a local folder: found, downloaded, or refused in one sentence.

Imports only the Hub's client, so that a mistake in a name is reported before torch is imported. Nothing that is
downloaded is run, and weights must be safetensors.
"""

from __future__ import annotations

import errno
import json
import logging
import re
from dataclasses import dataclass
from pathlib import Path

from httpx import HTTPError
from huggingface_hub import (
    HfApi,
    get_hf_file_metadata,
    hf_hub_download,
    hf_hub_url,
    snapshot_download,
    try_to_load_from_cache,
)
from huggingface_hub.errors import (
    DisabledRepoError,
    GatedRepoError,
    HFValidationError,
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
)

from storyboard.errors import StoryError

log = logging.getLogger(__name__)

INDEX = "model_index.json"  # every pipeline of diffusers has this file
_PART = re.compile(r"[\w][\w.-]*")
SHOWN = 100  # an error repeats so many characters of a name
FULL = (errno.ENOSPC, errno.EDQUOT)  # errors that mean that a disk is full


@dataclass(frozen=True)
class Wanted:
    """A text-to-image model that draws, and what is put on it. Each name is as `place_of` takes it.

    loras: each may end with its weight, as in "=0.8". steps, guidance: for requests that have none; a guidance of None
    leaves it to the model's pipeline.
    """

    model: str
    adapter: str | None = None
    loras: tuple[str, ...] = ()
    steps: int = 30
    guidance: float | None = None


@dataclass(frozen=True)
class HubPlace:
    """A repository of the Hub or a local folder, and a file in it. `file` is "" if none is named."""

    what: str  # the name for it in errors, such as "The IP-Adapter"
    repository: str = ""
    folder: Path | None = None
    file: str = ""

    @property
    def name(self) -> str:
        """The name that a writer uses for it."""
        return self.repository or str(self.folder)

    def files(self) -> list[str]:
        """Returns the paths of all files. StoryError if the Hub cannot be reached and nothing was downloaded before."""
        folder = self.folder
        if folder is None:
            try:
                return sorted(HfApi().list_repo_files(self.repository))
            except Exception as error:  # which errors a connection raises depends on the network
                folder = self._kept(error)
        return sorted(one.relative_to(folder).as_posix() for one in folder.rglob("*") if one.is_file())

    def get(self, file: str) -> Path:
        """Returns a file on this machine, downloaded if needed. StoryError if that fails."""
        if self.folder is not None:
            if not (self.folder / file).is_file():
                raise StoryError(f'{self.what} "{self.name}" has no file {file}; choose another.')
            return self.folder / file
        try:
            if away := self.away(file):
                raise away
            return Path(hf_hub_download(self.repository, file))
        except Exception as error:
            path = None if isinstance(error, HFValidationError) else self._known(file)
            if path is None:
                raise refusal(self.what, self.name, error) from error
            return path

    def away(self, file: str) -> Exception | None:
        """Returns why the Hub does not give a file now, or None if it does.

        This is asked before a download because it fails at once without a network, while a download tries for half a
        minute.
        """
        try:
            get_hf_file_metadata(hf_hub_url(self.repository, file))
        except Exception as error:  # which errors a connection raises depends on the network
            return error
        return None

    def _known(self, file: str) -> Path | None:
        path = try_to_load_from_cache(self.repository, file)
        return Path(path) if isinstance(path, str) else None

    def _kept(self, error: Exception) -> Path:
        try:
            # An empty list of patterns: without it the Hub's client complains about files left out on purpose.
            return Path(snapshot_download(self.repository, local_files_only=True, allow_patterns=[]))
        except Exception:
            raise refusal(self.what, self.name, error) from error


def place_of(named: str, what: str) -> HubPlace:
    """Returns the place that a writer named: a local folder or file, "owner/name", or "owner/name/folder/file".

    StoryError if it is none of these.
    """
    try:
        path = Path(named).expanduser()
        if path.is_file():
            return HubPlace(what, folder=path.parent, file=path.name)
        if path.is_dir() and named:
            return HubPlace(what, folder=path)
    except (OSError, ValueError, RuntimeError):  # too long, no path at all, or no home folder
        pass
    parts = named.split("/")
    if len(parts) >= 2 and all(_PART.fullmatch(part) for part in parts):
        return HubPlace(what, repository="/".join(parts[:2]), file="/".join(parts[2:]))
    raise StoryError(
        f'{what} "{named[:SHOWN]}" is neither a folder here nor the name of a model on the Hugging Face Hub, such as '
        '"stable-diffusion-v1-5/stable-diffusion-v1-5"; check the spelling.'
    )


def check_model(named: str) -> HubPlace:
    """Returns the place of a diffusers pipeline after reading its index. StoryError if it is not a pipeline."""
    place = place_of(named, "The model")
    if place.file:
        raise StoryError(
            f'The model "{named[:SHOWN]}" is a single file; name the repository or folder of a whole diffusers '
            f"pipeline, which has a {INDEX}."
        )
    if place.folder is not None and not (place.folder / INDEX).is_file():
        raise _no_pipeline(named)
    try:
        index = json.loads(place.get(INDEX).read_text(encoding="utf-8"))
        if not isinstance(index["_class_name"], str):  # a list here names code that diffusers would run
            raise StoryError(
                f'The model "{named[:SHOWN]}" brings code of its own, which this app does not run; choose a model '
                "without."
            )
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise _no_pipeline(named) from error
    return place


def refusal(what: str, name: str, error: Exception) -> StoryError:
    """Returns the error for a writer when the Hub does not give something."""
    log.info("%s %s was not to be had", what, name, exc_info=error)
    called = f'{what} "{name[:SHOWN]}"'
    if isinstance(error, GatedRepoError):
        return StoryError(
            f"{called} is lent only to those who accepted its terms; accept them on https://huggingface.co/{name}, run "
            '"hf auth login", and start again.'
        )
    if isinstance(error, DisabledRepoError):
        return StoryError(f"{called} was switched off by the Hugging Face Hub; choose another.")
    if isinstance(error, RemoteEntryNotFoundError):
        return (
            _no_pipeline(name)
            if what == "The model"
            else StoryError(
                f"{called} has no such file on the Hugging Face Hub; look there for its files, and name one."
            )
        )
    if isinstance(error, (RepositoryNotFoundError, HFValidationError)):
        return StoryError(
            f"{called} is not on the Hugging Face Hub, or is private; check the spelling, or sign in with "
            '"hf auth login".'
        )
    if isinstance(error, OSError) and error.strerror and (error.filename or error.errno in FULL):
        return StoryError(f"{called} could not be written to disk ({error.strerror}); free some space.")
    return StoryError(
        f"{called} is not on this machine yet, and the Hugging Face Hub cannot be reached; connect to the internet, "
        "and start again."
    )


def hindrance(error: BaseException) -> Exception | None:
    """Returns the error that stopped a download; libraries often hide it as the cause of their own errors.

    Returns None if neither the Hub, nor the network, nor a full disk was the reason.
    """
    met: BaseException | None = error
    while met is not None:
        if isinstance(met, (HTTPError, ConnectionError)) or (isinstance(met, OSError) and met.errno in FULL):
            return met
        met = met.__cause__
    return None


def _no_pipeline(name: str) -> StoryError:
    return StoryError(
        f'The model "{name[:SHOWN]}" is no text-to-image model of diffusers: it has no {INDEX} that can be read; '
        'choose one whose page on the Hub says "Diffusers" and "Text-to-Image".'
    )
