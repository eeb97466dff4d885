"""The endpoints as MCP tools, where Gradio's own answers are not enough.

Gradio serves MCP, and reads names, descriptions and schemas from the endpoints. This module adds what Gradio cannot do:
hints on what a tool does, answers as JSON together with the picture itself, and calls that count for their caller.
(Gradio's own calls of a queued verb come back over loopback, where all assistants look like one visitor.) Knows Gradio,
the `mcp` package and visitors, but no stories and no models.
"""

from __future__ import annotations

import base64
import inspect
import json
import mimetypes
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import anyio
import gradio as gr
from gradio.context import LocalContext
from mcp import types
from mcp.server.lowlevel import Server

from storyboard.studio.described import Answer
from storyboard.studio.verb_table import VERBS

WAITING_CALLS = 64  # so many calls of one group of tools may wait
HEARTBEAT = 5.0  # seconds between two signs that a call is still running; clients give up silent calls

# What a tool changes, by its verb's `effect`. Destructive: it may replace what a writer wrote. Idempotent: a second
# equal call changes nothing more.
HINTS = {
    "reads": {"readOnlyHint": True},
    "adds": {"readOnlyHint": False, "destructiveHint": False, "idempotentHint": False},
    "replaces": {"readOnlyHint": False, "destructiveHint": True, "idempotentHint": False},
    "sets": {"readOnlyHint": False, "destructiveHint": True, "idempotentHint": True},
}


@asynccontextmanager
async def finished_tools(page: gr.Blocks) -> AsyncIterator[None]:
    """While the app of `page` runs, its MCP tools answer as this module says."""
    _Tools(page.mcp_server_obj).register()
    yield


class _Tools:
    """The tools of one page. `gradio`: its `GradioMCPServer`."""

    def __init__(self, gradio: Any) -> None:
        self.gradio = gradio
        self.server: Server = gradio.mcp_server
        self.lines: dict[str, anyio.CapacityLimiter] = {}

    def register(self) -> None:
        """Replaces Gradio's handlers."""
        listed: Callable[..., Any] = self.server.request_handlers[types.ListToolsRequest]

        async def list_tools() -> list[types.Tool]:
            tools = (await listed(types.ListToolsRequest(method="tools/list"))).root.tools
            return [tool.model_copy(update={"annotations": self._annotations(tool.name)}) for tool in tools]

        self.server.list_tools()(list_tools)
        # Arguments are checked in the same place for all doors, so that errors have the same sentences.
        self.server.call_tool(validate_input=False)(self._call)

    def _annotations(self, tool: str) -> types.ToolAnnotations:
        verb = self.gradio.tool_to_endpoint[tool].lstrip("/")
        return types.ToolAnnotations.model_validate({**HINTS[VERBS[verb].effect], "openWorldHint": False})

    async def _call(self, tool: str, arguments: dict[str, Any]) -> types.CallToolResult:
        chosen = self.gradio.get_selected_tools_from_request()
        if tool not in self.gradio.tool_to_endpoint or (chosen is not None and tool not in chosen):
            return _failed(f'There is no tool "{tool}" here; list the tools.')
        endpoint = self.gradio.get_block_fn_from_endpoint_name(self.gradio.tool_to_endpoint[tool])
        parameters = inspect.signature(endpoint.fn).parameters
        foreign = sorted(arguments.keys() - (parameters.keys() - {"request"}))
        if foreign:
            return _failed(f'"{tool}" has no argument "{foreign[0]}"; look at its schema.')
        line = self._line(endpoint)
        if line is not None and line.statistics().tasks_waiting >= WAITING_CALLS:
            return _failed("Too many calls wait for their turn; try again in a while.")
        context = self.server.request_context
        request = gr.Request(context.request)
        if "request" in parameters:
            arguments = {**arguments, "request": request}
        async with _heartbeat(context):
            return await anyio.to_thread.run_sync(
                partial(_answered, endpoint.fn, arguments, request), limiter=line
            )

    def _line(self, endpoint: Any) -> anyio.CapacityLimiter | None:
        """Returns the limiter in which a call waits, as the page's queue does for the same verb; None if it does not
        wait.
        """
        if not endpoint.queue:
            return None
        return self.lines.setdefault(
            endpoint.concurrency_id, anyio.CapacityLimiter(endpoint.concurrency_limit)
        )


def _answered(verb: Callable, arguments: dict[str, Any], request: gr.Request) -> types.CallToolResult:
    # If a GPU is lent, the visitor whose quota pays is looked up here, as in an event of the page.
    LocalContext.request.set(request)
    try:
        return _content(verb(**arguments))
    except gr.Error as error:
        return _failed(error.message)


def _content(told: Any) -> types.CallToolResult:
    """Returns a verb's answer: text for people and models, the same as a value for programs, and the picture it is
    about.
    """
    if not isinstance(told, dict):
        return types.CallToolResult(content=[_text(str(told))], structuredContent={"result": told})
    content: list[Any] = [_text(json.dumps(told, ensure_ascii=False))]
    if isinstance(told, Answer) and told.shown is not None:
        kind = mimetypes.guess_type(told.shown.name)[0] or "image/png"
        data = base64.b64encode(told.shown.read_bytes()).decode("ascii")
        content.append(types.ImageContent(type="image", data=data, mimeType=kind))
    return types.CallToolResult(content=content, structuredContent=dict(told))


def _text(text: str) -> types.TextContent:
    return types.TextContent(type="text", text=text)


def _failed(sentence: str) -> types.CallToolResult:
    return types.CallToolResult(content=[_text(sentence)], isError=True)


@asynccontextmanager
async def _heartbeat(context: Any) -> AsyncIterator[None]:
    """Tells a client that asked for progress every few seconds that its call is still running."""
    token = context.meta.progressToken if context.meta else None

    async def beat() -> None:
        passed = 0
        while True:
            await anyio.sleep(HEARTBEAT)
            passed += 1
            await context.session.send_progress_notification(
                token, passed, message="Still at it.", related_request_id=str(context.request_id)
            )

    async with anyio.create_task_group() as group:
        if token is not None:
            group.start_soon(beat)
        yield
        group.cancel_scope.cancel()
