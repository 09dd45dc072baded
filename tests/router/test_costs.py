"""Costs add up exactly, by provider, model, tag and task, and survive a ledger's JSON."""

from decimal import Decimal
from typing import Any

import pytest

from router.accounting import CostRecord
from router.costs import (
    KEYS_MAX,
    OTHER,
    RECORDS_MAX,
    CostTracker,
    MockCostTracker,
    record_from_json,
    record_to_json,
)
from router.errors import UnknownPrice
from router.types import Usage


def record(number: int = 0, **fields: Any) -> CostRecord:
    values: dict[str, Any] = {
        "attempt_id": f"a{number}",
        "call_id": f"c{number}",
        "provider": "claude",
        "model": "m",
        "target": "claude/m",
        "at_s": 1.8e9 + number,
        "amount_pico": 1,
        "hold_pico": 2,
        "basis": "exact",
        "certainty": "response_started",
        "outcome": "ok",
        "rates_version": "test",
        "usage": Usage(input=3, cached_read=2, output=1),
    }
    return CostRecord(**{**values, **fields})


def test_sums_by_every_dimension() -> None:
    """Attempts are added up in all, and by provider, model, tag and task."""
    tracker = CostTracker(
        [
            record(0, tags={"team": "red"}, task="t"),
            record(1, provider="openai", amount_pico=10**12, tags={"team": "red"}),
            record(2, basis="estimated", amount_pico=5),
        ]
    )
    summary = tracker.cost_summary()
    assert tracker.total == Decimal("1.000000000006") == summary.total.cost
    costs = {name: metric.cost_pico for name, metric in summary.providers.items()}
    assert costs == {"claude": 6, "openai": 10**12}
    assert summary.tags["team=red"].attempts == 2 and summary.tasks["t"].tokens == 6
    assert summary.models["claude/m"].estimated == 1
    assert summary.providers["claude"].last_call_s == 1.8e9 + 2


def test_a_call_with_three_attempts_is_one_call() -> None:
    """Calls are counted once however many attempts they took; attempts each."""
    tracker = CostTracker(record(n, call_id="same") for n in range(3))
    total = tracker.cost_summary().total
    assert (total.calls, total.attempts, total.tokens) == (1, 3, 18)


def test_memory_is_bounded() -> None:
    """Single records and rare tags go, sums stay exact."""
    tracker = CostTracker(record(n, task=f"t{n}") for n in range(KEYS_MAX + 100))
    summary = tracker.cost_summary()
    assert tracker.total_pico == KEYS_MAX + 100 == sum(m.cost_pico for m in summary.tasks.values())
    assert len(tracker.records) == RECORDS_MAX and summary.tasks[OTHER].attempts >= 100


def test_a_record_survives_the_ledger() -> None:
    """What a ledger keeps of a record is the whole record."""
    whole = record(tags={"team": "red"}, usage=Usage(input=1, server_tool_calls={"web_search": 2}))
    assert record_from_json(record_to_json(whole)) == whole
    assert record_from_json(record_to_json(record(usage=None))) == record(usage=None)
    assert record_from_json("") is None


def test_a_summary_reads_well() -> None:
    """As text: tokens, cost and calls of each provider and in all."""
    text = str(CostTracker([record(0), record(1, provider="openai")]).cost_summary())
    assert text.splitlines() == [
        "claude: 6 tokens, $0.000000000001, 1 calls",
        "openai: 6 tokens, $0.000000000001, 1 calls",
        "total: 12 tokens, $0.000000000002, 2 calls",
    ]


def test_simulated_calls_cost_what_they_would_have() -> None:
    """1,000 tokens of Claude at $3 and $15 a million, three to one, are $0.006; Ollama is free."""
    tracker = MockCostTracker(models={"ollama": "llama3"})
    assert tracker.record_simulated_call("claude", 1_000) == Decimal("0.006")
    assert tracker.record_simulated_call("ollama", 1_000) == 0
    exact = Usage(input=1_000_000)
    assert tracker.record_simulated_call("openai", exact, model="gpt-4o") == Decimal("2.5")
    assert tracker.total == Decimal("2.506")
    assert tracker.cost_summary().providers["claude"].calls == 1


def test_simulated_calls_of_an_unknown_provider() -> None:
    """A provider without a price is an error, not a 0; so is a negative number of tokens."""
    with pytest.raises(UnknownPrice, match="no price of nobody/nobody is known"):
        MockCostTracker().record_simulated_call("nobody", 10)
    with pytest.raises(ValueError, match="-1 tokens: a call has 0 or more"):
        MockCostTracker().record_simulated_call("claude", -1)


def test_calls_made_elsewhere_can_be_added() -> None:
    """A call that did not go through the router is added with its known cost."""
    tracker = CostTracker()
    tracker.track_call("claude", Usage(input=10), 7, at_s=5.0)
    tracker.track_call("claude", Usage(input=10), 7, at_s=5.0)
    metric = tracker.cost_summary().providers["claude"]
    assert (metric.cost_pico, metric.calls, metric.last_call_s) == (14, 2, 5.0)
