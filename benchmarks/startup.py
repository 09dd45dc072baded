"""How long fakes take to start and to stop, after imports and with a client still connected.

python benchmarks/startup.py [--rounds 50]
"""

import argparse
import http.client
import statistics
import time
from collections.abc import Callable

from fakeservers import FakeServers, ServerThread


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=50)
    rounds = parser.parse_args().rounds
    FakeServers().start().stop()  # the first one imports
    shared = ServerThread()
    shared.start()
    print("| four fakes | start ms (median / max) | stop ms (median / max) |\n|---|---|---|")
    row("a thread of their own", rounds, FakeServers)
    row("a thread that runs, as each test has", rounds, lambda: FakeServers(thread=shared))
    shared.stop()


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


def shown(taken: list[float]) -> str:
    return f"{statistics.median(taken) * 1e3:.2f} / {max(taken) * 1e3:.2f}"


if __name__ == "__main__":
    main()
