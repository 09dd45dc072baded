"""The plugin in projects of its own, by pytester."""

import subprocess
import sys

import pytest

ASK = """
    import json, os, urllib.request

    def ask(prompt="Hello", model="llama3.2"):
        \"\"\"One call of the program under test, without an SDK.\"\"\"
        body = {"model": model, "stream": False, "messages": [{"role": "user", "content": prompt}]}
        url = os.environ["OLLAMA_HOST"] + "/api/chat"
        request = urllib.request.Request(url, json.dumps(body).encode(), method="POST")
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)["message"]["content"]
"""


@pytest.fixture
def project(pytester):
    """A project whose program calls Ollama."""
    pytester.makepyfile(program=ASK)
    return pytester


def test_a_scripted_answer_reaches_the_program(project):
    """The fixture is enough: no key, no network, no change to the program."""
    project.makepyfile(
        """
        from program import ask

        def test_it(llmsim):
            llmsim.ollama.on(prompt="Hello").replies("Hi!")
            assert ask() == "Hi!"
        """
    )
    project.runpytest().assert_outcomes(passed=1)


def test_importing_the_plugin_costs_a_project_nothing():
    """Beyond the standard library and pytest nothing is imported until a test asks for a fake."""
    code = (
        "import sys, pytest; before = set(sys.modules); import pytest_llmsim.plugin;"
        "new = {name.partition('.')[0] for name in set(sys.modules) - before};"
        "print(sorted(new - set(sys.stdlib_module_names) - {'pytest_llmsim', '_pytest'}))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout == "[]\n"


def test_a_project_that_does_not_use_it_imports_no_fake(pytester):
    """A whole run without the fixture: neither fakes nor servers are imported."""
    pytester.makepyfile(
        """
        import sys

        def test_it():
            assert not {"fakeservers", "router", "uvicorn", "starlette"} & set(sys.modules)
        """
    )
    pytester.runpytest_subprocess().assert_outcomes(passed=1)


def test_a_project_that_does_not_use_it_has_no_hooks_around_its_tests(pytester):
    """They are there from the first test on that asks for fakes, in that test already."""
    pytester.makepyfile(
        """
        import sys

        HOOKS = "pytest_llmsim.hooks"
        LOADED = ["", ".fixtures", ".plugin", ".registered"]

        def test_plain():
            ours = sorted(name for name in sys.modules if name.startswith("pytest_llmsim"))
            assert ours == [f"pytest_llmsim{name}" for name in LOADED]

        def test_fakes(llmsim, request):
            around = request.config.hook.pytest_runtest_call.get_hookimpls()
            assert HOOKS in [type(one.plugin).__module__ for one in around]
        """
    )
    pytester.runpytest_subprocess().assert_outcomes(passed=2)


def test_a_router_of_the_project_stays_its_own(pytester):
    """A module named like one of our packages is the project's, as long as it asks for no fake."""
    pytester.makepyfile(router="NAME = 'mine'", fakeservers="NAME = 'mine too'")
    pytester.makepyfile(
        """
        import fakeservers, router

        def test_it():
            assert (router.NAME, fakeservers.NAME) == ("mine", "mine too")
        """
    )
    pytester.runpytest_subprocess().assert_outcomes(passed=1)


def test_a_project_that_hides_our_package_is_told(pytester):
    """The error names the file that was found instead."""
    pytester.makepyfile(fakeservers="NAME = 'mine'")
    pytester.makepyfile("def test_it(llmsim): pass")
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*`import fakeservers` found *fakeservers.py*"])


def test_an_unmatched_request_fails_the_test_once(project):
    """One F, the nearest rule, its difference, where it was written, what to write instead."""
    project.makepyfile(
        test_it="""
        import urllib.error
        from program import ask

        def test_it(llmsim):
            llmsim.ollama.unused = "allow"
            llmsim.ollama.on(prompt="France").replies("Paris.")
            try:
                ask("Capital of Spain?")
            except urllib.error.HTTPError as error:
                assert "The nearest is" in error.read().decode()
        """
    )
    result = project.runpytest()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "llmsim: no rule of ollama is for this request "
            "(model 'llama3.2', prompt 'Capital of Spain?').",
            "The nearest is llmsim.ollama.on(prompt='France') (test_it.py:6):",
            "  prompt: wanted one with 'France', got 'Capital of Spain?'",
            "To answer it, write llmsim.ollama.on(prompt='Capital of Spain?').replies(...); "
            'to let ollama answer naturally, set llmsim.ollama.unmatched = "natural".',
            "*- llmsim traffic -*",
            "+0.000s ollama #1 POST /api/chat llama3.2 -> 400, * ms",
            "seed 0; again with: pytest --llmsim-seed=0 'test_it.py::test_it'",
        ]
    )


def test_an_unused_rule_fails_the_test(project):
    """A rule that nothing matched is told with its place."""
    project.makepyfile(
        test_it="""
        def test_it(llmsim):
            llmsim.claude.on(prompt="France").replies("Paris.")
        """
    )
    result = project.runpytest()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "llmsim: claude saw no request, and none matched these rules:",
            "  llmsim.claude.on(prompt='France') (test_it.py:2)",
            'Take them out, or set llmsim.claude.unused = "allow".',
        ]
    )


def test_a_failure_of_the_body_is_the_one_that_is_told(project):
    """Verification never hides it, and the traffic stands below it."""
    project.makepyfile(
        """
        from program import ask

        def test_it(llmsim):
            llmsim.claude.replies("never asked")
            assert ask("Hello") == "something else"
        """
    )
    result = project.runpytest()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E *AssertionError*", "*llmsim traffic*", "  user   Hello"])
    result.stdout.no_fnmatch_line("*none matched these rules*")


@pytest.mark.parametrize(
    ("ini", "options", "environment", "expected"),
    [
        ("", (), {}, 0),
        ("", (), {"LLMSIM_SEED": "3"}, 3),
        ("llmsim_seed = 4", (), {"LLMSIM_SEED": "3"}, 4),
        ("llmsim_seed = 4", ("--llmsim-seed=5",), {"LLMSIM_SEED": "3"}, 5),
    ],
)
def test_an_option_beats_the_ini_beats_the_environment(
    project, monkeypatch, ini, options, environment, expected
):
    """One order for every setting."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    project.makeini(f"[pytest]\n{ini}")
    project.makepyfile(f"def test_it(llmsim): assert llmsim.seed == {expected}")
    project.runpytest(*options).assert_outcomes(passed=1)


def test_a_wrong_option_is_a_usage_error(pytester):
    """The process says so in one line and ends with that code; each option's words are among the
    messages."""
    result = pytester.runpytest_subprocess("--llmsim-unused=x")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: llmsim: unused is error or allow, not 'x'."])


def test_markers_set_one_test_the_closest_first(project):
    """Function before class before module."""
    project.makepyfile(
        """
        import pytest
        from program import ask

        pytestmark = pytest.mark.llmsim(seed=1, unmatched="natural")

        @pytest.mark.llmsim(unused="allow")
        class TestIt:
            @pytest.mark.llmsim(seed=2)
            def test_it(self, llmsim):
                llmsim.ollama.on(prompt="x").replies("y")
                assert llmsim.seed == 2
                assert ask("Hello")
        """
    )
    project.runpytest("--strict-markers").assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("marker", "told"),
    [
        (
            "seeds=1",
            "*llmsim(seeds=...): it takes scenario, seed, virtual, unmatched, unused, mode, "
            "block_network, validation, models, impossible, ignored, time_scale, drift. Did "
            "you mean 'seed'?",
        ),
        (
            "unmatched='natrual'",
            "llmsim: unmatched is error or natural, not 'natrual'. Did you mean 'natural'?",
        ),
        ("3", "*llmsim(...) takes keywords only."),
    ],
)
def test_a_wrong_marker_is_told(pytester, marker, told):
    """It names what is allowed."""
    pytester.makepyfile(
        f"""
        import pytest

        @pytest.mark.llmsim({marker})
        def test_it(llmsim): pass
        """
    )
    pytester.runpytest().stdout.fnmatch_lines([told])


def test_a_straggler_of_an_ended_test_harms_no_other(project):
    """It is not answered by the next test's script, does not fail it, and is told why."""
    project.makepyfile(
        """
        import json, os, urllib.error, urllib.request

        kept = {}

        def test_first(llmsim):
            kept["url"] = llmsim.ollama.url

        def test_second(llmsim):
            llmsim.ollama.replies("mine")
            assert llmsim.ollama.url != kept["url"]
            body = {"model": "llama3.2", "messages": [{"role": "user", "content": "late"}]}
            request = urllib.request.Request(
                kept["url"] + "/api/chat", json.dumps(body).encode(), method="POST"
            )
            try:
                urllib.request.urlopen(request, timeout=60)
            except urllib.error.HTTPError as error:
                told = error.read().decode()
            assert "test_first" in told and "has ended" in told
            assert llmsim.ollama.calls == ()
            llmsim.ollama.unused = "allow"
        """
    )
    project.runpytest().assert_outcomes(passed=2)


def test_the_environment_is_put_back_after_the_test(project, monkeypatch):
    """Also what other variables the SDKs would have followed."""
    monkeypatch.setenv("OPENAI_API_KEY", "mine")
    monkeypatch.setenv("GOOGLE_API_KEY", "mine too")
    project.makepyfile(
        """
        import os

        def test_during(llmsim):
            assert os.environ["OPENAI_API_KEY"] != "mine"
            assert os.environ["GOOGLE_API_KEY"] != "mine too"

        def test_after():
            assert os.environ["OPENAI_API_KEY"] == "mine"
            assert os.environ["GOOGLE_API_KEY"] == "mine too"
            assert "OLLAMA_HOST" not in os.environ
        """
    )
    monkeypatch.delenv("OLLAMA_HOST", raising=False)
    project.runpytest().assert_outcomes(passed=2)


def test_traffic_is_shown_of_passed_tests_when_asked_for(project):
    """With the test's name above it."""
    project.makepyfile(
        test_it="""
        from program import ask

        def test_it(llmsim):
            llmsim.ollama.replies("Hi!")
            ask()
        """
    )
    result = project.runpytest("--llmsim-traffic")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(
        [
            "*llmsim traffic: test_it.py::test_it*",
            "+0.000s ollama #1 POST /api/chat llama3.2 -> 200, * ms",
            "  user   Hello",
            "  model  Hi!",
        ]
    )


STYLES = {
    "unittest": """
        import unittest, pytest
        from program import ask

        @pytest.mark.usefixtures("llmsim")
        class TestIt(unittest.TestCase):
            def test_it(self):
                self.assertTrue(ask())
    """,
    "asyncio": """
        import asyncio, pytest
        from program import ask

        @pytest.mark.asyncio
        async def test_it(llmsim):
            llmsim.ollama.replies("Hi!")
            assert await asyncio.to_thread(ask) == "Hi!"
    """,
    "anyio": """
        import anyio.to_thread, pytest
        from program import ask

        @pytest.mark.anyio
        @pytest.mark.parametrize("anyio_backend", ["asyncio", "trio"])
        async def test_it(llmsim, anyio_backend):
            llmsim.ollama.replies("Hi!")
            assert await anyio.to_thread.run_sync(ask) == "Hi!"
    """,
    "hypothesis": """
        from hypothesis import given, settings, strategies as st
        from fakeservers import FakeServers
        from program import ask

        @settings(max_examples=5, deadline=None)
        @given(st.text("abc", min_size=1))
        def test_it(text):
            with FakeServers() as llmsim:
                llmsim.ollama.replies(text)
                assert ask() == text
    """,
}


@pytest.mark.parametrize("style", STYLES)
def test_every_style_of_test_works(project, style):
    """unittest, pytest-asyncio, anyio on both backends, inside a Hypothesis example."""
    project.makepyfile(STYLES[style])
    result = project.runpytest("-q")
    assert result.ret == 0
    assert result.parseoutcomes()["passed"] == (2 if style == "anyio" else 1)


def test_a_failing_unittest_is_told_as_such(project):
    """The problem of the fakes fails a unittest too."""
    project.makepyfile(
        """
        import unittest, pytest

        class TestIt(unittest.TestCase):
            @pytest.fixture(autouse=True)
            def fakes(self, llmsim):
                self.llmsim = llmsim

            def test_it(self):
                self.llmsim.claude.replies("never asked")
        """
    )
    result = project.runpytest()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["llmsim: claude saw no request*"])


def test_workers_have_fakes_of_their_own(project):
    """pytest-xdist: four tests on two workers, and the traffic of a failure travels."""
    project.makepyfile(
        """
        import pytest
        from program import ask

        @pytest.mark.parametrize("number", range(4))
        def test_it(llmsim, number):
            llmsim.ollama.replies(f"n{number}")
            assert ask() == ("n3!" if number == 3 else f"n{number}")
        """
    )
    result = project.runpytest("-n", "2")
    result.assert_outcomes(passed=3, failed=1)
    result.stdout.fnmatch_lines(["*llmsim traffic*", "  model  n3"])


def test_the_plugin_can_be_left_out(pytester):
    """`-p no:llmsim` takes fixture and options away."""
    pytester.makepyfile("def test_it(llmsim): pass")
    result = pytester.runpytest("-p", "no:llmsim")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*fixture 'llmsim' not found*"])


def test_fakes_that_are_first_asked_for_in_a_body_are_verified_too(pytester):
    """The hook around the body is not there yet, and still no idle rule passes."""
    pytester.makepyfile(
        """
        def test_it(request):
            request.getfixturevalue("llmsim").openai.on(prompt="x").replies("y")
        """
    )
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["llmsim: openai saw no request, and none matched these rules:"])
