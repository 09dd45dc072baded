"""Answers as OpenAI's Responses: whole, and the pieces that streams are made of too.

Forms as in openai 3.54, `types/responses/response.py`, `response_output_item.py`,
`response_usage.py`. Nothing is stored: `store` is false, whatever was asked.
"""

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any

from ...clients.asking import arguments_text
from ...types import Answer, FinishReason, Part, Text, Thinking, ToolCall, Usage
from ..openai.write import sealed
from ..values import Asked, Head
from .items import REDACTED

__all__ = [
    "call_item",
    "ending",
    "message_item",
    "reasoning_item",
    "response",
    "response_body",
    "said",
    "seal_of",
]

_INCOMPLETE: Mapping[str, str] = {
    "length": "max_output_tokens",
    "content_filter": "content_filter",
    "refusal": "content_filter",
}
_ENDED_BY_ITSELF = ("completed", "stop")  # how OpenAI's own models end with a refusal

Ending = tuple[str, dict[str, Any] | None]


def response(asked: Asked, answer: Answer, head: Head) -> dict[str, Any]:
    told = answer.response
    ended = ending(told.finish_reason, told.finish_reason_raw)
    output = list(_items(told.parts, head, refused=told.finish_reason == "refusal"))
    if ended[0] != "completed" and output and "status" in output[-1]:
        output[-1]["status"] = ended[0]
    return response_body(asked, head, answer.model, ended=ended, output=output, usage=told.usage)


def response_body(
    asked: Asked,
    head: Head,
    model: str,
    *,
    ended: Ending = ("in_progress", None),
    output: list[dict[str, Any]] | None = None,
    usage: Usage | None = None,
) -> dict[str, Any]:
    """The response; by default as a stream begins with it."""
    status, incomplete = ended
    return {
        "id": f"resp_{head.call_id}",
        "object": "response",
        "created_at": int(head.created_s),
        "status": status,
        "error": None,
        "incomplete_details": incomplete,
        "model": model,
        "output": output or [],
        **asked.echo,
        "service_tier": usage.service_tier if usage else None,
        "usage": None if usage is None else _usage(usage),
    }


def ending(reason: FinishReason | None, raw: str) -> Ending:
    """(status, incomplete_details). A reason that OpenAI does not know keeps the vendor's word, and
    an answer that ended without one is not called whole."""
    if reason in ("stop", "tool_calls") or (reason == "refusal" and raw in _ENDED_BY_ITSELF):
        return "completed", None
    if reason is None:
        return "incomplete", None
    return "incomplete", {"reason": _INCOMPLETE.get(reason) or raw or reason}


def _items(parts: Iterable[Part], head: Head, *, refused: bool) -> Iterable[dict[str, Any]]:
    """One item a part; pieces of text that follow one another are one message, as in a stream."""
    number = 0
    for is_text, group in groupby(parts, lambda part: isinstance(part, Text)):
        made = list(group)
        if is_text:
            text = "".join(part.text for part in made if isinstance(part, Text))
            made = [Text(text)] if text else []
        for part in made:
            match part:
                case Text(text=text):
                    yield message_item(head, number, [said(text, refused=refused)])
                case Thinking():
                    yield reasoning_item(
                        head, number, part.text, seal_of(part.signature, part.redacted)
                    )
                case ToolCall():
                    yield call_item(
                        head, number, part.id, part.name, arguments_text(part), part.signature
                    )
            number += 1


def said(text: str, *, refused: bool = False) -> dict[str, Any]:
    """A part of a message."""
    if refused:
        return {"type": "refusal", "refusal": text}
    return {"type": "output_text", "annotations": [], "logprobs": [], "text": text}


def message_item(
    head: Head, number: int, content: list[dict[str, Any]], status: str = "completed"
) -> dict[str, Any]:
    return {
        "id": f"msg_{head.call_id}_{number}",
        "type": "message",
        "status": status,
        "content": content,
        "role": "assistant",
    }


def reasoning_item(head: Head, number: int, text: str, seal: str) -> dict[str, Any]:
    item: dict[str, Any] = {
        "id": f"rs_{head.call_id}_{number}",
        "type": "reasoning",
        "summary": [{"type": "summary_text", "text": text}] if text else [],
    }
    return item | ({"encrypted_content": seal} if seal else {})


def call_item(
    head: Head,
    number: int,
    call_id: str,
    name: str,
    arguments: str,
    signature: str,
    status: str = "completed",
) -> dict[str, Any]:
    return {
        "id": f"fc_{head.call_id}_{number}",
        "type": "function_call",
        "status": status,
        "arguments": arguments,
        "call_id": call_id,
        "name": name,
    } | sealed(signature)


def seal_of(signature: str, redacted: str) -> str:
    """What stands in `encrypted_content`, so that `items.py` knows again which of the two it is."""
    return REDACTED + redacted if redacted else signature


def _usage(told: Usage) -> dict[str, Any]:
    return {
        "input_tokens": told.input_total,
        "input_tokens_details": {
            "cache_write_tokens": told.cache_write_5m + told.cache_write_1h,
            "cached_tokens": told.cached_read,
        },
        "output_tokens": told.output,
        "output_tokens_details": {"reasoning_tokens": told.reasoning},
        "total_tokens": told.total,
    }
