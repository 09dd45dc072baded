"""The page about load tests: its scenario can be used, its commands exist."""

import re
from pathlib import Path

from click.testing import CliRunner

from loadtests.commands import main
from loadtests.scenario import known_scenarios, load_scenario
from pytest_llmsim.rehearse import rehearse

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "load-testing.md").read_text("utf-8")


def test_the_pages_scenario_can_be_used(tmp_path):
    """As it stands there, in whole and as smoke."""
    (text,) = re.findall(r"```toml\n(.*?)```", PAGE, re.S)
    path = tmp_path / "mine.toml"
    path.write_text(text, "utf-8")
    assert load_scenario(path).faults_end_s == 40
    assert load_scenario(path, smoke=True).faults_end_s == 4


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
