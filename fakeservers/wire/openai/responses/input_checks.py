"""What OpenAI refuses in the items of a response's input: fields, ids, files and pictures, items
that need others. Providers with a compatible API take it.

Words as in the public issue logs of OpenAI's SDKs, where no recording is named.
"""

import re
from collections.abc import Mapping
from itertools import zip_longest
from typing import Final

from ....canonical import Rejected
from ...reading import Reader
from ..pictures import check_input_picture
from ..rules import check_keys, check_length
from ..wording import invalid, place

__all__ = ["check_calls", "check_items", "check_pairs"]

ID_MAX: Final = 64
KEYS: Final[Mapping[str, frozenset[str]]] = {
    "message": frozenset({"content", "id", "phase", "role", "status", "type"}),
    "function_call": frozenset(
        {
            "arguments",
            "call_id",
            "caller",
            "id",
            "name",
            "namespace",
            "status",
            "type",
        }
    ),
    "function_call_output": frozenset(
        {"call_id", "caller", "id", "name", "namespace", "output", "status", "type"}
    ),
}
"""The fields of items in the types of the openai SDK 3.54."""

PREFIXES: Final[Mapping[str, str]] = {
    "custom_tool_call": "ctc",
    "function_call": "fc",
    "message": "msg",
    "reasoning": "rs",
}
"""What the ids of items begin with."""

OUTPUTS: Final[Mapping[str, str]] = {
    "custom_tool_call_output": "custom_tool_call",
    "function_call_output": "function_call",
}
CALLS: Final = {call: output for output, call in OUTPUTS.items()}
SHOWN: Final[Mapping[str, str]] = {
    "custom_tool_call": "custom tool call",
    "function_call": "function call",
}
NO_FILES: Final = ("audio/", "image/", "video/")
SUPPORTED: Final = "https://platform.openai.com/docs/assistants/tools/file-search#supported-files"

_ID: Final = re.compile(r"[A-Za-z0-9_-]+")


def check_items(body: Reader) -> None:
    """Raise `Rejected` for the first item with a wrong field."""
    if not isinstance(body.raw("input"), list):
        return
    for item in body.objects("input"):
        kind = item.text("type") or "message"
        if (known := KEYS.get(kind)) is not None:
            check_keys(item, known)
        if item.raw("id") is not None and (prefix := PREFIXES.get(kind)) is not None:
            _check_id(item, prefix)
        if kind in OUTPUTS or kind in CALLS:
            check_length(place((*item.path, "call_id")), item.text("call_id"), ID_MAX)
        for key in ("content", "output"):
            if kind == "message" or kind in OUTPUTS:
                _check_parts(item, key)


def _check_id(item: Reader, prefix: str) -> None:
    given, param = item.text("id") or "", place((*item.path, "id"))
    check_length(param, given, ID_MAX)
    if not _ID.fullmatch(given):
        told = (
            "an ID that contains letters, numbers, underscores, or dashes, but this value "
            "contained additional characters"
        )
    elif not given.startswith(prefix):
        told = f"an ID that begins with '{prefix}'"
    else:
        return
    raise Rejected(
        invalid(
            f"Invalid '{param}': '{given}'. Expected {told}.", param=param, code="invalid_value"
        )
    )


def _check_parts(item: Reader, key: str) -> None:
    if not isinstance(item.raw(key), list):
        return
    for part in item.objects(key):
        if part.raw("type") == "input_image":
            _check_source(part)
            check_input_picture(part)
        elif part.raw("type") == "input_file":
            _check_file(part)


def _check_source(picture: Reader) -> None:
    """A picture comes from one place (the refusal as measured in 2026)."""
    if not picture.has("file_id") and not picture.has("image_url"):
        held = place(picture.path)
        raise Rejected(
            invalid(
                f"Missing mutually exclusive parameters: '{held}'. Ensure you are providing "
                "exactly one of: 'file_id' or 'image_url'.",
                param=held,
                code="missing_mutually_exclusive_parameters",
            )
        )


def _check_file(part: Reader) -> None:
    """Recorded in 2025: what is said of a file that is none."""
    data, param = part.text("file_data"), place((*part.path, "file_data"))
    if data is None or not data.startswith("data:"):
        return
    media_type = data[len("data:") :].partition(",")[0].partition(";")[0]
    if media_type.startswith(NO_FILES):
        raise Rejected(
            invalid(
                f"Invalid file data: '{param}'. Expected a base64-encoded data URL with a valid "
                f"file MIME type (e.g. 'data:text/plain;base64,SGVsbG8sIFdvcmxkIQ=='), but got "
                f"unsupported MIME type '{media_type}'. Please see {SUPPORTED} for supported file "
                f"types.",
                param=param,
                code="invalid_value",
            )
        )


def check_calls(body: Reader) -> None:
    """Raise `Rejected` unless every call of a tool is answered, and every answer was asked for.
    What is stored on the server is not seen here."""
    elsewhere = body.has("previous_response_id") or body.has("conversation") or body.has("prompt")
    if elsewhere or not isinstance(body.raw("input"), list):
        return
    items = list(body.objects("input"))
    if any(item.raw("type") == "item_reference" for item in items):
        return
    ids = {(item.raw("type"), item.raw("call_id")) for item in items if item.has("call_id")}
    for item in items:
        kind, id = item.raw("type"), item.raw("call_id")
        if (call := OUTPUTS.get(kind or "")) is not None and (call, id) not in ids:
            told = f"No tool call found for {SHOWN[call]} output with call_id {id}."
            raise Rejected(invalid(told, param="input"))
    for item in items:
        kind, id = item.raw("type"), item.raw("call_id")
        if (output := CALLS.get(kind or "")) is not None and (output, id) not in ids:
            raise Rejected(invalid(f"No tool output found for {SHOWN[kind]} {id}.", param="input"))


def check_pairs(body: Reader) -> None:
    """A reasoning item that is sent back needs the item that it led to (recorded 2025)."""
    if not isinstance(body.raw("input"), list):
        return
    items = list(body.objects("input"))
    stateless = body.raw("store") is False
    for item, following in zip_longest(items, items[1:]):
        if item.raw("type") != "reasoning" or not item.text("id"):
            continue
        sealed = stateless and bool(item.raw("encrypted_content"))
        if following is None or _is_callers(following, sealed=sealed):
            raise Rejected(
                invalid(
                    f"Item '{item.raw('id')}' of type 'reasoning' was provided without its "
                    f"required following item.",
                    param="input",
                )
            )


def _is_callers(item: Reader, *, sealed: bool) -> bool:
    """Whether the caller wrote the item, rather than sent back what the model had said.

    After reasoning that is `sealed`, all of it in its `encrypted_content` and nothing kept on the
    server, nothing is looked up: clients then send assistant messages without ids. Where the
    server keeps responses that is refused (recorded 2025).
    """
    kind = item.raw("type") or "message"
    if kind != "message":
        return kind in OUTPUTS
    return not (item.has("id") or (sealed and item.raw("role") == "assistant"))
