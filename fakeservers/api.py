"""What users hold: the fakes of one test or program, and the verbs on each of them."""

import os
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from ipaddress import ip_address
from types import TracebackType
from typing import Any, Self

from .behaviour.faults import fault
from .behaviour.matching import Match, TextPattern
from .behaviour.models import Catalogue, catalogue
from .behaviour.replies import ReplyLike, scripted
from .behaviour.scenario import Rule, Scenario, Script, TokenCounts, Unmatched
from .canonical import ChatRequest, Request
from .clock import Clock, SystemClock
from .environment import pointed_at
from .errors import ScriptError, StartError
from .evidence.journal import Exchange, Journal
from .evidence.transcript import transcript
from .evidence.verification import Unused, problems
from .serving.app import App
from .serving.exchange import Fake
from .serving.server import Listener, ServerThread, close_all, open_all
from .wire.base import Provider
from .wire.registry import installed, joined

__all__ = ["FakeProvider", "FakeServers", "RuleBuilder", "Unverified"]

HERE = os.path.dirname(__file__)


class Unverified(AssertionError):
    """What happened is not what was scripted."""


class FakeProvider:
    """One fake: what it is told and what it saw."""

    def __init__(self, fake: Fake, origin: Callable[[], str]) -> None:
        self._fake = fake
        self._origin = origin
        self.unused: Unused = "error"
        """`allow` lets rules go unmatched."""

    # --- where it is ---

    @property
    def name(self) -> str:
        return self._fake.provider.name

    @property
    def url(self) -> str:
        """The base URL that the provider's SDK takes. Raises StartError before the start."""
        return self._origin() + self._fake.provider.base

    def env(self) -> dict[str, str]:
        """The environment variables that point the provider's SDK here."""
        return dict(self._fake.provider.env(self.url))

    # --- what it is told ---

    @property
    def unmatched(self) -> Unmatched:
        """What happens to a request that no rule is for once replies are scripted: `error`,
        the default, or `natural`."""
        return self._fake.script.unmatched

    @unmatched.setter
    def unmatched(self, value: Unmatched) -> None:
        if value not in ("error", "natural"):
            raise ScriptError(f'unmatched is "error" or "natural", not {value!r}.')
        self._fake.script = replace(self._fake.script, unmatched=value)

    @property
    def models(self) -> Catalogue:
        """The models that this fake knows."""
        return self._fake.catalogue

    def on(
        self,
        *,
        model: TextPattern | None = None,
        prompt: TextPattern | None = None,
        system: TextPattern | None = None,
        tool_result: TextPattern | None = None,
        turn: int | None = None,
        headers: Mapping[str, TextPattern] | None = None,
        endpoint: str | None = None,
        where: Callable[[Any], Any] | None = None,
    ) -> "RuleBuilder":
        """For requests that are all of this, what follows; see `Match` for the fields."""
        match = Match(
            model=model,
            prompt=prompt,
            system=system,
            tool_result=tool_result,
            turn=turn,
            headers=headers or {},
            endpoint=endpoint,
            where=where,
        )
        return RuleBuilder(self._fake, match)

    def replies(self, *replies: ReplyLike, times: int | None = None) -> "RuleBuilder":
        """Any request gets these replies in turn, then the last one again."""
        return self.on().replies(*replies, times=times)

    def fails(self, error: Any, *, times: int | None = None, **fields: Any) -> "RuleBuilder":
        """Any request fails so: a status, or an error such as `overloaded()`."""
        return self.on().fails(error, times=times, **fields)

    def counts(self, **counts: int) -> "RuleBuilder":
        """Any answer reports these token counts."""
        return self.on().counts(**counts)

    def reset(self) -> None:
        """Forget the script, what was used of it, and the journal."""
        fake = self._fake
        fake.script, fake.used, fake.journal = Script(), {}, Journal()

    # --- what it saw ---

    @property
    def calls(self) -> tuple[Exchange, ...]:
        """Every exchange, oldest first: request, answer, tokens, headers."""
        return tuple(self._fake.journal)

    @property
    def requests(self) -> tuple[Request, ...]:
        """Every request that could be read, in canonical form."""
        return tuple(e.request for e in self._fake.journal if e.request is not None)

    @property
    def last(self) -> Exchange:
        """The newest exchange. Raises LookupError when there was none."""
        calls = self.calls
        if not calls:
            raise LookupError(f"{self.name} has seen no request yet.")
        return calls[-1]

    def transcript(self) -> str:
        """The conversation so far, readable."""
        return transcript(self._fake.journal)

    def problems(self) -> list[str]:
        """What did not go as scripted, in words."""
        fake = self._fake
        return problems(self.name, fake.script, fake.used, fake.journal, self.unused)

    def __repr__(self) -> str:
        return f"<fake {self.name}: {len(self._fake.journal)} calls>"


class RuleBuilder:
    """One rule while it is written: `on(...).replies(...)`. Each verb returns the builder."""

    def __init__(self, fake: Fake, match: Match) -> None:
        self._fake = fake
        self._rule = Rule(
            number=1 + max((rule.number for rule in fake.script.rules), default=0),
            match=match,
            written_at=_written_at(),
        )

    def replies(self, *replies: ReplyLike, times: int | None = None) -> Self:
        """Say these in turn, then the last one again; at most `times` times."""
        if not replies:
            raise ScriptError('replies() needs at least one reply, such as replies("Hello.").')
        return self._write(replies=tuple(scripted(value) for value in replies), times=_times(times))

    def fails(self, error: Any, *, times: int | None = None, **fields: Any) -> Self:
        """Fail with a status, or an error such as `overloaded()`; at most `times` times."""
        return self._write(error=fault(error, **fields), times=_times(times))

    def counts(self, **counts: int) -> Self:
        """Report these token counts: `input_tokens`, `output_tokens`, `cached_tokens`,
        `cache_write_tokens`, `reasoning_tokens`."""
        try:
            given = TokenCounts(**counts)
        except TypeError:
            allowed = ", ".join(TokenCounts.__dataclass_fields__)
            raise ScriptError(f"counts({', '.join(counts)}=...): it takes {allowed}.") from None
        return self._write(counts=given)

    def _write(self, **changes: Any) -> Self:
        self._rule = replace(self._rule, **changes)
        if self._rule.replies and self._rule.error is not None:
            raise ScriptError("A rule replies or fails, not both: write two rules, in their order.")
        script = self._fake.script
        kept = tuple(rule for rule in script.rules if rule.number != self._rule.number)
        rules = tuple(sorted((*kept, self._rule), key=lambda rule: rule.number))
        self._fake.script = replace(script, rules=rules)
        return self


class FakeServers:
    """The fakes, each on a loopback address of its own, served by one background thread.

    seed       decides everything that is not scripted
    providers  more providers than the installed ones
    host       the address to listen on; ports maps a provider's name to its port, 0 for a free one
    token      what every client must send as its API key; required for other than loopback hosts
    thread     a running ServerThread to share; by default each FakeServers has its own
    """

    claude: FakeProvider
    openai: FakeProvider
    gemini: FakeProvider
    ollama: FakeProvider

    def __init__(
        self,
        seed: int = 0,
        *,
        scenario: Scenario | None = None,
        providers: tuple[Provider, ...] = (),
        host: str = "127.0.0.1",
        token: str | None = None,
        ports: Mapping[str, int] | None = None,
        thread: ServerThread | None = None,
        clock: Clock | None = None,
    ) -> None:
        if token is None and not _is_loopback(host):
            raise StartError(
                f"{host} is open to other machines: set a token, which every client then sends "
                f"as its API key, or listen on 127.0.0.1."
            )
        scenario = scenario or Scenario(seed=seed)
        self.seed = scenario.seed
        self._host = host
        self._ports = dict(ports or {})
        self._thread = thread or ServerThread()
        self._own_thread = thread is None
        self._listeners: dict[str, Listener] = {}
        self._fakes: dict[str, Fake] = {}
        self._handles: dict[str, FakeProvider] = {}
        self._pointed = ExitStack()
        for provider in joined(installed(), providers):
            self._add(provider, scenario, clock or SystemClock(), token)
        if unknown := set(self._ports) - set(self._fakes):
            raise StartError(f"No provider {', '.join(sorted(unknown))}: {self._known()}")

    def _add(self, provider: Provider, scenario: Scenario, clock: Clock, token: str | None) -> None:
        name = provider.name
        fake = Fake(provider, seed=self.seed, clock=clock, catalogue=catalogue(name), token=token)
        fake.script = scenario.scripts.get(name, Script())
        self._fakes[name] = fake
        self._handles[name] = FakeProvider(fake, lambda: self._origin(name))

    # --- life ---

    def start(self) -> Self:
        """Bind every address, then answer. Raises StartError when one cannot be bound."""
        if self._listeners:
            raise StartError("These fakes are already running.")
        opened: dict[str, Listener] = {}
        try:
            for name, fake in self._fakes.items():
                port = self._ports.get(name, 0)
                opened[name] = Listener(App(fake), host=self._host, port=port)
        except StartError:
            for listener in opened.values():
                listener.discard()
            raise
        self._thread.start()
        self._thread.run(open_all(tuple(opened.values())))
        self._listeners = opened
        return self

    def stop(self) -> None:
        """Close every address and cut every connection, without waiting."""
        if not self._listeners:
            return
        self._thread.run(close_all(tuple(self._listeners.values())))
        self._listeners = {}
        if self._own_thread:
            self._thread.stop()

    def close(self, reason: str) -> None:
        """Answer every further request with an error that says `reason`; stay reachable."""
        for fake in self._fakes.values():
            fake.closed = reason

    def __enter__(self) -> Self:
        """Start, and point the SDKs' environment variables at the fakes until the exit."""
        self.start()
        self._pointed.enter_context(self.pointed())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        self._pointed.close()
        self.stop()
        if kind is None:
            self.verify()

    # --- the fakes ---

    def __getitem__(self, name: str) -> FakeProvider:
        try:
            return self._handles[name]
        except KeyError:
            raise KeyError(f"No provider {name!r}: {self._known()}") from None

    def __getattr__(self, name: str) -> FakeProvider:
        handles: dict[str, FakeProvider] = self.__dict__.get("_handles", {})
        if name in handles:
            return handles[name]
        raise AttributeError(f"FakeServers has no {name!r}; its fakes are {', '.join(handles)}.")

    @property
    def providers(self) -> Mapping[str, FakeProvider]:
        """The fakes by name."""
        return dict(self._handles)

    @property
    def journal(self) -> tuple[Exchange, ...]:
        """The exchanges of all fakes, in the order in which they began."""
        calls = (call for handle in self._handles.values() for call in handle.calls)
        return tuple(sorted(calls, key=lambda call: call.started_s))

    @property
    def requests(self) -> tuple[ChatRequest, ...]:
        """The requests for generated content to all fakes, in the order in which they came."""
        return tuple(e.request for e in self.journal if isinstance(e.request, ChatRequest))

    def env(self) -> dict[str, str]:
        """The environment variables that point every SDK here."""
        return {k: v for handle in self._handles.values() for k, v in handle.env().items()}

    def pointed(self) -> AbstractContextManager[None]:
        """While entered, the environment and imported SDKs of this process point here."""
        return pointed_at({f.provider: self._handles[n].url for n, f in self._fakes.items()})

    def transcript(self) -> str:
        """What all fakes were asked and answered, readable."""
        return transcript(self.journal)

    def reset(self) -> None:
        """Forget all scripts and journals."""
        for handle in self._handles.values():
            handle.reset()

    def problems(self) -> list[str]:
        """What did not go as scripted on any fake, in words."""
        return [text for handle in self._handles.values() for text in handle.problems()]

    def verify(self) -> None:
        """Raise Unverified when something did not go as scripted."""
        if found := self.problems():
            raise Unverified("\n\n".join(found))

    def _origin(self, name: str) -> str:
        listener = self._listeners.get(name)
        if listener is None:
            raise StartError("The fakes are not running: call start(), or use a with block.")
        return listener.origin

    def _known(self) -> str:
        return "there are " + ", ".join(self._fakes) + "."


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _times(times: int | None) -> int | None:
    if times is not None and (not isinstance(times, int) or times < 1):
        raise ScriptError(f"times is a whole number from 1, or left out, not {times!r}.")
    return times


def _written_at() -> str:
    """File and line of the first caller outside this package."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(HERE):
        frame = frame.f_back
    return f"{os.path.relpath(frame.f_code.co_filename)}:{frame.f_lineno}"
