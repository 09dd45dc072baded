"""What the Anthropic API refuses in single values of a body: numbers out of range, names that
break their pattern, settings that there are not. What does not go together stands in `rules`.

Words of the real service as in public issue reports, where no other source is named.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from ...canonical import Rejected
from ..reading import Path, Reader
from .wording import WORDING, choice, invalid, tagged

__all__ = ["check_cache_control", "check_limits"]

BUDGET_TOKENS_MIN: Final = 1024
USER_ID_MAX: Final = 256
TOOL_NAME_MAX: Final = 128

_SHARES: Final = ("temperature", "top_p")
_AT_LEAST: Final[Mapping[str, int]] = {"max_tokens": 0, "top_k": 0}
"""`max_tokens` of 0 only fills the prompt cache (anthropic SDK 2.12)."""
_EFFORTS: Final = ("low", "medium", "high", "xhigh", "max")
_SPEEDS: Final = ("standard", "fast")
_TTLS: Final = ("5m", "1h")
_ID: Final = re.compile(r"[a-zA-Z0-9_-]+")
_PROPERTY: Final = re.compile(r"[a-zA-Z0-9_.-]{1,64}")
_TOP_LEVEL: Final = ("anyOf", "oneOf", "allOf")
_LIMITED: Final = frozenset(
    {
        *_SHARES,
        *_AT_LEAST,
        "cache_control",
        "metadata",
        "output_config",
        "speed",
        "stop_sequences",
        "thinking",
        "tools",
    }
)


def check_limits(body: Reader) -> None:
    """Raise `Rejected` for the first value that is no possible one."""
    value = body.value
    if value["model"] == "":
        raise invalid(("model",), "String should have at least 1 character")
    if (limited := value.keys() & _LIMITED) and limited != {"max_tokens"}:
        _check_settings(body)
    elif value.get("max_tokens", 0) < 0:
        raise _too_small("max_tokens")


def _check_settings(body: Reader) -> None:
    _check_numbers(body)
    if not all(text.strip() for text in body.texts("stop_sequences")):
        raise invalid(("stop_sequences",), "each stop sequence must contain non-whitespace")
    _check_metadata(body)
    _check_effort(body)
    if body.has("speed"):
        choice(body, "speed", _SPEEDS)
    check_cache_control(body)
    if (thinking := body.object("thinking")) is not None and thinking.raw("type") == "enabled":
        _check_budget(thinking)
    if "tools" in body.value:
        _check_tools(body)


def _check_numbers(body: Reader) -> None:
    value = body.value
    for key in _SHARES:
        # Measured: null is not the same as absent here.
        if key in value and value[key] is None:
            raise Rejected(WORDING.wrong_type((key,), ("number",), None))
        if not 0 <= value.get(key, 0) <= 1:
            raise invalid((key,), "range: 0..1")
    for key, least in _AT_LEAST.items():
        if key in value and value[key] is None:
            raise Rejected(WORDING.wrong_type((key,), ("integer",), None))
        if value.get(key, least) < least:
            raise _too_small(key)


def _too_small(key: str) -> Rejected:
    return invalid((key,), f"Input should be greater than or equal to {_AT_LEAST[key]}")


def _check_metadata(body: Reader) -> None:
    metadata = body.object("metadata")
    if metadata is not None and len(metadata.text("user_id") or "") > USER_ID_MAX:
        fault = f"String should have at most {USER_ID_MAX} characters"
        raise invalid(("metadata", "user_id"), fault)


def _check_effort(body: Reader) -> None:
    config = body.object("output_config")
    if config is not None and config.has("effort"):
        choice(config, "effort", _EFFORTS)


def _check_budget(thinking: Reader) -> None:
    """Documented: a budget is at least 1,024 tokens."""
    budget = thinking.integer("budget_tokens")
    if budget is None or budget < BUDGET_TOKENS_MIN:
        fault = f"Input should be greater than or equal to {BUDGET_TOKENS_MIN}"
        raise invalid(("thinking", "enabled", "budget_tokens"), fault)


def check_cache_control(holder: Reader) -> None:
    """Raise `Rejected` for a `cache_control` of an object that is no possible one."""
    given = holder.object("cache_control")
    if given is None:
        return
    _, ephemeral = tagged(given, ("ephemeral",))
    if ephemeral.has("ttl"):
        choice(ephemeral, "ttl", _TTLS)
    for key in ephemeral.value:
        if key not in ("scope", "ttl", "type"):
            raise invalid((*ephemeral.path, key), "Extra inputs are not permitted")


# --- tools --------------------------------------------------------------------------------


def _check_tools(body: Reader) -> None:
    names: list[str] = []
    for tool in body.objects("tools"):
        check_cache_control(tool)
        if tool.raw("type") in (None, "custom"):
            _check_custom(tool.value, (*tool.path, "custom"))
        if isinstance(name := tool.raw("name"), str):
            names.append(name)
    if len(set(names)) < len(names):
        raise invalid(("tools",), "Tool names must be unique.")


def _check_custom(tool: Mapping[str, Any], path: Path) -> None:
    name = tool["name"]
    if len(name) > TOOL_NAME_MAX:
        fault = f"String should have at most {TOOL_NAME_MAX} characters"
        raise invalid((*path, "name"), fault)
    if not _ID.fullmatch(name):
        fault = f"String should match pattern '^[a-zA-Z0-9_-]{{1,{TOOL_NAME_MAX}}}$'"
        raise invalid((*path, "name"), fault)
    _check_input_schema(tool["input_schema"], (*path, "input_schema"))


def _check_input_schema(schema: Mapping[str, Any], path: Path) -> None:
    if "type" not in schema:
        raise invalid((*path, "type"), "Field required")
    if schema["type"] != "object":
        raise invalid((*path, "type"), "Input should be 'object'")
    if any(key in schema for key in _TOP_LEVEL):
        fault = "input_schema does not support oneOf, allOf, or anyOf at the top level"
        raise invalid(path, fault)
    properties = schema.get("properties")
    if isinstance(properties, dict):
        _check_names(properties, (*path, "properties"))


def _check_names(properties: Iterable[str], path: Path) -> None:
    for name in properties:
        if not _PROPERTY.fullmatch(name):
            fault = "Property keys should match pattern '^[a-zA-Z0-9_.-]{1,64}$'"
            raise invalid(path, fault)
