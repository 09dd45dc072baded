"""Where `cache_control` stands in a request."""

import json
from typing import Any

import pytest

from fakeservers.canonical import Breakpoint
from fakeservers.wire.anthropic.breakpoints import read_breakpoints

MARK = {"cache_control": {"type": "ephemeral"}}
HOUR = {"cache_control": {"type": "ephemeral", "ttl": "1h"}}
PLAIN: dict[str, Any] = {"role": "user", "content": "Hi"}


def block(text: str, **fields: Any) -> dict[str, Any]:
    return {"type": "text", "text": text, **fields}


@pytest.mark.parametrize(
    ("body", "marks"),
    [
        ({"messages": [PLAIN]}, []),
        ({"messages": [PLAIN], **MARK}, [(1, 300)]),
        ({"system": "S", "messages": [PLAIN], **HOUR}, [(2, 3600)]),
        ({"system": "", "messages": [PLAIN], **MARK}, [(1, 300)]),
        ({"tools": [{"name": "a"}, {"name": "b", **HOUR}], "messages": [PLAIN]}, [(2, 3600)]),
        (
            {"system": [block("a", **HOUR)], "messages": [{"content": [block("b", **MARK)]}]},
            [(1, 3600), (2, 300)],
        ),
        ({"messages": [PLAIN, {"content": [block("a"), block("b", **MARK)]}]}, [(3, 300)]),
        ({"messages": [{"content": [block("a", cache_control=None)]}]}, []),
    ],
)
def test_breakpoints_count_blocks(body: dict[str, Any], marks: list[tuple[int, float]]) -> None:
    """Tools come first, then the system prompt, then the messages; a text is one block."""
    found = read_breakpoints(body, json.dumps(body).encode())
    assert found == tuple(Breakpoint(blocks=at, ttl_s=ttl_s) for at, ttl_s in marks)


@pytest.mark.parametrize("odd", [{"messages": 1}, {"tools": {}}, {"messages": [1]}, {"system": 2}])
def test_odd_bodies_have_no_breakpoints(odd: dict[str, Any]) -> None:
    """What is no list of blocks has none; refusing it is done elsewhere."""
    assert read_breakpoints(odd, b"cache_control") == ()
