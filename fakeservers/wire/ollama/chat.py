"""`POST /api/chat`: the request's reading is in `conversation`, the answer is here.

Fields and their order from the Go server's `ChatResponse` (2026).
"""

from collections.abc import Iterator
from typing import Any

from ...canonical import (
    ChatRequest,
    CompletionResult,
    ResourceRequest,
    ResourceResult,
)
from ..base import Answer, Frame, Frames, HttpRequest, Stamp
from ..framing import encode
from .answers import as_json, as_lines, line
from .conversation import TYPES, check_images, read_messages, read_tools
from .generation import generation, preload
from .gojson import dumps, invalid, literal, moments, objects, read, time
from .metrics import metrics, step_us
from .settings import Settings
from .speech import DONE_REASON, Run, joined, runs, tool_calls

__all__ = ["Chat"]


class Chat:
    """A conversation. Without messages it only loads the model, or unloads it."""

    def parse(self, http: HttpRequest) -> ChatRequest | ResourceRequest:
        body = read(http, "ChatRequest", TYPES)
        if http.validates and b"images" in http.body:
            for message in objects(body, "messages"):
                check_images(message)
        model = body.text("model") or ""
        messages = read_messages(body)
        tools = read_tools(body)
        settings = Settings.of(body)
        if not model and body.strict:
            raise invalid("model is required")
        if not messages:
            return preload(body, "chat", model)
        return generation(body, settings, "chat", model, messages, tools)

    def render(
        self,
        request: ChatRequest | ResourceRequest,
        result: CompletionResult | ResourceResult,
        stamp: Stamp,
    ) -> Answer:
        head = {"model": request.model, "created_at": time(stamp.now_s)}
        if isinstance(request, ResourceRequest) or isinstance(result, ResourceResult):
            reason = request.raw["done_reason"]
            return as_json({**head, "message": _message([]), "done": True, "done_reason": reason})
        found = runs(result.reply, stamp.ids)
        end = {
            "done": True,
            "done_reason": DONE_REASON[result.reply.finish],
            **metrics(result.usage, stamp.ids),
        }
        if request.stream:
            return as_lines(_frames(request.model, found, end, stamp.now_s))
        return as_json({**head, "message": _message(found), **end})


def _message(found: list[Run]) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": joined(found, "content")}
    if thinking := joined(found, "thinking"):
        message["thinking"] = thinking
    if calls := tool_calls(found):
        message["tool_calls"] = calls
    return message


def _frames(
    model: str, found: list[Run], end: dict[str, Any], start_s: float
) -> Iterator[Frame | Frames]:
    """A line for each delta and for each tool call, then the one that is done."""
    times = moments(start_s, step_us(end, found))
    start = dumps({"model": model})[:-1] + ',"created_at":"'
    middle = '","message":{"role":"assistant","content":'
    for run in found:
        before, after = middle, '},"done":false}\n'
        if run.kind == "thinking":
            before += '"","thinking":'
        elif run.kind == "call":
            calls = dumps([run.call])
            text = f'{start}{next(times)}{middle}"","tool_calls":{calls}{after}'
            yield Frame(encode(text), True)
            continue
        told = zip(run.deltas, times, strict=False)
        yield Frames(
            b"", [encode(f"{start}{at}{before}{literal(delta)}{after}") for delta, at in told]
        )
    head = {"model": model, "created_at": next(times)}
    yield Frame(line({**head, "message": {"role": "assistant", "content": ""}, **end}))
