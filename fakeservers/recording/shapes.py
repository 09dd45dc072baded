"""The shape of an answer: its paths and their types, of a stream event kind by event kind.

What depends on what was said, and not on the service, is no part of it: the arguments of tools,
metadata, schemas; the content of a kind of block is told apart from that of other kinds.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["Shape", "differences", "shape_of"]

Shape = Mapping[str, Mapping[str, frozenset[str]]]
"""Types by path, by the kind of event; one kind, without a name, for an answer in one piece."""

OPAQUE = frozenset(
    {"args", "arguments", "format", "input", "json_schema", "logprobs", "metadata", "parameters"}
    | {"properties", "response_format", "schema", "tools"}
)
"""What is in these was said by the program or by the model."""

SAID = frozenset(
    {"annotations", "audio", "citations", "function_call", "functionCall", "images", "reasoning"}
    | {"reasoning_content", "refusal", "thinking", "thoughtSignature", "tool_calls"}
    | {"cacheTokensDetails", "cachedContentTokenCount", "finishMessage", "groundingMetadata"}
    | {"thoughtsTokenCount", "toolUsePromptTokenCount", "toolUsePromptTokensDetails"}
)
"""Whether these are there depends on what the model had to say."""

_TYPES: Mapping[type, str] = {
    dict: "object",
    list: "list",
    str: "text",
    bool: "true or false",
    int: "number",
    float: "number",
    type(None): "null",
}
_MARKED = ("functionCall", "inlineData", "executableCode", "thought", "text")
"""What tells Gemini's parts apart, which have no type."""


def shape_of(body: bytes) -> Shape | None:
    """The shape of an answer's body: JSON, server-sent events, or JSON by lines; None for what is
    none of these."""
    found: dict[str, dict[str, set[str]]] = {}
    values = list(_values(body))
    if not values:
        return None
    for kind, value in values:
        _paths(value, "", found.setdefault(kind, {}))
    return {
        kind: {path: frozenset(types) for path, types in paths.items()}
        for kind, paths in found.items()
    }


def differences(real: Shape, own: Shape) -> Iterator[str]:
    """Where two shapes differ, in the kinds of events and the objects that both have."""
    for kind in real:
        if kind in own:
            named = f"{kind}: " if kind else ""
            yield from (f"{named}{told}" for told in _apart(real[kind], own[kind]))


def _apart(real: Mapping[str, frozenset[str]], own: Mapping[str, frozenset[str]]) -> Iterator[str]:
    for path in sorted({*real, *own}):
        if path in real and path in own:
            one, other = real[path] - {"null"}, own[path] - {"null"}
            if one and other and not one & other:
                yield f"{path} is {_words(one)}, the fake's own is {_words(other)}"
        elif not _is_told(path, own if path in real else real):
            continue
        elif path in real:
            yield f"{path} is {_words(real[path])}, the fake has none"
        else:
            yield f"there is no {path}, the fake has one: {_words(own[path])}"


def _is_told(path: str, other: Mapping[str, frozenset[str]]) -> bool:
    """Whether it says something that one side lacks the path: the object around it is there, and
    it is no element of a list, nor something that the model said."""
    around, _, name = path.rpartition(".")
    return not path.endswith("]") and name not in SAID and (not around or around in other)


def _words(types: frozenset[str]) -> str:
    return " or ".join(sorted(types))


def _paths(value: Any, path: str, found: dict[str, set[str]]) -> None:
    if isinstance(value, dict):
        for key, inner in value.items():
            below = f"{path}.{key}" if path else key
            found.setdefault(below, set()).add(_TYPES[type(inner)])
            if key not in OPAQUE:
                _paths(inner, below, found)
    elif isinstance(value, list):
        for inner in value:
            below = f"{path}[{_kind(inner)}]"
            found.setdefault(below, set()).add(_TYPES[type(inner)])
            _paths(inner, below, found)


def _kind(element: Any) -> str:
    """What tells an element of a list from others beside it."""
    if not isinstance(element, dict):
        return ""
    if isinstance(element.get("type"), str):
        return str(element["type"])
    return next((name for name in _MARKED if name in element), "")


def _values(body: bytes) -> Iterator[tuple[str, Any]]:
    """Each object of an answer, with the kind of its event."""
    try:
        whole = json.loads(body)
    except ValueError:
        yield from _events(body)
        return
    if isinstance(whole, list):
        yield from (("chunk", value) for value in whole)
    else:
        yield "", whole


def _events(body: bytes) -> Iterator[tuple[str, Any]]:
    for line in body.splitlines():
        try:
            value = json.loads(line.removeprefix(b"data:"))
        except ValueError:
            continue
        if isinstance(value, dict):
            named = value.get("type") or value.get("object")
            last = "done" if value.get("done") is True else "chunk"
            yield (named if isinstance(named, str) else last), value
