"""What every request has to pass: it refuses foreign pages, bodies that no page sends, and addresses that nobody needs.

A browser lets any page on the web send a request to an app on its reader's own machine. Such a request says where it
comes from, and only the app's own pages may change anything. Programs, which say nothing, may too. Knows ASGI and
visitors, but neither Gradio nor stories.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from storyboard.exports.reading import has_too_many_parts
from storyboard.studio.visitors import VISITOR, visitor_at

MAX_BODY = 4 * 2**20  # the most bytes of a message; the longest script, in Chinese, has three million
UPLOAD = "/upload"
# Addresses of the framework that are for its developers.
SHUT = ("/monitoring", "/gradio_api/dev/reload", "/gradio_api/vibe")
LOOPBACK = ("localhost", "127.0.0.1", "::1")
LOOKING = ("GET", "HEAD", "OPTIONS")


class Doors:
    """ASGI middleware. `own`: other addresses of the app, such as "https://stories.example.org".

    `local`: whether the app listens to this machine only. A request for another Host is then an attempt to get in.
    """

    def __init__(self, app: ASGIApp, own: Iterable[str] = (), local: bool = True) -> None:
        self.app = app
        self.local = local
        self.own = {_place(one) for one in own}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        headers, path = Headers(scope=scope), scope["path"]
        refusal = self._refusal(scope["method"], path, headers)
        body = receive
        if refusal is None and scope["method"] not in LOOKING and not _is_upload(path):
            body, refusal = await _whole_body(headers, receive)
        if refusal is not None:
            return await refusal(scope, receive, send)
        visitor = VISITOR.set(visitor_at((scope.get("client") or (None,))[0]))
        try:
            return await self.app(scope, body, _with_headers(send))
        finally:
            VISITOR.reset(visitor)

    def _refusal(self, method: str, path: str, headers: Headers) -> JSONResponse | None:
        if path.startswith(SHUT):
            return _refused(404, "There is nothing here.")
        host = headers.get("host", "")
        if self.local and not self._is_own(host):
            return _refused(
                403, "This app answers under its own address alone; start it with --origin for another."
            )
        if method in LOOKING:
            return None
        origin = headers.get("origin")
        foreign = (
            headers.get("sec-fetch-site") == "cross-site"
            if origin is None
            else not self._is_from(origin, headers)
        )
        if foreign:
            return _refused(
                403, "Only this app's own pages may do that; start it with --origin for a proxy's address."
            )
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        wanted = "multipart/form-data" if _is_upload(path) else "application/json"
        if kind != wanted and (kind or headers.get("content-length", "0") != "0"):
            return _refused(415, f"This is {kind[:40] or 'of no kind'} and has to be {wanted}.")
        return None

    def _is_own(self, host: str) -> bool:
        name, _ = _place(f"//{host}")
        return name in LOOPBACK or name in {own for own, _ in self.own}

    def _is_from(self, origin: str, headers: Headers) -> bool:
        """Returns whether a page of that origin is the app's own.

        Its origin is then the host that was asked, or one of the app's other addresses.
        """
        hosts = [headers.get("host", "")]
        if not self.local:  # set by a proxy; on a local machine any page could set it
            hosts += [one.strip() for one in headers.get("x-forwarded-host", "").split(",")]
        place = _place(origin)
        if place[0] is None:
            return False
        return place in self.own or place in {
            _place(f"{urlsplit(origin).scheme}://{host}") for host in hosts if host
        }


def own_addresses(named: Iterable[str] = ()) -> tuple[str, ...]:
    """Returns the addresses of an app: those `named`, GRADIO_ROOT_PATH if it is a whole address, and a Space's own."""
    root, space = os.environ.get("GRADIO_ROOT_PATH", ""), os.environ.get("SPACE_HOST", "")
    found = [*named, *([root] if "://" in root else []), *([f"https://{space}"] if space else [])]
    return tuple(found)


def _place(address: str) -> tuple[str | None, int | None]:
    """Returns host and port of an address, or (None, None), which matches nothing, if it is no address ("null")."""
    try:
        parts = urlsplit(address)
        port = parts.port or {"https": 443, "http": 80}.get(parts.scheme)
        return (parts.hostname, port) if parts.hostname else (None, None)
    except ValueError:
        return None, None


def _is_upload(path: str) -> bool:
    return path.rstrip("/").endswith(UPLOAD)


async def _whole_body(headers: Headers, receive: Receive) -> tuple[Receive, JSONResponse | None]:
    """Reads the body of a message before it is used.

    Returns it, and a refusal if it is larger than any message should be.

    Its bytes and the values made of them both count: 4 MB of brackets would become 90 MB of lists.
    """
    told = headers.get("content-length", "0")
    parts, size, more = [], 0, True
    while more and size <= MAX_BODY and not (told.isdecimal() and int(told) > MAX_BODY):
        message = await receive()
        if message["type"] != "http.request":
            break
        parts.append(message.get("body", b""))
        size, more = size + len(parts[-1]), message.get("more_body", False)
    if size > MAX_BODY or (told.isdecimal() and int(told) > MAX_BODY):
        return receive, _refused(413, f"A message has at most {MAX_BODY // 2**20} MB; send less at a time.")
    body = b"".join(parts)
    if has_too_many_parts(body):
        return receive, _refused(413, "This message has far too many parts; send less at a time.")
    first: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replayed() -> Message:
        return first.pop() if first else await receive()

    return replayed, None


def _with_headers(send: Send) -> Send:
    """Returns `send` with security headers added.

    Only the app's own pages, and on a Space the Hub's page around it, may frame the app. Addresses contain a story's
    id, so they are not told to other sites.
    """
    hub = (
        " https://huggingface.co https://*.huggingface.co https://*.hf.space"
        if os.environ.get("SPACE_ID")
        else ""
    )

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers["Referrer-Policy"] = "same-origin"
            headers["X-Content-Type-Options"] = "nosniff"
            headers.append("Content-Security-Policy", f"frame-ancestors 'self'{hub}")
        await send(message)

    return sending


def _refused(status: int, sentence: str) -> JSONResponse:
    return JSONResponse({"error": sentence, "detail": sentence}, status_code=status)
