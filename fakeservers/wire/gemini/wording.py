"""What Google says of a request that is no valid protobuf JSON or lacks a field.

Wording follows the public issue logs of clients, and protobuf's JSON parser.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from ...canonical import ApiError
from .. import framing
from ..reading import JsonType, Path

__all__ = [
    "WORDING",
    "Wording",
    "bad_bytes",
    "bad_json",
    "invalid",
    "invalid_value",
    "place",
    "snake",
    "unbound_names",
    "unknown_names",
]

PACKAGE: Final = "type.googleapis.com/google.ai.generativelanguage.v1beta."
BAD_REQUEST: Final = "type.googleapis.com/google.rpc.BadRequest"


class Wording:
    """What Google says of a body with a missing or mistyped field."""

    def missing(self, path: Path) -> ApiError:
        return invalid(f"* GenerateContentRequest.{place(path)}: {path[-1]} is not specified\n")

    def wrong_type(self, path: Path, wanted: tuple[JsonType, ...], value: object) -> ApiError:
        name = str(path[-1]) if path else ""
        if isinstance(value, list) and "array" not in wanted:
            return _violations([_unknown_name(path[:-1], snake(name), NOT_REPEATED)])
        shown = "" if isinstance(value, dict | list) else f", {framing.dumps(value)}"
        return _violations(
            [(place(path), f"Invalid value at '{place(path)}' ({_type(path, wanted)}){shown}")]
        )


NOT_REPEATED: Final = "Proto field is not repeating, cannot start list."
NOT_FOUND: Final = "Cannot find field."

WORDING = Wording()

_SCALARS: Final[Mapping[str, str]] = {
    "string": "TYPE_STRING",
    "integer": "TYPE_INT32",
    "number": "TYPE_FLOAT",
    "boolean": "TYPE_BOOL",
}
_MESSAGES: Final[Mapping[str, str]] = {
    "allowedFunctionNames": "TYPE_STRING",
    "category": "HarmCategory",
    "contents": "Content",
    "content": "Content",
    "systemInstruction": "Content",
    "functionDeclarations": "FunctionDeclaration",
    "inlineData": "Blob",
    "mode": "FunctionCallingConfig.Mode",
    "parameters": "Schema",
    "parts": "Part",
    "requests": "EmbedContentRequest",
    "responseSchema": "Schema",
    "thinkingLevel": "ThinkingConfig.ThinkingLevel",
    "threshold": "SafetySetting.HarmBlockThreshold",
    "tools": "Tool",
    "type": "Type",
}


def invalid(message: str) -> ApiError:
    """A 400 with these words."""
    return ApiError(status=400, kind="invalid", message=message)


def invalid_value(where: str) -> ApiError:
    """The value at this place is of a wrong type."""
    return _violations([(where, f"Invalid value at '{where}'")])


def bad_json(problem: str) -> ApiError:
    """The body is not JSON, or not JSON that can be a message."""
    return _violations([("", f"Invalid JSON payload received. {problem}")], kind="bad_json")


def unknown_names(found: Iterable[tuple[Path, str]]) -> ApiError:
    """The messages at these paths have no such fields."""
    return _violations([_unknown_name(path, name, NOT_FOUND) for path, name in found])


def unbound_names(names: Iterable[str]) -> ApiError:
    """The query has parameters that name no fields."""
    problem = "Cannot bind query parameter. Field '{}' could not be found in request message."
    return _violations([_unknown_name((), name, problem.format(name)) for name in names])


def bad_bytes(path: Path, text: str) -> ApiError:
    """The field holds bytes, and this text is not their base64."""
    where = place(path)
    shown = framing.dumps(text)
    told = f"Invalid value at '{where}' (TYPE_BYTES), Base64 decoding failed for {shown}"
    return _violations([(where, told)])


def place(path: Path) -> str:
    """A path as Google writes it: `contents[0].parts[1].function_call`."""
    text = ""
    for step in path:
        name = step if isinstance(step, int) else snake(step)
        text += f"[{name}]" if isinstance(name, int) else f".{name}" if text else name
    return text


def snake(name: str) -> str:
    """The field's name in the .proto file: `system_instruction`."""
    return re.sub(r"(?<=[a-z0-9])[A-Z]", lambda found: "_" + found[0].lower(), name)


def _type(path: Path, wanted: tuple[JsonType, ...]) -> str:
    if wanted and wanted[0] in _SCALARS:
        return _SCALARS[wanted[0]]
    names = [step for step in path if isinstance(step, str)]
    name = names[-1] if names else ""
    message = _MESSAGES.get(name) or name[:1].upper() + name[1:]
    return message if message.startswith("TYPE_") else PACKAGE + message


def _unknown_name(path: Path, name: str, problem: str) -> tuple[str, str]:
    where = place(path)
    at = f" at '{where}'" if where else ""
    return where, f'Invalid JSON payload received. Unknown name "{name}"{at}: {problem}'


def _violations(found: list[tuple[str, str]], kind: str = "invalid") -> ApiError:
    violations = [
        {"field": where, "description": text} if where else {"description": text}
        for where, text in found
    ]
    return ApiError(
        status=400,
        kind="bad_json" if kind == "bad_json" else "invalid",
        message="\n".join(text for _, text in found),
        details=[{"@type": BAD_REQUEST, "fieldViolations": violations}],
    )
