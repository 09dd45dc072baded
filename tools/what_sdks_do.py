"""Writes `docs/what-sdks-do.md`: what each official SDK makes of each fault.

    python tools/what_sdks_do.py

Every cell is a call of the SDK, as it is by default, in a simulated world: so an hour of waiting
is measured, and takes no time. What stands on the page is held to this by
`tests/end_to_end/test_what_sdks_do.py`; what is asked of the SDKs is in `sdk_calls`.
"""

import math
import random
from collections.abc import Callable, Coroutine, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from importlib.metadata import version
from inspect import isawaitable
from pathlib import Path
from typing import Any

import fakeservers
from fakeservers import FakeProvider, Simulation, simulate, text, tool_call

if __package__:  # imported by its test
    from .sdk_calls import ANSWER, CALL, CHUNKS, SURFACES, Surface
else:
    from sdk_calls import ANSWER, CALL, CHUNKS, SURFACES, Surface

PAGE = Path(__file__).resolve().parents[1] / "docs" / "what-sdks-do.md"

ERRORS = (
    "http_error(400)",
    "http_error(401)",
    "http_error(403)",
    "http_error(404)",
    "http_error(408)",
    "http_error(409)",
    "http_error(413)",
    "http_error(422)",
    "rate_limited()",
    "rate_limited(retry_after_s=20)",
    'rate_limited(retry_after_s=20, syntax="date")',
    'rate_limited(retry_after_s=20, syntax="ms")',
    "rate_limited(retry_after_s=90)",
    "quota_exhausted()",
    "content_filtered()",
    "http_error(500)",
    "http_error(502)",
    "overloaded()",
    "http_error(504)",
)
NETWORK = (
    "refused()",
    "reset()",
    "reset(after_chunks=1)",
    'cut(ends="answer")',
    "cut(after_chunks=1)",
    'cut(after_chunks=1, ends="stream")',
    'cut(after_chunks=1, ends="content")',
    "stall(after_chunks=0, for_s=3600)",
    "stall(after_chunks=1, for_s=3600)",
    "slow_first_byte(3600)",
    "trickle(chunk_bytes=100, every_s=60)",
    "closes_connection()",
)
BYTES = (
    "garbage()",
    "garbage(after_chunks=1)",
    'garbage("truncated_json", after_chunks=1)',
    'garbage("sse_line", after_chunks=1)',
    'garbage("bytes", after_chunks=1)',
    "error_event(overloaded(), after_chunks=1)",
    "duplicate_chunk(2)",
    "missing_chunk(2)",
    "wrong_length(10)",
    "wrong_length(-10)",
    "html_page(502)",
    "html_page(200)",
    "empty_body()",
    "wrong_content_type()",
    "split_utf8()",
    'line_endings("crlf")',
    'line_endings("cr")',
    'line_endings("lf")',
    "finish_by_length()",
    "bad_arguments()",
    "unknown_tool()",
)
ROWS = {
    "Errors": ERRORS,
    "The connection": NETWORK,
    "What is sent": BYTES,
}

TOOLS = ("bad_arguments()", "unknown_tool()")
"""Faults of calls: the request offers a tool, and the answer calls it."""

CONSTRUCTORS = {name: getattr(fakeservers, name) for name in fakeservers.__all__}

SHOWN_S_MIN = 0.05

HEAD = """\
# What the SDKs do

What the official SDKs make of each fault, measured by `python tools/what_sdks_do.py` in virtual \
time, with {versions} on {transports}. The settings are the SDKs' own. Every fault lasts: it \
meets each attempt. `tests/end_to_end/test_what_sdks_do.py` holds this page to what they do, and \
asks some of it over real sockets too, where the same must come of it.

A fault is written as `fails(...)` takes it. The model says {answer} in {chunks} chunks, an \
answer in one piece counts as two; for `bad_arguments()` and `unknown_tool()` it calls `{call}`. \
A cell tells what the program was given before it was over, the exception that it must catch, \
how many requests the fake saw if it was not one, and how long it took if it was not at once. \
`answer` is all of it and nothing else. An exception with a module's name is none of the SDK's \
own. Where synchronous and asynchronous clients differ, both are told. OpenAI's and Anthropic's \
clients try again by themselves; the columns `max_retries=0` tell what they do when they may not.

What stands out:

- A stream that ends without its end marks is taken for a whole one by all of them. So is one of \
an HTML page, which says nothing at all, by OpenAI's and Anthropic's clients; unstreamed the \
page comes as a `str` in the place of the answer.
- Once a stream has begun nothing is tried again. What breaks it then is an exception of `httpx` \
or `httpx2` for all but OpenAI's client, also after no more than the headers.
- OpenAI's and Anthropic's clients wait ten minutes for a byte, up to three times; \
`google-genai` and `ollama` wait for ever, and try nothing again.
- OpenAI's client tries again when the quota is exhausted, which waiting does not mend.
- The Responses API tells a failure in the middle of a stream by an event `error`, which \
OpenAI's client hands over and does not raise.
- An unstreamed body that is no JSON raises `json.JSONDecodeError`, which is no exception of \
theirs.

"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of one call.

    said      what the program was given of the answer; None if that was no answer at all
    given     the type that it was given in its place
    problem   the name of the exception, "" for none
    attempts  requests that the fake saw
    took_s    virtual seconds
    """

    said: str | None
    given: str = ""
    problem: str = ""
    attempts: int = 1
    took_s: float = 0.0

    def told(self, whole: str) -> str:
        """The cell, where `whole` is what the model said."""
        if self.said is None:
            got = f"a `{self.given}`"
        elif self.said == whole:
            got = "answer"
        else:
            got = f"“{self.said}”" if self.said or not self.problem else ""
        parts = [got, f"`{self.problem}`" if self.problem else ""]
        told = [" then ".join(part for part in parts if part)]
        if self.attempts != 1:
            told.append(f"{self.attempts} requests")
        if self.took_s >= SHOWN_S_MIN:
            told.append(f"{self.took_s:.1f} s")
        return ", ".join(told)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A client of an SDK; `run` runs a coroutine to its end."""

    surface: Surface
    client: Any
    is_async: bool
    run: Callable[[Coroutine[Any, Any, Any]], Any]

    def came_of_it(self, fault: str, *, streamed: bool) -> Outcome:
        """What comes of one call; how often and how long is not known here."""
        tools = fault in TOOLS
        said: list[str] = []
        given = problem = ""
        try:
            if self.is_async:
                given = self.run(self._asked(said, streamed=streamed, tools=tools))
            else:
                given = self._ask(said, streamed=streamed, tools=tools)
        except Exception as raised:
            problem = self._name(raised)
        return Outcome(said=None if given else "".join(said), given=given, problem=problem)

    def close(self) -> None:
        """Close the client and its connections."""
        self.run(self._closed(self.client))

    def _ask(self, said: list[str], *, streamed: bool, tools: bool) -> str:
        result = self.surface.call(self.client, streamed, tools)
        if not streamed:
            return self._take(result, said)
        with closing(result):
            for event in result:
                said.append(self.surface.event(event))
        return ""

    async def _asked(self, said: list[str], *, streamed: bool, tools: bool) -> str:
        result = await self.surface.call(self.client, streamed, tools)
        if not streamed:
            return self._take(result, said)
        try:
            async for event in result:
                said.append(self.surface.event(event))
        finally:
            await self._closed(result)
        return ""

    def _take(self, result: Any, said: list[str]) -> str:
        """Keep what an answer says; the name of its type where it is none."""
        try:
            said.append(self.surface.whole(result))
        except (AttributeError, IndexError, TypeError):
            return type(result).__name__
        return ""

    async def _closed(self, closes: Any) -> None:
        done = (getattr(closes, "aclose", None) or closes.close)()
        if isawaitable(done):
            await done

    def _name(self, raised: BaseException) -> str:
        home, _, _ = type(raised).__module__.partition(".")
        own = type(raised).__module__.startswith(self.surface.package)
        name = type(raised).__name__
        return name if own or home == "builtins" else f"{home}.{name}"


def script(fake: FakeProvider, fault: str) -> None:
    """Have the fake answer, and the fault befall every request."""
    fake.reset()
    fake.impossible = "allow"
    fake.unused = "allow"
    fake.fails(made(fault))
    calls = tool_call("get_weather", city="Oslo")
    fake.replies(calls if fault in TOOLS else text(ANSWER, chunks=CHUNKS))


class Bench:
    """One SDK's client, in a world of its own."""

    def __init__(self, sim: Simulation, surface: Surface, *, is_async: bool, **options: Any):
        self._sim = sim
        self._fake = sim[surface.provider]
        client = surface.client(is_async, **options)
        self._caller = Caller(surface=surface, client=client, is_async=is_async, run=sim.run)

    def measure(self, fault: str, *, streamed: bool) -> Outcome:
        """One call under a fault, over a connection of its own."""
        fake, sim = self._fake, self._sim
        with fake.down():  # closes whatever the call before has left open
            sim.advance(math.ceil(sim.now) + 1 - sim.now)  # dates are told in full seconds
        script(fake, fault)
        random.seed(0)  # jitter does not depend on the calls before
        began_s = sim.now
        outcome = self._caller.came_of_it(fault, streamed=streamed)
        return replace(outcome, attempts=len(fake.calls), took_s=sim.now - began_s)

    def close(self) -> None:
        """Close the client and its connections."""
        self._caller.close()


@contextmanager
def bench(surface: Surface, *, is_async: bool, **options: Any) -> Iterator[Bench]:
    """An SDK's client in a simulated world."""
    with (
        simulate() as sim,
        closing(Bench(sim, surface, is_async=is_async, **options)) as measured,
    ):
        yield measured


def made(fault: str) -> Any:
    """The value that a fault's words make."""
    return eval(fault, {"__builtins__": {}}, CONSTRUCTORS)


def cells(surface: Surface, faults: Iterable[str]) -> dict[str, list[str]]:
    """For each fault its cells: not streamed, then streamed; of both, as the SDK is, then without
    its retries where it has any."""
    settings = [{}, surface.trying_once] if surface.once else [{}]
    ways = [(streamed, options) for streamed in (False, True) for options in settings]
    told: dict[str, list[str]] = {fault: [] for fault in faults}
    for streamed, options in ways:
        sync, back = (_measured(surface, faults, streamed, a, options) for a in (False, True))
        for fault in faults:
            told[fault].append(both(sync[fault], back[fault]))
    return told


def _measured(
    surface: Surface,
    faults: Iterable[str],
    streamed: bool,
    is_async: bool,
    options: dict[str, Any],
) -> dict[str, str]:
    with bench(surface, is_async=is_async, **options) as measured:
        return {
            fault: measured.measure(fault, streamed=streamed).told(
                CALL if fault in TOOLS else ANSWER
            )
            for fault in faults
        }


def both(sync: str, back: str) -> str:
    return sync if sync == back else f"sync: {sync}; async: {back}"


def page() -> str:
    """The whole page."""
    return head() + "\n" + "\n".join(section(surface) for surface in SURFACES)


def section(surface: Surface) -> str:
    """What the page says of one SDK."""
    found = cells(surface, [fault for faults in ROWS.values() for fault in faults])
    once = [f"`{surface.once}`"] if surface.once else []
    columns = ["not streamed", *once, "streamed", *once]
    lines = [f"## {surface.title}", "", surface.note]
    for title, own in ROWS.items():
        lines += ["", f"| {title} | {' | '.join(columns)} |", "|---" * (1 + len(columns)) + "|"]
        lines += [f"| `{fault}` | {' | '.join(found[fault])} |" for fault in own]
    return "\n".join(lines) + "\n"


def head() -> str:
    return HEAD.format(
        versions=and_(f"{name} {version(name)}" for name in sorted({s.dist for s in SURFACES})),
        transports=and_(f"{name} {version(name)}" for name in ("httpx", "httpx2")),
        answer=f"“{ANSWER}”",
        chunks=len(CHUNKS),
        call=CALL,
    )


def and_(parts: Iterable[str]) -> str:
    *first, last = parts
    return f"{', '.join(first)} and {last}" if first else last


def main() -> None:
    PAGE.write_text(page(), "utf-8")
    print(f"{PAGE.relative_to(PAGE.parents[1])}: {sum(map(len, ROWS.values()))} faults")


if __name__ == "__main__":
    main()
