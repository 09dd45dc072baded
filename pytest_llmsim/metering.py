"""What real calls cost: a proxy of this machine that every real call of a run goes through.

The program keeps its keys and sends them on; what its SDK asks is passed to the real address as it
is, and what is answered comes back as it comes, piece by piece. In between usage is read and
priced. With a cap, the most that a call can cost is held before it is sent, and a call that does
not fit is refused here. What must not be here: prices (`fakeservers.evidence`), usage (`usage`).
"""

import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from fakeservers.recording.relaying import NO_ANSWER

from .usage import Counts, asked_of, bound_of, counted

if TYPE_CHECKING:
    import httpx2
    from starlette.requests import Request
    from starlette.responses import Response

__all__ = ["Meter", "Spent"]

PICO_PER_USD = 10**12

ANSWER_KEPT_BYTES_MAX = 32 * 1024 * 1024
"""Of an answer that is longer no usage is read: it costs what was held for it."""

START_S_MAX = 10.0
READ_S_MAX = 600.0

_HOP = frozenset(
    {"accept-encoding", "connection", "content-encoding", "content-length", "host", "keep-alive"}
    | {"proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"}
)
"""Headers of one connection, or that change with the encoding, which is none here."""

_OF_BODY = frozenset({"content-encoding", "content-length"})
"""What an answer says of its body, which is passed on as it is."""

_OURS = {NO_ANSWER: "1"}
"""Marks an answer that no service gave; none that is recorded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What real calls came to; `estimated` is how many told no usage, and count as the most that
    they can have cost."""

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    pico: int = 0
    estimated: int = 0

    def __add__(self, other: "Spent") -> "Spent":
        return Spent(**{n: getattr(self, n) + getattr(other, n) for n in self.names()})

    def __sub__(self, other: "Spent") -> "Spent":
        return Spent(**{n: getattr(self, n) - getattr(other, n) for n in self.names()})

    @classmethod
    def names(cls) -> tuple[str, ...]:
        return tuple(cls.__dataclass_fields__)


class Meter:
    """Passes calls on to real addresses and adds up what they cost.

    cap_usd  the most that all of them may cost; None for no limit
    """

    def __init__(self, cap_usd: Decimal | None = None) -> None:
        self.targets: dict[str, str] = {}
        """The real address of each provider."""
        self._cap_pico = None if cap_usd is None else int(cap_usd * PICO_PER_USD)
        self._cap_usd = cap_usd
        self._lock = threading.Lock()
        self._held_pico = 0
        self.spent = Spent()
        self.stopped = ""
        """Why the run must end; empty while it may go on."""
        self._http: httpx2.AsyncClient | None = None
        self._origin = ""
        self._start()

    def url(self, provider: str) -> str:
        """The base URL that stands for a provider's real one."""
        return f"{self._origin}/{provider}"

    def close(self) -> None:
        self._server.should_exit = True
        self._thread.join(START_S_MAX)

    # --- money ---

    def admit(self, provider: str, path: str, body: bytes) -> int:
        """Hold the most that a call can cost, in pico-dollars. Raises Refused."""
        asked = asked_of(provider, path, body)
        if asked is None:
            return 0
        most = bound_of(provider, asked, len(body))
        if most is None:
            if self._cap_pico is None:
                return 0
            raise self._stop(
                f"llmsim: no price of {provider} {asked.model!r} is known, so it cannot be kept "
                f"below max_usd={self._cap_usd}: the run ends here. Ask a model that has a price, "
                f"or leave LLMSIM_MAX_USD out."
            )
        with self._lock:
            taken = self.spent.pico + self._held_pico
            fits = self._cap_pico is None or taken + most <= self._cap_pico
            if fits:
                self._held_pico += most
        if not fits:
            raise self._stop(
                f"llmsim: this call of {provider} {asked.model!r} can cost up to {_usd(most)}, and "
                f"of max_usd={self._cap_usd} {_usd(taken)} is spent or held: the run ends here, "
                f"before it is exceeded. Bound the answer (max_tokens), or raise LLMSIM_MAX_USD."
            )
        return most

    def settle(self, held_pico: int, counts: Counts | None, *, is_call: bool) -> None:
        """Put what was spent in the place of what was held; all of that where nothing tells."""
        with self._lock:
            self._held_pico -= held_pico
            if not is_call:
                return
            if counts is None:
                self.spent += Spent(calls=1, pico=held_pico, estimated=1)
            else:
                self.spent += Spent(
                    calls=1,
                    input_tokens=counts.input_tokens,
                    output_tokens=counts.output_tokens,
                    pico=counts.pico,
                )

    def _stop(self, why: str) -> "Refused":
        self.stopped = self.stopped or why
        return Refused(why)

    # --- the way through ---

    async def _pass_on(self, request: "Request") -> "Response":
        from starlette.responses import JSONResponse, StreamingResponse

        provider = request.path_params["provider"]
        path = request.path_params["path"]
        body = await request.body()
        if provider not in self.targets:
            return JSONResponse({"error": {"message": f"no provider {provider!r}"}}, 404)
        try:
            held = self.admit(provider, path, body)
        except Refused as refused:
            error = {"type": "llmsim_max_usd", "message": str(refused), "status": "ABORTED"}
            # 400 is what no SDK tries again.
            return JSONResponse({"error": error}, 400, {"x-should-retry": "false", **_OURS})
        is_call = asked_of(provider, path, body) is not None
        try:
            answer = await self._send(request, provider, path, body)
        except BaseException as problem:
            # Nobody knows whether it arrived: it may have cost all that was held.
            self.settle(held, None, is_call=is_call)
            if not isinstance(problem, _unreached()):
                raise
            told = f"llmsim: {self.targets[provider]} could not be asked: {problem!r}"
            return JSONResponse({"error": {"message": told}}, 502, _OURS)
        headers = {k: v for k, v in answer.headers.items() if k not in _HOP or k in _OF_BODY}
        through = self._through(answer, provider, path, held, is_call)
        return StreamingResponse(through, answer.status_code, headers)

    async def _send(
        self, request: "Request", provider: str, path: str, body: bytes
    ) -> "httpx2.Response":
        import httpx2

        if self._http is None:
            self._http = httpx2.AsyncClient(timeout=READ_S_MAX)
        query = f"?{request.url.query}" if request.url.query else ""
        url = f"{self.targets[provider].rstrip('/')}/{path}{query}"
        headers = [(k, v) for k, v in request.headers.items() if k not in _HOP]
        asked = self._http.build_request(
            request.method,
            url,
            headers=[*headers, ("accept-encoding", "identity")],
            content=body,
        )
        return await self._http.send(asked, stream=True)

    async def _through(
        self, answer: "httpx2.Response", provider: str, path: str, held: int, is_call: bool
    ) -> AsyncIterator[bytes]:
        """The answer as it comes, and its price when it has come or broken off; before its last
        byte leaves, so that who has read it finds it priced."""
        kept = bytearray()
        came, length = 0, answer.headers.get("content-length")
        settled = False

        def settle() -> None:
            failed = answer.status_code >= 400
            counts = Counts() if failed else counted(provider, path, bytes(kept))
            self.settle(held, counts, is_call=is_call)

        try:
            async for piece in answer.aiter_raw():
                came += len(piece)
                if len(kept) <= ANSWER_KEPT_BYTES_MAX:
                    kept += piece
                if str(came) == length:
                    settled = True
                    settle()
                yield piece
        finally:
            if not settled:
                settle()
            await answer.aclose()

    def _start(self) -> None:
        import socket

        import uvicorn
        from starlette.applications import Starlette
        from starlette.routing import Route

        methods = ["GET", "POST", "DELETE", "PATCH", "PUT", "HEAD"]

        @asynccontextmanager
        async def closing(app: Starlette) -> AsyncIterator[None]:
            yield
            if self._http is not None:
                await self._http.aclose()

        route = Route("/{provider}/{path:path}", self._pass_on, methods=methods)
        config = uvicorn.Config(
            Starlette(routes=[route], lifespan=closing),
            log_level="critical",
            lifespan="on",
            loop="asyncio",
            access_log=False,
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        bound = socket.socket()
        bound.bind(("127.0.0.1", 0))
        self._origin = f"http://127.0.0.1:{bound.getsockname()[1]}"
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [bound]}, name="llmsim-meter", daemon=True
        )
        self._thread.start()
        until_s = time.monotonic() + START_S_MAX
        while not self._server.started:
            if time.monotonic() > until_s:
                pytest.fail(f"llmsim: the meter of real calls did not start in {START_S_MAX:g} s.")
            time.sleep(0.005)


class Refused(Exception):
    """A call that must not be made."""


def _unreached() -> type[Exception]:
    """What is raised where a service cannot be reached."""
    import httpx2

    return httpx2.HTTPError


def _usd(pico: int) -> str:
    return f"${Decimal(pico) / PICO_PER_USD:f}"
