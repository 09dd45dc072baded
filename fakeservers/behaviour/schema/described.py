"""Keywords that a schema tells in its description only.

Claude's structured outputs refuse bounds, so Anthropic's SDKs (`transform_schema`) move them:
`{"type": "integer", "description": "A number\\n\\n{minimum: 1, maximum: 10}"}`. A model reads
them there.
"""

import re
from ast import literal_eval
from collections.abc import Mapping
from typing import Any

__all__ = ["described"]

STATED_CHARS_MAX = 2_000

_STATED = re.compile(rf"(?:^|\n\n)\{{(\w+: .{{1,{STATED_CHARS_MAX}}})\}}\Z", re.DOTALL)
_KEY = re.compile(r"(?:^|, )(\w+): ")
_BOUNDS = frozenset(
    (
        "exclusiveMaximum", "exclusiveMinimum", "maxItems", "maxLength", "maximum", "minItems",
        "minLength", "minimum", "multipleOf", "pattern", "prefixItems", "uniqueItems",
    )
)  # fmt: skip


def described(flat: Mapping[str, Any]) -> Mapping[str, Any]:
    """`flat` with the bounds that end its description; its own keywords stand."""
    description = flat.get("description")
    if not isinstance(description, str) or not description.endswith("}"):
        return flat
    stated = _STATED.search(description)
    if stated is None:
        return flat
    _, *told = _KEY.split(stated[1])
    pairs = zip(told[::2], told[1::2], strict=True)
    return {**{key: _value(text) for key, text in pairs if key in _BOUNDS}, **flat}


def _value(text: str) -> Any:
    """A value as the SDK prints it, which is as Python does, but strings without quotes."""
    try:
        return literal_eval(text)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return text
