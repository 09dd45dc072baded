"""How exactly configured delays are delivered, beside a bare ASGI application that keeps
absolute deadlines.

    python benchmarks/pace.py [--streams 100 500] [--seconds 8] [--rounds 3]

So many connections each stream 50 tokens again and again, TTFT 200 ms and 20 ms a token; every
server runs on one core and the client on another, in interleaved rounds. All figures are
milliseconds: the absolute error of TTFT and of the gaps, the drift of a whole stream, and the error
of TTFT where all connections ask at the same instant.
"""

import argparse
import asyncio
import gc
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from pathlib import Path

import uvloop
from processes import Contender, cpu_s, free_port, running

TTFT_S, GAP_S, TOKENS = 0.200, 0.020, 50
STAGGER_S = 1.2
SKIPPED_HEAD, SKIPPED_TAIL = 2, 3
"""Events at the ends of a stream that stand between no two tokens."""

BARE = """
import asyncio, json
TOKEN = b'data: ' + json.dumps({{"choices": [{{"delta": {{"content": "token "}}}}]}}).encode() + b'\\n\\n'
HEAD = {{"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]}}

async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    clock = asyncio.get_running_loop().time
    due = clock() + {ttft}
    await receive()
    await asyncio.sleep(due - clock())
    await send(HEAD)
    for token in range({tokens}):
        left = due - clock()
        if left > 0:
            await asyncio.sleep(left)
        await send({{"type": "http.response.body", "body": TOKEN, "more_body": True}})
        due += {gap}
    await send({{"type": "http.response.body", "body": TOKEN * 3}})
"""  # noqa: E501

OURS = """
[[openai.rules]]
replies = {{ text = "{text}", chunks = {chunks} }}
paces = {{ ttft = {ttft}, inter_token = {gap} }}
"""

BODY = {
    "model": "gpt-4o-mini",
    "stream": True,
    "messages": [{"role": "user", "content": "Count, please."}],
}


class Client(asyncio.Protocol):
    """One connection: asks again when a stream has ended, and notes when each event came."""

    def __init__(self, request: bytes, until_s: float) -> None:
        self._request = request
        self._until_s = until_s
        self.streams: list[tuple[float, list[float]]] = []
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def ask(self) -> None:
        self._begun_s = time.perf_counter()
        self._events: list[float] = []
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        now_s = time.perf_counter()
        self._events += [now_s] * data.count(b"\n\n")
        if not data.endswith(b"0\r\n\r\n"):
            return
        self.streams.append((self._begun_s, self._events))
        if now_s < self._until_s:
            self.ask()
        elif not self.done.done():
            self.done.set_result(None)


async def measure(
    port: int, connections: int, seconds: float, stagger_s: float = STAGGER_S
) -> list[tuple[float, list[float]]]:
    """The streams that began after the connections had all started, one after another within
    `stagger_s`; all streams where they start at once."""
    body = json.dumps(BODY).encode()
    request = (
        b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer x\r\n"
        b"content-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)
    )
    loop = asyncio.get_running_loop()
    until_s = time.perf_counter() + stagger_s + seconds
    clients = []
    for _ in range(connections):
        _, client = await loop.create_connection(
            lambda: Client(request, until_s), "127.0.0.1", port
        )
        clients.append(client)
    gc.collect()
    gc.freeze()
    gc.disable()
    steady_s = time.perf_counter() + stagger_s
    for number, client in enumerate(clients):
        loop.call_later(stagger_s * number / connections, client.ask)
    await asyncio.wait([client.done for client in clients], timeout=seconds + 30)
    gc.enable()
    for client in clients:
        client._transport.abort()
    return [s for client in clients for s in client.streams if s[0] >= steady_s]


def errors(streams: Sequence[tuple[float, list[float]]]) -> tuple[list[float], ...]:
    """TTFT errors, gap errors and drifts, in milliseconds."""
    ttft, gaps, drift = [], [], []
    for begun_s, events in streams:
        ttft.append(abs(events[0] - begun_s - TTFT_S) * 1e3)
        core = events[SKIPPED_HEAD:-SKIPPED_TAIL]
        between = [later - earlier for earlier, later in pairwise(core)]
        gaps += [abs(gap - GAP_S) * 1e3 for gap in between]
        drift.append((core[-1] - core[0] - len(between) * GAP_S) * 1e3)
    return ttft, gaps, drift


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--streams", type=int, nargs="+", default=[100, 500])
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        contenders = [stack.enter_context(start(folder)) for start in (bare, ours)]
        for connections in options.streams:
            print(f"\n{connections} streams at a time")
            print(
                "| server | TTFT p50/p99 | gap p50/p99 | drift p50 | burst p50/p99 | server CPU |"
            )
            print("|---|---|---|---|---|---|")
            taken: dict[str, list[list[float]]] = {c.name: [] for c in contenders}
            for _ in range(options.rounds):
                for contender in contenders:
                    taken[contender.name].append(row(contender, connections, options.seconds))
            for name, rows in taken.items():
                figures = [statistics.median(column) for column in zip(*rows, strict=True)]
                print(
                    "| {} | {:.2f} / {:.2f} | {:.2f} / {:.2f} | {:.2f} | {:.2f} / {:.2f} | {:.2f} |"
                    "".format(name, *figures)
                )


def row(contender: Contender, connections: int, seconds: float) -> list[float]:
    before, begun = cpu_s(contender.pid), time.perf_counter()
    streams = uvloop.run(measure(contender.port, connections, seconds))
    share = (cpu_s(contender.pid) - before) / (time.perf_counter() - begun)
    ttft, gaps, drift = errors(streams)
    burst, _, _ = errors(uvloop.run(measure(contender.port, connections, 0.0, stagger_s=0.0)))
    return [*spread(ttft), *spread(gaps), statistics.median(drift), *spread(burst), share]


def spread(figures: Sequence[float]) -> tuple[float, float]:
    return percentile(figures, 0.5), percentile(figures, 0.99)


def percentile(figures: Sequence[float], share: float) -> float:
    return sorted(figures)[min(len(figures) - 1, int(share * len(figures)))]


@contextmanager
def bare(folder: Path) -> Iterator[Contender]:
    text = BARE.format(ttft=TTFT_S, gap=GAP_S, tokens=TOKENS)
    (folder / "bare.py").write_text(text)
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "bare:app", "--port", str(port), "--no-access-log"]
    with running("bare ASGI", [*command, "--log-level", "error"], port, folder) as contender:
        yield contender


@contextmanager
def ours(folder: Path) -> Iterator[Contender]:
    port = free_port()
    said = ["token "] * TOKENS
    scenario = OURS.format(text="".join(said), chunks=json.dumps(said), ttft=TTFT_S, gap=GAP_S)
    (folder / "ours.toml").write_text(scenario)
    command = [sys.executable, "-m", "fakeservers", "--warm-up", "--scenario", "ours.toml"]
    with running("llmsim", [*command, "--openai-port", str(port)], port, folder) as contender:
        yield contender


if __name__ == "__main__":
    main()
