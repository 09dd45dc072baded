"""Which scripted replies no model gives."""

import pytest

from fakeservers import reply, tool_call
from fakeservers.behaviour.possible import impossibility
from fakeservers.behaviour.replies import scripted
from fakeservers.canonical import Tool
from tests.fakeservers.support import chat

WEATHER = Tool(
    name="get_weather",
    parameters={
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
    },
)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (tool_call("get_wether", city="Oslo"), "Did you mean 'get_weather'?"),
        (tool_call("get_weather"), "break the tool's schema"),
        (tool_call("get_weather", city=1), "break the tool's schema"),
        ("word " * 100, "the request allows 20: shorten it"),
    ],
)
def test_what_no_model_says_is_told(said, why):
    """With what would have been possible."""
    request = chat(tools=(WEATHER,), max_tokens=20)
    assert why in impossibility(scripted(said), request)


def test_a_tool_that_nobody_offered_is_not_called():
    """Whatever its arguments."""
    assert "offers no tools" in impossibility(scripted(tool_call("f")), chat())


@pytest.mark.parametrize(
    "said",
    [
        "Short.",
        tool_call("get_weather", city="Oslo"),
        tool_call("get_weather", arguments='{"city": '),
        reply("word " * 100, finish="length"),
    ],
)
def test_what_a_model_may_say_passes(said):
    """Arguments given as text, and an answer that says it was cut, are meant so."""
    assert impossibility(scripted(said), chat(tools=(WEATHER,), max_tokens=20)) is None
