"""The tools of a request and the choice among them, from the wire to canonical form.

Three kinds stand in `tools`: the caller's own, with a schema; tools whose schema Anthropic
defines but which the caller runs (bash, text editor, memory, computer); and tools that the
server runs itself, which no reply of a fake calls and which are left out.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from ...canonical import Tool, ToolChoice
from ..reading import Reader
from .wording import invalid, tagged

__all__ = ["read_tool_choice", "read_tools"]

Schema = Mapping[str, Any]

_STRING: Schema = {"type": "string"}
_LINE: Schema = {"type": "integer", "minimum": 0}
_NOTE: Schema = {"type": "string", "pattern": "^/memories", "examples": ["/memories/notes.md"]}


def _object(required: tuple[str, ...], **properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "required": list(required)}


def _note(command: str, **fields: Schema) -> Schema:
    """One command of the memory tool, all of its fields required."""
    properties = {"command": {"type": "string", "const": command}, **fields}
    return _object(tuple(properties), **properties)


# Inputs as the vendor documents them; a request names the tool by its dated type only. The
# examples keep an unscripted answer from doing harm in a program that runs what it is told.
_CLIENT_TOOLS: Mapping[str, Schema] = {
    "bash_": _object(
        ("command",),
        command={"type": "string", "examples": ["pwd", "date"]},
        restart={"type": "boolean", "default": False},
    ),
    "text_editor_": _object(
        ("command", "path"),
        command={"type": "string", "examples": ["view"]},
        path={"type": "string", "examples": ["/repo/README.md"]},
    ),
    "memory_": {
        "type": "object",
        "anyOf": [
            _note("view", path=_NOTE),
            _note("create", path=_NOTE, file_text=_STRING),
            _note("str_replace", path=_NOTE, old_str=_STRING, new_str=_STRING),
            _note("insert", path=_NOTE, insert_line=_LINE, insert_text=_STRING),
            _note("delete", path=_NOTE),
            _note("rename", old_path=_NOTE, new_path=_NOTE),
        ],
    },
    "computer_2": _object(("action",), action={"type": "string", "examples": ["screenshot"]}),
}


def read_tools(body: Reader) -> tuple[Tool, ...]:
    """The tools that the model may call and the caller runs."""
    return tuple(_tools(body))


def _tools(body: Reader) -> Iterator[Tool]:
    for tool in body.objects("tools"):
        kind = tool.text("type") or "custom"
        if kind == "custom":
            yield _custom(tool)
        elif schema := _client_schema(kind):
            tool.require("name")
            yield Tool(name=tool.text("name") or "", parameters=schema)


def _custom(tool: Reader) -> Tool:
    named = Reader(tool.value, tool.wording, (*tool.path, "custom"))
    named.require("name", "input_schema")
    schema = named.object("input_schema")
    return Tool(
        name=named.text("name") or "",
        description=named.text("description") or "",
        parameters=schema.value if schema else {},
    )


def _client_schema(kind: str) -> Schema | None:
    return next((s for prefix, s in _CLIENT_TOOLS.items() if kind.startswith(prefix)), None)


def read_tool_choice(body: Reader, tools: tuple[Tool, ...]) -> tuple[ToolChoice, bool]:
    """The choice, and whether several tools may be called at once."""
    given = body.object("tool_choice")
    if given is None:
        return ToolChoice(), True
    kind, choice = tagged(given, ("auto", "any", "tool", "none"))
    parallel = not choice.flag("disable_parallel_tool_use")
    if kind == "none":
        return ToolChoice(mode="none"), parallel
    if kind == "tool":
        choice.require("name")
        name = choice.text("name") or ""
        if name in (tool.name for tool in tools):
            return ToolChoice(mode="any", names=(name,)), parallel
        known = any(tool.value.get("name") == name for tool in body.objects("tools"))
        if not known and body.strict:
            raise invalid((), f"Tool '{name}' not found in provided tools")
    # A forced tool that the server runs leaves the model nothing to call.
    return ToolChoice(mode="any" if kind == "any" and tools else "auto"), parallel
