"""What whole and streamed answers share: content blocks, the message around them, its usage.

Shapes as recorded in 2026 and in the types of the anthropic SDK 2.12.
"""

import json
import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from ...canonical import (
    ChatRequest,
    CompletionResult,
    Finish,
    Opaque,
    Part,
    Refusal,
    Reply,
    Text,
    Thinking,
    ToolCall,
)
from ...rng import Ids

__all__ = [
    "Block",
    "MessagesRequest",
    "is_newest",
    "message",
    "message_id",
    "rendered",
    "stop",
    "usage",
]

STOP_REASONS: Final[Mapping[Finish, str]] = {
    "stop": "end_turn",
    "stop_sequence": "stop_sequence",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "refusal": "refusal",
    "content_filter": "refusal",
}
SIGNATURE_BYTES_MAX: Final = 2048
SERVER_TOOLS: Final = ("advisor_", "code_execution_", "web_fetch_", "web_search_")

# Models up to Claude 4.5 are served without a choice of region (recorded).
_WITHOUT_GEOGRAPHY = re.compile(r"^claude-(?:[23]|(?:haiku|opus|sonnet)-4(?:-[0-5])?(?:-\d{8}|$))")


@dataclass(kw_only=True)
class MessagesRequest(ChatRequest):
    """A ChatRequest with what the answer's form depends on: whether it came by the `newest`
    version of the API."""

    newest: bool = False


class Block(NamedTuple):
    """A part of a reply and the content block that says it."""

    part: Part
    value: dict[str, Any]


def rendered(reply: Reply, request: ChatRequest, ids: Ids) -> list[Block]:
    """The content blocks of a reply. A refusal is no block: see `stop`."""
    visible = request.thinking.visible
    made = ((part, _block(part, visible, ids)) for part in reply.parts)
    return [Block(part, value) for part, value in made if value is not None]


def _block(part: Part, visible: bool, ids: Ids) -> dict[str, Any] | None:
    match part:
        case Text(text=text):
            return {"type": "text", "text": text} if text else None
        case Thinking(text=text):
            shown = text if visible else ""
            signature = part.signature or _signature(text, ids)
            return {"type": "thinking", "thinking": shown, "signature": signature}
        case ToolCall():
            return {
                "type": "tool_use",
                "id": part.id or f"toolu_01{ids.base62(22)}",
                "name": part.name,
                "input": _input(part.arguments),
                "caller": {"type": "direct"},
            }
        case Opaque(raw=dict() as raw) if isinstance(raw.get("type"), str):
            return raw
    return None


def _input(arguments: Mapping[str, Any] | str) -> Mapping[str, Any]:
    """The arguments as the object that the wire wants. A text that is none, such as one that
    `max_tokens` cut off, leaves it empty (public issue reports)."""
    if not isinstance(arguments, str):
        return arguments
    try:
        parsed = json.loads(arguments)
    except (ValueError, RecursionError):
        return {}
    return parsed if isinstance(parsed, dict) else {}


def _signature(text: str, ids: Ids) -> str:
    """Base64 of a length-prefixed field, longer for a longer text (recorded)."""
    size = min(SIGNATURE_BYTES_MAX, 128 + len(text))
    prefix = bytes((0x12, size & 0x7F | 0x80, size >> 7))
    return b64encode(prefix + bytes.fromhex(ids.hex(2 * size))).decode()


def message(
    result: CompletionResult,
    content: Sequence[Mapping[str, Any]],
    reply: Reply | None,
    usage: Mapping[str, Any],
    *,
    id: str,
    newest: bool,
) -> dict[str, Any]:
    """A Message; `reply` is None at the start of a stream, when it has not stopped yet. Answers of
    the `newest` version tell of a container and of diagnostics that there are none."""
    return {
        "model": result.model,
        "id": id,
        "type": "message",
        "role": "assistant",
        "content": content,
        **(_NO_CONTAINER if newest else {}),
        **stop(reply),
        "usage": usage,
        **(_NO_DIAGNOSTICS if newest else {}),
    }


def message_id(ids: Ids) -> str:
    """`msg_01` and 22 characters (recorded)."""
    return f"msg_01{ids.base62(22)}"


# Recorded since September 2026.
_NO_CONTAINER: Final[Mapping[str, None]] = {"container": None}
_NO_DIAGNOSTICS: Final[Mapping[str, None]] = {"diagnostics": None}


def is_newest(request: ChatRequest) -> bool:
    """Whether the answer is to have the form of the newest version."""
    return isinstance(request, MessagesRequest) and request.newest


def stop(reply: Reply | None) -> dict[str, Any]:
    """Why the model stopped: three fields, all null while it has not.

    A refusal is HTTP 200 with its own stop reason; its words stand in `stop_details`.
    """
    if reply is None:
        return {"stop_reason": None, "stop_sequence": None, "stop_details": None}
    reason = STOP_REASONS[reply.finish]
    details = None
    if reason == "refusal":
        said = next((part.text for part in reply.parts if isinstance(part, Refusal)), None)
        details = {"type": "refusal", "category": None, "explanation": said}
    return {"stop_reason": reason, "stop_sequence": reply.stop_sequence, "stop_details": details}


def usage(request: ChatRequest, result: CompletionResult) -> dict[str, Any]:
    """The usage of a whole answer. `input_tokens` is what was neither read from the prompt
    cache nor written to it."""
    counts = result.usage
    return {
        "input_tokens": max(
            0, counts.input_tokens - counts.cached_tokens - counts.cache_write_tokens
        ),
        "cache_creation_input_tokens": counts.cache_write_tokens,
        "cache_read_input_tokens": counts.cached_tokens,
        "cache_creation": {
            "ephemeral_5m_input_tokens": counts.cache_write_tokens - counts.cache_write_1h_tokens,
            "ephemeral_1h_input_tokens": counts.cache_write_1h_tokens,
        },
        "output_tokens": counts.output_tokens,
        "output_tokens_details": {"thinking_tokens": counts.reasoning_tokens},
        **_server_tools(request),
        "service_tier": "standard",
        "inference_geo": _geography(request, result.model),
    }


def _server_tools(request: ChatRequest) -> dict[str, Any]:
    """What tools that the server runs were used: told where they are offered (recorded)."""
    tools = request.raw.get("tools") if isinstance(request.raw, dict) else None
    listed = tools if isinstance(tools, list) else ()
    kinds = [tool.get("type") for tool in listed if isinstance(tool, dict)]
    if not any(isinstance(kind, str) and kind.startswith(SERVER_TOOLS) for kind in kinds):
        return {}
    return {"server_tool_use": {"web_search_requests": 0, "web_fetch_requests": 0}}


def _geography(request: ChatRequest, model: str) -> str:
    wanted = request.raw.get("inference_geo") if isinstance(request.raw, dict) else None
    if isinstance(wanted, str):
        return wanted
    return "not_available" if _WITHOUT_GEOGRAPHY.match(model) else "global"
