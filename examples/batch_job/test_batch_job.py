"""A job that is killed in the middle, with real processes and a real file."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from router.ledger.base import Scope
from router.ledger.sqlite import SqliteLedger

JOB = Path(__file__).parent / "batch_job.py"
DOCUMENTS = 30


@pytest.fixture
def folder(tmp_path):
    lines = [f"Review {n}: it works." for n in range(DOCUMENTS)]
    (tmp_path / "documents.txt").write_text("\n".join(lines))
    return tmp_path


def started(folder, **environ):
    command = [sys.executable, str(JOB), str(folder / "documents.txt"), str(folder / "results")]
    ledger = {"LEDGER": f"sqlite:{folder / 'costs.db'}"}
    environ = {**os.environ, **ledger, **environ}
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environ)


def results(folder):
    return [json.loads(line)["id"] for line in (folder / "results").read_text().splitlines()]


def spent(folder):
    """Posted and held, of all that was ever asked, in pico-dollars."""

    async def look():
        ledger = SqliteLedger(folder / "costs.db")
        summary = await ledger.summary(Scope(name="all"))
        assert await ledger.audit() == ()
        await ledger.aclose()
        return summary.posted_pico, summary.held_pico

    return asyncio.run(look())


def test_killed_and_run_again(llmsim, folder):
    """Every document is done once or was under way when the job died; what the ledger has posted
    and holds covers the bill, which no restart can forget."""
    llmsim.openai.replies("good")
    llmsim.openai.paces(ttft=0.05)
    job = started(folder)
    for _ in range(10):
        assert "for $" in job.stdout.readline()
    job.kill()
    job.communicate()
    before, _ = spent(folder)
    again = started(folder)
    said, _ = again.communicate(timeout=60)
    assert again.returncode == 0, said
    assert sorted(results(folder)) == list(range(DOCUMENTS))
    posted, held = spent(folder)
    assert before < posted <= llmsim.bill.total_pico <= posted + held


def test_out_of_money(llmsim, folder):
    """A fiftieth of a cent a day: the job ends with what it could afford, and says until when."""
    llmsim.openai.replies("good")
    job = started(folder, LLM_ROUTER__BUDGET__DAILY_USD="0.0002")
    said, _ = job.communicate(timeout=60)
    assert job.returncode == 1
    assert "budget 'daily' does not admit" in said and "resets at" in said
    posted, held = spent(folder)
    assert 0 < posted == llmsim.bill.total_pico <= 200_000_000
    assert held == 0
