"""`POST /api/generate`: text for one prompt, without a conversation.

Recorded 2024; fields and their order from the Go server's `GenerateResponse` (2026).
"""

from collections.abc import Iterator
from typing import Any
from zlib import crc32

from ...canonical import (
    ChatRequest,
    CompletionResult,
    Message,
    Part,
    Rejected,
    ResourceRequest,
    ResourceResult,
    Text,
)
from ...pieces import pieces
from ..base import Answer, Frame, Frames, HttpRequest, Stamp
from ..framing import encode
from ..reading import Reader
from .answers import as_json, as_lines, line
from .conversation import check_images, media
from .generation import generation, preload
from .gojson import dumps, invalid, literal, moments, read, time
from .metrics import metrics, step_us
from .settings import TYPES, Settings
from .speech import DONE_REASON, Run, joined, runs, tool_calls

__all__ = ["Generate"]

VOCABULARY = 128_000
"""Token numbers in `context` lie below this."""

CONTEXT_MAX = 8192
"""Token numbers of a `context`: the oldest are dropped, as by a full context window."""


class Generate:
    """A completion. Without a prompt it only loads the model, or unloads it."""

    def parse(self, http: HttpRequest) -> ChatRequest | ResourceRequest:
        body = read(http, "GenerateRequest", TYPES)
        if http.validates:
            check_images(body)
        model, prompt = body.text("model") or "", body.text("prompt")
        images = media(body.texts("images"))
        settings = Settings.of(body)
        messages = (*_system(body), Message("user", (*_text(prompt), *images)))
        context = _context(body)
        body.text("suffix")
        template = body.text("template")
        if not model and body.strict:
            raise invalid("model '' not found", 404)
        raw = body.flag("raw")
        if raw and (template or context or len(messages) > 1) and body.strict:
            raise invalid("raw mode does not support template, system, or context")
        if not prompt:
            return preload(body, "generate", model)
        return generation(body, settings, "generate", model, messages)

    def render(
        self,
        request: ChatRequest | ResourceRequest,
        result: CompletionResult | ResourceResult,
        stamp: Stamp,
    ) -> Answer:
        head = {"model": request.model, "created_at": time(stamp.now_s)}
        if isinstance(request, ResourceRequest) or isinstance(result, ResourceResult):
            reason = request.raw["done_reason"]
            return as_json({**head, "response": "", "done": True, "done_reason": reason})
        found = runs(result.reply, stamp.ids)
        end: dict[str, Any] = {"done": True, "done_reason": DONE_REASON[result.reply.finish]}
        if not request.raw.get("raw"):
            end["context"] = _tokens(request, joined(found, "content"))
        end |= metrics(result.usage, stamp.ids)
        if calls := tool_calls(found):
            end["tool_calls"] = calls
        if request.stream:
            return as_lines(_frames(request.model, found, end, stamp.now_s))
        body: dict[str, Any] = {**head, "response": joined(found, "content")}
        if thinking := joined(found, "thinking"):
            body["thinking"] = thinking
        return as_json({**body, **end})


def _system(body: Reader) -> tuple[Message, ...]:
    text = body.text("system")
    return (Message("system", (Text(text),)),) if text else ()


def _text(prompt: str | None) -> tuple[Part, ...]:
    return (Text(prompt),) if prompt else ()


def _context(body: Reader) -> list[Any]:
    """The token numbers that an earlier answer gave."""
    values = body.array("context") or []
    for index, value in enumerate(values):
        if isinstance(value, bool) or not isinstance(value, int):
            if not body.strict:
                body.drop("context")
                return []
            place = ("context", index)
            raise Rejected(body.wording.wrong_type(place, ("integer",), value))
    return values


def _tokens(request: ChatRequest, response: str) -> list[int]:
    """Numbers for the tokens of the conversation so far: the same text, the same numbers."""
    said = [*pieces(request.prompt), *pieces(response)]
    numbers = [crc32(encode(piece)) % VOCABULARY for piece in said[-CONTEXT_MAX:]]
    return [*(request.raw.get("context") or ()), *numbers][-CONTEXT_MAX:]


def _frames(
    model: str, found: list[Run], end: dict[str, Any], start_s: float
) -> Iterator[Frame | Frames]:
    """A line for each delta, then the one that is done."""
    times = moments(start_s, step_us(end, found))
    start = dumps({"model": model})[:-1] + ',"created_at":"'
    for run in found:
        before = '","response":'
        if run.kind == "thinking":
            before += '"","thinking":'
        after = ',"done":false}\n'
        told = zip(run.deltas, times, strict=False)
        yield Frames(
            b"", [encode(f"{start}{at}{before}{literal(delta)}{after}") for delta, at in told]
        )
    head = {"model": model, "created_at": next(times)}
    yield Frame(line({**head, "response": "", **end}))
