"""What the encoders of requests share: refusing what a vendor cannot express, sealed reasoning.

Refusing happens before anything is sent, as the class "unsupported". Two things are hints whose
absence changes no answer, and are left out where a vendor has no place for them: the `cache` marks
of a prompt, and the reasoning of earlier turns that another vendor sealed.
"""

import json
from base64 import b64encode
from collections.abc import Iterable, Mapping
from typing import Any

from ..types import Image, LLMRequest, Message, Text, ToolCall, ToolResult
from .base import ProviderFailure

__all__ = [
    "arguments_text",
    "data_url",
    "named_results",
    "parsed_arguments",
    "refuse",
    "refuse_fields",
    "result_text",
    "sealed",
    "texts_of",
    "unsealed",
]

DEFAULTS: Mapping[str, Any] = {"n": 1}


def refuse(vendor: str, what: str) -> ProviderFailure:
    """The failure to raise for a request that this vendor's API cannot express."""
    return ProviderFailure(
        "unsupported", f"{vendor} cannot express {what}", certainty="not_sent", code="unsupported"
    )


def refuse_fields(vendor: str, request: LLMRequest, names: Iterable[str]) -> None:
    """Raise for the first of these fields that the request sets."""
    for name in names:
        value = getattr(request, name)
        if value in (None, (), {}, DEFAULTS.get(name)):
            continue
        # What metadata holds may be anybody's name: it is not for a message.
        raise refuse(vendor, name if name == "metadata" else f"{name}={value!r}")


def sealed(vendor: str, signature: str) -> str:
    """A vendor's seal on its reasoning, marked with whose it is: no other vendor takes it."""
    return f"{vendor}:{signature}" if signature else ""


def unsealed(vendor: str, signature: str) -> str:
    """The seal as the vendor gave it; "" if another vendor did. One without a mark counts as this
    vendor's: the program had it from elsewhere."""
    whose, mark, seal = signature.partition(":")
    if not mark:
        return signature
    return seal if whose == vendor else ""


def data_url(image: Image) -> str:
    """The image as one URL, its bytes inside where it has no address."""
    if image.url is not None:
        return image.url
    return f"data:{image.media_type};base64,{b64encode(image.data or b'').decode()}"


def arguments_text(call: ToolCall) -> str:
    """A call's arguments as the JSON text that OpenAI's formats hold."""
    return call.arguments_text or json.dumps(dict(call.arguments), separators=(",", ":"))


def parsed_arguments(text: str) -> tuple[dict[str, Any], str]:
    """(arguments, "") of a JSON object; ({}, text) of anything else. No text is no arguments."""
    if not text.strip():
        return {}, ""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}, text
    return (value, "") if isinstance(value, dict) else ({}, text)


def texts_of(vendor: str, parts: Iterable[Any], where: str) -> str:
    """The joined text of parts that may be nothing but text."""
    found = []
    for part in parts:
        if not isinstance(part, Text):
            raise refuse(vendor, f"{type(part).__name__} in {where}")
        found.append(part.text)
    return "".join(found)


def result_text(vendor: str, result: ToolResult) -> str:
    """A tool's result for an API without a field for failures: they begin with "Error: "."""
    content = result.content
    text = content if isinstance(content, str) else texts_of(vendor, content, "a tool result")
    return f"Error: {text}" if result.is_error else text


def named_results(messages: Iterable[Message]) -> dict[str, str]:
    """The tool's name of each call id, for APIs that match results by name."""
    return {
        part.id: part.name
        for message in messages
        for part in message.parts
        if isinstance(part, ToolCall)
    }
