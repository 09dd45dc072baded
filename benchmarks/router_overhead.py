"""What a router adds to a call: the SDK alone, this router, and litellm's, against one stub.

    python benchmarks/router_overhead.py [--litellm PYTHON] [--rounds 9] [--aborts 10000]

PYTHON is an interpreter that has litellm (`python -m venv DIR && DIR/bin/pip install litellm`).
Every contender is a process of its own; all call the same stub, in rounds in which they take
turns, one call at a time and 50 at once, whole and streamed. What is added is the difference to
the SDK alone in the same round. CPU time is the contender's own: it is
steadier than the wall's, and is what a busy program pays.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from processes import free_port, running

MODEL = "gpt-4.1"
PROMPT = "What is the capital of France?"
MESSAGES = [{"role": "user", "content": PROMPT}]
WORDS = [f"word{n} " for n in range(20)]
AT_ONCE = 50
CALLS = {"one at a time": 60, "50 at once": 200}
WAYS = {"whole": False, "streamed": True}
PRIMING = 20

STUB = """
import json
HEAD = {{"id": "chatcmpl-1", "created": 1, "model": "{model}"}}
USAGE = {{"prompt_tokens": 14, "completion_tokens": 20, "total_tokens": 34}}
SAID = {{"role": "assistant", "content": "".join({words})}}
WHOLE = json.dumps({{**HEAD, "object": "chat.completion", "usage": USAGE, "choices": [
    {{"index": 0, "message": SAID, "finish_reason": "stop"}}]}}).encode()

def event(choices, **more):
    return "data: " + json.dumps({{**HEAD, "object": "chat.completion.chunk",
                                   "choices": choices, **more}}) + "\\n\\n"

def delta(word, reason=None):
    return [{{"index": 0, "delta": {{"content": word}} if word else {{}}, "finish_reason": reason}}]

STREAM = ("".join(event(delta(word)) for word in {words}) + event(delta("", "stop"))
          + event([], usage=USAGE) + "data: [DONE]\\n\\n").encode()

def headers(kind, body):
    return [(b"content-type", kind), (b"content-length", str(len(body)).encode())]

async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    asked = b""
    while True:
        message = await receive()
        asked += message.get("body", b"")
        if not message.get("more_body"):
            break
    streams = json.loads(asked or "{{}}").get("stream")
    body, kind = (STREAM, b"text/event-stream") if streams else (WHOLE, b"application/json")
    await send({{"type": "http.response.start", "status": 200, "headers": headers(kind, body)}})
    await send({{"type": "http.response.body", "body": body}})
"""

Call = Callable[[bool], Awaitable[None]]


# --- the contenders, each in a process of its own ----------------------------------------------


def sdk(url: str) -> tuple[Call, Call]:
    """The SDK alone."""
    from openai import AsyncOpenAI

    client = AsyncOpenAI(base_url=url, api_key="sk-bench", max_retries=0)

    async def call(streamed: bool, *, leave: bool = False) -> None:
        asked: Any = {"model": MODEL, "messages": MESSAGES, "max_completion_tokens": 60}
        if not streamed:
            answer = await client.chat.completions.create(**asked)
            assert answer.choices[0].message.content == "".join(WORDS)
            return
        options = {"include_usage": True}
        stream = await client.chat.completions.create(**asked, stream=True, stream_options=options)
        said = ""
        async for chunk in stream:
            for choice in chunk.choices:
                said += choice.delta.content or ""
            if leave:
                await stream.close()
                return
        assert said == "".join(WORDS)

    return call, lambda _: call(True, leave=True)


def ours(url: str, *, with_budget: bool = False) -> tuple[Call, Call]:
    """This router: prices, costs, breaker, retries; with a budget also holds in memory."""
    from dataclasses import replace

    from router import CostManagementPolicy, LLMRouter
    from router.budget import LedgerBudget
    from router.clients.openai import OpenAIClient
    from router.ledger.memory import MemoryLedger
    from router.types import TextDelta

    router = LLMRouter()
    client = OpenAIClient(MODEL, base_url=url, api_key="sk-bench")
    router.register_provider("openai", client)
    if with_budget:
        policy = CostManagementPolicy(daily_usd=1000, per_task_usd=1)
        router.reload(replace(router.setup, budget=LedgerBudget(policy, MemoryLedger())))

    async def call(streamed: bool, *, leave: bool = False) -> None:
        if not streamed:
            answer = await router.complete(PROMPT, max_tokens=60)
            assert answer.text == "".join(WORDS)
            return
        said = ""
        async with router.stream(PROMPT, max_tokens=60) as stream:
            async for event in stream:
                if isinstance(event, TextDelta):
                    said += event.text
                    if leave:
                        return
        assert said == "".join(WORDS)

    return call, lambda _: call(True, leave=True)


def theirs(url: str) -> tuple[Call, Call]:
    """litellm's Router with its defaults, and no retries."""
    from litellm import Router

    target = {"model": f"openai/{MODEL}", "api_base": url, "api_key": "sk-bench"}
    router = Router(model_list=[{"model_name": MODEL, "litellm_params": target}], num_retries=0)

    async def call(streamed: bool, *, leave: bool = False) -> None:
        asked: Any = {"model": MODEL, "messages": MESSAGES, "max_tokens": 60}
        if not streamed:
            answer = await router.acompletion(**asked)
            assert answer.choices[0].message.content == "".join(WORDS)
            return
        options = {"include_usage": True}
        stream = await router.acompletion(**asked, stream=True, stream_options=options)
        said = ""
        async for chunk in stream:
            for choice in chunk.choices:
                said += choice.delta.content or ""
            if leave:
                await stream.aclose()
                return
        assert said == "".join(WORDS)

    return call, lambda _: call(True, leave=True)


CONTENDERS: Mapping[str, Callable[[str], tuple[Call, Call]]] = {
    "sdk": sdk,
    "router": ours,
    "budget": lambda url: ours(url, with_budget=True),
    "litellm": theirs,
}


def work(name: str, url: str) -> None:
    """Do what each line of the input says, and answer with a line."""
    began_s = time.perf_counter()
    call, leave = CONTENDERS[name](url)
    made_s = time.perf_counter() - began_s

    async def serve() -> None:
        loop = asyncio.get_running_loop()
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            order = json.loads(line)
            told = await measure(leave if order.get("leave") else call, **order["load"])
            print(json.dumps({**told, "rss_mb": rss_mb(), "made_s": made_s}), flush=True)

    asyncio.run(serve())


async def measure(call: Call, *, calls: int, at_once: int, streamed: bool) -> dict[str, float]:
    """Microseconds a call, of the wall and of this process's CPU."""
    left = iter(range(calls))

    async def caller() -> None:
        for _ in left:
            await call(streamed)

    began_s, cpu_s = time.perf_counter(), time.process_time()
    await asyncio.gather(*(caller() for _ in range(at_once)))
    wall_s, cpu_s = time.perf_counter() - began_s, time.process_time() - cpu_s
    return {"wall_us": wall_s / calls * 1e6, "cpu_us": cpu_s / calls * 1e6}


def rss_mb() -> float:
    status = Path("/proc/self/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024


# --- the measuring ----------------------------------------------------------------------------


@dataclass(kw_only=True)
class Worker:
    """A contender that waits for orders."""

    name: str
    process: "subprocess.Popen[str]"

    def do(self, calls: int, at_once: int, streamed: bool, *, leave: bool = False) -> Any:
        assert self.process.stdin and self.process.stdout
        load = {"calls": calls, "at_once": at_once, "streamed": streamed}
        print(json.dumps({"load": load, "leave": leave}), file=self.process.stdin, flush=True)
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"{self.name} ended.")
        return json.loads(line)


@contextmanager
def worker(title: str, name: str, python: str, url: str) -> Iterator[Worker]:
    command = [python, str(Path(__file__).resolve()), "--worker", name, "--url", url]
    if sys.platform == "linux":
        command = ["taskset", "-c", "1", *command]
    quiet = {**os.environ, "LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_LOG": "ERROR"}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=quiet) as process:
        try:
            yield Worker(name=title, process=process)
        finally:
            process.kill()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--aborts", type=int, default=10_000)
    parser.add_argument("--litellm", metavar="PYTHON")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        work(options.worker, options.url)
        return
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        (folder / "stub.py").write_text(STUB.format(model=MODEL, words=WORDS))
        port = free_port()
        serve = [sys.executable, "-m", "uvicorn", "stub:app", "--port", str(port)]
        # Turns are long: a pool whose connections had been closed would be measured, or fail.
        quiet = ["--no-access-log", "--log-level", "error", "--timeout-keep-alive", "600"]
        stack.enter_context(running("stub", [*serve, *quiet], port, folder))
        url = f"http://127.0.0.1:{port}/v1"
        plan = [("SDK alone", "sdk", sys.executable), ("router", "router", sys.executable)]
        plan.append(("router, with a budget", "budget", sys.executable))
        if options.litellm:
            # Another version of the SDK, on another HTTP client: shown, not compared with.
            plan.append(("SDK alone, litellm's", "sdk", options.litellm))
            plan.append(("litellm's Router", "litellm", options.litellm))
        workers = [stack.enter_context(worker(*one, url)) for one in plan]
        calls(workers, options.rounds)
        imports(sys.executable, options.litellm)
        aborted(workers[1:2] + workers[-1:], options.aborts)


def calls(workers: list[Worker], rounds: int) -> None:
    for one in workers:
        for streamed in WAYS.values():
            one.do(PRIMING, 1, streamed)
    memory: dict[str, float] = {}
    for way, streamed in WAYS.items():
        for mode, count in CALLS.items():
            taken: dict[str, list[dict[str, float]]] = {one.name: [] for one in workers}
            for _ in range(rounds):
                for one in workers:
                    told = one.do(count, AT_ONCE if mode == "50 at once" else 1, streamed)
                    taken[one.name].append(told)
                    memory[one.name] = told["rss_mb"]
            report(f"{way}, {mode}", taken)
    print("\n| after these calls | RSS MB |\n|---|---|")
    for name, rss in memory.items():
        print(f"| {name} | {rss:.0f} |")


def report(title: str, taken: Mapping[str, list[dict[str, float]]]) -> None:
    print(f"\n{title}\n| | CPU us/call | wall us/call | adds to the SDK | of what litellm adds |")
    print("|---|---|---|---|---|")
    alone = taken["SDK alone"]
    theirs = None
    if "litellm's Router" in taken:
        theirs = added(taken["litellm's Router"], alone)
    for name, rounds in taken.items():
        more_us = added(rounds, alone)
        cpu_us = statistics.median(one["cpu_us"] for one in rounds)
        wall_us = statistics.median(one["wall_us"] for one in rounds)
        adds = shares = "-"
        if "SDK" not in name:
            base_us = statistics.median(one["cpu_us"] for one in alone)
            adds = f"{more_us:+.0f} us, {more_us / base_us:+.0%}"
            shares = f"{more_us / theirs:.2f}" if theirs else "-"
        print(f"| {name} | {cpu_us:.0f} | {wall_us:.0f} | {adds} | {shares} |", flush=True)


def added(rounds: list[dict[str, float]], alone: list[dict[str, float]]) -> float:
    """CPU microseconds more than the SDK alone needs: the median of the rounds' differences."""
    pairs = zip(rounds, alone, strict=True)
    return statistics.median(one["cpu_us"] - base["cpu_us"] for one, base in pairs)


def imports(python: str, litellm: str | None) -> None:
    print("\n| import | ms |\n|---|---|")
    lines = [(python, "import router"), (python, "from router import LLMRouter")]
    lines.append((python, "import openai"))
    if litellm:
        lines.append((litellm, "from litellm import Router"))
    for interpreter, line in lines:
        code = f"import time; t = time.perf_counter(); {line}; print(time.perf_counter() - t)"
        times = [
            float(subprocess.run([interpreter, "-c", code], capture_output=True, check=True).stdout)
            for _ in range(5)
        ]
        print(f"| `{line}` | {statistics.median(times) * 1000:.0f} |", flush=True)


def aborted(workers: list[Worker], count: int) -> None:
    """Streams that are left after their first word."""
    print(f"\n| streams left after their first word | {' | '.join(w.name for w in workers)} |")
    print("|---|" + "---|" * len(workers))
    steps = 5
    for step in range(steps + 1):
        for one in workers:
            one.do(max(AT_ONCE, count // steps if step else AT_ONCE), AT_ONCE, True, leave=True)
        sizes = [one.do(1, 1, False)["rss_mb"] for one in workers]
        cells = " | ".join(f"{size:.1f} MB" for size in sizes)
        print(f"| {count * step // steps} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
