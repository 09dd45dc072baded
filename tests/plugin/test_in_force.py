"""`llmsim env`: what is in force, and why."""

import sys

import pytest

from pytest_llmsim.registered import OPTIONS

LLMSIM = [sys.executable, "-c", "from pytest_llmsim.cli import main; main()"]


def env(pytester, *options):
    return pytester.run(*LLMSIM, "env", *options)


def test_it_tells_each_setting_and_where_it_was_said(pytester, monkeypatch):
    """Built-in, by a variable, by the ini file, by an option."""
    for name in ("OPENAI_BASE_URL", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LLMSIM_OPENAI", "real")
    pytester.makeini("[pytest]\nllmsim_unused = allow")
    result = env(pytester, "--llmsim-seed=7")
    assert result.ret == 0
    result.stdout.fnmatch_lines(
        [
            "who answers",
            "  claude         fake     built-in",
            "  openai         real     LLMSIM_OPENAI",
            "                          at https://api.openai.com/v1, no key: set OPENAI_API_KEY",
            "settings",
            "  seed           7        --llmsim-seed",
            "  unused         allow    llmsim_unused in tox.ini",
            "  block_network  true     built-in",
        ]
    )


def test_it_tells_addresses_and_keys_but_no_secret(pytester, monkeypatch):
    """The address of the environment, and the variable that holds the key."""
    monkeypatch.setenv("OPENAI_BASE_URL", "http://localhost:8080/v1")
    monkeypatch.setenv("OPENAI_API_KEY", "very-secret")
    result = env(pytester, "--llmsim-mode=real")
    result.stdout.fnmatch_lines(["*at http://localhost:8080/v1, key in OPENAI_API_KEY"])
    result.stdout.fnmatch_lines(["  ollama         real     --llmsim-mode", "*needs no key"])
    assert "very-secret" not in result.stdout.str() + result.stderr.str()


def test_a_wrong_value_is_a_usage_error(pytester, monkeypatch):
    """As in a run."""
    monkeypatch.setenv("LLMSIM_MODE", "reel")
    result = env(pytester)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        [
            "ERROR: llmsim: mode is fake or mock or real or record or replay, not 'reel'. Did you "
            "mean 'real'?"
        ]
    )


def test_a_variable_that_no_test_reads_is_told(pytester, monkeypatch):
    """With the one that was meant, where one is near; others are the commands' or a router's."""
    for name in ("LLMSIM_SEDE", "LLMSIM_OPENAI_EU", "LLMSIM_TOKEN"):
        monkeypatch.setenv(name, "fake")
    shown = env(pytester).stdout.str()
    assert shown.endswith(
        "variables that no test reads\n"
        "  LLMSIM_OPENAI_EU\n"
        "  LLMSIM_SEDE Did you mean 'LLMSIM_SEED'?"
    )


@pytest.mark.parametrize(("name", "warnings"), [("LLMSIM_SEDE", 1), ("LLMSIM_OPENAI_EU", 0)])
def test_a_run_warns_of_a_misspelt_variable(pytester, monkeypatch, name, warnings):
    """And not of one that may be another program's."""
    monkeypatch.setenv(name, "7")
    pytester.makepyfile("def test_it(): pass")
    result = pytester.runpytest()
    result.assert_outcomes(passed=1, warnings=warnings)
    told = f"llmsim: the environment variable {name} changes nothing. Did you mean 'LLMSIM_SEED'?"
    assert result.stdout.str().count(told) == warnings


def test_every_setting_can_be_said_everywhere(pytester):
    """As an option and as an ini key; `pytest --help` tells both."""
    told = pytester.run(sys.executable, "-m", "pytest", "--help").stdout.str()
    assert [n for n in OPTIONS if f"--llmsim-{n.replace('_', '-')}=" not in told] == []
    assert [n for n in OPTIONS if f"  llmsim_{n}" not in told] == []
