"""What records are added up to, by cases whose figures are known."""

from dataclasses import replace

import pytest

from loadtests.slo import Agreement, Slo, check, compare
from loadtests.summary import joined, percentile, summarise

from .records import attempt, brownout, record


def test_recovery_is_the_last_failure_after_the_fault():
    """From the fault's end to the end of the last call that failed."""
    calls = [
        record(1, 30.0, outcome="refused", error="server"),
        record(2, 41.0, outcome="refused", error="server", took_s=1.5),
        record(3, 43.0, provider="openai"),
        record(4, 44.0, took_s=1.0),
    ]
    summary = summarise(brownout(), calls)
    assert (summary["recovery_s"], summary["return_s"]) == (2.5, 5.0)


def test_what_never_recovered_has_no_time():
    """And misses whatever limit there is."""
    calls = [record(1, 1.0), record(2, 50.0, outcome="refused", error="server")]
    summary = summarise(brownout(), calls)
    (finding,) = [f for f in check(Slo(recovery_s_max=99), summary) if f.name == "recovery_s_max"]
    assert (summary["recovery_s"], finding.ok) == (None, False)


def test_lost_are_those_without_an_orderly_end():
    """A broken answer, an unfinished conversation, and a request that was never sent."""
    calls = [
        record(1),
        record(2, outcome="lost", error="ended_without_saying_so"),
        record(3, kind="agent", last=False),
        record(4, outcome="cut", error="stream_cut"),
    ]
    summary = summarise(brownout(), calls, planned=5)
    assert (summary["lost"], summary["cut"], summary["success_rate"]) == (3, 1, 0.2)


def test_money_is_the_ledgers():
    """Wasted is what did not answer; overspent what is beyond the limit, to the billionth cent."""
    ledger = [
        attempt(1, outcome="stream_cut", won=False, amount_pico=250_000),
        attempt(1, "openai", at_s=1.0, amount_pico=25 * 10**10),
    ]
    (call,) = joined([record(1, provider="", attempts=0)], ledger)
    summary = summarise(brownout(), [call], attempts=ledger, journal=[])
    assert (call.provider, call.tried) == ("openai", ("claude:stream_cut", "openai:ok"))
    assert (summary["wasted_usd"], summary["wasted_tokens"]) == ("0.000000250000", 15)
    assert (summary["cost_usd"], summary["overspend_usd"]) == ("0.250000250000", "0.000000250000")


def test_a_request_that_nobody_booked_is_found():
    """The fakes saw two, the ledger has one."""
    seen = [{"provider": "claude", "method": "POST"}] * 2
    summary = summarise(brownout(), [record(1)], attempts=[attempt(1)], journal=seen)
    assert summary["unbooked"] == 1


def test_an_answer_that_no_fake_gave_is_found():
    """The reverse: the ledger has an answer, and nobody was asked."""
    assert summarise(brownout(), [record(1)], attempts=[attempt(1)], journal=[])["unbooked"] == 1
    refused = attempt(1, certainty="not_sent", outcome="connect", won=False)
    assert summarise(brownout(), [record(1)], attempts=[refused], journal=[])["unbooked"] == 0


def test_a_fake_that_saw_more_than_it_keeps_proves_nothing():
    """Its first exchange is gone: the figure is left out, and its limit not checked."""
    seen = [{"provider": "claude", "method": "POST", "number": 2}]
    summary = summarise(brownout(), [record(1)], attempts=[attempt(1)], journal=seen)
    assert "unbooked" not in summary
    assert summarise(brownout(), [], attempts=[], journal=[{**seen[0], "number": 1}])["unbooked"]


def test_refusals_are_no_short_times():
    """Only what was answered counts into the times."""
    calls = [
        record(1, kind="stream", ttft_s=0.4, gaps_s=(0.02, 0.04)),
        record(2, kind="stream", ttft_s=0.001, took_s=0.001, outcome="cut"),
    ]
    summary = summarise(brownout(), calls)
    assert (summary["ttft_p50_s"], summary["itl_p50_s"], summary["took_p50_s"]) == (0.4, 0.03, 0.5)


@pytest.mark.parametrize(("percent", "value"), [(0, 1), (50, 2.5), (95, 3.85), (100, 4)])
def test_percentiles_are_interpolated(percent, value):
    """As numpy's default does; nothing has none."""
    assert percentile([4, 1, 3, 2], percent) == pytest.approx(value)
    assert percentile([], percent) is None


def test_two_runs_are_compared_within_their_tolerance():
    """Absolutely, or as a share of the real figure where that is more."""
    real = summarise(brownout(), [record(1), record(2)], attempts=[attempt(1), attempt(2)])
    other = [record(1), record(2, outcome="refused", error="server")]
    virtual = summarise(brownout(), other, attempts=[attempt(1), attempt(2)])
    found = {c.name: c.ok for c in compare(Agreement(success_rate=0.4), real, virtual)}
    assert found["cost_usd"]
    assert not found["success_rate"]
    assert compare(Agreement(success_rate=0.5), real, virtual)[0].ok


def test_a_run_without_faults_has_no_recovery():
    """The figure is left out, and so is its limit."""
    summary = summarise(replace(brownout(), faults=()), [record(1)])
    names = [f.name for f in check(Slo(recovery_s_max=1), summary)]
    assert "recovery_s" not in summary
    assert "recovery_s_max" not in names
