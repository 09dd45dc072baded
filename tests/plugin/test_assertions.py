"""The assertions: what passes, and what a failure says."""

import pytest

from fakeservers import tool_call
from pytest_llmsim.assertions import (
    assert_called_with,
    assert_cost_at_most,
    assert_fallback_order,
    assert_tokens_at_most,
    assert_tool_called,
)


@pytest.fixture
def asked(llmsim, llmsim_router):
    """An answer after a fallback."""
    llmsim.claude.fails(401)
    llmsim.openai.replies("Paris.")
    return llmsim_router.complete("What is the capital of France?", chain=["claude", "openai"])


def test_what_holds_passes(llmsim, llmsim_costs, asked):
    """By the fakes, by one of them, by the answer."""
    assert_called_with(llmsim.openai, prompt="capital of France", model="gpt-4o", times=1)
    assert_fallback_order(llmsim, ["claude", "openai"])
    assert_fallback_order(asked, ["claude", "openai"])
    assert_cost_at_most(asked, "0.01")
    assert_cost_at_most(llmsim, llmsim_costs.total)
    assert_tokens_at_most(llmsim, 100, input=50, output=50)


FAILING = {
    "called": (
        lambda llmsim, answer: assert_called_with(llmsim, prompt="Spain"),
        "none of 2 requests is prompt='Spain'; the nearest is claude #1:\n    prompt: wanted one "
        "with 'Spain', got 'What is the capital of France?'",
    ),
    "times": (
        lambda llmsim, answer: assert_called_with(llmsim, prompt="France", times=3),
        "2 of 2 requests are prompt='France'\nassert 2 == 3",
    ),
    "uncalled": (
        lambda llmsim, answer: assert_called_with(llmsim.gemini, prompt="France"),
        "no request was made; wanted one of prompt='France'",
    ),
    "order": (
        lambda llmsim, answer: assert_fallback_order(answer, ["openai", "claude"]),
        "assert ['claude', 'openai'] == ['openai', 'claude']",
    ),
    "cost": (
        lambda llmsim, answer: assert_cost_at_most(answer, "0"),
        "assert Decimal('0.000055') <= Decimal('0')",
    ),
    "tokens": (
        lambda llmsim, answer: assert_tokens_at_most(llmsim, output=1),
        "assert 2 <= 1",
    ),
    "tool": (
        lambda llmsim, answer: assert_tool_called(llmsim, "search"),
        "search was not called; called were: none",
    ),
}


@pytest.mark.parametrize("name", FAILING)
def test_a_failure_shows_the_values(llmsim, asked, name):
    """pytest rewrites them: what was, what was wanted, what came closest."""
    fails, told = FAILING[name]
    with pytest.raises(AssertionError) as caught:
        fails(llmsim, asked)
    assert told in str(caught.value)


def test_tool_calls(llmsim, llmsim_router):
    """By name and by some of the arguments."""
    from router import Tool

    llmsim.openai.replies(tool_call("search", {"query": "cats", "limit": 3}))
    schema = {
        "type": "object",
        "properties": {"query": {"type": "string"}, "limit": {"type": "integer"}},
    }
    tool = Tool(name="search", description="Searches.", parameters=schema)
    llmsim_router.complete("Find cats.", chain=["openai"], tools=[tool])
    assert_tool_called(llmsim, "search", {"query": "cats"}, times=1)
    with pytest.raises(AssertionError, match=r"search was called, never with \{'query': 'dogs'\}"):
        assert_tool_called(llmsim, "search", {"query": "dogs"})


def test_money_is_exact(llmsim):
    """A float is refused, for 0.1 is not a tenth."""
    with pytest.raises(TypeError, match=r'money is exact: write "0\.1"'):
        assert_cost_at_most(llmsim, 0.1)
