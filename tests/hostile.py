"""Hostile input in large numbers: values, files and whole messages. The same number always gives the same ones.

`values(n)`, `files(n)` and `messages(n)` return n different ones. None of them is a valid picture, project or message.
Values may be words, and an app must treat these only as words.
"""

from __future__ import annotations

import io
import json
import random
import struct
import zipfile
import zlib
from typing import Any

from PIL import Image

PATHS = (
    "../../etc/passwd",
    "/etc/passwd",
    "..\\..\\boot.ini",
    "C:\\x",
    "file:///etc/passwd",
    "~/.ssh/id_rsa",
    "a\0b",
)
CODE = (
    "<script>hit()</script>",
    "<img src=x onerror=hit()>",
    "${7*7}",
    "{{7*7}}",
    "'; DROP TABLE stories;--",
    "$(touch hit)",
    "`touch hit`",
    "%s%n%x",
    "javascript:hit()",
    "__import__('os').system('touch hit')",
)
LETTERS = (
    "\u202e",
    "\ufeff",
    "\x1b[2J",
    "\r\n\r\n",
    "\ud800",
    "e" + "\u0301" * 500,
    "\U0001f3f4" * 50,
    "\x00",
)
OTHER_TYPES: tuple[Any, ...] = (
    *(None, True, False, -1, 0, 2**63, -(2**200), 1.5, 1e308, [], {}, [[]], [None], {"a": {}}),
    {"path": "/etc/passwd"},
    {"path": "../x", "meta": {"_type": "gradio.FileData"}},
    {"url": "http://127.0.0.1:1/x", "path": "x"},
    ["x"] * 2000,
    {"__proto__": {"x": 1}},
)


def values(count: int) -> list[Any]:
    """Returns values of every type and words of every kind, then longer and longer words with stranger letters."""
    found: list[Any] = [*OTHER_TYPES, *PATHS, *CODE, *LETTERS]
    chance = random.Random(0)
    while len(found) < count:
        letters = "".join(chr(chance.choice((0, 9, 39, 60, 92, 0x301, 0x2028, 0xFFFD))) for _ in range(12))
        found.append(f"{letters}{len(found)}" * chance.choice((1, 100, 10_000)))
    chance.shuffle(found)
    return found[:count]


def files(count: int) -> list[bytes]:
    """Returns files that are neither pictures nor projects: bombs, cut files, and files that lie about themselves."""
    whole, chance = _png(), random.Random(0)
    found = [
        *(_claims(side, 30_000) for side in (30_000, 100_000, 2**31 - 1)),
        *(
            _archive(name, b"x")
            for name in (*PATHS[:4], "pictures/", "story.json/../x", "pictures/" + "a" * 64)
        ),
        *(
            _archive("story.json", text)
            for text in (b"{}", b"[]", b"null", b"\xff\xfe", b"[" * 10**6, b'{"frames": 7}')
        ),
        _archive("story.json", b"[" + b"[]," * (3 * 2**20) + b"0]"),
        _archive("story.json", b" " * (64 * 2**20)),
        *(_archive(f"pictures/{number:064x}.png", bytes(2**20)) for number in range(3)),
        *(
            b"",
            b"\x80\x04cos\nsystem\n(S'touch hit'\ntR.",
            b"<svg onload='hit()'/>",
            b"%PDF-1.7",
            b"MZ",
            b"GIF89a<script>",
        ),
        *(whole[:length] for length in range(8, 41, 4)),
    ]
    while len(found) < count:
        noise = bytes(chance.randrange(256) for _ in range(40))
        found.append(chance.choice((whole[:20], b"PK\3\4", b"\xff\xd8\xff\xe0", b"RIFF\1\0\0\0WEBP")) + noise)
    chance.shuffle(found)
    return found[:count]


def messages(count: int) -> list[tuple[dict[str, str], bytes]]:
    """Returns headers and bodies of messages that are already wrong before anybody reads their contents."""
    kinds = ("application/json", "text/plain", "multipart/form-data", "application/xml", "")
    bodies = (
        b"{",
        b"null",
        b"[]",
        b'"x"',
        b'{"data": null}',
        b'{"data": {}}',
        b'{"data": [{}]}',
        b'{"data": 1e999}',
        b'{"data": ["\\ud800"]}',
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b'{"data": [' + b"[]," * (2**20) + b"0]}",
        b'{"data": [' + b"0," * (2**20) + b"0]}",
        b"[" * (5 * 2**20),
        b"",
    )
    origins = (
        "",
        "null",
        "https://elsewhere.example",
        "http://127.0.0.1:1",
        "http://localhost.elsewhere.example",
    )
    found = [
        ({name: one for name, one in (("Content-Type", kind), ("Origin", origin)) if one}, body)
        for origin in origins
        for kind in kinds
        for body in bodies
    ]
    random.Random(0).shuffle(found)
    return found[:count]


def _png() -> bytes:
    buffer = io.BytesIO()
    Image.effect_noise((64, 64), 90).save(buffer, format="PNG")
    return buffer.getvalue()


def _claims(width: int, height: int) -> bytes:
    """Returns a PNG that claims this size."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = b"IDAT" + zlib.compress(bytes(10**6))
    chunks = (
        struct.pack(">I", len(one) - 4) + one + struct.pack(">I", zlib.crc32(one)) for one in (header, data)
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def _archive(name: str, content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(zipfile.ZipInfo(name), content)
    return buffer.getvalue()


def as_text(value: Any) -> str:
    """Returns a value as a word on a command line."""
    return value if isinstance(value, str) else json.dumps(value)
