"""The simulated world: the fakes, a network and a clock that exist in this process only.

    with simulate(seed=7) as sim:
        sim.claude.fails(overloaded(), times=2)
        answer = sim.run(main)
        assert sim.now == 3600.0

What a program shares with its process is replaced in `pinned`; here the parts are joined.
"""

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self, TypeVar, overload

from ..api import FakeServers
from ..behaviour.scenario import Scenario
from ..clock import Timer
from ..evidence.record import record
from ..rng import derive
from ..serving.exchange import Fake
from ..serving.server import Listener, ServerThread
from ..serving.service import Service
from ..wire.base import Provider
from .asking import Answered, post
from .blocking import Blocking
from .errors import SimulationError
from .loop import STEPS_PER_INSTANT_MAX, THREAD_S_MAX, VirtualLoop
from .network import Network, NetworkLoop
from .pinned import WALL_CLOCK_FOLLOWS, WALL_CLOCK_STAYS, pinned
from .sockets import blocking_sockets
from .timeline import timeline
from .transport import Flavour, in_memory_transport

if TYPE_CHECKING:
    from ..recording import Recording

__all__ = ["STARTS", "Simulation", "VirtualClock", "simulate"]

T = TypeVar("T")

STARTS = datetime(2026, 1, 1, tzinfo=UTC)
"""The wall clock at the beginning of every simulated world that names no other time."""


def simulate(
    seed: int = 0,
    *,
    scenario: Scenario | None = None,
    providers: tuple[Provider, ...] = (),
    rtt_s: float = 0.0,
    starts: datetime = STARTS,
    shuffle_ties: bool = False,
    ports: Mapping[str, int] | None = None,
    steps_per_instant_max: int = STEPS_PER_INSTANT_MAX,
    thread_s_max: float = THREAD_S_MAX,
    recording: "Recording | None" = None,
) -> "Simulation":
    """A world in virtual time, to be entered by `with`.

    seed, scenario, providers  as for FakeServers; the scenario's times are virtual ones
    recording                  likewise; nothing can be recorded here, since nobody real is here
    rtt_s                      seconds of a round trip between the program and any fake
    starts                     the wall clock at the beginning
    shuffle_ties               puts what is due at the same instant into a random order that
                               depends on the seed, to find races; otherwise in the order set
    ports                      maps a provider's name to its port, 0 for a free one
    steps_per_instant_max      rounds of the event loop at one instant before LivelockError
    thread_s_max               real seconds that the clock waits for a thread
    """
    network = Network(rtt_s=rtt_s)
    seed = scenario.seed if scenario is not None else seed
    loop = WorldLoop(
        network,
        ties=derive(seed, "ties") if shuffle_ties else None,
        steps_per_instant_max=steps_per_instant_max,
        thread_s_max=thread_s_max,
    )
    return Simulation(
        loop,
        network,
        starts,
        seed=seed,
        scenario=scenario,
        providers=providers,
        ports=ports,
        recording=recording,
    )


class WorldLoop(NetworkLoop):
    """The one loop of a world. `asyncio.run`, and the runners of pytest plugins, borrow it one
    after another: what they close at their end is there for the next."""

    if TYPE_CHECKING:
        _asyncgens_shutdown_called: bool
        _executor_shutdown_called: bool

    async def shutdown_asyncgens(self) -> None:
        await super().shutdown_asyncgens()
        self._asyncgens_shutdown_called = False

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:
        await super().shutdown_default_executor(timeout)
        self._executor_shutdown_called = False
        self._default_executor = None

    def close(self) -> None:
        """The world ends its loop by `end`."""

    def end(self) -> None:
        super().close()


class VirtualClock:
    """The clock of a world, as its fakes see it."""

    def __init__(self, loop: VirtualLoop, epoch_s: float) -> None:
        self._loop = loop
        self._epoch_s = epoch_s

    def now(self) -> float:
        return self._loop.time()

    def wall(self) -> float:
        return self._epoch_s + self._loop.time()

    def call_at(self, deadline_s: float, callback: Callable[[], object]) -> Timer:
        return self._loop.call_at(deadline_s, callback)


class Simulation(FakeServers):
    """The fakes in a world of their own. Made by `simulate`, alive inside its `with` block."""

    def __init__(
        self,
        loop: WorldLoop,
        network: Network,
        starts: datetime,
        *,
        seed: int,
        scenario: Scenario | None,
        providers: tuple[Provider, ...],
        ports: Mapping[str, int] | None = None,
        recording: "Recording | None" = None,
    ) -> None:
        self.network = network
        """Its round-trip time, and who listens at which port."""
        self.loop = loop
        self._services: dict[int, Service] = {}
        self._epoch_s = starts.timestamp()
        self._blocking = Blocking(loop)
        self._runner = asyncio.Runner(loop_factory=lambda: loop)
        self._pinned = ExitStack()
        super().__init__(
            seed,
            scenario=scenario,
            providers=providers,
            ports=ports,
            thread=_InLoop(loop),
            clock=VirtualClock(loop, self._epoch_s),
            recording=recording,
        )

    # --- life ---

    def start(self) -> Self:
        """Replace the process's clocks and sockets, then answer."""
        if self.loop.is_closed():
            raise SimulationError("This world has ended: a world is entered once.")
        with ExitStack() as pins:
            pins.enter_context(
                pinned(self.loop, self._blocking, seed=self.seed, epoch_s=self._epoch_s)
            )
            pins.enter_context(blocking_sockets(self.loop, self._blocking))
            super().start()
            self._pinned = pins.pop_all()
        return self

    def stop(self) -> None:
        """End the program's tasks, close everything, and put the process back as it was."""
        if self.loop.is_closed():
            return
        try:
            self.loop.run_until_complete(_end_tasks())
            super().stop()
        finally:
            self.network.close()
            self._runner.close()
            self.loop.end()
            self._pinned.close()

    def problems(self) -> list[str]:
        """What did not go as scripted, and that a thread called that is not of this world: where
        it runs, the error that it gets is seen by nobody."""
        stranger = self.loop.stranger
        return [*([f"llmsim: {stranger}"] if stranger else []), *super().problems()]

    def _listener(self, name: str, fake: Fake) -> Listener:
        service = self._service(fake)
        listener = Listener(service, port=self._ports.get(name, 0), bind=self.network.bind)
        self._services[listener.port] = service
        return listener

    def transport(self, flavour: Flavour = "httpx2", *, connections_max: int | None = None) -> Any:
        """A transport to the fakes for an AsyncClient of `httpx` or `httpx2` that the program
        takes: faster than the network in memory, to which `connections_max` compares as the
        size of a client's pool."""
        return in_memory_transport(
            self._services, self.network, flavour=flavour, connections_max=connections_max
        )

    async def post(
        self,
        provider: str,
        path: str,
        body: Any,
        *,
        headers: Mapping[str, str] = MappingProxyType({}),
        timeout_s: float | None = None,
    ) -> Answered:
        """Call a fake without any client, and so several times faster: `path` follows the
        provider's base URL, as in `await sim.post("openai", "/responses", {...})`. Credentials
        are sent along. Raises ConnectionRefusedError, ConnectionResetError, TimeoutError."""
        self[provider]  # raises KeyError that names those there are
        whole, port = self._fakes[provider].provider.base + path, self._listeners[provider].port
        service = self._services[port]
        return await post(service, self.network, port, whole, body, headers, timeout_s)

    # --- time ---

    @property
    def now(self) -> float:
        """Virtual seconds since the beginning."""
        return self.loop.time()

    @property
    def wall(self) -> datetime:
        """The wall clock."""
        return datetime.fromtimestamp(self._epoch_s + self.now, UTC)

    def advance(self, seconds: float) -> None:
        """Let so much time pass, and all happen that is due in it."""
        self._blocking.wait(asyncio.sleep(seconds))

    # --- what was seen ---

    def timeline(self) -> str:
        """Calls against the rules that fail them over time, readable."""
        note = "" if WALL_CLOCK_FOLLOWS else f"\n{WALL_CLOCK_STAYS}"
        names = {port: service.fake.provider.name for port, service in self._services.items()}
        refused = [(at_s, names[port]) for at_s, port in self.network.refusals if port in names]
        return timeline(self.journal, refused, self.scenario, self.now) + note

    def record(self) -> bytes:
        """The journal as bytes: the same for the same seed and program, in every process."""
        return record(self.journal)

    # --- the program ---

    @overload
    def run(self, main: Callable[[], Awaitable[T]]) -> T: ...
    @overload
    def run(self, main: Awaitable[T]) -> T: ...
    @overload
    def run(self, main: Callable[[], T]) -> T: ...
    def run(self, main: Any) -> Any:
        """Run a coroutine, a coroutine function or a plain function to its end, in virtual time.

        Tasks that it leaves behind go on with the next `run` or `advance`. Raises DeadlockError
        and LivelockError, which name the tasks that wait and their lines.
        """
        if asyncio._get_running_loop() is not None:
            raise SimulationError("run() is for code outside of a coroutine: await it instead.")
        result = main() if callable(main) else main
        if inspect.iscoroutine(result):
            return self._runner.run(result)
        if inspect.isawaitable(result):
            return self._runner.run(_awaited(result))
        return result


class _InLoop(ServerThread):
    """Runs the fakes' own housekeeping in the world's loop, where others have a thread."""

    def __init__(self, loop: NetworkLoop) -> None:
        super().__init__()
        self._world = loop

    def start(self) -> None:
        """The loop runs when the program does."""

    def stop(self) -> None:
        """The world closes the loop."""

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        if not self._world.is_running():
            return self._world.run_until_complete(work)
        # Opening and closing of listeners never waits, so one step takes it to its end.
        try:
            work.send(None)
        except StopIteration as done:
            result: T = done.value
            return result
        work.close()
        raise SimulationError("A fake waits for something while the program does: this is a bug.")


async def _awaited(work: Awaitable[T]) -> T:
    return await work


async def _end_tasks() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
