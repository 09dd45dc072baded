"""Markers in projects of their own: what they do, which of them wins, what a wrong one is told."""

import pytest

FAULTS = "bad_arguments, closes_connection, content_filtered, cut, duplicate_chunk, empty_body, "


def failing(pytester, marker, *, name="llmsim"):
    """What pytest writes about a test with this marker."""
    pytester.makepyfile(
        f"import pytest\n@pytest.mark.{marker}\ndef test_it({name}): llmsim = {name}"
    )
    result = pytester.runpytest("-q")
    result.assert_outcomes(errors=1)
    return result.stdout


@pytest.mark.llmsim_fault("claude", "overloaded")
def test_a_fault_by_its_name(llmsim, llmsim_router):
    """A marker lets a provider fail without a line in the body, and the router goes on."""
    answer = llmsim_router.complete("hello")
    assert [attempt.provider for attempt in answer.attempts] == ["claude", "openai"]


@pytest.mark.llmsim_fault(["claude", "openai"], 500)
class TestClosestFirst:
    """A class whose tests all meet a fault."""

    @pytest.mark.llmsim_fault("claude", 401, times=1)
    def test_the_closest_fault_decides(self, llmsim, llmsim_router):
        """A function's marker comes before its class's, which comes next."""
        answer = llmsim_router.complete("hello", chain=["claude", "openai", "ollama"])
        statuses = dict.fromkeys(attempt.status for attempt in answer.attempts)
        assert list(statuses) == [401, 500, 200]

    def test_a_fault_of_the_class_need_not_be_met(self, llmsim):
        """Nothing was asked, and the test does not fail for it."""
        assert llmsim.journal == ()


@pytest.mark.llmsim_pace("claude", "claude_haiku", time_scale=0)
@pytest.mark.llmsim_limits("claude", rpm=1)
def test_limits_by_a_marker(llmsim, llmsim_router):
    """The second request of a minute is one too many."""
    answers = [llmsim_router.complete("hello", chain=["claude", "openai"]) for _ in range(2)]
    assert [answer.provider for answer in answers] == ["claude", "openai"]


@pytest.mark.llmsim_fault("claude", 500)
def test_a_marker_brings_the_fakes(pytester):
    """Without the fixture's name the environment points at fakes all the same."""
    pytester.makepyfile(
        """
        import os, pytest

        @pytest.mark.llmsim_fault("claude", 500)
        def test_it():
            assert os.environ["ANTHROPIC_BASE_URL"].startswith("http://127.0.0.1:")
        """
    )
    pytester.runpytest().assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("marker", "told"),
    [
        (
            "llmsim_fault('clod', 500)",
            "*test_it: llmsim_fault: no provider 'clod'; there are claude, openai, gemini, ollama.",
        ),
        (
            "llmsim_fault()",
            "*llmsim_fault names no provider: llmsim_fault('claude', ...); there are claude, "
            "openai, gemini, ollama.",
        ),
        (
            "llmsim_fault('claude', 500, tims=2)",
            "*llmsim_fault: got an unexpected keyword argument 'tims'. It takes provider, fault, "
            "times, rate, between, every.",
        ),
        ("llmsim_fault('claude', 'overlooded')", f"*no fault 'overlooded'; there are {FAULTS}*"),
        ("llmsim_fault('claude', 200)", "*An error has a status from 400 to 599, not 200."),
        ("llmsim_fault('claude', 500, rate=2)", "*A rate is a share from 0 to 1, or ramp(...), *"),
        (
            "llmsim_pace('claude', 'quick')",
            "*llmsim_pace: no preset 'quick'; there are claude_haiku, claude_opus, *",
        ),
        ("llmsim_limits('claude', rpx=3)", "*llmsim_limits: *rpx*"),
        ("llmsim(validation='lax')", "*llmsim: validation is strict or off, not 'lax'."),
        ("llmsim(models='all')", "*llmsim: models is known or current or any, not 'all'."),
        ("llmsim(impossible='x')", "*llmsim: impossible is error or allow, not 'x'."),
        ("llmsim(mode='record')", "*llmsim: mode is fake or mock or real, not 'record'."),
        ("llmsim(block_network='maybe')", "*block_network is True or False, not 'maybe'."),
        ("llmsim(scenario='none.toml')", "*UsageError: llmsim: *none.toml: cannot be read: *"),
        ("llmsim_real('clod')", "*llmsim_real: no provider 'clod'; there are claude, openai, *"),
    ],
)
def test_a_wrong_marker_names_what_is_allowed(pytester, marker, told):
    """The error names the test, the marker, what was written and what may be."""
    failing(pytester, marker).fnmatch_lines([told])


@pytest.mark.parametrize(
    ("setting", "works"),
    [
        ("validation='off'", "{}"),
        ("models='any'", "{'model': 'my-own', 'messages': [{'role': 'user', 'content': 'x'}]}"),
        ("models='current'", "{'model': 'llama3.2', 'messages': [], 'stream': False}"),
    ],
)
def test_the_fakes_may_be_lenient(pytester, setting, works):
    """`validation` and `models` reach the fakes."""
    pytester.makepyfile(
        f"""
        import json, pytest, urllib.request

        @pytest.mark.llmsim({setting})
        def test_it(llmsim):
            request = urllib.request.Request(
                llmsim.ollama.url + "/api/chat", json.dumps({works}).encode(), method="POST"
            )
            assert urllib.request.urlopen(request, timeout=5).status == 200
        """
    )
    pytester.runpytest().assert_outcomes(passed=1)


SCENARIO = """
seed = 11
[[openai.rules]]
on.prompt = "France"
replies = ["Paris."]
"""


@pytest.mark.parametrize("way", ["marker", "option"])
def test_a_scenario_file_scripts_the_fakes(pytester, way):
    """By a marker, found beside the test, or for a whole run by the option."""
    pytester.makefile(".toml", france=SCENARIO)
    marker = "@pytest.mark.llmsim(scenario='france.toml')" if way == "marker" else ""
    pytester.makepyfile(
        f"""
        import pytest

        {marker}
        def test_it(llmsim, llmsim_router):
            assert llmsim.seed == 11
            assert llmsim_router.complete("France?", chain=["openai"]).text == "Paris."
        """
    )
    options = ["--llmsim-scenario=france.toml"] if way == "option" else []
    pytester.runpytest(*options).assert_outcomes(passed=1)


def test_markers_are_registered(pytester):
    """`pytest --markers` tells each with its signature."""
    result = pytester.runpytest("--markers")
    result.stdout.fnmatch_lines(
        [
            "@pytest.mark.llmsim(scenario=, seed=, virtual=, unmatched=, unused=, mode=, *",
            "@pytest.mark.llmsim_fault(provider, fault, times=, rate=, between=, every=): *",
            "@pytest.mark.llmsim_pace(provider, preset=, ttft=, inter_token=, ...): *",
            "@pytest.mark.llmsim_limits(provider, rpm=, tpm=, ...): *",
            "@pytest.mark.llmsim_budget(per_task_usd=, daily_usd=, monthly_usd=, mode=, *",
            "@pytest.mark.llmsim_load(arrivals=, duration=, concurrency=, spacing=, *",
            "@pytest.mark.llmsim_real(provider, ...): *",
        ]
    )
