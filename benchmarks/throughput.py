"""Requests per second and CPU time of one fake, beside a bare ASGI application and aimock.

    python benchmarks/throughput.py [--rounds 5] [--seconds 2] [--aimock DIR]

Every server runs on one core, wrk on another, in interleaved rounds; the table gives medians and
ratios within the run. Needs wrk; aimock is measured when DIR holds its npm package
(`npm install --prefix DIR @copilotkit/aimock`).
"""

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from processes import Contender, cpu_s, free_port, running

BODY = {
    "model": "gpt-4o-mini",
    "messages": [
        {"role": "system", "content": "You are a helpful assistant."},
        {"role": "user", "content": "Say hello to the benchmark, please."},
    ],
    "temperature": 0.2,
}
ANSWER = "Hello, benchmark! How can I help you today?"
LONG = " ".join(["token"] * 200)

LUA = """
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer sk-bench"
local file = io.open(os.getenv("BENCH_BODY"), "rb")
wrk.body = file:read("*a")
local start, finish = wrk.body:find("NUMBER", 1, true)
if start then
  local before, after, number = wrk.body:sub(1, start - 1), wrk.body:sub(finish + 1), 0
  function request()
    number = number + 1
    return wrk.format(nil, nil, nil, before .. number .. after)
  end
end
"""

BARE = """
import json
BODY = json.dumps({answer}).encode()
HEADERS = [(b"content-type", b"application/json"), (b"content-length", str(len(BODY)).encode())]

async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    await receive()
    await send({{"type": "http.response.start", "status": 200, "headers": HEADERS}})
    await send({{"type": "http.response.body", "body": BODY}})
"""

OURS = """
[[openai.rules]]
on = {{ prompt = "Say hello" }}
replies = [{answer}]
[[openai.rules]]
on = {{ prompt = "Count" }}
replies = [{long}]
"""


@dataclass(frozen=True, kw_only=True)
class Sample:
    requests_per_s: float
    cpu_us: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--aimock", type=Path)
    options = parser.parse_args()
    if shutil.which("wrk") is None:
        sys.exit("wrk is missing: install it with your system's package manager.")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        (folder / "post.lua").write_text(LUA)
        contenders = [stack.enter_context(start(folder)) for start in starters(options.aimock)]
        for title, body in bodies().items():
            (folder / "body.json").write_text(json.dumps(body))
            samples: dict[str, list[Sample]] = {c.name: [] for c in contenders}
            for _ in range(options.rounds):
                for contender in contenders:
                    samples[contender.name].append(measure(contender, folder, options))
            report(title, samples)


def bodies() -> Mapping[str, object]:
    numbered = {"role": "user", "content": "Say hello to benchmark NUMBER, please."}
    different = {**BODY, "messages": [BODY["messages"][0], numbered]}
    counting = {**BODY, "messages": [{"role": "user", "content": "Count, please."}]}
    return {
        "chat completion, the same request each time": BODY,
        "chat completion, every prompt different": different,
        "chat completion, 200 tokens streamed": {**counting, "stream": True},
    }


def starters(aimock: Path | None) -> list[Callable[..., object]]:
    found: list[Callable[..., object]] = [bare, ours]
    if aimock is not None:
        found.append(lambda folder: theirs(folder, aimock))
    return found


@contextmanager
def bare(folder: Path) -> Iterator[Contender]:
    """uvicorn with an application that answers canned bytes: what any ASGI server pays."""
    (folder / "bare.py").write_text(BARE.format(answer=repr({"choices": [ANSWER]})))
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "bare:app", "--port", str(port), "--no-access-log"]
    with running("bare ASGI", [*command, "--log-level", "error"], port, folder) as contender:
        yield contender


@contextmanager
def ours(folder: Path) -> Iterator[Contender]:
    """The OpenAI fake: matching, journal, validation and token counts on."""
    port = free_port()
    told = OURS.format(answer=json.dumps(ANSWER), long=json.dumps(LONG))
    (folder / "ours.toml").write_text(told)
    command = [sys.executable, "-m", "fakeservers", "--openai-port", str(port)]
    command += ["--warm-up", "--scenario", "ours.toml"]
    with running("llmsim", command, port, folder) as contender:
        yield contender


@contextmanager
def theirs(folder: Path, aimock: Path) -> Iterator[Contender]:
    fixtures = folder / "fixtures"
    fixtures.mkdir(exist_ok=True)
    rules = [
        {"match": {"userMessage": "Say hello"}, "response": {"content": ANSWER}},
        {"match": {"userMessage": "Count"}, "response": {"content": LONG}, "chunkSize": 6},
    ]
    (fixtures / "bench.json").write_text(json.dumps({"fixtures": rules}))
    port = free_port()
    cli = aimock / "node_modules/@copilotkit/aimock/dist/cli.js"
    command = ["node", str(cli), "-p", str(port), "-f", str(fixtures), "--log-level", "silent"]
    with running("aimock", command, port, folder) as contender:
        yield contender


def measure(contender: Contender, folder: Path, options: argparse.Namespace) -> Sample:
    before = cpu_s(contender.pid)
    shown = subprocess.run(
        [
            *("taskset", "-c", "1", "wrk", "-t1", f"-c{options.connections}"),
            *(f"-d{options.seconds}s", "-s", "post.lua"),
            f"http://127.0.0.1:{contender.port}/v1/chat/completions",
        ],
        cwd=folder,
        env={**os.environ, "BENCH_BODY": str(folder / "body.json")},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    spent = cpu_s(contender.pid) - before
    if "Non-2xx" in shown:
        sys.exit(f"{contender.name} answered with errors:\n{shown}")
    requests = int(re.search(r"(\d+) requests in", shown)[1])
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", shown)[1])
    return Sample(requests_per_s=rate, cpu_us=spent / requests * 1e6)


def report(title: str, samples: Mapping[str, list[Sample]]) -> None:
    bare_rate = median(samples["bare ASGI"])
    aimock_rate = median(samples["aimock"]) if "aimock" in samples else None
    print(f"\n{title}\n| server | req/s | CPU us/req | x bare ASGI | x aimock |")
    print("|---|---|---|---|---|")
    for name, taken in samples.items():
        rate = median(taken)
        cpu = statistics.median(sample.cpu_us for sample in taken)
        against = f"{rate / aimock_rate:.2f}" if aimock_rate else "-"
        print(f"| {name} | {rate:.0f} | {cpu:.0f} | {rate / bare_rate:.2f} | {against} |")


def median(taken: list[Sample]) -> float:
    return statistics.median(sample.requests_per_s for sample in taken)


if __name__ == "__main__":
    main()
