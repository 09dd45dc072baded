"""How an answer repeats the tools and the text format of its request: with the defaults filled in.

As recorded from November 2025 to August 2026.
"""

from collections.abc import Mapping
from typing import Any

__all__ = ["format_echo", "tool_echo"]

_PLACE = {"type": "approximate", "city": None, "country": None, "region": None, "timezone": None}
_WEB_SEARCH = {"search_context_size": "medium", "user_location": {**_PLACE, "country": "US"}}
_DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "custom": {"description": None, "format": {"type": "text"}},
    "file_search": {
        "filters": None,
        "max_num_results": 20,
        "ranking_options": {"ranker": "auto", "score_threshold": 0.0},
    },
    "image_generation": {
        "background": "auto",
        "moderation": "auto",
        "n": 1,
        "output_compression": 100,
        "output_format": "png",
        "quality": "auto",
        "size": "auto",
    },
    "mcp": {
        "allowed_tools": None,
        "headers": None,
        "require_approval": "always",
        "server_description": None,
        "server_url": None,
    },
    "tool_search": {"description": None, "parameters": None},
    "web_search": {"filters": None, **_WEB_SEARCH},
    "web_search_preview": _WEB_SEARCH,
}


def tool_echo(tool: Mapping[str, Any]) -> dict[str, Any]:
    """A tool as the answer repeats it."""
    kind = tool.get("type")
    if kind == "function":
        return _function(tool)
    given = {key: value for key, value in tool.items() if value is not None}
    told = {"type": kind, **dict(sorted({**_DEFAULTS.get(kind or "", {}), **given}.items()))}
    if kind == "namespace" and isinstance(tools := told.get("tools"), list):
        told["tools"] = [_function(one) if isinstance(one, dict) else one for one in tools]
    if isinstance(place := given.get("user_location"), dict):
        told["user_location"] = {**_PLACE, **place}
    if "authorization" in given:
        told["authorization"] = "<redacted>"
    return told


def _function(tool: Mapping[str, Any]) -> dict[str, Any]:
    """A function is strict unless the request says otherwise, and then its schema is closed."""
    parameters, strict = tool.get("parameters"), tool.get("strict")
    if strict is None and isinstance(parameters, dict):
        parameters = {**parameters, "additionalProperties": False}
    told: dict[str, Any] = {"type": "function"}
    if tool.get("defer_loading") is not None:
        told["defer_loading"] = tool["defer_loading"]
    return {
        **told,
        "description": tool.get("description") or None,
        "name": tool.get("name"),
        "output_schema": tool.get("output_schema"),
        "parameters": parameters,
        "strict": strict is not False,
    }


def format_echo(text: Mapping[str, Any]) -> dict[str, Any]:
    """The `text` field: the format, and how wordy the answer is to be."""
    given = text.get("format") or {"type": "text"}
    told: dict[str, Any] = {"type": given.get("type") or "text"}
    if told["type"] == "json_schema":
        told |= {
            "description": given.get("description"),
            "name": given.get("name"),
            "schema": given.get("schema"),
            "strict": given.get("strict") is not False,
        }
    return {"format": told, "verbosity": text.get("verbosity") or "medium"}
