"""Subtests: pytest's own from 9.0, pytest-subtests before it."""

from importlib.util import find_spec

import pytest

pytestmark = pytest.mark.skipif(
    pytest.version_tuple < (9,) and find_spec("pytest_subtests") is None,
    reason="needs pytest 9 or pytest-subtests",
)

SUBTESTS = """
    import os, urllib.request

    def ask():
        urllib.request.urlopen(os.environ["OLLAMA_HOST"] + "/api/version", timeout=60)

    def test_it(llmsim, subtests):
        for number in range(3):
            with subtests.test(number=number):
                ask()
                assert number != {failing}
"""


@pytest.fixture
def project(pytester):
    pytester.makepyfile(test_it=SUBTESTS.format(failing=9))
    return pytester


def test_a_subtest_that_fails_shows_the_traffic_so_far(project):
    """It asks the fakes of its test; the others go on."""
    project.makepyfile(test_it=SUBTESTS.format(failing=1))
    result = project.runpytest("-q")
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        [
            "*test_it*(number=1)*",
            "*- llmsim traffic -*",
            "+0.000s ollama #1 GET /api/version -> 200, * ms",
            "+*s ollama #2 GET /api/version -> 200, * ms",
            "seed 0; again with: pytest --llmsim-seed=0 'test_it.py::test_it'",
        ]
    )


@pytest.mark.parametrize("workers", [(), ("-n", "1")])
def test_what_subtests_asked_is_summed_once(project, workers):
    """The sum of the run knows one test with three calls."""
    result = project.runpytest("-q", "--llmsim-report", *workers)
    assert result.ret == 0
    result.stdout.fnmatch_lines(["tests   1 used the fakes", "calls   3 (ollama 3)"])


def test_the_whole_test_is_verified_once(project):
    """A rule that no subtest met fails the test around them."""
    project.makepyfile(
        test_it="""
        def test_it(llmsim, subtests):
            llmsim.claude.replies("never asked")
            with subtests.test("nothing"):
                pass
        """
    )
    result = project.runpytest("-q")
    assert result.ret == 1
    told = [line for line in result.outlines if line.startswith("llmsim: claude saw no request")]
    assert len(told) == 1
    result.stdout.fnmatch_lines(["FAILED test_it.py::test_it - Failed: llmsim: claude saw no *"])
