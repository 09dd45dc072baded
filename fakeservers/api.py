"""The fakes of one test or program: their life, their addresses, what all of them saw."""

from collections.abc import Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from functools import partial
from ipaddress import ip_address
from types import TracebackType
from typing import TYPE_CHECKING, Self

from .behaviour.models import catalogue
from .behaviour.scenario import Scenario, Script
from .canonical import ChatRequest
from .clock import Clock, SystemClock
from .environment import pointed_at
from .errors import StartError, did_you_mean, no_attribute, own_keywords
from .evidence.bill import Bill
from .evidence.journal import Exchange
from .evidence.transcript import transcript
from .handle import FakeProvider
from .leniency import KNOWN_MODELS, VALIDATIONS, KnownModels, Validation, for_each
from .serving.exchange import Fake
from .serving.server import Listener, ServerThread, close_all, open_all
from .serving.service import Service
from .wire.base import Provider
from .wire.registry import installed, joined

if TYPE_CHECKING:
    from .recording import Recording

__all__ = ["FakeServers", "Unverified"]

VIRTUAL_ONLY = frozenset({"advance", "now", "run", "timeline", "transport", "wall"})
"""What only a simulated world has."""


class Unverified(AssertionError):
    """What happened is not what was scripted."""


class FakeServers:
    """The fakes, each on a loopback address of its own, served by one background thread.

    seed       decides everything that is not scripted
    providers  more providers than the installed ones
    host       the address to listen on; ports maps a provider's name to its port, 0 for a free one
    token      what every client must send as its API key; required for other than loopback hosts
    thread     a running ServerThread to share; by default each FakeServers has its own
    validation `strict` refuses what the real services refuse; `off` answers whatever is JSON,
               keys, models and stored things unknown to it included. One for all fakes, or by name
    models     `known`, the default, refuses unknown models, `current` retired ones too, `any`
               answers to every name. For all, or by name; else as the scenario says
    recording  answers what no rule is for, as real services did or, while it records, do
    """

    claude: FakeProvider
    openai: FakeProvider
    gemini: FakeProvider
    ollama: FakeProvider

    @own_keywords
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
        validation: Validation | Mapping[str, Validation] = "strict",
        models: KnownModels | Mapping[str, KnownModels] | None = None,
        recording: "Recording | None" = None,
    ) -> None:
        if token is None and not _is_loopback(host):
            raise StartError(
                f"{host} is open to other machines: set a token, which every client then sends "
                f"as its API key, or listen on 127.0.0.1."
            )
        scenario = scenario or Scenario(seed=seed)
        self.seed = scenario.seed
        self.recording = recording
        self._host = host
        self._ports = dict(ports or {})
        self._clock = clock or SystemClock()
        self._thread = thread or ServerThread()
        self._own_thread = thread is None
        self._listeners: dict[str, Listener] = {}
        self._fakes: dict[str, Fake] = {}
        self._handles: dict[str, FakeProvider] = {}
        self._pointed = ExitStack()
        joint = joined(installed(), providers)
        names = [provider.name for provider in joint]
        validations = for_each("validation", validation, names, VALIDATIONS)
        known = for_each("models", models, names, KNOWN_MODELS)
        for provider in joint:
            name = provider.name
            script = scenario.scripts.get(name, Script())
            self._add(
                Fake(
                    provider,
                    seed=self.seed,
                    clock=self._clock,
                    models=partial(catalogue, name, allows=known.get(name, "known")),
                    token=token,
                    validation=validations.get(name, "strict"),
                ),
                replace(script, models=known.get(name, script.models)),
            )
        if unknown := set(self._ports) - set(self._fakes):
            raise StartError(f"No provider {', '.join(sorted(unknown))}: {self._known()}")

    def _add(self, fake: Fake, script: Script) -> None:
        name = fake.provider.name
        fake.write(script)
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
                opened[name] = self._listener(name, fake)
        except StartError:
            for listener in opened.values():
                listener.discard()
            raise
        for fake in self._fakes.values():
            fake.begin()
        self._thread.start()
        self._thread.run(open_all(tuple(opened.values())))
        self._listeners = opened
        for name, fake in self._fakes.items():
            fake.on_refusal = partial(self._heed, name)
        return self

    def stop(self) -> None:
        """Close every address and cut every connection, without waiting."""
        if not self._listeners:
            return
        self._thread.run(close_all(tuple(self._listeners.values())))
        self._listeners = {}
        if self._own_thread:
            self._thread.stop()

    def _heed(self, name: str) -> None:
        if (listener := self._listeners.get(name)) is not None:
            self._thread.run(listener.heed())

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
        if self.recording is not None:
            self.recording.end(whole=kind is None)
        if kind is None:
            self.verify()

    # --- the fakes ---

    def __getitem__(self, name: str) -> FakeProvider:
        try:
            return self._handles[name]
        except KeyError:
            meant = did_you_mean(name, self._handles)
            raise KeyError(f"No provider {name!r}: {self._known()}{meant}") from None

    def __getattr__(self, name: str) -> FakeProvider:
        handles: dict[str, FakeProvider] = self.__dict__.get("_handles", {})
        if name in handles:
            return handles[name]
        if name in VIRTUAL_ONLY:
            raise no_attribute(
                f"Fakes in real time have no {name!r}. In virtual time they have: mark the test "
                f"@pytest.mark.llmsim(virtual=True), or write simulate() for FakeServers()."
            )
        raise no_attribute(self._has_no(name))

    if not TYPE_CHECKING:

        def __setattr__(self, name: str, value: object) -> None:
            # What is a fake's would be kept here, and change nothing.
            if hasattr(FakeProvider, name) and not hasattr(type(self), name):
                raise no_attribute(self._has_no(name))
            object.__setattr__(self, name, value)

    def _has_no(self, name: str) -> str:
        fakes = ", ".join(self.__dict__.get("_handles", ()))
        if hasattr(FakeProvider, name):
            return (
                f"FakeServers has no {name!r}, each of its fakes has ({fakes}): write "
                f"llmsim.openai.{name}, or go through llmsim.providers.values()."
            )
        names = [word for word in (*self.__dict__, *dir(type(self))) if not word.startswith("_")]
        meant = did_you_mean(name, [*self.__dict__.get("_handles", ()), *names])
        return f"FakeServers has no {name!r}; its fakes are {fakes}.{meant}"

    @property
    def providers(self) -> Mapping[str, FakeProvider]:
        """The fakes by name."""
        return dict(self._handles)

    @property
    def scenario(self) -> Scenario:
        """All that the fakes have been told, as one value."""
        scripts = {
            name: fake.script for name, fake in self._fakes.items() if fake.script != Script()
        }
        return Scenario(seed=self.seed, scripts=scripts)

    @property
    def journal(self) -> tuple[Exchange, ...]:
        """The exchanges of all fakes, in the order in which they began."""
        calls = (call for handle in self._handles.values() for call in handle.calls)
        return tuple(sorted(calls, key=lambda call: call.started_s))

    @property
    def requests(self) -> tuple[ChatRequest, ...]:
        """The requests for generated content to all fakes, in the order in which they came."""
        return tuple(e.request for e in self.journal if isinstance(e.request, ChatRequest))

    @property
    def bill(self) -> Bill:
        """What the providers would charge for every exchange so far: `bill.total`, exact."""
        clock = self._clock
        return Bill(
            self.journal,
            epoch_s=clock.wall() - clock.now(),
            forgotten=sum(fake.journal.forgotten for fake in self._fakes.values()),
        )

    def env(self) -> dict[str, str]:
        """The environment variables that point every SDK here."""
        return {k: v for handle in self._handles.values() for k, v in handle.env().items()}

    def pointed(self) -> AbstractContextManager[None]:
        """While entered, the environment and imported SDKs of this process point here."""
        return pointed_at({f.provider: self._handles[n].url for n, f in self._fakes.items()})

    def transcript(self) -> str:
        """What all fakes were asked and answered, readable."""
        return transcript(self.journal)

    def begin(self) -> None:
        """The scenario's time begins now: its windows, ramps and waves count from here."""
        for name, fake in self._fakes.items():
            fake.begin()
            if self._listeners:
                self._heed(name)

    def write(self, scenario: Scenario) -> None:
        """Tell the fakes all of a scenario, in place of what they were told; the seed stays."""
        for name, fake in self._fakes.items():
            fake.write(scenario.scripts.get(name, Script()))

    def reset(self) -> None:
        """Make every fake as new."""
        for handle in self._handles.values():
            handle.reset()

    def problems(self) -> list[str]:
        """What did not go as scripted on any fake, in words."""
        found = [text for handle in self._handles.values() for text in handle.problems()]
        for name, fake in self._handles.items():
            if self.recording is not None and fake.unused == "error":
                found += self.recording.unasked(name)
        return found

    def verify(self) -> None:
        """Raise Unverified when something did not go as scripted."""
        if found := self.problems():
            raise Unverified("\n\n".join(found))

    def __repr__(self) -> str:
        return f"<fakes of {', '.join(self._handles)}; seed {self.seed}>"

    def _service(self, fake: Fake) -> Service:
        recording = self.recording
        if recording is None or not recording.answers(fake.provider.name):
            return Service(fake)
        return Service(fake, recording)

    def _listener(self, name: str, fake: Fake) -> Listener:
        return Listener(self._service(fake), host=self._host, port=self._ports.get(name, 0))

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
