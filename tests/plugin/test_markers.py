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
            "llmsim_fault('claud', 500)",
            "*.py::test_it: llmsim_fault: no provider 'claud'; there are claude, openai, gemini, "
            "ollama. Did you mean 'claude'?",
        ),
        (
            "llmsim_fault()",
            "*llmsim_fault names no provider: llmsim_fault('claude', ...); there are claude, "
            "openai, gemini, ollama.",
        ),
        (
            "llmsim_fault('claude', 500, tims=2)",
            "*.py::test_it: llmsim_fault(tims=...): it takes provider, fault, times, rate, "
            "between, every. Did you mean 'times'?",
        ),
        (
            "llmsim_fault('claude')",
            "*.py::test_it: llmsim_fault: missing 1 required positional argument: 'fault'. It "
            "takes provider, fault, times, rate, between, every.",
        ),
        (
            "llmsim_fault('claude', 'overlooded')",
            f"*no fault 'overlooded'; there are {FAULTS}*, statuses such as 503, and what fails() "
            "takes. Did you mean 'overloaded'?",
        ),
        ("llmsim_fault('claude', 200)", "*An error has a status from 400 to 599, not 200."),
        ("llmsim_fault('claude', 500, rate=2)", "*A rate is a share from 0 to 1, or ramp(...), *"),
        (
            "llmsim_pace('claude', 'quick')",
            "*llmsim_pace: no preset 'quick'; there are claude_haiku, claude_opus, *",
        ),
        (
            "llmsim_pace('claude', tftt=1)",
            "*llmsim_pace: paces(tftt=...): it takes a preset, ttft, *. Did you mean 'ttft'?",
        ),
        (
            "llmsim_limits('claude', rpx=3)",
            "*.py::test_it: llmsim_limits: limits(rpx=...): the limits of this provider are rpm, "
            "itpm, otpm. Did you mean 'rpm'?",
        ),
        ("llmsim_limits('claude', rpm=0)", "*limits(rpm=...) is a whole number from 1, not 0."),
        ("llmsim(validation='lax')", "*llmsim: validation is strict or off, not 'lax'."),
        ("llmsim(models='all')", "*llmsim: models is known or current or any, not 'all'."),
        ("llmsim(impossible='x')", "*llmsim: impossible is error or allow, not 'x'."),
        (
            "llmsim(mode='tape')",
            "*llmsim: mode is fake or mock or real or record or replay, not 'tape'.",
        ),
        ("llmsim(block_network='maybe')", "*block_network is True or False, not 'maybe'."),
        ("llmsim(scenario='none.toml')", "llmsim: *none.toml: cannot be read: *"),
        ("llmsim(scenario=3)", "llmsim: scenario is a file's path or a Scenario, not 3."),
        ("llmsim_real('clod')", "*llmsim_real: no provider 'clod'; there are claude, openai, *"),
        ("llmsim_real(only='claude')", "*.py::test_it: llmsim_real(only=...): it takes no *"),
    ],
)
def test_a_wrong_marker_names_what_is_allowed(pytester, marker, told):
    """The error names the test, the marker, what was written and what may be."""
    failing(pytester, marker).fnmatch_lines([told])


def test_a_marker_that_there_is_not_is_told(pytester):
    """It would change nothing: the run does not begin."""
    pytester.makepyfile(
        test_it="""
        import pytest

        @pytest.mark.llmsim_faults("claude", 500)
        def test_it(): pass
        """
    )
    result = pytester.runpytest("-q", "-W", "ignore")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        [
            "test_it.py: there is no marker 'llmsim_faults'; there are llmsim, "
            "llmsim_fault, llmsim_pace, llmsim_limits, llmsim_budget, llmsim_chain, llmsim_load, "
            "llmsim_real. Did you mean 'llmsim_fault'?"
        ]
    )


@pytest.mark.llmsim_fault(provider="claude", fault=401)
def test_provider_and_fault_may_be_named(llmsim, llmsim_router):
    """As the marker's signature has them."""
    answer = llmsim_router.complete("hello", chain=["claude", "openai"])
    assert [attempt.status for attempt in answer.attempts] == [401, 200]


def test_of_a_wrong_marker_only_the_message_is_shown(pytester):
    """No line of a traceback is the user's; --full-trace shows where it was raised."""
    stdout = failing(pytester, "llmsim(seed='x')")
    stdout.no_fnmatch_line("*settings.py*")
    stdout.fnmatch_lines(
        ["*ERROR at setup of test_it*", "llmsim: seed is a whole number, not 'x'."]
    )
    pytester.runpytest("--full-trace").stdout.fnmatch_lines(["*settings.py:*: UsageError"])


SCRIPTS = {
    "fails": "ScriptError: fails(503, betwen=...): it takes message, type, code, param, "
    "retry_after_s, headers, times, rate, between and every. Did you mean 'between'?",
    "verb": "AttributeError: A fake has no 'replys'. Did you mean 'replies'?",
    "setting": "AttributeError: A fake has no 'unmached'. Did you mean 'unmatched'?",
}
WRONG = {
    "fails": "llmsim.claude.fails(503, betwen=('1m', '2m'))",
    "verb": "llmsim.claude.replys('x')",
    "setting": "llmsim.claude.unmached = 'natural'",
}


@pytest.mark.parametrize("what", SCRIPTS)
def test_a_wrong_script_is_shown_where_it_was_written(pytester, what):
    """The traceback ends in the user's line."""
    pytester.makepyfile(test_it=f"def test_it(llmsim):\n    {WRONG[what]}\n")
    result = pytester.runpytest("-q")
    result.assert_outcomes(failed=1)
    shown = f">       {WRONG[what]}".replace("[", "[[]")
    result.stdout.fnmatch_lines(
        [shown, f"E  *{SCRIPTS[what]}", f"test_it.py:2: {SCRIPTS[what][:9]}*"]
    )
    result.stdout.no_fnmatch_line("*handle.py*")
    result.stdout.no_fnmatch_line("*failures.py*")


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
            assert urllib.request.urlopen(request, timeout=60).status == 200
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
