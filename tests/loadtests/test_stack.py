"""Whole runs: fakes, gateway and Locust as processes. The limits are of counts and of recovery, so
that a busy machine keeps them too."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from loadtests.running import run

pytestmark = pytest.mark.stack


def test_a_brownout_harms_nobody(tmp_path):
    """Every limit is kept, the run in virtual time agrees, and the reports are there."""
    result = run("brownout", tmp_path, smoke=True)
    summary = json.loads((tmp_path / "summary.json").read_text("utf-8"))
    assert [f for f in result.findings if not f.ok] == []
    assert [c for c in result.compared if not c.ok] == []
    assert (result.code, summary["exit_code"], summary["lost"]) == (0, 0, 0)
    assert summary["fallbacks"] > 0
    assert summary["unbooked"] == 0
    assert (tmp_path / "report.html").stat().st_size > 1_000_000


def test_two_workers_are_one_run(tmp_path):
    """Each planned request is performed once, by either, and none of their records is missing."""
    result = run("brownout", tmp_path, smoke=True, processes=2, virtual=False)
    lines = (tmp_path / "requests.jsonl").read_text("utf-8").splitlines()
    records = [json.loads(line) for line in lines]
    assert result.code == 0
    assert len({record["extra"]["worker"] for record in records}) == 2
    numbers = sorted(r["number"] for r in records if r["last"])
    assert numbers == list(range(1, result.summary["planned"] + 1))


def test_a_missed_limit_is_the_exit_code(tmp_path):
    """Of Locust itself too, so that a run of it alone can fail a build."""
    path = tmp_path / "strict.toml"
    path.write_text(
        'title = "Nobody can keep this"\nbase = "_two_providers"\n'
        "[smoke]\ntime_scale = 0.02\nrate_per_s = 10\n[slo]\nrefused_min = 1000\n"
    )
    result = run(str(path), tmp_path / "out", smoke=True, virtual=False)
    assert result.code == 1
    assert "missed: refused_min 1000, found 0.0" in (tmp_path / "out/locust.log").read_text("utf-8")


def processes_of(folder):
    """Those whose command names the folder, by their ids."""
    listed = subprocess.run(
        ["ps", "-ww", "-eo", "pid,args"], capture_output=True, text=True, check=True
    )
    return [line.split()[0] for line in listed.stdout.splitlines() if str(folder) in line]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["interrupt", "terminate"])
def test_a_run_that_is_ended_leaves_no_process(tmp_path, number):
    """Neither fakes nor gateway, nor Locust's workers; the exit code is the signal's."""
    command = [sys.executable, "-m", "loadtests", "run", "brownout", "--smoke", "--no-virtual"]
    command += ["--processes", "2", "--out", str(tmp_path)]
    root = Path(__file__).resolve().parents[2]
    with subprocess.Popen(command, cwd=root, env={**os.environ, "PYTHONPATH": str(root)}) as run:
        log = tmp_path / "brownout" / "locust.log"
        while not log.exists() or "All users spawned" not in log.read_text():
            assert run.poll() is None
            time.sleep(0.1)
        assert len(processes_of(tmp_path)) >= 5
        run.send_signal(number)
    assert run.returncode == 128 + number
    assert processes_of(tmp_path) == []
