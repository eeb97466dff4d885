"""A run's checkpoints on the Hugging Face Hub: sent during training, and fetched on a machine that has none.

Knows files and the Hub's client, but not what is trained. If the Hub fails, training goes on, and the next checkpoint
is sent instead.
"""

from __future__ import annotations

import logging
import os
import shutil
from concurrent.futures import Future
from pathlib import Path

from httpx import HTTPError
from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError, HFValidationError

from storyboard.errors import StoryError

CHECKPOINT = "checkpoint"
LOG = "log.jsonl"
log = logging.getLogger(__name__)


class HubCheckpoints:
    """The latest checkpoint and the log of a run's `folder`, in `repository`.

    The repository is created as private if it does not exist. This is a context, whose end waits for a transfer that is
    still running. StoryError, before anything is trained, if the Hub refuses the repository or cannot be reached.
    """

    def __init__(self, repository: str, folder: Path) -> None:
        self.repository, self.folder = repository, folder
        self._sending: Future | None = None
        self._waiting = 0  # the step of a checkpoint that was made while another was being sent
        self._api = HfApi()
        try:
            self._api.create_repo(repository, private=True, exist_ok=True)
        except (HfHubHTTPError, HFValidationError, HTTPError, OSError) as error:
            raise StoryError(
                f"--hub_repository {repository} cannot be had ({_reason(error)}); check the name and the token."
            ) from error

    def __enter__(self) -> HubCheckpoints:
        return self

    def __exit__(self, *_: object) -> None:
        self._settle()
        if self._waiting:
            self.send(self._waiting)
            self._settle()

    def fetch(self) -> None:
        """Downloads the repository's checkpoint and log into the folder, if there are any."""
        names = self._api.list_repo_files(self.repository)
        if f"{CHECKPOINT}/step.json" in names:
            self._api.snapshot_download(
                self.repository, local_dir=self.folder, allow_patterns=[f"{CHECKPOINT}/*", LOG]
            )

    def send(self, step: int) -> None:
        """Sends the checkpoint that has just been written, in the background.

        If another is being sent, it is sent later.
        """
        if self._sending is not None and not self._sending.done():
            self._waiting = step
            return
        self._settle()
        self._waiting = 0
        # Links, because the next checkpoint may replace this one while it is being sent.
        shutil.rmtree(self._outgoing, ignore_errors=True)
        shutil.copytree(self.folder / CHECKPOINT, self._outgoing / CHECKPOINT, copy_function=os.link)
        if (self.folder / LOG).exists():
            shutil.copy(self.folder / LOG, self._outgoing / LOG)
        self._sending = self._api.upload_folder(
            repo_id=self.repository,
            folder_path=self._outgoing,
            commit_message=f"Step {step}",
            delete_patterns=f"{CHECKPOINT}/*",
            run_as_future=True,
        )

    @property
    def _outgoing(self) -> Path:
        return self.folder / "checkpoint.sending"

    def _settle(self) -> None:
        """Waits for the running transfer, and logs a warning if it failed."""
        if self._sending is None:
            return
        error = self._sending.exception()
        if error is not None:
            log.warning("a checkpoint was not sent to %s: %s", self.repository, _reason(error))
        self._sending = None
        shutil.rmtree(self._outgoing, ignore_errors=True)


def _reason(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
