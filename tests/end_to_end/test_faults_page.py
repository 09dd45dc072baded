"""The page about faults: its code runs, and nothing is left out of it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from fakeservers import presets
from fakeservers.behaviour import failures, faults, pace, schedule

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "faults.md").read_text("utf-8")
BLOCK = re.compile(r"^```(python|toml)\n(.*?)^```", re.M | re.S)
HELPERS = {"Fault", "failure", "over", "together", "delay", "pace", "schedule", "seconds"}


def test_the_page_runs_from_top_to_bottom(tmp_path):
    """Its file is written, then its code runs."""
    pytest.importorskip("openai")
    found = BLOCK.findall(PAGE)
    (toml,) = (code for kind, code in found if kind == "toml")
    (tmp_path / "scenario.toml").write_text(toml, "utf-8")
    command = [sys.executable, "-c", "\n".join(code for kind, code in found if kind == "python")]
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, check=False, cwd=tmp_path, env=environ, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_the_page_has_everything():
    """Every error, fault, schedule, field of a pace and preset."""
    words = {*failures.__all__, *faults.__all__, "between", "every", "ramp", "lognormal"} - HELPERS
    words |= set(pace.Pace.__dataclass_fields__) | set(presets.__all__)
    assert [word for word in sorted(words) if word not in PAGE] == []


def test_the_page_has_every_keyword_of_a_schedule():
    """As verbs take them."""
    taken = {"rate", "between", "every", "times"}
    assert taken == {*re.findall(r"^\| `(\w+)=", PAGE, re.M)}
    assert set(schedule.Schedule.__dataclass_fields__) == {"windows", "every", "rate"}
