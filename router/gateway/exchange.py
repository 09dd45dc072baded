"""One caller's request from its first byte to its last: read, ask the router, answer.

The only code that writes answers of models to sockets. What a body means is the dialect's; whom to
ask is the router's. A caller who goes away is noticed while the router works, and the upstream
request is closed then.
"""

import asyncio
import logging
import math
from collections.abc import Mapping
from contextlib import aclosing, suppress
from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.types import Message, Receive, Scope, Send

from ..answer_stream import AnswerStream
from ..money import usd_from_pico
from ..router import LLMRouter
from ..types import StreamEvent, StreamReset
from .callers import call_keywords
from .counting import Counting
from .encoding import json_bytes, parsed
from .headers import call_headers, trace_line
from .naming import extra_of, table_of, target_keywords, wire_of
from .problems import problem_of
from .seen import Seen, witnessed
from .settings import GatewaySettings
from .values import Asked, BadRequest, Dialect, Head, Incoming, Problem

__all__ = ["Exchange", "body_of"]

JSON_TYPE = "application/json"
_FULL = "as many calls as this gateway takes at a time are under way"


class Exchange:
    """The ASGI application of one route: answers of models in one wire's form."""

    def __init__(
        self, router: LLMRouter, settings: GatewaySettings, dialect: Dialect, counting: Counting
    ) -> None:
        self._router = router
        self._settings = settings
        self._dialect = dialect
        self._counting = counting

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._counting.begun()
        run = _Run(self, Request(scope, receive), send)
        witnessed.set(run.seen)
        try:
            await run.answer()
        finally:
            run.end()
            if self._settings.access_log:
                _log(scope, run)


class _Run:
    """The state of one exchange. `status` is 499 while nothing was sent: the caller went away."""

    def __init__(self, exchange: Exchange, request: Request, send: Send) -> None:
        self.seen = Seen()
        self.status = 499
        self._router = exchange._router
        self._settings = exchange._settings
        self._dialect = exchange._dialect
        self._counting = exchange._counting
        self._full = self._counting.calls > exchange._settings.calls_max
        self._ended = False
        self._request = request
        self._send = send
        self._asked: Asked | None = None
        self._keywords: dict[str, Any] = {}

    async def answer(self) -> None:
        """Read the request and work, until the answer is sent or the caller has gone."""
        try:
            self._read(await body_of(self._request, self._settings.body_bytes_max))
        except BadRequest as error:
            await self._fail(problem_of(error, self._router))
            return
        except Gone:
            return
        work = asyncio.create_task(self._work())
        gone = asyncio.create_task(_gone(self._request.receive))
        try:
            await asyncio.wait((work, gone), return_when=asyncio.FIRST_COMPLETED)
        finally:
            gone.cancel()
            if not work.done():
                work.cancel()
            await asyncio.wait((work, gone))
        if not work.cancelled():
            with suppress(Gone):  # no fault of the gateway's: the server closes what is left open
                work.result()

    def end(self) -> None:
        """Count the answer, once: before its last byte leaves, so that whoever has read it finds
        it counted."""
        if not self._ended:
            self._ended = True
            self._counting.ended(self._dialect.wire, self.status, self.seen)

    def _read(self, body: Any) -> None:
        request = self._request
        incoming = Incoming(
            body=body,
            path=request.path_params,
            query=request.query_params,
            headers={name.lower(): value for name, value in request.headers.items()},
            lenient=table_of(self._router.setup).unsupported_fields == "leave_out",
        )
        if self._full:
            raise BadRequest(_FULL, status=503, kind="overloaded")
        keywords = call_keywords(incoming.headers)
        asked = self._dialect.read(incoming)
        setup, wire = self._router.setup, self._dialect.wire
        self._keywords = keywords | target_keywords(setup, asked, wire, keywords)
        extra = extra_of(setup, asked, wire)
        self._asked = replace(asked, request=replace(asked.request, extra=extra))

    async def _work(self) -> None:
        asked = self._asked
        assert asked is not None
        try:
            await (self._streamed(asked) if asked.streamed else self._whole(asked))
        except (asyncio.CancelledError, Gone):
            raise
        except Exception as error:
            problem = problem_of(error, self._router, asked.request, self._keywords)
            if problem.kind == "internal":
                logging.getLogger("router.gateway").exception("a call failed in the gateway")
            await self._fail(problem)

    async def _whole(self, asked: Asked) -> None:
        answer = await self._router.complete(asked.request, **self._keywords)
        body = self._dialect.whole(asked, answer, self._head())
        await self._reply(200, body, self._told_headers(asked))

    # Streams

    async def _streamed(self, asked: Asked) -> None:
        """What fails before the first event is an error with its own status; the head is sent
        when there is something to show."""
        async with self._router.stream(asked.request, **self._keywords) as stream:
            first = await anext(stream, None)
            head = self._head()
            writer = self._dialect.writer(asked, head)
            await self._start(200, self._dialect.stream_type, self._told_headers(asked))
            try:
                async with aclosing(_from(first, stream)) as events:
                    async for event in events:
                        if isinstance(event, StreamReset):
                            await self._send_body(writer.failed(_restarted(event)), more=False)
                            return
                        if frame := writer.feed(event):
                            await self._send_body(frame)
                last = writer.end()
            except (asyncio.CancelledError, Gone):
                raise
            except Exception as error:
                last = writer.failed(self._broken(error))
            await self._send_body(last, more=False)

    def _broken(self, error: Exception) -> Problem:
        problem = problem_of(error, self._router)
        if problem.kind == "internal":
            logging.getLogger("router.gateway").exception("a stream failed in the gateway")
        return replace(problem, message=f"the stream broke off: {problem.message}")

    def _told_headers(self, asked: Asked) -> list[tuple[str, str]]:
        """A hint is left out too where another wire's target answers."""
        asked_last = self.seen.asked
        same = any(
            wire_of(e) == self._dialect.wire
            for e in self._router.setup.endpoints
            if (e.target.provider, e.target.model) == asked_last
        )
        return call_headers(self.seen, (*asked.left_out, *(() if same else asked.hints)))

    def _head(self) -> Head:
        return Head(
            call_id=self.seen.call_id,
            created_s=self._router.clock.wall(),
            model=self.seen.asked[1],
        )

    # Sending

    async def _fail(self, problem: Problem) -> None:
        status, body = self._dialect.error(problem, self.seen.call_id)
        headers = call_headers(self.seen, self._asked.left_out if self._asked else ())
        headers.append(("x-should-retry", "true" if problem.retryable else "false"))
        if problem.retry_after_s is not None:
            headers.append(("retry-after", str(math.ceil(max(0.0, problem.retry_after_s)))))
        await self._reply(status, body, headers)

    async def _reply(
        self, status: int, body: Mapping[str, Any], headers: list[tuple[str, str]]
    ) -> None:
        content = json_bytes(body)
        headers.append(("content-length", str(len(content))))
        await self._start(status, JSON_TYPE, headers)
        await self._send_body(content, more=False)

    async def _start(self, status: int, kind: str, headers: list[tuple[str, str]]) -> None:
        self.status = status
        named = [("content-type", kind), *headers]
        if self.seen.call_id:
            named.append((self._dialect.request_id_header, self.seen.call_id))
        if "stream" in kind or "ndjson" in kind:
            named += [("cache-control", "no-cache"), ("x-accel-buffering", "no")]
        raw = [(name.encode(), value.encode("latin-1")) for name, value in named]
        await self._out({"type": "http.response.start", "status": status, "headers": raw})

    async def _send_body(self, content: bytes, *, more: bool = True) -> None:
        if not more:
            self.end()
        await self._out({"type": "http.response.body", "body": content, "more_body": more})

    async def _out(self, message: Message) -> None:
        """Raises Gone for a caller who is gone or takes nothing."""
        try:
            async with asyncio.timeout(self._settings.send_stall_s):
                await self._send(message)
        except (OSError, TimeoutError):
            raise Gone from None


class Gone(Exception):
    """The caller closed the connection, or takes nothing from it."""


async def body_of(request: Request, bytes_max: int) -> Any:
    """The JSON of a request. Raises BadRequest, Gone."""
    chunks, size = [], 0
    while True:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise Gone
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        if size > bytes_max:
            raise BadRequest(
                f"the body is over {bytes_max} bytes", status=413, kind="context_window"
            )
        if not message.get("more_body"):
            break
    return parsed(b"".join(chunks))


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _from(first: StreamEvent | None, stream: AnswerStream) -> Any:
    if first is None:
        return
    yield first
    async for event in stream:
        yield event


def _restarted(event: StreamReset) -> Problem:
    """No wire can take back what it said, so that a restart is told as the end of the stream."""
    return Problem(
        kind=event.cause,
        status=502,
        message=f"the stream broke off ({event.cause}); this API has no way to begin it anew",
        retryable=True,
    )


def _log(scope: Scope, run: _Run) -> None:
    """Neither the query (it may hold a key) nor anything of the bodies."""
    provider, model = run.seen.asked
    logging.getLogger("router.gateway").info(
        "%s %s %d call=%s target=%s/%s attempts=[%s] cost_usd=%s overhead_ms=%.3f",
        scope["method"],
        scope["path"],
        run.status,
        run.seen.call_id,
        provider,
        model,
        trace_line(run.seen),
        f"{usd_from_pico(run.seen.cost_pico):f}",
        1000 * run.seen.overhead_s(),
    )
