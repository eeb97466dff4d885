"""Reads the pickles of dataset folders without running anything in them.

A pickle is a program. This one may build only plain containers, numpy arrays and tensors. It does not use the
libraries' own functions for that, but the few lines below, which check what they get. Knows nothing of datasets.
"""

from __future__ import annotations

import codecs
import io
import math
import pickle
import re
from collections import OrderedDict, defaultdict
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch

from storyboard.errors import StoryError

DEEPEST = 16  # so many containers may be inside one another; a dataset needs four
_PLAIN_DTYPE = re.compile(r"[<>=|]?(?:b1|[iu][1248]|f[248]|\?|[US]\d{1,6}|O8?)")


def read_pickle(path: str | Path) -> Any:
    """Returns the pickled value: only dicts, lists, text, numbers, arrays and tensors. Tuples and sets become lists.

    If the file asks for anything else or is broken, raises StoryError, and nothing is run.
    """
    try:
        with open(path, "rb") as file:
            return _plain(_Unpickler(file, encoding="latin1").load(), {}, 0)
    except FileNotFoundError:
        raise StoryError(f"There is no file {path}.") from None
    except StoryError as error:
        raise StoryError(f"{path} was not opened: {error}") from error
    except Exception as error:  # in a hostile or truncated file, any opcode may fail in any way
        reason = str(error).split("\n")[0][:120] or type(error).__name__
        raise StoryError(f"{path} is no pickle of plain data: {reason}.") from error


class _Dtype:
    """Replaces numpy.dtype: one of the plain kinds, whose byte order is set by the state that follows it."""

    def __init__(self, code: str, *_: Any):
        if not isinstance(code, str) or not _PLAIN_DTYPE.fullmatch(code):
            raise StoryError(f"it has an array of an unknown kind {code!r}")
        self.dtype = np.dtype(code)

    def __setstate__(self, state: tuple) -> None:
        if state[1] in "<>":
            self.dtype = self.dtype.newbyteorder(state[1])


class _Array:
    """Replaces numpy.ndarray: the value that its state describes, once sizes have been checked."""

    value: Any = None

    def __setstate__(self, state: tuple) -> None:
        _, shape, dtype, fortran, raw = state
        self.value = _array(raw, dtype, shape, "F" if fortran else "C")


def _array(raw: Any, dtype: _Dtype, shape: Any, order: Literal["C", "F"]) -> Any:
    shape = tuple(int(n) for n in shape)
    if dtype.dtype.hasobject:
        if not isinstance(raw, list) or len(shape) > 1:
            raise StoryError("it has an array of objects that is no plain list")
        return raw
    raw = raw.encode("latin1") if isinstance(raw, str) else bytes(raw)
    if any(n < 0 for n in shape) or math.prod(shape) * dtype.dtype.itemsize != len(raw):
        raise StoryError(f"it has an array whose {len(raw)} bytes are not {shape} of {dtype.dtype}")
    return np.frombuffer(raw, dtype.dtype).reshape(shape, order=order)


def _reconstruct(kind: Any, shape: Any, code: Any) -> _Array:
    return _Array()


def _frombuffer(raw: Any, dtype: _Dtype, shape: Any, order: Literal["C", "F"], *_: Any) -> Any:
    return _array(raw, dtype, shape, order)


def _scalar(dtype: _Dtype, raw: Any) -> Any:
    return _array(raw, dtype, (1,), "C")[0].item()


def _encode(text: str, encoding: str) -> bytes:
    """Returns bytes, in the form that pickles before protocol 3 have."""
    if encoding != "latin1":
        raise StoryError(f"it has text in the encoding {encoding!r}")
    return codecs.latin_1_encode(text)[0]


def _storage(raw: bytes) -> Any:
    return torch.load(io.BytesIO(raw), map_location="cpu", weights_only=True)


def _tensor(storage: Any, offset: int, size: tuple, stride: tuple, *_: Any) -> torch.Tensor:
    """Returns a copy of a dense view of a storage. torch itself refuses a view that reaches beyond the storage."""
    if not isinstance(storage, torch.storage.TypedStorage):
        raise StoryError("it has a tensor without a storage")
    whole = torch.tensor([], dtype=storage.dtype).set_(storage)
    dense = torch.empty(size, device="meta").stride()
    if tuple(stride) != dense or offset + math.prod(size) > whole.numel():
        raise StoryError("it has a tensor that does not fit its storage")
    return whole[offset : offset + math.prod(size)].reshape(size).clone()


_NUMPY = {
    "multiarray._reconstruct": _reconstruct,
    "multiarray.scalar": _scalar,
    "numeric._frombuffer": _frombuffer,
}
_ALLOWED = {
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): _Dtype,
    ("_codecs", "encode"): _encode,
    ("collections", "OrderedDict"): OrderedDict,
    ("collections", "defaultdict"): defaultdict,
    ("torch._utils", "_rebuild_tensor_v2"): _tensor,
    ("torch.storage", "_load_from_bytes"): _storage,
    **{
        (f"numpy.{core}.{name.split('.')[0]}", name.split(".")[1]): stand_in
        for core in ("core", "_core")
        for name, stand_in in _NUMPY.items()
    },
    **{
        (module, kind.__name__): kind
        for module in ("builtins", "__builtin__")
        for kind in (dict, list, tuple, set, frozenset, int, float, str, bool)
    },
}


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        try:
            return _ALLOWED[module, name]
        except KeyError:
            raise StoryError(f"it asks for {module}.{name}, which no dataset needs") from None


def _plain(value: Any, seen: dict[int, Any], depth: int) -> Any:
    """Returns `value` with plain types only.

    A value that is held twice stays shared, so a small file cannot grow endlessly.
    """
    if depth > DEEPEST:
        raise StoryError("its containers are nested too deeply")
    if value is None or isinstance(value, (bool, int, float, str, bytes, torch.Tensor, np.ndarray)):
        return value
    if id(value) in seen:
        return seen[id(value)]
    if isinstance(value, _Array):
        made = _plain(value.value, seen, depth + 1)
    elif isinstance(value, dict):
        made = {_key(key): _plain(held, seen, depth + 1) for key, held in value.items()}
    elif isinstance(value, (list, tuple, set, frozenset)):
        made = [_plain(held, seen, depth + 1) for held in value]
    else:
        raise StoryError(f"it holds a {type(value).__name__}")
    seen[id(value)] = made
    return made


def _key(key: Any) -> str | int:
    if not isinstance(key, (str, int)):
        raise StoryError(f"it has a {type(key).__name__} for a key")
    return key
