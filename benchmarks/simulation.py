"""How many simulated worlds pass in a second, against a plain in-memory simulation, and how much
of an SDK's own speed is left in a world.

Each example is 60 virtual seconds with 60 calls from a small router over two providers, under
faults that Hypothesis draws. The same router, schedule and number of calls run in

    plain      httpx2 over its own in-memory transport, with applications of ten lines, on an
               asyncio loop whose clock jumps: what one would write by hand
               (another such program can be given: --against FILE; it prints "N examples")
    world      simulate(), whole fakes, calls by sim.post()

and the official OpenAI SDK makes 60 calls on httpx2.MockTransport, which answers with a constant,
and in a world. Every figure is worlds in a second of CPU time, the best of rounds that take turns.

python benchmarks/simulation.py [--rounds 5] [--examples 50] [--against FILE]
"""

import argparse
import asyncio
import contextlib
import io
import re
import runpy
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx2
import hypothesis
import openai
from hypothesis import HealthCheck, Phase

from fakeservers import Scenario, Simulation, simulate
from fakeservers.behaviour.scenario import Rule
from fakeservers.virtual.loop import VirtualLoop
from pytest_llmsim.strategies import scenarios

CALLS = 60
BREAKER_S = 10.0
TIMEOUT_S = 5.0
KINDS = ("rate_limited", "server_error", "slow", "reset")
PROMPT = [{"role": "user", "content": "Hello"}]
ROUTES = {
    "openai": ("/chat/completions", {"model": "gpt-5", "messages": PROMPT}),
    "claude": (
        "/v1/messages",
        {
            "model": "claude-sonnet-5",
            "max_tokens": 64,
            "messages": PROMPT,
        },
    ),
}
clock = time.process_time
"""CPU seconds: other programs of the machine disturb them least, and a world never waits."""


async def route(call: Callable[[str], object], now: Callable[[], float]) -> int:
    """One call a second to the first provider whose breaker is closed; how many were answered."""
    open_until_s = dict.fromkeys(ROUTES, 0.0)
    answered = 0
    for _ in range(CALLS):
        began_s = now()
        for provider in ROUTES:
            if began_s < open_until_s[provider]:
                continue
            if await call(provider):
                answered += 1
                break
            open_until_s[provider] = now() + BREAKER_S
        await asyncio.sleep(max(0.0, began_s + 1 - now()))
    return answered


def in_world(scenario: Scenario) -> None:
    with simulate(scenario=scenario) as sim:
        sim.openai.replies("Hi.")
        sim.claude.replies("Hi.")
        for handle in sim.providers.values():
            handle.unused = "allow"
        assert sim.run(lambda: route(lambda p: posted(sim, p), lambda: sim.now)) > 0


async def posted(sim: Simulation, provider: str) -> bool:
    try:
        answer = await sim.post(provider, *ROUTES[provider], timeout_s=TIMEOUT_S)
    except (ConnectionError, TimeoutError):
        return False
    return answer.status == 200


def plain(scenario: Scenario) -> None:
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(by_hand(scenario, runner.get_loop().time))


def kind_of(rule: Rule) -> str:
    if rule.error is not None:
        return "rate_limited" if rule.error.status == 429 else "server_error"
    return "slow" if rule.fault is not None and rule.fault.first_byte_delay_s else "reset"


async def by_hand(scenario: Scenario, now: Callable[[], float]) -> None:
    schedule = [
        (name, kind_of(rule), rule.schedule.windows[0])
        for name, script in scenario.scripts.items()
        for rule in script.rules
    ]

    async def answer(request: httpx2.Request) -> httpx2.Response:
        name = request.url.host
        kinds = [
            kind for provider, kind, window in schedule if provider == name and now() in window
        ]
        kind = kinds[0] if kinds else ""
        if kind == "slow":
            await asyncio.sleep(TIMEOUT_S)
            raise httpx2.ReadTimeout("slow")
        if kind == "reset":
            raise httpx2.ReadError("reset")
        status = {"rate_limited": 429, "server_error": 500}.get(kind, 200)
        return httpx2.Response(status, json={"usage": 10})

    async def call(provider: str) -> bool:
        path, body = ROUTES[provider]
        try:
            answered = await client.post(f"http://{provider}{path}", json=body)
        except httpx2.TransportError:
            return False
        return answered.status_code == 200

    async with httpx2.AsyncClient(transport=httpx2.MockTransport(answer)) as client:
        assert await route(call, now) > 0


def examples_per_s(program: Callable[[Scenario], None], examples: int) -> float:
    search = hypothesis.settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    drawn = scenarios(tuple(ROUTES), horizon_s=CALLS, kinds=KINDS)

    def one(scenario: Scenario) -> None:
        program(scenario)

    run = hypothesis.seed(0)(search(hypothesis.given(drawn)(one)))
    began = clock()
    run()
    return examples / (clock() - began)


def sdk_on_mock() -> None:
    body = recorded_answer()

    async def main() -> None:
        transport = httpx2.MockTransport(lambda request: httpx2.Response(200, json=body))
        await sixty(httpx2.AsyncClient(transport=transport), "http://mock/v1")

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(main())


def sdk_in_world() -> None:
    with simulate() as sim:
        sim.openai.replies("Hi.")
        sim.run(lambda: sixty(httpx2.AsyncClient(transport=sim.transport()), sim.openai.url))


def sdk_over_tcp() -> None:
    with simulate() as sim:
        sim.openai.replies("Hi.")
        sim.run(lambda: sixty(None, sim.openai.url))


async def sixty(http_client: httpx2.AsyncClient | None, url: str) -> None:
    client = openai.AsyncOpenAI(http_client=http_client, base_url=url, api_key="key")
    for _ in range(CALLS):
        answer = await client.chat.completions.create(model="gpt-5", messages=PROMPT)
        assert answer.choices[0].message.content == "Hi."
        await asyncio.sleep(1)
    await client.close()


def recorded_answer() -> object:
    """What the fake answers, for the mock to answer the same."""
    with simulate() as sim:
        sim.openai.replies("Hi.")
        path, body = "/chat/completions", {"model": "gpt-5", "messages": PROMPT}
        return sim.run(lambda: sim.post("openai", path, body)).json()


def per_s(work: Callable[[], None]) -> float:
    began = clock()
    work()
    return 1 / (clock() - began)


def against(program: Path) -> float:
    """Run it in this process, where its imports are warm after the first time."""
    sys.path.insert(0, str(program.resolve().parent))
    shown = io.StringIO()
    began = clock()
    with contextlib.redirect_stdout(shown):
        runpy.run_path(str(program))
    took_s = clock() - began
    found = re.search(r"(\d+) examples", shown.getvalue())
    if found is None:
        raise SystemExit(f"{program} did not print how many examples it ran:\n{shown.getvalue()}")
    return int(found[1]) / took_s


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--examples", type=int, default=50)
    parser.add_argument("--against", type=Path, help="a program that prints: N examples")
    given = parser.parse_args()
    figures: dict[str, Callable[[], float]] = {
        "plain, by hand on httpx2": lambda: examples_per_s(plain, given.examples),
        "world, sim.post()": lambda: examples_per_s(in_world, given.examples),
        "SDK on a mock transport": lambda: per_s(sdk_on_mock),
        "SDK in a world, sim.transport()": lambda: per_s(sdk_in_world),
        "SDK in a world, over its TCP": lambda: per_s(sdk_over_tcp),
    }
    if given.against:
        figures[given.against.name] = lambda: against(given.against)
    for figure in figures.values():
        figure()  # imports, and fills caches
    rounds = [{name: figure() for name, figure in figures.items()} for _ in range(given.rounds)]
    best = {name: max(r[name] for r in rounds) for name in figures}
    base = dict.fromkeys(figures, "plain, by hand on httpx2")
    base |= {name: "SDK on a mock transport" for name in figures if name.startswith("SDK")}
    if given.against:
        base["world, sim.post()"] = given.against.name
    print(f"| {CALLS} virtual seconds, {CALLS} calls | worlds/CPU-s | of |\n|---|---|---|")
    for name, value in best.items():
        print(f"| {name} | {value:.1f} | {value / best[base[name]]:.2f} x {base[name]} |")


if __name__ == "__main__":
    main()
