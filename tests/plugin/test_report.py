"""The sum of a run and the traffic over time."""

import pytest

USE = """
    import pytest
    from fakeservers import overloaded

    @pytest.mark.parametrize("number", range(2))
    def test_it(llmsim, llmsim_router, number):
        llmsim.claude.fails(overloaded())
        assert llmsim_router.complete("hello", chain=["claude", "openai"], attempts_max=2)

    def test_natural(llmsim):
        pass

    def test_without(): pass
"""


@pytest.mark.parametrize("workers", [(), ("-n", "2")])
def test_the_sum_of_a_run(pytester, workers):
    """Calls by provider, tokens, money, the slowest, faults; workers' tests are in it."""
    pytester.makepyfile(test_it=USE)
    result = pytester.runpytest("--llmsim-report", *workers)
    result.assert_outcomes(passed=4)
    result.stdout.fnmatch_lines(
        [
            "*llmsim report*",
            "tests   3 used the fakes",
            "calls   4 (claude 2, openai 2)",
            "tokens  * in, * out",
            "cost    $0.0* if it had been real",
            "slowest *s  * test_it.py::test_it*",
            "faults  2 x claude 529 overloaded",
        ]
    )


def test_nothing_is_summed_unasked(pytester):
    """Without the option there is no such section."""
    pytester.makepyfile(test_it=USE)
    pytester.runpytest().stdout.no_fnmatch_line("*llmsim report*")


def test_traffic_is_told_over_time(pytester):
    """Moments, durations, cuts, and at most the last 200 calls."""
    pytester.makepyfile(
        test_it="""
        import urllib.request

        def test_it(llmsim, monkeypatch):
            monkeypatch.setattr("pytest_llmsim.report.CALLS_SHOWN_MAX", 2, raising=True)
            for _ in range(5):
                urllib.request.urlopen(llmsim.ollama.url + "/api/version", timeout=60)
            raise ValueError
        """
    )
    result = pytester.runpytest("-q")
    result.assert_outcomes(failed=1)
    result.stdout.re_match_lines(
        [
            r"\(3 earlier calls are left out\)",
            r"\+0\.\d{3}s ollama #4 GET /api/version -> 200, \d+ ms",
            r"\+0\.\d{3}s ollama #5 GET /api/version -> 200, \d+ ms",
            r"seed 0; again with: pytest --llmsim-seed=0 'test_it.py::test_it'",
        ]
    )
