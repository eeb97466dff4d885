"""A copy of the library in a private dataset repository of the Hugging Face Hub, for machines whose disk is emptied.

The copy is fetched before the library opens, and written while the app runs. It is overwritten only by a library that
has everything that is in it. So an app that started without the copy loses nothing of it. Knows the Hub's client and a
library's files, but not what is in a story.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, RepositoryNotFoundError
from huggingface_hub.utils import disable_progress_bars

from storyboard.errors import StoryError

FILE = "library.sqlite3"
PICTURES = "pictures"
STAGING = "mirror.part"  # a folder in the library's, for files that are being sent or fetched
# Seconds between two checks for changes to write; the Hub takes about two commits a minute.
SECONDS = 60.0
# The history is squashed after so many commits: with many thousands a repository gets slow. Until then every commit can
# be restored.
SQUASHED_AFTER = 1000

_REPOSITORY = re.compile(r"\w[\w.-]{0,95}/\w[\w.-]{0,95}")
_PICTURE = re.compile(rf"{PICTURES}/[0-9a-f]{{64}}\.png")
_MOVED_ON = 412  # HTTP status: somebody else has written meanwhile
log = logging.getLogger(__name__)


class Mirrored(Protocol):
    """What is copied: a library."""

    folder: Path

    @property
    def changes(self) -> int:
        """A number that is different after every change."""

    def copy_to(self, path: Path) -> None:
        """Writes the whole file of the library, as it is now, to `path`. StoryError if the disk does not take it."""

    def take_over(self, path: Path) -> int:
        """Takes in the stories of another library's file that this one lacks or has in an older version.

        Returns how many stories were taken in.
        """


class Mirror:
    """A copy of the library in `repository`, which is created if it does not exist. Close it when done.

    every: seconds between two looks at the library. StoryError if `repository` cannot be the name of a repository.
    """

    def __init__(self, repository: str, every: float = SECONDS) -> None:
        if not _REPOSITORY.fullmatch(repository):
            raise StoryError(
                f"{repository!r} is no repository of the Hub to copy stories to; give OWNER/NAME with --mirror."
            )
        self.repository = repository
        self.trouble = ""  # a sentence for writers, while the copy cannot be fetched or written
        self._every = every
        self._api = HfApi()
        # A progress bar holds a lock while it is drawn. A process forked at that moment, as for borrowing a GPU, would
        # wait for the lock forever.
        disable_progress_bars()
        self._known = ""  # the last commit whose stories the library has; "" for none
        self._there: set[str] = set()  # the files of that commit
        self._written: int | None = None  # the value of the library's `changes` that was last written
        self._commits = 0  # since the history was squashed
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def restore(self, folder: Path) -> None:
        """Fetches the copy into the folder of a library that is missing there.

        Nothing is raised. If the copy cannot be fetched, `trouble` says so, and it is tried again while the app runs.
        """
        with self._telling():
            head, there = self._look()
            file = self._fetched(folder, head, there)
            if file is not None:
                os.replace(file, folder / FILE)
            self._known, self._there = head, there

    def follow(self, library: Mirrored) -> None:
        """Starts a thread that copies the library whenever it has changed, until `close`."""
        self._thread = threading.Thread(target=self._run, args=(library,), name="library-mirror", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Writes the last changes, and stops. Safe to call twice."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self, library: Mirrored) -> None:
        while not self._stop.wait(self._every):
            self._try_to_write(library)
        self._try_to_write(library)

    def _try_to_write(self, library: Mirrored) -> None:
        with self._telling():
            head, there = self._look()
            if head != self._known:
                self._catch_up(library, head, there)
            self._write(library)
            self._squash_if_due()

    def _look(self) -> tuple[str, set[str]]:
        """Returns the latest commit and its files. StoryError if everybody may read the repository."""
        try:
            info = self._api.dataset_info(self.repository)
        except RepositoryNotFoundError:
            self._api.create_repo(self.repository, repo_type="dataset", private=True, exist_ok=True)
            info = self._api.dataset_info(self.repository)
        if not info.private:
            raise StoryError(
                f"{self.repository} is public and everybody could read the stories; make it private"
            )
        head = info.sha or ""
        if head == self._known:
            return head, self._there
        files = self._api.list_repo_files(self.repository, repo_type="dataset", revision=info.sha)
        return head, set(files)

    def _catch_up(self, library: Mirrored, head: str, there: set[str]) -> None:
        """Takes in stories that the copy has and the library lacks.

        That happens when the copy could not be fetched at the start, or when others write to it too.
        """
        unwritten = self._written != library.changes
        file = self._fetched(library.folder, head, there)
        if file is not None:
            log.info("%d stories were taken in from %s", library.take_over(file), self.repository)
            file.unlink()
        self._known, self._there = head, there
        # If nothing was new in this library, the copy has all of it: whoever wrote it took in the older copy first.
        self._written = None if unwritten else library.changes

    def _fetched(self, folder: Path, head: str, there: set[str]) -> Path | None:
        """Fetches the pictures that are missing here, and then the file.

        Returns the file's path, or None if there is none.
        """
        if FILE not in there:
            return None
        pictures = {one for one in there if _PICTURE.fullmatch(one)}
        missing = [one for one in pictures if not (folder / one).is_file()]
        with _empty(folder / STAGING) as staging:
            self._api.snapshot_download(
                self.repository,
                repo_type="dataset",
                revision=head,
                local_dir=staging,
                allow_patterns=[FILE, *([f"{PICTURES}/*.png"] if len(missing) == len(pictures) else missing)],
            )
            (folder / PICTURES).mkdir(exist_ok=True)
            for one in missing:
                os.replace(staging / one, folder / one)
            return Path(shutil.move(staging / FILE, folder / f"{FILE}.{STAGING}"))

    def _write(self, library: Mirrored) -> None:
        """Commits the file, adds new pictures and removes pictures that are gone, if anything has changed."""
        changes = library.changes
        if changes == self._written:
            return
        with _empty(library.folder / STAGING) as staging:
            library.copy_to(staging / FILE)
            # Listed after the file was copied, so every picture that the file uses is in the list.
            here = {f"{PICTURES}/{one.name}" for one in (library.folder / PICTURES).glob("*.png")}
            gone = {one for one in self._there - here if _PICTURE.fullmatch(one)}
            add = [CommitOperationAdd(one, library.folder / one) for one in sorted(here - self._there)]
            try:
                commit = self._api.create_commit(
                    self.repository,
                    [
                        *add,
                        CommitOperationAdd(FILE, staging / FILE),
                        *(CommitOperationDelete(one) for one in sorted(gone)),
                    ],
                    repo_type="dataset",
                    commit_message="The stories as they are now",
                    parent_commit=self._known,
                )
            except HfHubHTTPError as error:
                if error.response.status_code == _MOVED_ON:
                    return  # the next look takes in first what others have written meanwhile
                raise
        self._known, self._there, self._written = commit.oid, (self._there - gone) | here | {FILE}, changes
        self._commits += 1

    def _squash_if_due(self) -> None:
        if self._commits >= SQUASHED_AFTER:
            self._api.super_squash_history(self.repository, repo_type="dataset")
            self._known = self._api.dataset_info(self.repository).sha or ""
            self._commits = 0

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Turns any error into `trouble`, because a copy that fails is no reason to stop writing stories."""
        try:
            yield
        except Exception as error:  # which errors a connection raises depends on the network
            trouble = (_TROUBLE if self._known else _NOT_FETCHED).format(_reason(error))
            if trouble != self.trouble:  # otherwise it is in the log already
                log.warning("the mirror %s: %s", self.repository, error)
            self.trouble = trouble
        else:
            self.trouble = ""


_TROUBLE = (
    "The copy of the stories on the Hub cannot be written ({}); drawing and saving go on here, and it is tried again "
    "every minute. Until then save project files of what matters."
)
_NOT_FETCHED = (
    "The stories of before cannot be fetched from the Hub ({}); that is tried again every minute, and what is written "
    "meanwhile is added to them."
)
_STATUSES = {
    401: "the token is not valid",
    403: "the token may not write there, or the account is full",
    404: "there is no such repository for this token",
    413: "the repository is full",
    429: "too much was sent in a short time",
    507: "the repository is full",
}


def _reason(error: Exception) -> str:
    if isinstance(error, StoryError):
        return str(error).rstrip(".")
    if isinstance(error, HFValidationError):
        return "that is no name of a repository"
    response = getattr(error, "response", None)
    if response is None:
        return "it cannot be reached"
    return _STATUSES.get(response.status_code, f"it answers with status {response.status_code}")


@contextmanager
def _empty(folder: Path) -> Iterator[Path]:
    """Gives a fresh folder of that name, which is removed after the block."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
