"""Bounds that a schema tells in its description only.

Claude's structured outputs refuse bounds, so Anthropic's SDKs (`transform_schema`) move them:
`{"type": "integer", "description": "A number\\n\\n{minimum: 1, maximum: 10}"}`. A model reads
them there.
"""

import re
from collections.abc import Mapping
from typing import Any

__all__ = ["described"]

_STATED = re.compile(r"(?:^|\n\n)\{(\w+: .*)\}\Z", re.DOTALL)
_NUMBER = re.compile(
    r"\b((?:exclusiveM|m)(?:in|ax)imum|(?:min|max)(?:Length|Items)|multipleOf): "
    r"(-?\d+(?:\.\d+)?)(?=, \w+: |\Z)"
)
_PATTERN = re.compile(r"\bpattern: (.+?)(?=, \w+: |\Z)", re.DOTALL)


def described(flat: Mapping[str, Any]) -> Mapping[str, Any]:
    """`flat` with the bounds that end its description; its own keywords stand."""
    description = flat.get("description")
    if not isinstance(description, str) or not description.endswith("}"):
        return flat
    stated = _STATED.search(description)
    if stated is None:
        return flat
    bounds: dict[str, Any] = {
        keyword: float(value) if "." in value else int(value[:300])
        for keyword, value in _NUMBER.findall(stated[1])
    }
    if (pattern := _PATTERN.search(stated[1])) is not None:
        bounds["pattern"] = pattern[1]
    return {**bounds, **flat}
