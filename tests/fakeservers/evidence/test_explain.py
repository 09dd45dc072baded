"""Words for what did not go as scripted."""

import pytest

from fakeservers.behaviour.matching import Match
from fakeservers.behaviour.scenario import Nearest, Rule, Script
from fakeservers.canonical import ApiError
from fakeservers.evidence.explain import explain_unmatched, explain_unused
from fakeservers.evidence.verification import problems
from tests.fakeservers.evidence.test_journal import exchange
from tests.fakeservers.support import chat

RULE = Rule(number=1, match=Match(prompt="France"), times=1, written_at="test_x.py:3")


def test_a_used_up_rule_is_told_as_such():
    """It would have matched, once more."""
    told = explain_unmatched("tiny", Script(), chat("Hi"), Nearest(RULE, (), used_up=True))
    assert "  it matches, but was used up after one use" in told.splitlines()
    assert "The nearest is llmsim.tiny.on(prompt='France') (test_x.py:3):" in told


def test_a_long_prompt_is_shortened():
    """The message stays readable."""
    told = explain_unmatched("tiny", Script(), chat("x" * 5000), None)
    assert len(told) < 700


def test_unused_rules_are_listed_with_their_place():
    """And how many requests there were."""
    told = explain_unused("tiny", [RULE], 2, {})
    assert told.startswith("llmsim: tiny saw 2 requests, and none matched these rules:\n")
    assert "  llmsim.tiny.on(prompt='France') (test_x.py:3)" in told


def test_a_repeated_problem_is_told_once():
    """An SDK that retries does not fill the report."""
    seen = [exchange(problem="same"), exchange(problem="same"), exchange()]
    assert problems("tiny", Script(), {}, seen, "error") == ["same"]


def test_unused_rules_may_be_allowed():
    """Nothing is told then."""
    script = Script(rules=(RULE,))
    assert len(problems("tiny", script, {}, [], "error")) == 1
    assert problems("tiny", script, {}, [], "allow") == []
    assert problems("tiny", script, {1: 1}, [], "error") == []


@pytest.mark.parametrize("where", [None, lambda request: True], ids=["fields", "function"])
def test_a_rule_behind_another_hears_which_one_answered(where):
    """A function of the test is not called once more for it."""
    first, second = (
        Rule(number=1, replies=("a",)),
        Rule(number=2, match=Match(where=where), error=ApiError(status=503, kind="overloaded")),
    )
    seen = [exchange(7, request=chat("Hi"), rule=first)]
    (told,) = problems("tiny", Script(rules=(first, second)), {1: 1}, seen, "error")
    why = "request 7 is for it too, and was answered by llmsim.tiny.on(): write this rule above"
    assert (why in told) == (where is None)
