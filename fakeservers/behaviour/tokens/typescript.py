"""Tools as OpenAI writes them into a prompt: a TypeScript namespace of function types.

Found by comparing renderings with recorded token counts; the vocabulary counts them exactly up
to a constant.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from ...canonical import Tool

__all__ = ["namespace"]

NESTING_MAX = 16
"""Deeper schemas are written as `any`."""

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
        if not isinstance(schema.get("properties"), Mapping) or not schema["properties"]:
            lines += [f"type {tool.name} = () => any;", ""]
            continue
        lines.append(f"type {tool.name} = (_:")
        if isinstance(whole := schema.get("description"), str):
            lines.append(f"// {whole}")
        lines += ["{", *_properties(schema, 0, schema), "}) => any;", ""]
    lines.append("} // namespace functions")
    return "\n".join(lines)


def _properties(schema: Mapping[str, Any], depth: int, root: Mapping[str, Any]) -> Iterable[str]:
    required = schema.get("required")
    names = required if isinstance(required, list) else ()
    indent = "  " * depth
    for name, value in schema["properties"].items():
        field: Mapping[str, Any] = value if isinstance(value, Mapping) else {}
        for key in ("title", "description"):
            if isinstance(about := field.get(key), str):
                yield f"{indent}// {about.strip()}"
        mark = "" if name in names else "?"
        default = field.get("default")
        after = "" if default is None else f" // default: {json.dumps(default, default=str)}"
        yield f"{indent}{name}{mark}: {_type(field, depth, root)},{after}"


def _type(schema: Mapping[str, Any], depth: int, root: Mapping[str, Any]) -> str:
    if depth >= NESTING_MAX:
        return "any"
    schema = _resolved(schema, root)
    if isinstance(values := schema.get("enum"), list):
        return " | ".join(json.dumps(value, default=str) for value in values)
    for key in ("anyOf", "oneOf"):
        if isinstance(choices := schema.get(key), list):
            return " | ".join(
                _type(choice, depth + 1, root) for choice in choices if isinstance(choice, Mapping)
            )
    kind = schema.get("type")
    if isinstance(kind, list):
        return " | ".join(_type({**schema, "type": one}, depth + 1, root) for one in kind)
    if kind == "array":
        items = schema.get("items")
        return f"{_type(items, depth + 1, root) if isinstance(items, Mapping) else 'any'}[]"
    if kind == "object" or "properties" in schema:
        if not isinstance(schema.get("properties"), Mapping) or not schema["properties"]:
            return "object"
        return "\n".join(("{", *_properties(schema, depth + 1, root), "  " * depth + "}"))
    return _NAMES.get(kind, "any") if isinstance(kind, str) else "any"


def _resolved(schema: Mapping[str, Any], root: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema that a `$ref` into the root names; the schema itself where it names none."""
    pointer = schema.get("$ref")
    if not isinstance(pointer, str) or not pointer.startswith("#/"):
        return schema
    found: Any = root
    for step in pointer[2:].split("/"):
        found = found.get(step) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else schema
