"""The four ways in which programs call a verb of a served app.

Each returns the verb's answer as JSON values, or raises `Refused` with the sentence of the refusal. A file among the
arguments is a Path. The command line takes words instead of arguments, and the address of the story.
"""

from __future__ import annotations

import asyncio
import base64
import io
import json
import urllib.error
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

from storyboard import __main__ as cli


class Refused(Exception):
    """A refusal, with the one sentence that the caller got."""


def by_client(client: Any, verb: str, given: dict[str, Any]) -> Any:
    """Calls by gradio_client, which uploads files by itself."""
    from gradio_client import handle_file
    from gradio_client.exceptions import AppError

    sent = {name: handle_file(one) if isinstance(one, Path) else one for name, one in given.items()}
    try:
        return client.predict(api_name=f"/{verb}", **sent)
    except AppError as error:
        raise Refused(error.message) from error


def by_http(url: str, verb: str, given: dict[str, Any], **headers: str) -> Any:
    """Calls like curl: one POST with the arguments by name, one GET for the answer.

    Files are in the message as data.
    """
    place = f"{url.rstrip('/')}/gradio_api/call/v2/{verb}"
    body = json.dumps({name: _as_data(one) for name, one in given.items()}).encode()
    request = urllib.request.Request(place, body, {"Content-Type": "application/json"} | headers)
    try:
        with urllib.request.urlopen(request) as answer:
            event = json.load(answer)["event_id"]
    except urllib.error.HTTPError as error:
        raise Refused(json.load(error)["error"]) from error
    with urllib.request.urlopen(f"{place}/{event}") as answer:
        last = answer.read().decode().strip().rpartition("event: ")[2]
    kind, _, data = last.partition("\ndata: ")
    if kind == "error":
        raise Refused(json.loads(data)["error"])
    return json.loads(data)[0]


def by_mcp(url: str, verb: str, given: dict[str, Any], **headers: str) -> Any:
    """Calls by the MCP client of the `mcp` package. Files are in the message as data."""
    given = {name: _as_data(one) for name, one in given.items()}
    place = f"{url.rstrip('/')}/gradio_api/mcp/"
    answer = mcp_session(place, lambda session: session.call_tool(verb, given), **headers)
    if answer.isError:
        raise Refused(answer.content[0].text)
    return said(answer)


def by_command(words: list[str]) -> Any:
    """Calls by `python -m storyboard`, in this process."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = cli.main(words)
    if code:
        raise Refused(err.getvalue().removeprefix("storyboard: ").rstrip("\n"))
    told = out.getvalue()
    return json.loads(told) if told.startswith(("{", "[")) else told.rstrip("\n")


def mcp_session(url: str, talk: Callable[[Any], Any], **headers: str) -> Any:
    """Returns what `talk` returns of a real client's session."""
    import httpx
    from mcp import ClientSession
    from mcp.client.streamable_http import streamable_http_client

    async def run() -> Any:
        web = httpx.AsyncClient(headers=headers, timeout=60)
        async with web, streamable_http_client(url, http_client=web) as (reading, writing, _):
            async with ClientSession(reading, writing) as session:
                await session.initialize()
                return await talk(session)

    # This needs its own thread, because a browser of an earlier test leaves a running event loop in the current one.
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, run()).result()


def said(answer: Any) -> Any:
    """Returns a tool's answer, and checks that its text and its value say the same."""
    text = answer.content[0].text
    if answer.structuredContent.keys() == {"result"}:
        assert answer.structuredContent["result"] == text
        return text
    assert json.loads(text) == answer.structuredContent
    return answer.structuredContent


def _as_data(value: Any) -> Any:
    if not isinstance(value, Path):
        return value
    return "data:application/octet-stream;base64," + base64.b64encode(value.read_bytes()).decode("ascii")
