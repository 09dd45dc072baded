"""Decisions: which rule, which reply in turn, what when none matches."""

from fakeservers.behaviour.failures import http_error, overloaded
from fakeservers.behaviour.matching import Match
from fakeservers.behaviour.replies import scripted
from fakeservers.behaviour.scenario import Rule, Script, TokenCounts, decide
from fakeservers.canonical import EmbedRequest
from tests.fakeservers.support import chat

HI, BYE = scripted("hi"), scripted("bye")
EMBED = EmbedRequest(provider="openai", endpoint="embeddings", model="m", inputs=("x",))


def rule(number=1, **fields):
    return Rule(number=number, **fields)


def test_an_empty_script_answers_naturally():
    """Nothing scripted: no rule, no complaint."""
    decision = decide(Script(), chat(), {}, {})
    assert decision.rule is None
    assert not decision.unmatched


def test_the_first_rule_that_matches_decides():
    """Rules are tried in the order written."""
    script = Script(rules=(rule(1, replies=(HI,)), rule(2, replies=(BYE,))))
    assert decide(script, chat(), {}, {}).reply is HI


def test_replies_come_in_turn_and_the_last_one_stays():
    """The third use of two replies repeats the second."""
    script = Script(rules=(rule(replies=(HI, BYE)),))
    assert [decide(script, chat(), {}, {1: used}).reply for used in range(3)] == [HI, BYE, BYE]


def test_a_used_up_rule_gives_way_to_the_next():
    """`times` limits how often a rule decides."""
    script = Script(rules=(rule(1, error=overloaded(), times=2), rule(2, replies=(HI,))))
    assert decide(script, chat(), {}, {1: 1}).error is not None
    assert decide(script, chat(), {}, {1: 2}).reply is HI


def test_an_unmatched_request_names_the_nearest_rule():
    """The rule with the fewest differences is the nearest."""
    far = rule(1, match=Match(prompt="x", model="y"), replies=(HI,))
    near = rule(2, match=Match(prompt="x"), replies=(HI,))
    decision = decide(Script(rules=(far, near)), chat(), {}, {})
    assert decision.unmatched
    assert decision.nearest.rule is near


def test_fault_rules_do_not_make_a_provider_strict():
    """A request after the fault is answered naturally."""
    script = Script(rules=(rule(error=http_error(500), times=1),))
    assert not decide(script, chat(), {}, {1: 1}).unmatched


def test_natural_lifts_strictness():
    """`unmatched="natural"` answers what no rule is for."""
    script = Script(rules=(rule(match=Match(prompt="x"), replies=(HI,)),), unmatched="natural")
    assert not decide(script, chat(), {}, {}).unmatched


def test_replies_are_for_generated_content():
    """A scripted text neither answers nor refuses a request for embeddings."""
    decision = decide(Script(rules=(rule(replies=(HI,)),)), EMBED, {}, {})
    assert decision.rule is None
    assert not decision.unmatched


def test_a_fault_is_for_every_endpoint():
    """A provider that is down answers nothing."""
    assert decide(Script(rules=(rule(error=overloaded()),)), EMBED, {}, {}).error is not None


def test_a_counts_rule_lays_over_the_rule_that_decides():
    """Token counts do not use a request up."""
    script = Script(rules=(rule(1, counts=TokenCounts(input_tokens=7)), rule(2, replies=(HI,))))
    decision = decide(script, chat(), {}, {})
    assert decision.reply is HI
    assert decision.counts == (TokenCounts(input_tokens=7),)
    assert decision.applied == (1, 2)
