"""The page about load tests: its scenario can be used, its commands exist."""

import re
import shlex
from dataclasses import fields
from pathlib import Path

import pytest
from click.testing import CliRunner

from loadtests.changes import read_changes
from loadtests.commands import main
from loadtests.records import Record
from loadtests.scenario import known_scenarios, load_scenario
from loadtests.slo import Agreement
from loadtests.summary import SCHEMA, summarise
from pytest_llmsim.rehearse import rehearse

from .records import attempt, brownout, record

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "load-testing.md").read_text("utf-8")


def test_the_pages_scenario_can_be_used(tmp_path):
    """As it stands there, in whole and as smoke."""
    (text,) = re.findall(r"```toml\n(.*?)```", PAGE, re.S)
    path = tmp_path / "mine.toml"
    path.write_text(text, "utf-8")
    assert load_scenario(path).faults_end_s == 40
    assert load_scenario(path, smoke=True).faults_end_s == 4


CHANGED = re.findall(r"^python -m loadtests run .*--set.*$", PAGE, re.M)


@pytest.mark.parametrize("line", CHANGED)
def test_the_pages_changes_can_be_made(line):
    """Each --set, on the scenario that it names, and it changes something."""
    name, *words = shlex.split(line)[4:]
    given = [word for word in words if word != "--set"]
    assert load_scenario(name, changes=read_changes(given)) != load_scenario(name)


def test_the_page_names_every_figure():
    """Of summary.json and of requests.jsonl, and the schema that they are of."""
    calls = [record(1, ttft_s=0.1, gaps_s=(0.1,), overhead_s=0.1)]
    summary = summarise(brownout(), calls, attempts=[attempt(1)], journal=[])
    other = re.compile(r"_p(95|99)_s$")
    names = {other.sub("_p50_s", name) for name in summary if not name.startswith("late_")}
    assert [name for name in names if f"`{name}`" not in PAGE] == []
    assert [f.name for f in fields(Record) if f"`{f.name}`" not in PAGE] == []
    assert f"`{SCHEMA}`" in PAGE


def test_the_page_states_the_tolerances():
    """Those of a scenario that says none."""
    usual = Agreement()
    told = (
        f"success rate {usual.success_rate:g}, fallback rate {usual.fallback_rate:g}, "
        f"attempts a call {usual.attempts_per_request:g}, cost {100 * usual.cost_usd_share:g} %, "
        f"recovery {usual.recovery_s:g} s, "
        f"TTFT p50 {usual.ttft_p50_s:g} s or {100 * usual.ttft_share:g} %"
    )
    assert told in PAGE


def test_the_page_names_every_scenario():
    """And `list` shows each."""
    listed = CliRunner().invoke(main, ["list"]).output
    for name in known_scenarios():
        assert f"| `{name}` |" in PAGE
        assert name in listed


def test_the_pages_options_exist():
    """Of the commands that are not Locust's own."""
    run_options = {o for p in main.commands["run"].params for o in p.opts}
    rehearse_options = {o for p in rehearse.params for o in p.opts}
    for line in PAGE.splitlines():
        for verb, options in (("loadtests run", run_options), ("rehearse", rehearse_options)):
            if verb in line and line.startswith(("python", "llmsim")):
                assert set(re.findall(r"--[\w-]+", line.partition("#")[0])) <= options
