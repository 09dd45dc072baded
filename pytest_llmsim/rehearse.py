"""`llmsim rehearse`: planned requests through a router to the fakes, all in virtual time.

What a load test runs for minutes over sockets passes here in seconds, from the same configuration,
scenario and plan; it leaves what happened as lines of JSON. How either is judged is the caller's.

    plan.jsonl      {"number": 1, "due_s": 0.5, "kind": "chat", "prompt": "...", "max_tokens": 50}
    requests.jsonl  one line a call: when it was sent, its first token, its end, its outcome
    attempts.jsonl  one line an upstream request, as `python -m router costs --records` has it
    journal.jsonl   one line a request that a fake saw
"""

import asyncio
import atexit
import gc
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fakeservers import simulate
from fakeservers.errors import LlmsimError
from fakeservers.scenario_file import load_scenario

if TYPE_CHECKING:
    from fakeservers import Simulation
    from router import LLMRouter
    from router.events import RouterEvent

__all__ = ["Planned", "rehearse", "run_plan"]

AGENT_TURNS_MAX = 4
COLLECTIONS = (100_000, 50, 100)
"""New objects before the collector of cycles looks at the youngest, and how often it does that
before it looks at the older ones too, and at all."""
AFTERWARDS_S = 60.0
"""Virtual seconds in which what is left is settled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A line of the plan. `kind` is chat, stream or agent (which calls a tool, and goes on)."""

    number: int
    due_s: float
    kind: str
    prompt: str
    max_tokens: int


@dataclass(slots=True)
class Ledger:
    """A hook of the router: every attempt, with its call."""

    attempts: list[dict[str, Any]] = field(default_factory=list)

    def on_event(self, event: "RouterEvent") -> None:
        from router.events import AttemptEnded

        if isinstance(event, AttemptEnded):
            attempt = event.attempt
            self.attempts.append(
                {
                    "call_id": event.call_id,
                    "at_s": attempt.ended_s,
                    "provider": attempt.provider,
                    "model": attempt.model,
                    "outcome": attempt.outcome,
                    "certainty": attempt.certainty,
                    "amount_pico": attempt.cost_pico,
                    "basis": attempt.basis,
                    "won": attempt.outcome == "ok",
                    "usage": asdict(attempt.usage) if attempt.usage is not None else None,
                }
            )


FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command()
@click.option(
    "--config",
    type=FILE,
    required=True,
    help="The router's llm-providers.toml; its ledger is replaced by one in memory.",
)
@click.option(
    "--scenario", type=FILE, required=True, help="What the fakes are told, from the plan's start."
)
@click.option("--plan", type=FILE, required=True, help="The requests, one JSON object a line.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="Folder for what happened.",
)
@click.option(
    "--request-s-max",
    type=float,
    default=30.0,
    show_default=True,
    help="The longest that a user waits for one answer.",
)
def rehearse(config: Path, scenario: Path, plan: Path, out: Path, request_s_max: float) -> None:
    """Run planned requests through a router to the fakes, in virtual time."""
    # A shadowing router.py of the user's would be imported here, and only here.
    from router import RouterError

    try:
        planned = [Planned(**json.loads(line)) for line in plan.read_text("utf-8").splitlines()]
        with _seldom_collected():
            told = run_plan(config, scenario, planned, request_s_max=request_s_max)
    except (LlmsimError, RouterError, TypeError, ValueError) as problem:
        raise click.ClickException(f"{type(problem).__name__}: {problem}") from problem
    out.mkdir(parents=True, exist_ok=True)
    for name, lines in told.items():
        _write(out / f"{name}.jsonl", lines)
    click.echo(", ".join(f"{len(lines)} {name}" for name, lines in told.items()), file=sys.stderr)


def run_plan(
    config: Path, scenario: Path, plan: Iterable[Planned], *, request_s_max: float = 30.0
) -> dict[str, list[dict[str, Any]]]:
    """What came of a plan: `requests`, `attempts` and `journal`. Raises LlmsimError and
    RouterError for a scenario or a configuration that cannot be used."""
    from router import LLMRouter

    ledger, calls = Ledger(), []
    with simulate(scenario=load_scenario(scenario)) as sim:
        for handle in sim.providers.values():
            handle.unused = "allow"
        environ = {**os.environ, "LLMSIM_MODE": "fake", "LLM_ROUTER__BUDGET__LEDGER": "memory"}
        router = LLMRouter.load_from_config(config, environ=environ, hooks=[ledger], seed=sim.seed)

        async def main() -> None:
            async with router:
                sim.begin()
                user = _User(router, sim, request_s_max)
                tasks = [asyncio.create_task(user.perform(planned)) for planned in plan]
                for done in await asyncio.gather(*tasks):
                    calls.extend(done)
                await asyncio.sleep(AFTERWARDS_S)

        sim.run(main)
        journal = [
            {"provider": e.provider, "method": e.method, "path": e.path, "status": e.status}
            for e in sim.journal
        ]
        sim.reset()  # nothing that was unmatched is this command's affair
    return {"requests": calls, "attempts": ledger.attempts, "journal": journal}


@contextmanager
def _seldom_collected() -> Iterator[None]:
    """Nearly all that is made here, the SDKs above all, lives to the process's end: looking through
    it again and again, and once more at that end, was a third of this command's time."""
    before = gc.get_threshold()
    gc.set_threshold(*COLLECTIONS)
    atexit.register(gc.freeze)
    try:
        yield
    finally:
        gc.set_threshold(*before)


class _User:
    """Does what the load tests' users do, without HTTP between it and the router."""

    def __init__(self, router: "LLMRouter", sim: "Simulation", request_s_max: float) -> None:
        self._router = router
        self._sim = sim
        self._request_s_max = request_s_max
        self._begun_s = sim.now

    @property
    def now_s(self) -> float:
        return self._sim.now - self._begun_s

    async def perform(self, planned: Planned) -> list[dict[str, Any]]:
        await asyncio.sleep(max(0.0, planned.due_s - self.now_s))
        if planned.kind == "agent":
            return await self._agent(planned)
        call = self._new_call(planned)
        how = self._streamed if planned.kind == "stream" else self._whole
        await self._ask(call, how, planned.prompt, max_tokens=planned.max_tokens)
        return [call]

    async def _agent(self, planned: Planned) -> list[dict[str, Any]]:
        from router.types import Message, Tool, ToolCall, ToolResult

        schema = {"type": "object", "properties": {"what": {"type": "string"}}}
        tool = Tool(name="look_up", description="Looks something up.",
                    parameters={**schema, "required": ["what"]})  # fmt: skip
        messages = [Message.user(planned.prompt)]
        calls: list[dict[str, Any]] = []
        for turn in range(1, AGENT_TURNS_MAX + 1):
            call = self._new_call(planned, turn)
            calls.append(call)
            choice = "required" if turn == 1 else "auto"
            answer = await self._ask(call, self._whole, messages, tools=[tool],
                                     tool_choice=choice, max_tokens=planned.max_tokens)  # fmt: skip
            asked = [p for p in answer.response.parts if isinstance(p, ToolCall)] if answer else []
            call["last"] = not asked or turn == AGENT_TURNS_MAX
            if call["last"] or answer is None:
                break
            results = tuple(ToolResult(call_id=one.id, content="Nothing.") for one in asked)
            messages += [
                Message(role="assistant", parts=answer.response.parts),
                Message(role="tool", parts=results),
            ]
        return calls

    def _new_call(self, planned: Planned, turn: int = 1) -> dict[str, Any]:
        sent_s = self.now_s
        return {
            "number": planned.number,
            "kind": planned.kind,
            "turn": turn,
            "last": True,
            "due_s": planned.due_s if turn == 1 else sent_s,
            "sent_s": sent_s,
            "ttft_s": None,
            "gaps_s": [],
            "extra": {},
        }

    async def _ask(self, call: dict[str, Any], how: Any, prompt: Any, **keywords: Any) -> Any:
        """The answer, or None; the call's line is filled in."""
        from router.errors import CallFailed, LedgerUnavailable

        answer = None
        try:
            async with asyncio.timeout(self._request_s_max):
                answer = await how(call, prompt, **keywords)
            call |= {"outcome": "ok", "error": "", "attempts": len(answer.attempts)}
            call["extra"] = {"call_id": answer.call_id}
        except CallFailed as failed:
            kind = "refused" if call["ttft_s"] is None else "cut"
            tried = [f"{a.provider}:{a.outcome}" for a in failed.attempts]
            call |= {"outcome": kind, "error": _word(failed), "attempts": len(tried)}
            call["tried"] = tried
        except LedgerUnavailable:
            call |= {"outcome": "refused", "error": "ledger"}
        except TimeoutError:
            call |= {"outcome": "lost", "error": "user_gave_up"}
        call["took_s"] = self.now_s - call["sent_s"]
        return answer

    async def _whole(self, call: dict[str, Any], prompt: Any, **keywords: Any) -> Any:
        return await self._router.complete(prompt, **keywords)

    async def _streamed(self, call: dict[str, Any], prompt: Any, **keywords: Any) -> Any:
        from router.types import is_visible

        before_s = None
        async with self._router.stream(prompt, **keywords) as stream:
            async for event in stream:
                if not is_visible(event):
                    continue
                if before_s is None:
                    call["ttft_s"] = self.now_s - call["sent_s"]
                else:
                    call["gaps_s"].append(self.now_s - before_s)
                before_s = self.now_s
        return stream.answer


def _word(failed: Exception) -> str:
    """The class of what ended the call, in the gateway's word."""
    return str(getattr(failed, "cause_class", "")) or "no_target"


def _write(path: Path, lines: Iterable[Mapping[str, Any]]) -> None:
    path.write_text("".join(json.dumps(line, default=str) + "\n" for line in lines), "utf-8")
