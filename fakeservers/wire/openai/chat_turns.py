"""What OpenAI itself refuses in the messages of a chat completion request: fields of one message,
and turns out of order. Providers with a compatible API take it.

Words as in the public issue logs of OpenAI's SDKs, where no recording is named.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from ...canonical import ApiError, Rejected
from ..reading import Reader
from .chat_options import known_family
from .pictures import check_chat_picture
from .rules import check_length, unsupported_value
from .wording import WORDING, empty_array, invalid, place, unknown_value

__all__ = ["check_messages", "check_system", "check_turns"]

CONTENT_KINDS: Final = ("text", "image_url", "input_audio", "refusal", "audio", "file")
CALL_ID_MAX: Final = 40

_NAME: Final = re.compile(r"[^\s<|\\/>]+")
_WITHOUT_SYSTEM: Final = re.compile(r"o1-(?:mini|preview)")


def check_messages(body: Reader, model: str) -> None:
    """Raise `Rejected` for the first message with a wrong field."""
    sees, hears = known_family(model).sees, "audio" in model
    for message in body.objects("messages"):
        _check_name(message)
        if isinstance(message.raw("content"), list):
            _check_parts(message, sees=sees, hears=hears)
        if message.raw("role") == "assistant" and message.has("tool_calls"):
            _check_calls(message)
        elif message.raw("role") == "tool":
            given = message.text("tool_call_id")
            check_length(place((*message.path, "tool_call_id")), given, CALL_ID_MAX)


def _check_name(message: Reader) -> None:
    name = message.text("name")
    if name is not None and not _NAME.fullmatch(name):
        param = place((*message.path, "name"))
        raise Rejected(
            invalid(
                f"Invalid '{param}': string does not match pattern. Expected a string that "
                f"matches the pattern '^[^\\s<|\\\\/>]+$'.",
                param=param,
                code="invalid_value",
            )
        )


def _check_parts(message: Reader, *, sees: bool, hears: bool) -> None:
    if not message.raw("content"):
        raise Rejected(empty_array(place((*message.path, "content"))))
    for part in message.objects("content"):
        kind = part.text("type") or ""
        if kind not in CONTENT_KINDS:
            raise Rejected(unknown_value(kind, CONTENT_KINDS, place((*part.path, "type"))))
        if kind == "image_url":
            check_chat_picture(part, sees=sees)
        if kind == "input_audio" and not hears:
            # Recorded in 2025: what a model says that hears nothing.
            param = place(message.path)
            told = "Content blocks are expected to be either text or image_url type."
            raise Rejected(invalid(f"Invalid '{param}'. {told}", param=param, code="invalid_value"))


def _check_calls(message: Reader) -> None:
    if not message.array("tool_calls"):
        raise Rejected(empty_array(place((*message.path, "tool_calls"))))
    for call in message.objects("tool_calls"):
        call.require("id")
        check_length(place((*call.path, "id")), call.text("id"), CALL_ID_MAX)


def check_system(messages: Sequence[Mapping[str, Any]], model: str) -> None:
    """Raise `Rejected` for a system message to the first models of the o series, which take none
    (recorded in 2025)."""
    if not _WITHOUT_SYSTEM.match(model):
        return
    for index, message in enumerate(messages):
        role = message["role"]
        if role in ("system", "developer"):
            param = f"messages[{index}].role"
            raise Rejected(
                unsupported_value(f"'{param}' does not support '{role}' with this model.", param)
            )


def check_turns(messages: Sequence[Mapping[str, Any]]) -> None:
    """Raise `Rejected` unless every call of a tool is answered by the messages right after it,
    and nothing else is."""
    asked: set[str] = set()
    open_: dict[str, None] = {}
    for index, message in enumerate(messages):
        if message["role"] == "tool":
            id = message.get("tool_call_id")
            if id is None:
                raise Rejected(WORDING.missing(("messages", index, "tool_call_id")))
            if id not in asked:
                raise Rejected(_unasked(id, index, asked))
            open_.pop(id, None)
            continue
        if open_:
            raise Rejected(_unanswered(open_, f"messages.[{index}].role"))
        calls = message.get("tool_calls") if message["role"] == "assistant" else None
        open_ = dict.fromkeys(call.get("id") or "" for call in calls or ())
        asked = set(open_)
    if open_:
        raise Rejected(_unanswered(open_, "messages"))


def _unasked(id: Any, index: int, asked: set[str]) -> ApiError:
    if asked:
        return invalid(
            f"Invalid parameter: 'tool_call_id' of '{id}' not found in 'tool_calls' of previous "
            f"message.",
            param=f"messages.[{index}].tool_call_id",
        )
    return invalid(
        "Invalid parameter: messages with role 'tool' must be a response to a preceeding message "
        "with 'tool_calls'.",
        param=f"messages.[{index}].role",
    )


def _unanswered(ids: Iterable[str], param: str) -> ApiError:
    return invalid(
        "An assistant message with 'tool_calls' must be followed by tool messages responding to "
        "each 'tool_call_id'. The following tool_call_ids did not have response messages: "
        f"{', '.join(ids)}",
        param=param,
    )
