"""The router for synchronous programs: the same verbs, without `await`.

One event loop in one thread serves all calls, from any number of threads. Nothing is decided here.
"""

import asyncio
import threading
from collections.abc import Coroutine, Iterator, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar, Unpack

from .accounting import Budget
from .answer_stream import AnswerStream
from .clients.base import LLMClient
from .options import CallKeywords
from .router import LLMRouter, Prompt
from .types import Answer, Plan, StreamEvent, TaskContext, TaskRequest, TaskResponse

if TYPE_CHECKING:
    from .costs import CostTracker
    from .pricing import Price

__all__ = ["SyncRouter", "SyncStream"]

_T = TypeVar("_T")
_JOIN_S = 5.0


class SyncRouter:
    """Wraps a router; `close` (or leaving the `with`) ends its thread.

        with SyncRouter(LLMRouter.from_env()) as router:
            print(router.complete("What is the capital of France?").text)

    A KeyboardInterrupt in a waiting call cancels it and settles what it spent.
    """

    def __init__(self, router: LLMRouter) -> None:
        self.router = router
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, name="llm-router", daemon=True)
        self._thread.start()

    def complete(self, prompt: Prompt, **keywords: Unpack[CallKeywords]) -> Answer:
        """As `LLMRouter.complete`: one whole answer, or CallFailed."""
        return self._run(self.router.complete(prompt, **keywords))

    def stream(self, prompt: Prompt, **keywords: Unpack[CallKeywords]) -> "SyncStream":
        """As `LLMRouter.stream`: events for a `for` loop."""
        return SyncStream(self, self._run(self._opened(prompt, keywords)))

    def execute(self, task: TaskRequest) -> TaskResponse:
        """As `LLMRouter.execute`."""
        return self._run(self.router.execute(task))

    def route_with_fallback(self, chain: Sequence[str], prompt: Prompt, **keywords: Any) -> Answer:
        """As `LLMRouter.route_with_fallback`: these providers in this order."""
        return self._run(self.router.route_with_fallback(chain, prompt, **keywords))

    def plan(self, prompt: Prompt | TaskContext = "task", **keywords: Unpack[CallKeywords]) -> Plan:
        """As `LLMRouter.plan`: who would be asked; nobody is."""

        async def planned() -> Plan:
            return self.router.plan(prompt, **keywords)

        return self._run(planned())

    def route(self, context: TaskContext, prompt: Prompt = "task") -> str:
        """As `LLMRouter.route`: the provider that would be first."""

        async def routed() -> str:
            return self.router.route(context, prompt)

        return self._run(routed())

    def register_provider(
        self, name: str, client: LLMClient, *, price: "Price | None" = None, **target: Any
    ) -> None:
        self.router.register_provider(name, client, price=price, **target)

    @property
    def costs(self) -> "CostTracker":
        """What was spent."""
        return self.router.costs

    @property
    def budget(self) -> Budget | None:
        """The limits, None for none."""
        return self.router.budget

    def close(self) -> None:
        """Settle, close the clients, end the thread. Closing twice is nothing."""
        if self._loop.is_closed():
            return
        self._run(self.router.aclose())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_JOIN_S)
        self._loop.close()

    def __enter__(self) -> "SyncRouter":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    async def _opened(self, prompt: Prompt, keywords: CallKeywords) -> AnswerStream:
        return self.router.stream(prompt, **keywords)

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    def _run(self, work: Coroutine[Any, Any, _T]) -> _T:
        if threading.current_thread() is self._thread:
            work.close()
            raise RuntimeError("SyncRouter called from its own event loop; await the LLMRouter")
        if self._loop.is_closed():
            work.close()
            raise RuntimeError("this SyncRouter is closed; make a new one")
        if not self._thread.is_alive():
            work.close()
            raise RuntimeError(
                "the event loop of this SyncRouter has ended by an error, and nobody could answer; "
                "where loops are simulated, await the LLMRouter"
            )
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise


class SyncStream:
    """A stream's events for a `for` loop; leaving the `with` closes it and settles."""

    def __init__(self, owner: SyncRouter, stream: AnswerStream) -> None:
        self._owner = owner
        self._stream = stream

    def __iter__(self) -> Iterator[StreamEvent]:
        return self

    def __next__(self) -> StreamEvent:
        event = self._owner._run(self._following())
        if event is None:
            raise StopIteration
        return event

    def close(self) -> None:
        """Leave the stream; what came of it is settled."""
        self._owner._run(self._stream.aclose())

    def collect(self) -> Answer:
        """Read to the end; the answer."""
        for _ in self:
            pass
        return self._stream.answer

    @property
    def answer(self) -> Answer:
        """The whole answer, once the stream has ended."""
        return self._stream.answer

    def __enter__(self) -> "SyncStream":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    async def _following(self) -> StreamEvent | None:
        try:
            return await anext(self._stream)
        except StopAsyncIteration:
            return None
