"""What does not go together in a request to the Anthropic API, and what its model cannot do.

The values are possible ones by then: `limits` has looked at each. Words of the real service as in
recordings and public issue reports from 2024 to 2026.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from ..jsonschema import is_schema, subschemas
from ..reading import Reader
from .families import Family, family
from .media import check_media
from .turns import check_turns
from .wording import invalid

__all__ = ["check_caching", "check_rules"]

CACHED_BLOCKS_MAX: Final = 4
TOP_P_THINKING_MIN: Final = 0.95
TOP_P_DEFAULT: Final = 0.99

_THINKING_DOCS: Final = "https://docs.claude.com/en/docs/build-with-claude/extended-thinking"
_TOOL_DOCS: Final = "https://platform.claude.com/docs/en/agents-and-tools/tool-use/overview"
_SPECIAL: Final = frozenset(
    {"output_config", "output_format", "temperature", "thinking", "tool_choice", "tools"}
    | {"top_k", "top_p"}
)
_UNSUPPORTED: Final[Mapping[str, tuple[str, ...]]] = {
    "integer": ("exclusiveMaximum", "exclusiveMinimum", "maximum", "minimum", "multipleOf"),
    "number": ("exclusiveMaximum", "exclusiveMinimum", "maximum", "minimum", "multipleOf"),
    "string": ("maxLength", "minLength"),
}
"""Keywords that structured outputs do not take (documented: "JSON Schema limitations")."""


def check_rules(body: Reader, betas: str) -> None:
    """Raise `Rejected` for the first rule that a body breaks whose values are right. `betas` is
    the `anthropic-beta` header."""
    value = body.value
    known = family(value["model"])
    if not value.keys().isdisjoint(_SPECIAL):
        _check_tools(value)
        _check_thinking(value, known, betas)
        _check_sampling(value, known)
        _check_output(value, known)
    messages = value["messages"]
    if not value.get("thread"):  # else the server has the turns before
        check_turns(messages, known, _thinking_type(value))
    if len(messages) > 1 or isinstance(messages[0]["content"], list):
        check_media(messages)


def _thinking_type(body: Mapping[str, Any]) -> str | None:
    thinking = body.get("thinking")
    return thinking["type"] if thinking else None


# --- tools --------------------------------------------------------------------------------


def _check_tools(body: Mapping[str, Any]) -> None:
    tools = body.get("tools") or ()
    for index, tool in enumerate(tools):
        if tool.get("type") not in (None, "custom"):
            continue
        place = ("tools", index, "custom")
        if not is_schema(tool["input_schema"]):
            raise invalid(
                (*place, "input_schema"),
                "JSON schema is invalid. It must match JSON Schema draft 2020-12 "
                f"(https://json-schema.org/draft/2020-12). Learn more about tool use at "
                f"{_TOOL_DOCS}.",
            )
        if tool.get("strict") is True:
            _check_closed(tool["input_schema"], place)
    choice = body.get("tool_choice")
    if choice and not tools and not body.get("mcp_servers"):
        told = "may only be specified while providing tools."
        raise invalid((), f"tool_choice.{choice['type']} {told}")


def _check_closed(schema: Any, place: tuple[str | int, ...]) -> None:
    """Documented: `additionalProperties` must be false for objects."""
    for inner in subschemas(schema):
        if inner.get("type") == "object" and inner.get("additionalProperties") is not False:
            fault = "For 'object' type, 'additionalProperties' must be explicitly set to false"
            raise invalid(place, fault)


# --- thinking -----------------------------------------------------------------------------


def _check_thinking(body: Mapping[str, Any], known: Family, betas: str) -> None:
    kind = _thinking_type(body)
    if kind is None:
        return
    _check_kind(kind, known, body["model"])
    if kind != "enabled":
        return
    budget, most = body["thinking"]["budget_tokens"], body.get("max_tokens")
    # Interleaved with the calls of tools, thinking may take the whole context window.
    if most is not None and budget >= most and "interleaved-thinking" not in betas:
        raise invalid(
            (),
            "`max_tokens` must be greater than `thinking.budget_tokens`. Please consult our "
            f"documentation at {_THINKING_DOCS}#max-tokens-and-context-window-size",
        )
    if (body.get("tool_choice") or {}).get("type") in ("any", "tool"):
        raise invalid((), "Thinking may not be enabled when tool_choice forces tool use.")


def _check_kind(kind: str, known: Family, model: str) -> None:
    use = 'Use "thinking.type.adaptive" and "output_config.effort" to control thinking behavior.'
    if kind == "disabled" and not known.rests:
        raise invalid((), f'"thinking.type.disabled" is not supported for this model. {use}')
    if kind not in ("adaptive", "enabled") or kind in known.thinking:
        return
    if not known.thinking:
        raise invalid((), f"'{model}' does not support thinking.")
    if kind == "adaptive":
        raise invalid((), "adaptive thinking is not supported on this model")
    raise invalid((), f'"thinking.type.enabled" is not supported for this model. {use}')


# --- sampling -----------------------------------------------------------------------------


def _check_sampling(body: Mapping[str, Any], known: Family) -> None:
    temperature, top_p = body.get("temperature"), body.get("top_p")
    if not known.samples:
        for key, default in (("temperature", 1), ("top_p", TOP_P_DEFAULT), ("top_k", None)):
            given = body.get(key)
            if given is not None and (default is None or given < default):
                raise invalid((), f"`{key}` is deprecated for this model.")
    elif known.samples_once and temperature is not None and top_p is not None:
        told = "`temperature` and `top_p` cannot both be specified for this model."
        raise invalid((), f"{told} Please use only one.")
    kind = _thinking_type(body)
    if kind in ("adaptive", "enabled"):
        _check_sampling_thoughts(body, kind)


def _check_sampling_thoughts(body: Mapping[str, Any], kind: str) -> None:
    """Documented: thinking is not compatible with `temperature` and `top_k`; `top_p` may be
    between 0.95 and 1."""
    docs = (
        f"Please consult our documentation at {_THINKING_DOCS}"
        "#important-considerations-when-using-extended-thinking"
    )
    when = "when thinking is enabled" + (" or in adaptive mode" if kind == "adaptive" else "")
    if body.get("temperature", 1) != 1:
        raise invalid((), f"`temperature` may only be set to 1 {when}. {docs}")
    if body.get("top_p", 1) < TOP_P_THINKING_MIN:
        least = f"must be greater than or equal to {TOP_P_THINKING_MIN} or unset"
        raise invalid((), f"`top_p` {least} {when}. {docs}")
    if body.get("top_k") is not None:
        raise invalid((), f"`top_k` must be unset {when}. {docs}")


# --- output -------------------------------------------------------------------------------


def _check_output(body: Mapping[str, Any], known: Family) -> None:
    config = body.get("output_config") or {}
    effort = config.get("effort")
    if effort is not None and effort not in known.efforts:
        if not known.efforts:
            raise invalid((), "This model does not support the effort parameter.")
        levels = ", ".join(sorted(known.efforts))
        told = f"This model does not support effort level '{effort}'."
        raise invalid((), f"{told} Supported levels: {levels}.")
    # What is now a field of `output_config` was one of the body in the beta of 2025.
    given = {
        "output_config.format.schema": config.get("format"),
        "output_format.schema": body.get("output_format"),
    }
    for place, format in given.items():
        if format is not None:
            _check_output_schema(format["schema"], place)


def _check_output_schema(schema: Any, place: str) -> None:
    if not is_schema(schema):
        told = "JSON schema is invalid. It must match JSON Schema draft 2020-12"
        raise invalid((place,), f"{told} (https://json-schema.org/draft/2020-12).")
    _check_closed(schema, (place,))
    for inner in subschemas(schema):
        kind = inner.get("type")
        refused = _UNSUPPORTED.get(kind, ()) if isinstance(kind, str) else ()
        if given := [key for key in refused if key in inner]:
            names = ", ".join(given)
            raise invalid((place,), f"For '{kind}' type, properties {names} are not supported")


# --- caching ------------------------------------------------------------------------------


def check_caching(body: Mapping[str, Any]) -> None:
    """Raise `Rejected` for breakpoints that do not go together. Documented: there are up to four,
    longer times to live first."""
    ttls = list(_ttls(body))
    found = len(ttls) + bool(body.get("cache_control"))
    if found > CACHED_BLOCKS_MAX:
        told = f"A maximum of {CACHED_BLOCKS_MAX} blocks with cache_control may be provided."
        raise invalid((), f"{told} Found {found}.")
    if "1h" in ttls and "5m" in ttls[: len(ttls) - ttls[::-1].index("1h")]:
        raise invalid(
            (),
            "a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block. "
            "Note that blocks are processed in the following order: `tools`, `system`, `messages`.",
        )


def _ttls(body: Mapping[str, Any]) -> Iterator[str]:
    """The times to live of all breakpoints, in the order in which they are processed."""
    yield from _among(body.get("tools") or ())
    if isinstance(system := body.get("system"), list):
        yield from _among(system)
    for message in body["messages"]:
        if isinstance(content := message["content"], list):
            yield from _among(content)


def _among(holders: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for holder in holders:
        if given := holder.get("cache_control"):
            yield given.get("ttl") or "5m"
        if holder.get("type") == "tool_result" and isinstance(holder.get("content"), list):
            yield from _among(holder["content"])
