"""Tools as OpenAI writes them into a prompt: a TypeScript namespace of function types.

Found by comparing renderings with recorded token counts; the vocabulary counts them exactly up
to a constant.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ...canonical import Tool

__all__ = ["namespace"]

NESTING_MAX = 16
"""Deeper schemas are written as `any`."""

TYPES_MAX = 4000
"""Types written of one schema; what is beyond is `any`."""

_NAMES: Mapping[str, str] = {
    "string": "string",
    "integer": "number",
    "number": "number",
    "boolean": "boolean",
    "null": "null",
}


def namespace(tools: Iterable[Tool]) -> str:
    """The functions, each with its description above it."""
    lines = ["# Tools", "", "## functions", "", "namespace functions {", ""]
    for tool in tools:
        if about := tool.description.strip():
            lines.append(f"// {about}")
        schema = tool.parameters
        if not _fields(schema):
            lines += [f"type {tool.name} = () => any;", ""]
            continue
        lines.append(f"type {tool.name} = (_:")
        if isinstance(whole := schema.get("description"), str):
            lines.append(f"// {whole}")
        lines += ["{", *_Writing(schema).properties(schema, 0), "}) => any;", ""]
    lines.append("} // namespace functions")
    return "\n".join(lines)


class _Writing:
    """One schema being written. References may lead anywhere, so there is a limit."""

    def __init__(self, root: Mapping[str, Any]) -> None:
        self._root = root
        self._left = TYPES_MAX

    def properties(self, schema: Mapping[str, Any], depth: int) -> Iterator[str]:
        required = schema.get("required")
        names = required if isinstance(required, list) else ()
        indent = "  " * depth
        for name, value in _fields(schema).items():
            field: Mapping[str, Any] = value if isinstance(value, Mapping) else {}
            for key in ("title", "description"):
                if isinstance(about := field.get(key), str):
                    yield f"{indent}// {about.strip()}"
            mark = "" if name in names else "?"
            default = field.get("default")
            after = "" if default is None else f" // default: {json.dumps(default, default=str)}"
            yield f"{indent}{name}{mark}: {self._type(field, depth)},{after}"

    def _type(self, schema: Any, depth: int) -> str:
        self._left -= 1
        if depth >= NESTING_MAX or self._left < 0 or not isinstance(schema, Mapping):
            return "any"
        schema = self._resolved(schema)
        if isinstance(values := schema.get("enum"), list):
            return " | ".join(json.dumps(value, default=str) for value in values)
        for key in ("anyOf", "oneOf"):
            if isinstance(choices := schema.get(key), list):
                return " | ".join(self._type(choice, depth + 1) for choice in choices)
        kind = schema.get("type")
        if isinstance(kind, list):
            return " | ".join(self._type({**schema, "type": one}, depth + 1) for one in kind)
        if kind == "array":
            return f"{self._type(schema.get('items'), depth + 1)}[]"
        if kind == "object" or "properties" in schema:
            if not _fields(schema):
                return "object"
            return "\n".join(("{", *self.properties(schema, depth + 1), "  " * depth + "}"))
        return _NAMES.get(kind, "any") if isinstance(kind, str) else "any"

    def _resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        """The schema that a `$ref` into the root names; the schema itself where it names none."""
        pointer = schema.get("$ref")
        if not isinstance(pointer, str) or not pointer.startswith("#/"):
            return schema
        found: Any = self._root
        for step in pointer[2:].split("/"):
            found = found.get(step) if isinstance(found, Mapping) else None
        return found if isinstance(found, Mapping) else schema


def _fields(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    fields = schema.get("properties")
    return fields if isinstance(fields, Mapping) else {}
