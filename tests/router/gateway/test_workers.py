"""The command: several processes that share one ledger, signals, and what is told at the start."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import httpx2
import pytest

from fakeservers import FakeServers, slow_first_byte
from router.budget.policy import EVERYTHING
from router.ledger.base import Scope
from router.ledger.sqlite import SqliteLedger

ROOT = Path(__file__).resolve().parents[3]
CALLS = 40
CONFIG = """
[[providers]]
name = "openai"
endpoint = "{url}"
client = "openai"
model = "gpt-4.1"
price = {{ input_usd_per_mtok = 2, output_usd_per_mtok = 8 }}

[budget]
ledger = "sqlite:costs.db"

[[budget.limits]]
name = "house"
usd = "0.01"

[gateway]
unknown_models = "auto"
"""
HELLO = {"model": "gpt-9", "messages": [{"role": "user", "content": "Hello?"}], "max_tokens": 100}
ENDS_S = 20


@contextmanager
def started(folder: Path, url: str, *options: str, **environ: str) -> Iterator[tuple[str, int]]:
    """The address and the process id of a gateway in processes of its own."""
    (folder / "llm-providers.toml").write_text(CONFIG.format(url=url), "utf-8")
    command = ("gateway", "--config", "llm-providers.toml", "--port", "0", *options)
    with started_at(folder, *command, **environ) as running:
        yield running


@contextmanager
def started_at(folder: Path, *arguments: str, **environ: str) -> Iterator[tuple[str, int]]:
    """The address and the process id of `llmsim` with these arguments."""
    code = "from pytest_llmsim.cli import main; main()"
    environment: Mapping[str, str] = {
        **os.environ, "PYTHONPATH": str(ROOT), "OPENAI_API_KEY": "sk-upstream", **environ,
    }  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("llmsim gateway: http://127.0.0.1:"), line + process.stdout.read()
        yield line.split()[2].removesuffix("/v1"), process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        told, _ = process.communicate(timeout=ENDS_S)
        assert process.returncode == 0, told
        assert "sk-upstream" not in told


async def _spent(path: Path) -> tuple[int, int]:
    ledger = SqliteLedger(path)
    try:
        summary = await ledger.summary(Scope(name=EVERYTHING))
        return summary.posted_pico, summary.held_pico
    finally:
        await ledger.aclose()


def test_workers_never_overspend_together(llmsim: FakeServers, tmp_path: Path) -> None:
    """Two workers, one SQLite ledger, more calls at once than the budget has room for: some are
    refused, and what was spent is within the limit to the last pico-dollar."""
    llmsim.openai.counts(input_tokens=50, output_tokens=100)

    async def all_of(origin: str) -> list[httpx2.Response]:
        async with httpx2.AsyncClient(base_url=origin, timeout=60) as http:
            asked = [http.post("/v1/chat/completions", json=HELLO) for _ in range(CALLS)]
            return await asyncio.gather(*asked)

    with started(tmp_path, llmsim.openai.url, "--workers", "2", "--access-log") as (origin, _):
        answers = asyncio.run(all_of(origin))
    statuses = [answer.status_code for answer in answers]
    assert set(statuses) == {200, 402} and statuses.count(200) == len(llmsim.openai.calls)
    told = sum((Decimal(a.headers["x-llmsim-cost-usd"]) for a in answers), Decimal(0))
    posted, held = asyncio.run(_spent(tmp_path / "costs.db"))
    assert held == 0 and Decimal(posted) / 10**12 == told <= Decimal("0.01")
    refused = next(answer for answer in answers if answer.status_code == 402).json()["error"]
    assert refused["code"] == "budget_exceeded"


def test_sigterm_lets_a_call_end(llmsim: FakeServers, tmp_path: Path) -> None:
    """A call under way when the signal comes is answered, and then the process ends with 0."""
    llmsim.openai.fails(slow_first_byte(1))
    llmsim.openai.replies("Hello.")

    async def ended(origin: str, pid: int) -> httpx2.Response:
        async with httpx2.AsyncClient(base_url=origin, timeout=30) as http:
            asking = asyncio.create_task(http.post("/v1/chat/completions", json=HELLO))
            while not llmsim.openai.calls:
                await asyncio.sleep(0.01)
            os.kill(pid, signal.SIGTERM)
            return await asking

    with started(tmp_path, llmsim.openai.url) as (origin, pid):
        answer = asyncio.run(ended(origin, pid))
    assert answer.json()["choices"][0]["message"]["content"] == "Hello."


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--host", "0.0.0.0"), "give --token (or LLMSIM_GATEWAY_TOKEN)"),
        (("--workers", "2", "--ledger", "memory"), "would each spend the whole budget"),
        (("--workers", "0"), "workers is 0; it is from 1 to 64"),
    ],
)
def test_what_is_refused_at_the_start(tmp_path: Path, options: tuple[str, ...], says: str) -> None:
    """In one line, before anything listens."""
    from click.testing import CliRunner

    from router.commands.gateway import command

    path = tmp_path / "llm-providers.toml"
    path.write_text(CONFIG.format(url="http://127.0.0.1:1/v1"), "utf-8")
    result = CliRunner().invoke(
        command, ["--config", str(path), *options], env={"OPENAI_API_KEY": "sk-upstream"}
    )
    assert result.exit_code == 1 and says in result.output
