"""Pickled weights -> safetensors, in a process of its own: `python -m training.released.unpickle SOURCE TARGET ...`.

Only tensors and plain containers are unpickled (torch's weights-only reader). If a file gets past the reader, it meets
a process that does only this work, with a limit on its time and, if the platform supports it, on its memory and on what
it may write. Knows nothing of the keys.
"""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import re
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

from storyboard.errors import StoryError

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 300  # time for the process to import torch on a slow machine
BYTES_PER_SECOND = 10_000_000  # every usable disk is faster
SPARE_MEMORY = 2 << 30
MEMORY_COPIES = 4  # for the mapped file, its tensors, and writing them
LONGEST_KEY = 300
REFUSED = 2
_OTHER_THAN_WEIGHTS = re.compile("global|reduce|build|create", re.IGNORECASE)  # words in torch's refusals


def to_safetensors(files: Mapping[Path, Path]) -> None:
    """Converts each pickled file to a safetensors file. StoryError if a file is damaged or not pickled."""
    names = " and ".join(path.name for path in files)
    pairs = [str(path.resolve()) for pair in files.items() for path in pair]
    seconds = _seconds(files)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "training.released.unpickle", *pairs],
            cwd=ROOT,
            env={**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            errors="replace",
            timeout=seconds,
        )
    except subprocess.TimeoutExpired:
        raise StoryError(
            f"Reading {names} took more than {seconds:.0f} seconds and was stopped; the file is damaged, or the "
            "disk too slow."
        ) from None
    if done.returncode == REFUSED and done.stdout:
        raise StoryError(json.loads(done.stdout.splitlines()[-1]))
    if done.returncode:
        raise StoryError(
            f"Reading {names} was stopped (exit {done.returncode}): it took more memory or disk than a file of that "
            "size can need, so it is damaged or no checkpoint; get it again."
        )


def _seconds(files: Mapping[Path, Path]) -> float:
    size = sum(path.stat().st_size for path in files if path.is_file())
    return START_SECONDS + size / BYTES_PER_SECOND


class Unreadable(Exception):
    """A sentence about the file."""


def convert(source: Path, target: Path) -> None:
    """Converts a file in this process. Unreadable if it is damaged, or is no dict of tensors."""
    import torch
    from safetensors.torch import save_file

    broken = _check_archive(source) if zipfile.is_zipfile(source) else None
    try:
        # Mapped, not read: so a broken record is found below, with its name, and does not fail here.
        held = torch.load(source, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(source))
    except Exception as error:  # a hostile or cut-off pickle can raise anything
        # torch adds to its reader's message the advice to read the file unsafely.
        reason = str(error.__context__ or error).strip().split("\n")[0][:200]
        if isinstance(error, pickle.UnpicklingError) and _OTHER_THAN_WEIGHTS.search(reason):
            raise Unreadable(
                f"{source.name} holds more than weights, which could run code ({reason}); get it from its authors."
            ) from error
        raise Unreadable(
            f"{source.name} is cut off or damaged ({reason or type(error).__name__}); get it again."
        ) from error
    state = _state_of(source, held)
    if broken is not None:
        raise Unreadable(
            f"{source.name} is damaged: {_owner(state, broken)} does not have its checksum; get it again."
        )
    save_file(_separate(state), target, metadata={"format": "pt"})


def _check_archive(source: Path) -> str | None:
    """Returns the first record whose checksum is wrong, or None.

    Refuses compressed records, because torch writes none and archive bombs need them.
    """
    try:
        with zipfile.ZipFile(source) as archive:
            for record in archive.infolist():
                if record.compress_type != zipfile.ZIP_STORED:
                    raise Unreadable(f"{source.name} is compressed, which no checkpoint is; get it again.")
            return archive.testzip()
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, ValueError, RuntimeError) as error:
        raise Unreadable(f"{source.name} is cut off or damaged ({error}); get it again.") from error


def _state_of(source: Path, held: object) -> dict:
    """Returns the named tensors in what was unpickled, without the `state_dict` around them if there is one."""
    import torch

    if isinstance(held, dict) and set(held) == {"state_dict"}:
        held = held["state_dict"]
    if not isinstance(held, dict) or not held:
        kind = "nothing" if isinstance(held, dict) else f"a {type(held).__name__}"
        raise Unreadable(f"{source.name} holds {kind} where named tensors belong; get the right file.")
    for key, value in held.items():
        if not isinstance(key, str) or len(key) > LONGEST_KEY:
            raise Unreadable(
                f"{source.name} has a key that is no name ({str(key)[:60]!r}); get the right file."
            )
        if not isinstance(value, torch.Tensor) or value.layout != torch.strided or value.is_quantized:
            raise Unreadable(f"{source.name} holds {key!r}, which is no plain tensor; get the right file.")
    return held


def _owner(state: dict, record: str) -> str:
    """Returns the key whose numbers are in a record such as "archive/data/17".

    torch numbers storages in the order of the keys.
    """
    storages = list(dict.fromkeys(tensor.untyped_storage().data_ptr() for tensor in state.values()))
    number = record.rpartition("/data/")[2]
    if number.isdecimal() and int(number) < len(storages):
        wanted = storages[int(number)]
        return next(f'"{k}"' for k, t in state.items() if t.untyped_storage().data_ptr() == wanted)
    return f"its record {record[:100]!r}"


def _separate(state: dict) -> dict:
    """Returns each tensor contiguous in memory of its own, as safetensors requires. Most tensors already are."""
    separate, seen = {}, set()
    for key, value in state.items():
        tensor = value.detach().contiguous()
        storage = tensor.untyped_storage()
        if storage.data_ptr() in seen or storage.nbytes() != tensor.nbytes:
            tensor = tensor.clone()
        seen.add(storage.data_ptr())
        separate[key] = tensor
    return separate


def _limit(files: Mapping[Path, Path]) -> None:
    """Limits this process, after torch is imported: its memory, its time, and the length of the files it writes."""
    try:
        import resource
    except ImportError:  # on Windows, the caller's time limit is the only limit
        return
    size = sum(path.stat().st_size for path in files if path.is_file())
    wanted = {"RLIMIT_CPU": int(_seconds(files)), "RLIMIT_FSIZE": 2 * size + (1 << 20), "RLIMIT_CORE": 0}
    with contextlib.suppress(OSError):  # only Linux says how much memory is mapped
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        wanted["RLIMIT_AS"] = pages * resource.getpagesize() + MEMORY_COPIES * size + SPARE_MEMORY
    for name, limit in wanted.items():
        with contextlib.suppress(ValueError, OSError):  # there is a lower limit already
            resource.setrlimit(getattr(resource, name), (limit, limit))


def main(arguments: list[str]) -> int:
    import safetensors.torch  # noqa: F401  before the limits: they count from what is mapped by then

    files = {
        Path(source): Path(target) for source, target in zip(arguments[::2], arguments[1::2], strict=True)
    }
    _limit(files)
    try:
        for source, target in files.items():
            convert(source, target)
    except Unreadable as error:
        print(json.dumps(str(error)))
        return REFUSED
    except OSError as error:
        print(json.dumps(f"A checkpoint cannot be read or converted ({error.strerror}: {error.filename})."))
        return REFUSED
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
