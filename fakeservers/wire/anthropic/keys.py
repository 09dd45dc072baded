"""The fields that a body of the Anthropic API may have, object by object; others are refused.

Fields as in the types of the anthropic SDK 2.12, those of its betas included: the real service
takes some of them only with an `anthropic-beta` header. Measured: an unknown field is told only
when all known ones are right, and the first one in the order of the body is told.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from ..reading import Path
from .wording import invalid

__all__ = ["COUNT_KEYS", "MESSAGE_KEYS", "Known", "check_keys"]

EXTRA: Final = "Extra inputs are not permitted"


def _keys(names: str) -> frozenset[str]:
    return frozenset(names.split())


class Known(NamedTuple):
    """The fields of an operation's body in the newest version of the API and in those before;
    `plain` are those that most requests make do with."""

    newest: frozenset[str]
    earlier: frozenset[str]
    plain: frozenset[str]


_COUNT: Final = _keys(
    "billing_policy cache_control compaction container context_management diagnostics "
    "fallback_credit_token fallbacks mcp_servers messages model output_config output_format speed "
    "system thinking thread tool_choice tools user_profile_id workspace_id"
)
_MESSAGES: Final = _COUNT | _keys(
    "inference_geo max_tokens metadata service_tier stop_sequences stream"
)
_SAMPLING: Final = _keys("temperature top_k top_p")
COUNT_KEYS: Final = Known(_COUNT, _COUNT | _SAMPLING, _keys("messages model system"))
MESSAGE_KEYS: Final = Known(
    _MESSAGES, _MESSAGES | _SAMPLING, _keys("max_tokens messages model stream system")
)

_MESSAGE: Final = _keys("clear_at content output_config role")
_BLOCKS: Final[Mapping[str, frozenset[str]]] = {
    "document": _keys("cache_control citations context source title type"),
    "image": _keys("cache_control source transformations type"),
    "redacted_thinking": _keys("data type"),
    "search_result": _keys("cache_control citations content source title type"),
    "text": _keys("cache_control citations text type"),
    "thinking": _keys("signature thinking type"),
    "tool_result": _keys("cache_control content is_error tool_use_id toolset_name type"),
    "tool_use": _keys("cache_control caller id input name toolset_name type"),
}
"""Blocks that the server's own tools make are not looked into."""
_SOURCES: Final[Mapping[str, frozenset[str]]] = {
    "base64": _keys("data media_type type"),
    "content": _keys("content type"),
    "file": _keys("file_id type"),
    "text": _keys("data media_type type"),
    "url": _keys("type url"),
}
_CUSTOM_TOOL: Final = _keys(
    "allowed_callers cache_control defer_loading description eager_input_streaming "
    "input_examples input_schema name strict type"
)
_OBJECTS: Final[Mapping[str, frozenset[str]]] = {
    "metadata": _keys("user_id"),
    "output_config": _keys("effort format task_budget"),
}
_TAGGED: Final[Mapping[str, frozenset[str]]] = {
    "thinking": _keys("block_binding budget_tokens display type"),
    "tool_choice": _keys("disable_parallel_tool_use name type"),
}

_HOLDERS: Final = _OBJECTS.keys() | _TAGGED.keys()


def check_keys(body: Mapping[str, Any], known: frozenset[str]) -> None:
    """Raise `Rejected` for the first field that there is not."""
    if not body.keys() <= known:
        _refuse(body, known, ())
    for index, message in enumerate(body["messages"]):
        if len(message) > 2 and not message.keys() <= _MESSAGE:
            _refuse(message, _MESSAGE, ("messages", index))
        if type(content := message["content"]) is list:
            _check_blocks(content, ("messages", index, "content"))
    for index, tool in enumerate(body.get("tools") or ()):
        if tool.get("type") in (None, "custom") and not tool.keys() <= _CUSTOM_TOOL:
            _refuse(tool, _CUSTOM_TOOL, ("tools", index, "custom"))
    if isinstance(system := body.get("system"), list):
        for index, block in enumerate(system):
            _refuse(block, _BLOCKS["text"], ("system", index))
    if not body.keys().isdisjoint(_HOLDERS):
        _check_objects(body)


def _check_objects(body: Mapping[str, Any]) -> None:
    for name, known in _OBJECTS.items():
        if (held := body.get(name)) is not None:
            _refuse(held, known, (name,))
    for name, known in _TAGGED.items():
        if (held := body.get(name)) is not None:
            _refuse(held, known, (name, held["type"]))


def _check_blocks(blocks: Sequence[Any], path: Path) -> None:
    for index, block in enumerate(blocks):
        kind = block["type"]
        known = _BLOCKS.get(kind)
        if known is None:
            continue
        place = (*path, index, kind)
        if not block.keys() <= known:
            _refuse(block, known, place)
        if kind in ("image", "document"):
            _check_source(block["source"], (*place, "source"))
        elif kind == "tool_result" and isinstance(block.get("content"), list):
            _check_blocks(block["content"], (*place, "content"))


def _check_source(source: Mapping[str, Any], path: Path) -> None:
    kind = source.get("type")
    if isinstance(kind, str) and (known := _SOURCES.get(kind)) is not None:
        _refuse(source, known, (*path, kind))


def _refuse(held: Iterable[str], known: frozenset[str], path: Path) -> None:
    for key in held:
        if key not in known:
            raise invalid((*path, key), EXTRA)
