"""A match is defined by its difference."""

import re

import pytest

from fakeservers.behaviour.matching import Match, difference
from fakeservers.errors import ScriptError
from tests.fakeservers.support import after_tool, chat


@pytest.mark.parametrize(
    "match",
    [
        Match(),
        Match(prompt="capital of France"),
        Match(prompt=re.compile(r"capital of \w+")),
        Match(model="gpt-*"),
        Match(model="gpt-4o"),
        Match(system="terse"),
        Match(turn=1),
        Match(key="team-a-*"),
        Match(headers={"X-Team": "search"}),
        Match(endpoint="chat"),
        Match(where=lambda request: request.stream is False),
    ],
    ids=str,
)
def test_a_match_has_no_difference(match):
    """Every field that holds leaves nothing to tell."""
    request = chat("What is the capital of France?", system="Be terse.", model="gpt-4o")
    headers = {"x-team": "search", "authorization": "Bearer team-a-1"}
    assert difference(match, request, headers) == ()


@pytest.mark.parametrize(
    ("match", "told"),
    [
        (Match(prompt="Spain"), "prompt: wanted one with 'Spain', got 'Hello'"),
        (Match(model="claude-*"), "model: wanted 'claude-*', got 'm'"),
        (Match(system="terse"), "system: wanted one with 'terse', got ''"),
        (Match(turn=2), "turn: wanted 2, got 1"),
        (Match(tool_result="rain"), "tool_result: wanted one with 'rain', got nothing"),
        (Match(key="a"), "key: wanted its value, got nothing"),
        (Match(endpoint="responses"), "endpoint: wanted 'responses', got 'chat'"),
        (Match(where=lambda request: False), "where: wanted a true value, got a false one"),
        (Match(headers={"x-team": "a"}), "headers['x-team']: wanted its value, got nothing"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_difference_tells_field_wish_and_reality(match, told):
    """Each field that does not hold is one line."""
    assert [str(apart) for apart in difference(match, chat(), {})] == [told]


def test_a_header_value_is_never_told():
    """A header may be a credential, so neither side is printed."""
    (apart,) = difference(Match(headers={"authorization": "a"}), chat(), {"authorization": "b"})
    assert str(apart) == "headers['authorization']: wanted its value, got another value"


def test_a_tool_result_is_matched_in_the_newest_turn():
    """What the tools answered since the model's last turn."""
    assert difference(Match(tool_result="rain", turn=2), after_tool("Weather?", "rain"), {}) == ()


@pytest.mark.parametrize(
    "fields", [{"prompt": 3}, {"turn": 0}, {"turn": "1"}, {"where": "x"}, {"model": ["a"]}], ids=str
)
def test_a_match_that_makes_no_sense_is_refused_when_written(fields):
    """The error names the field."""
    with pytest.raises(ScriptError, match=next(iter(fields))):
        Match(**fields)
