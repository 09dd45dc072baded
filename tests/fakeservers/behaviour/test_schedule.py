"""When a rule holds."""

import math

import pytest

from fakeservers import FakeServers, ScriptError, between, every, ramp, simulate
from fakeservers.behaviour.schedule import SPANS_MAX, Window, schedule, seconds

BODY = {"model": "gpt-5", "input": "Hello"}


@pytest.mark.parametrize(
    ("told", "meant"),
    [(90, 90), ("90s", 90), ("1h30m", 5400), ("250ms", 0.25), ("1d", 86400), ("1.5", 1.5)],
    ids=str,
)
def test_times_are_seconds_or_texts(told, meant):
    """Alone or together."""
    assert seconds(told) == meant


@pytest.mark.parametrize("wrong", [-1, "", "5 apples", None, True], ids=repr)
def test_what_is_no_time_is_explained(wrong):
    """With an example."""
    with pytest.raises(ScriptError, match='such as "90s"'):
        seconds(wrong)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: between("8m", "5m"), "the end comes after the start"),
        (lambda: every("10m", "20m"), "within the period"),
        (lambda: schedule(rate=1.5), "a share from 0 to 1"),
        (lambda: schedule(windows="5m"), "two times"),
    ],
)
def test_impossible_schedules_are_refused(make, told):
    """When they are written."""
    with pytest.raises(ScriptError, match=told):
        make()


def test_a_window_holds_from_its_start_and_without_its_end():
    """So that two windows may stand side by side."""
    when = schedule(windows=[(10, 20), ("1m", "2m")])
    assert [when.open(at) for at in (9.9, 10, 19.9, 20, 60, 120)] == [0, 1, 1, 0, 1, 0]


def test_a_wave_comes_back():
    """Every ten minutes for one, from the second minute on."""
    when = schedule(wave=("10m", "1m", "2m"))
    assert [when.open(60 * minute) for minute in (0, 2, 3, 12, 13, 602)] == [0, 1, 0, 1, 0, 1]


def test_a_ramp_changes_the_share():
    """In a straight line; before and after it as at its ends."""
    line = ramp(0.2, 0.6, over=("1m", "2m"))
    assert [line.at(at) for at in (0, 60, 90, 120, 999)] == pytest.approx([0.2, 0.2, 0.4, 0.6, 0.6])


def test_the_next_change_is_the_nearest_edge():
    """Of windows and waves; never, where there is none."""
    when = schedule(windows=(10, 20), wave=(7, 2))
    assert [when.next_change_s(at) for at in (0, 2, 9, 10, 19)] == [2, 7, 10, 14, 20]
    assert schedule(rate=0.5).next_change_s(0) == math.inf


def test_spans_are_told_one_by_one():
    """Windows that meet are one; of endless ones no more than a bound."""
    assert schedule(windows=[(1, 3), (3, 5), (8, 9)]).spans(20) == (Window(1, 5), Window(8, 9))
    assert schedule(wave=(10, 4)).spans(20) == (Window(0, 4), Window(10, 14))
    assert schedule(wave=(10, 4)).spans(12) == (Window(0, 4), Window(10, 12))
    assert len(schedule(wave=(2, 1)).spans(1e9)) == SPANS_MAX


def statuses(sim, count, every_s=1.0, **headers):
    """What so many calls come to, one every so often."""
    found = []
    for _ in range(count):
        found.append(sim.run(sim.post("openai", "/responses", BODY, headers=headers)).status)
        sim.advance(every_s)
    return found


def test_a_share_of_the_requests_fails():
    """About that many; which ones is decided by the seed."""

    def met(seed):
        with simulate(seed) as sim:
            sim.openai.fails(500, rate=0.3)
            return statuses(sim, 200)

    assert met(1) == met(1) != met(2)
    assert 40 < met(1).count(500) < 80


def test_a_ramp_fails_more_and_more():
    """None before it, all of them after it."""
    with simulate() as sim:
        sim.openai.fails(500, rate=ramp(0, 1, over=(100, 200)))
        met = statuses(sim, 300)
    early, late = met[100:150].count(500), met[150:200].count(500)
    assert (met[:100].count(500), met[200:].count(500)) == (0, 100)
    assert 0 < early < late < 50


def test_a_rule_has_its_times_within_its_window():
    """Used up is used up; the next rule follows."""
    with simulate() as sim:
        sim.openai.fails(503, times=2, between=(1, 10))
        sim.openai.fails(429, between=(2, 5))
        assert statuses(sim, 7) == [200, 503, 503, 429, 429, 200, 200]


@pytest.mark.parametrize(
    ("asked", "fields"),
    [
        ({"key": "team-a"}, {"authorization": "Bearer team-a"}),
        ({"headers": {"x-team": "a"}}, {"x-team": "a"}),
        ({"model": "gpt-5"}, {}),
        ({"endpoint": "responses.create"}, {}),
    ],
    ids=["key", "headers", "model", "endpoint"],
)
def test_a_fault_meets_only_whom_it_is_for(asked, fields):
    """One key, one team, one model, one endpoint; others are answered."""
    others = {"key": "x", "headers": {"x-team": "b"}, "model": "gpt-4o", "endpoint": "chat"}
    with simulate() as sim:
        sim.openai.on(**asked).fails(503)
        sim.openai.unused = "allow"
        assert statuses(sim, 1, **fields) == [503]
    with simulate() as sim:
        sim.openai.on(**{name: others[name] for name in asked}).fails(503)
        sim.openai.unused = "allow"
        assert statuses(sim, 1, **fields) == [200]


@pytest.mark.parametrize("provider", ["claude", "openai", "gemini", "ollama"])
def test_every_provider_has_keys(provider):
    """Wherever its SDK sends them."""
    path, body = {
        "claude": ("/v1/messages", {"model": "claude-sonnet-5", "max_tokens": 9}),
        "openai": ("/chat/completions", {"model": "gpt-5"}),
        "gemini": ("/v1beta/models/gemini-2.5-flash:generateContent", {}),
        "ollama": ("/api/chat", {"model": "llama3.2", "stream": False}),
    }[provider]
    said = "contents" if provider == "gemini" else "messages"
    turn = {"parts": [{"text": "Hi"}]} if said == "contents" else {"role": "user", "content": "Hi"}
    with simulate() as sim:
        sim[provider].on(key="simulated").fails(503)
        answer = sim.run(sim.post(provider, path, {**body, said: [turn]}))
    assert answer.status in (503, 529)


def test_scenarios_begin_with_the_fakes():
    """Windows count from the start, and again from `reset()`."""
    with simulate() as sim:
        sim.advance(100)
        sim.openai.reset()
        sim.openai.fails(503, between=(0, 5))
        assert statuses(sim, 2, every_s=5) == [503, 200]


def test_rules_that_never_met_a_request_are_no_problem_when_timed():
    """Only what was surely meant to match is reported."""
    fakes = FakeServers()
    fakes.openai.fails(500, rate=0.5)
    fakes.openai.fails(500, between=(1, 2))
    assert fakes.problems() == []
    fakes.openai.fails(500)
    assert "on()" in fakes.problems()[0]
