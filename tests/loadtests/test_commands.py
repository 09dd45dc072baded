"""The commands where nothing is run: what is wrong is told, and with which exit code."""

import pytest
from click.testing import CliRunner

from loadtests import running
from loadtests.commands import main


def told(*arguments):
    result = CliRunner().invoke(main, list(arguments))
    return result.exit_code, result.output


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("brownot",), "Did you mean 'brownout'? There are"),
        (("nowhere.toml",), "There is no scenario 'nowhere.toml'"),
        (("brownout", "--set", "slo.lost=1"), "Did you mean 'lost_max'?"),
        (("brownout", "--smoke", "--full"), "take --smoke or --full"),
        (("brownout", "--processes", "0"), "is not in the range"),
    ],
)
def test_what_cannot_be_run_breaks(arguments, says):
    """With exit code 2, before anything starts."""
    code, output = told("run", *arguments)
    assert code == 2
    assert says in output


def test_one_that_breaks_does_not_stop_the_others():
    """Each is told."""
    code, output = told("run", "brownot", "outgae")
    assert code == 2
    assert output.index("brownot: There is no") < output.index("outgae: There is no")


def test_without_the_extra(monkeypatch, tmp_path):
    """It says what to install."""
    monkeypatch.setitem(running.NEEDED, "locust_that_nobody_has", "loads")
    code, output = told("run", "brownout", "--out", str(tmp_path))
    assert code == 2
    assert "pip install -e '.[load,anthropic,openai,virtual]'" in output
    assert not list(tmp_path.iterdir())


def test_compare_needs_two_runs(tmp_path):
    """It says what it looked for."""
    code, output = told("compare", str(tmp_path), str(tmp_path))
    assert code == 1
    assert "summary.json; name the folder of a run" in output
