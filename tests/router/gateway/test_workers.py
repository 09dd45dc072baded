"""The command: several processes that share one ledger, signals, and what is told at the start."""

import asyncio
import os
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from decimal import Decimal
from pathlib import Path

import httpx2
import pytest
import uvicorn

from fakeservers import FakeServers, slow_first_byte
from router.budget.policy import EVERYTHING
from router.gateway import GatewaySettings, serving
from router.ledger.base import Scope
from router.ledger.redis import RedisLedger
from router.ledger.sqlite import SqliteLedger
from router.ledger.store import Store
from tests.router.ledger.stores import redis_server

ROOT = Path(__file__).resolve().parents[3]
CALLS = 40
BOTH_S_MAX = 120
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
ENDS_S = 60


@contextmanager
def started(folder: Path, url: str, *options: str, **environ: str) -> Iterator[tuple[str, int]]:
    """The address and the process id of a gateway in processes of its own."""
    (folder / "llm-providers.toml").write_text(CONFIG.format(url=url), "utf-8")
    command = ("gateway", "--config", "llm-providers.toml", "--port", "0", *options)
    with started_at(folder, *command, **environ) as running:
        yield running


@contextmanager
def started_at(folder: Path, *arguments: str, **environ: str) -> Iterator[tuple[str, int]]:
    """The address and the process id of `llmsim` with these arguments; what it said besides its
    address is in gateway.log at the end."""
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
        (folder / "gateway.log").write_text(told, "utf-8")
        assert process.returncode == 0, told
        assert "sk-upstream" not in told


@pytest.fixture(params=["sqlite", "redis"])
def ledger(request: pytest.FixtureRequest) -> Iterator[str]:
    """A ledger that processes can share, as `--ledger` names it."""
    if request.param == "sqlite":
        yield "sqlite:costs.db"
        return
    with redis_server() as url:
        yield url


async def _standing(ledger: str, folder: Path) -> tuple[int, int, tuple[object, ...]]:
    """Posted and held of everything, and where counters and rows differ."""
    is_file = ledger.startswith("sqlite:")
    path = folder / ledger.removeprefix("sqlite:")
    store: Store = SqliteLedger(path) if is_file else RedisLedger(ledger)
    try:
        summary = await store.summary(Scope(name=EVERYTHING))
        return summary.posted_pico, summary.held_pico, await store.audit()
    finally:
        await store.aclose()


@asynccontextmanager
async def _connections(origin: str, of_each: int) -> AsyncIterator[list[httpx2.AsyncClient]]:
    """As many connections to each of two workers: whose one is, /healthz says."""
    found: dict[int, list[httpx2.AsyncClient]] = {}
    context = ssl.create_default_context()  # dear, and never used
    async with AsyncExitStack() as opened:
        async with asyncio.timeout(BOTH_S_MAX):
            while sum(len(mine) >= of_each for mine in found.values()) < 2:
                http = httpx2.AsyncClient(base_url=origin, timeout=60, verify=context)
                await opened.enter_async_context(http)
                worker = (await http.get("/healthz")).json()["worker"]
                found.setdefault(worker, []).append(http)
                if len(found[worker]) > of_each:  # the other may be busy, or still starting
                    await asyncio.sleep(0.01)
        yield [http for mine in found.values() for http in mine[:of_each]]


async def _all_at_once(origin: str) -> list[httpx2.Response]:
    async with _connections(origin, CALLS // 2) as connections:
        asked = [http.post("/v1/chat/completions", json=HELLO) for http in connections]
        return await asyncio.gather(*asked)


def test_workers_never_overspend_together(llmsim: FakeServers, tmp_path: Path, ledger: str) -> None:
    """Two workers, one ledger, more calls at once than the budget has room for, half of them at
    each: some are refused, and what was spent is within the limit to the last pico-dollar."""
    llmsim.openai.counts(input_tokens=50, output_tokens=100)
    options = ("--workers", "2", "--ledger", ledger)
    with started(tmp_path, llmsim.openai.url, *options) as (origin, _):
        answers = asyncio.run(_all_at_once(origin))
    statuses = [answer.status_code for answer in answers]
    assert set(statuses) == {200, 402} and statuses.count(200) == len(llmsim.openai.calls)
    told = sum((Decimal(a.headers["x-llmsim-cost-usd"]) for a in answers), Decimal(0))
    posted, held, differing = asyncio.run(_standing(ledger, tmp_path))
    assert held == 0 and Decimal(posted) / 10**12 == told <= Decimal("0.01")
    assert differing == ()
    refused = next(answer for answer in answers if answer.status_code == 402).json()["error"]
    assert refused["code"] == "budget_exceeded"


def test_any_worker_tells_what_a_call_cost(
    llmsim: FakeServers, tmp_path: Path, ledger: str
) -> None:
    """Asked for a call that another worker made, with an attempt that failed before, it reads the
    ledger that they share."""
    llmsim.openai.fails(500, times=1)

    async def asked(origin: str) -> tuple[httpx2.Response, list[httpx2.Response]]:
        async with _connections(origin, 1) as both:
            answer = await both[0].post("/v1/chat/completions", json=HELLO)
            call = {"call_id": answer.headers["x-llmsim-call-id"]}
            return answer, [await one.get("/v1/costs", params=call) for one in both]

    options = ("--workers", "2", "--ledger", ledger)
    with started(tmp_path, llmsim.openai.url, *options) as (origin, _):
        answer, told = asyncio.run(asked(origin))
    assert told[0].status_code == 200 and told[0].json() == told[1].json()
    assert told[1].json()["cost_usd"] == answer.headers["x-llmsim-cost-usd"]
    assert [one["outcome"] for one in told[1].json()["attempts"]] == ["server", "ok"]


def test_a_worker_that_dies_is_replaced(llmsim: FakeServers, tmp_path: Path, ledger: str) -> None:
    """What it held stays held until it expires, so that its death never makes room for more than
    the limit; soon two workers answer again."""
    llmsim.openai.fails(slow_first_byte(30), times=1)
    options = ("--workers", "2", "--ledger", ledger)
    with started(tmp_path, llmsim.openai.url, *options) as (origin, _):
        answers = asyncio.run(_one_dies(llmsim, origin))
    assert [answer.status_code for answer in answers] == [200, 200]
    posted, held, differing = asyncio.run(_standing(ledger, tmp_path))
    assert held > 0 and posted > 0 and differing == ()
    assert f"a worker ended with -{signal.SIGKILL:d}" in (tmp_path / "gateway.log").read_text()


async def _one_dies(llmsim: FakeServers, origin: str) -> list[httpx2.Response]:
    """The worker that is asked is killed; afterwards each of two is asked."""
    async with _connections(origin, 1) as (http, _):
        dead = (await http.get("/healthz")).json()["worker"]
        asking = asyncio.create_task(http.post("/v1/chat/completions", json=HELLO))
        while not llmsim.openai.calls:
            await asyncio.sleep(0.01)
        os.kill(dead, signal.SIGKILL)
        with pytest.raises(httpx2.TransportError):
            await asking
    async with _connections(origin, 1) as both:
        return [await one.post("/v1/chat/completions", json=HELLO) for one in both]


def test_sigterm_lets_a_call_end(llmsim: FakeServers, tmp_path: Path) -> None:
    """A call under way when the signal comes is answered, and then the process ends with 0."""
    llmsim.openai.fails(slow_first_byte(1))
    llmsim.openai.replies("Hello.")

    async def ended(origin: str, pid: int) -> httpx2.Response:
        async with httpx2.AsyncClient(base_url=origin, timeout=60) as http:
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
        (("--port", "99999"), "--port is 99999; it is from 0 to 65535"),
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


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    """It is told with the way out."""
    from click.testing import CliRunner

    from router.commands.gateway import command

    path = tmp_path / "llm-providers.toml"
    path.write_text(CONFIG.format(url="http://127.0.0.1:1/v1"), "utf-8")
    with socket.create_server(("127.0.0.1", 0)) as other:
        options = ["--config", str(path), "--port", str(other.getsockname()[1])]
        result = CliRunner().invoke(command, options, env={"OPENAI_API_KEY": "sk-upstream"})
    assert result.exit_code == 1 and "another program listens there; take another" in result.output


def test_idle_connections_outlive_those_of_callers(
    llmsim: FakeServers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Callers leave theirs first, so that no request goes into one that is just being closed."""
    (tmp_path / "llm-providers.toml").write_text(CONFIG.format(url=llmsim.openai.url), "utf-8")
    job = serving.Job(
        settings=GatewaySettings(),
        config=tmp_path / "llm-providers.toml",
        environ={"OPENAI_API_KEY": "sk-upstream"},
    )
    configs: list[uvicorn.Config] = []
    monkeypatch.setattr(signal, "signal", lambda number, handler: None)
    monkeypatch.setattr(uvicorn.Server, "run", lambda self, sockets: configs.append(self.config))
    with serving.bound_socket("127.0.0.1", 0) as sock:
        assert serving.serve(job, sock) == 0
    assert configs[0].timeout_keep_alive > (httpx2.Limits().keepalive_expiry or 0)


def test_the_access_log(llmsim: FakeServers, tmp_path: Path) -> None:
    """One line a call, with its attempts and cost; nothing of any library, no address, no key, no
    word of what was said."""
    with started(tmp_path, llmsim.openai.url, "--access-log") as (origin, _):
        httpx2.post(f"{origin}/v1/chat/completions?key=sk-caller", json=HELLO, timeout=60)
    (line,) = (tmp_path / "gateway.log").read_text("utf-8").splitlines()
    assert "attempts=[openai/gpt-4.1 ok 200]" in line and "cost_usd=0.000" in line
    assert not any(word in line for word in ("http", "Hello?", "sk-caller"))
