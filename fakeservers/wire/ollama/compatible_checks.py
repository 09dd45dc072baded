"""What the Ollama server refuses in bodies of the APIs that it copies, before it looks at them as
its own: its middleware decodes them into Go structs and turns those into requests of its own.

Words from the server's `middleware` and `openai` packages (2026). What the copied APIs themselves
refuse stands with those; fields that are in no struct are ignored.
"""

from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import orjson

from ..base import HttpRequest
from ..reading import Reader
from .gojson import GoWording, invalid

__all__ = ["check_chat", "check_completion", "check_embeddings", "check_messages"]

EFFORTS: Final = ("high", "medium", "low", "max", "none")

_PICTURES: Final = tuple(f"data:image/{kind};base64," for kind in ("jpeg", "jpg", "png", "webp"))
_NUMBERS: Final = ("frequency_penalty", "presence_penalty", "temperature", "top_p")
_INTEGERS: Final = ("max_tokens", "seed")
_GO_TYPES: Final[Mapping[type, str]] = {
    type(None): "<nil>",
    bool: "bool",
    int: "float64",
    float: "float64",
    dict: "map[string]interface {}",
    list: "[]interface {}",
    str: "string",
}
_CHAT: Final = GoWording(
    "ChatCompletionRequest",
    {
        "messages": "[]openai.Message",
        "messages[]": "openai.Message",
        "response_format": "openai.ResponseFormat",
        "stream_options": "openai.StreamOptions",
        "tools": "[]api.Tool",
        "tools[]": "api.Tool",
    },
)


def check_chat(http: HttpRequest) -> None:
    """Raise `Rejected` for a chat completion request that cannot be turned into one of Ollama's."""
    body = _types(Reader.of(http.json(), _CHAT))
    body.object("response_format")
    body.object("stream_options")
    for _ in body.objects("tools"):
        pass
    messages = [message.value for message in body.objects("messages")]
    if not messages:
        raise invalid("[] is too short - 'messages'")
    for message in messages:
        _check_content(message)
        _check_calls(message)
    effort = body.text("reasoning_effort")
    if effort and effort not in EFFORTS:
        raise invalid(
            f'invalid reasoning value: \'{effort}\' (must be "high", "medium", "low", "max", '
            'or "none")'
        )
    _require_model(body)


def check_completion(http: HttpRequest) -> None:
    """The same for a plain completion request."""
    body = _types(Reader.of(http.json(), GoWording("CompletionRequest")))
    body.text("prompt")
    stops = body.raw("stop")
    for stop in stops if isinstance(stops, list) else ():
        if not isinstance(stop, str):
            raise invalid(f"invalid type for 'stop' field: {_GO_TYPES[type(stop)]}")
    _require_model(body)


def check_embeddings(http: HttpRequest) -> None:
    """The same for a request for embeddings."""
    body = Reader.of(http.json(), GoWording("EmbedRequest"))
    body.text("model")
    body.integer("dimensions")
    if body.raw("input") in (None, "", []):
        raise invalid("invalid input")
    _require_model(body)


def check_messages(http: HttpRequest) -> None:
    """The same for a request of Anthropic's API."""
    body = Reader.of(http.json(), GoWording("MessagesRequest", {"messages": "[]anthropic.Message"}))
    if not body.text("model"):
        raise invalid("model is required")
    if (body.integer("max_tokens") or 0) <= 0:
        raise invalid("max_tokens is required and must be positive")
    if not body.array("messages"):
        raise invalid("messages is required")


def _types(body: Reader) -> Reader:
    body.text("model")
    body.flag("stream")
    for key in _INTEGERS:
        body.integer(key)
    for key in _NUMBERS:
        body.number(key)
    return body


def _require_model(body: Reader) -> None:
    if not body.text("model"):
        raise invalid("model is required")


def _check_content(message: Mapping[str, Any]) -> None:
    content = message.get("content")
    if isinstance(content, str):
        return
    if isinstance(content, list):
        for part in content:
            _check_part(part)
    elif message.get("tool_calls") is None:
        raise invalid(f"invalid message content type: {_GO_TYPES[type(content)]}")


def _check_part(part: Any) -> None:
    kind = part.get("type") if isinstance(part, dict) else None
    check = _PARTS.get(kind) if isinstance(kind, str) else None
    if check is None or not check(part):
        raise invalid("invalid message format")


def _is_text(part: Mapping[str, Any]) -> bool:
    return isinstance(part.get("text"), str)


def _is_image(part: Mapping[str, Any]) -> bool:
    given = part.get("image_url")
    url = given.get("url") if isinstance(given, dict) else given
    if not isinstance(url, str):
        return False
    if url.startswith(("http://", "https://")):
        told = "image URLs are not currently supported, please use base64 encoded data instead"
        raise invalid(told)
    start = next((start for start in (*_PICTURES, "data:;base64,") if url.startswith(start)), None)
    if start is None or not _is_base64(url[len(start) :]):
        raise invalid("invalid image input")
    return True


def _is_audio(part: Mapping[str, Any]) -> bool:
    given = part.get("input_audio")
    if not isinstance(given, dict):
        raise invalid("invalid input_audio format")
    if not isinstance(given.get("data"), str):
        raise invalid("invalid input_audio format: missing data")
    return True


_PARTS: Final[Mapping[str, Callable[[Mapping[str, Any]], bool]]] = {
    "image_url": _is_image,
    "input_audio": _is_audio,
    "text": _is_text,
}


def _is_base64(text: str) -> bool:
    try:
        b64decode(text, validate=True)
    except (Base64Error, ValueError):
        return False
    return True


def _check_calls(message: Mapping[str, Any]) -> None:
    calls = message.get("tool_calls")
    for call in calls if isinstance(calls, Sequence) and not isinstance(calls, str) else ():
        function = call.get("function") if isinstance(call, dict) else None
        arguments = function.get("arguments") if isinstance(function, dict) else None
        if not (isinstance(arguments, str) and _is_object(arguments)):
            raise invalid("invalid tool call arguments")


def _is_object(text: str) -> bool:
    try:
        return orjson.loads(text) is None or isinstance(orjson.loads(text), dict)
    except ValueError:
        return False
