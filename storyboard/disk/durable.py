"""Files that are either whole or not there, even after a crash or a power cut.

Knows nothing of pictures or stories. OSErrors go to the caller, who knows what the file was.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PART = ".part"  # suffix of a file that is still being written


def part_of(path: Path) -> Path:
    """Returns a fresh name beside `path`, to write to before `settle` gives the file its final name."""
    return path.with_name(f"{path.name}.{secrets.token_hex(4)}{PART}")


def settle(part: Path, path: Path) -> None:
    """Renames the written file `part` to `path`, replacing an older file, and makes sure both reach the disk.

    Removes `part` if that fails.
    """
    try:
        with open(part, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(part, path)
        sync_folder(path.parent)
    except OSError:
        part.unlink(missing_ok=True)
        raise


def write_whole(path: Path, data: bytes) -> None:
    """Writes a file so that nobody ever finds half of it, even after a crash."""
    part = part_of(path)
    try:
        part.write_bytes(data)
    except OSError:
        part.unlink(missing_ok=True)
        raise
    settle(part, path)


def write_json(path: Path, value: Any) -> None:
    """Writes a value as JSON that people can read, in the way of `write_whole`. Creates the folder if it is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode())


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """Gives a fresh folder to fill. It takes the name of `folder` only when the block ends without an error.

    Files that are in `folder` and not in the fresh one are copied over. A crash leaves either the old folder or the new
    one, under its own name or under a name beside it that ends with PART.
    """
    fresh, old = part_of(folder), part_of(folder)
    fresh.mkdir(parents=True)
    try:
        yield fresh
        if folder.is_dir():
            for kept in folder.iterdir():
                if not (fresh / kept.name).exists():
                    copy = shutil.copytree if kept.is_dir() else shutil.copy2
                    copy(kept, fresh / kept.name)
        _sync_files(fresh)
        if folder.is_dir():
            os.replace(folder, old)
        os.replace(fresh, folder)
        sync_folder(folder.parent)
    except BaseException:
        if old.is_dir() and not folder.exists():
            os.replace(old, folder)
        raise
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
        if folder.exists():
            shutil.rmtree(old, ignore_errors=True)


def _sync_files(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            with open(path, "rb+") as file:
                os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Makes sure the names in a folder reach the disk. Windows does that by itself and cannot be asked."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sweep_parts(folder: Path) -> int:
    """Removes the files that a crash left half-written. Returns how many there were.

    Only for a folder that nobody is writing to.
    """
    parts = list(folder.glob(f"*{PART}"))
    for part in parts:
        part.unlink(missing_ok=True)
    return len(parts)
