"""How long fakes take to start and to stop, after imports and with a client still connected; and
how long a server of its own takes from its spawn to its first answer, beside a bare Starlette
application on uvicorn.

    python benchmarks/startup.py [--rounds 50] [--spawns 9]

Spawned servers take turns, with compiled modules; one round before them is not counted. Their CPU
time, user's and system's, is the process's until it has ended.
"""

import argparse
import contextlib
import http.client
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from fakeservers import FakeServers, ServerThread

BARE = """
import sys, uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

async def version(request):
    return JSONResponse({"version": "0"})

app = Starlette(routes=[Route("/api/version", version)])
uvicorn.run(app, port=int(sys.argv[1]), log_level="error", access_log=False)
"""
SERVERS: Mapping[str, Callable[[int], Sequence[str]]] = {
    "Starlette on uvicorn": lambda port: ("-c", BARE, str(port)),
    "four fakes": lambda port: ("-m", "fakeservers", "--ollama-port", str(port)),
}
"""What is given to Python so that /api/version answers on a port."""

POLLED_S = 0.002
FIRST_ANSWER_S_MAX = 120


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--spawns", type=int, default=9)
    asked = parser.parse_args()
    rounds: int = asked.rounds
    FakeServers().start().stop()  # the first one imports
    shared = ServerThread()
    shared.start()
    print("| four fakes | start ms (median / max) | stop ms (median / max) |\n|---|---|---|")
    row("a thread of their own", rounds, FakeServers)
    row("a thread that runs, as each test has", rounds, lambda: FakeServers(thread=shared))
    shared.stop()
    spawns(asked.spawns)


def row(title: str, rounds: int, make: Callable[[], FakeServers]) -> None:
    starts, stops = [], []
    for _ in range(rounds):
        begun = time.perf_counter()
        servers = make().start()
        starts.append(time.perf_counter() - begun)
        client = http.client.HTTPConnection(servers.ollama.url.removeprefix("http://"))
        client.request("GET", "/api/version")
        client.getresponse().read()
        begun = time.perf_counter()
        servers.stop()
        stops.append(time.perf_counter() - begun)
        client.close()
    print(f"| {title} | {shown(starts)} | {shown(stops)} |")


@dataclass(frozen=True, slots=True, kw_only=True)
class Spawned:
    """Seconds to the first answer, and CPU seconds of the whole process."""

    answered_s: float
    cpu_s: float


def spawns(rounds: int) -> None:
    told: dict[str, list[Spawned]] = {title: [] for title in SERVERS}
    with tempfile.TemporaryDirectory() as compiled:
        for number in range(rounds + 1):
            for title, arguments in SERVERS.items():
                one = spawned(arguments, compiled)
                if number:
                    told[title].append(one)
    print("\n| spawn to first answer | ms (least / median) | CPU ms (least / median) |")
    print("|---|---|---|")
    for title, every in told.items():
        answered = least_and_median([one.answered_s for one in every])
        print(f"| {title} | {answered} | {least_and_median([one.cpu_s for one in every])} |")
    bare, fakes = (min(one.cpu_s for one in told[title]) for title in SERVERS)
    print(f"| ratio of the least CPU times | | {fakes / bare:.2f} |")


def spawned(arguments: Callable[[int], Sequence[str]], compiled: str) -> Spawned:
    """One server from its spawn to its first answer, and to its end."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    env = {**os.environ, "PYTHONPYCACHEPREFIX": compiled}
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    begun = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *arguments(port)], env=env, stdout=subprocess.DEVNULL
    )
    while not is_answered(port):
        if process.poll() is not None or time.perf_counter() - begun > FIRST_ANSWER_S_MAX:
            raise SystemExit("the server did not start")
        time.sleep(POLLED_S)
    answered_s = time.perf_counter() - begun
    process.terminate()
    _, _, used = os.wait4(process.pid, 0)
    process.returncode = 0
    return Spawned(answered_s=answered_s, cpu_s=used.ru_utime + used.ru_stime)


def is_answered(port: int) -> bool:
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port)) as client:
        try:
            client.request("GET", "/api/version")
            return client.getresponse().status == http.HTTPStatus.OK
        except OSError:
            return False


def least_and_median(taken: list[float]) -> str:
    return f"{min(taken) * 1e3:.0f} / {statistics.median(taken) * 1e3:.0f}"


def shown(taken: list[float]) -> str:
    return f"{statistics.median(taken) * 1e3:.2f} / {max(taken) * 1e3:.2f}"


if __name__ == "__main__":
    main()
