"""A request that is passed on to the real service, whose answer goes to the client as it comes
and is recorded meanwhile.

The client's own credentials go along. The answer is asked for without compression, so that a
recording can be read; one that comes compressed all the same is passed on as it is, and recorded
with gzip and deflate undone. The only module here that opens a connection.
"""

import asyncio
import ssl
import zlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode, urlsplit

from ..errors import StartError
from ..evidence.journal import Exchange, Outcome
from ..serving.connection import Connection
from ..serving.exchange import Fake
from ..serving.receiving import Query
from ..wire.base import Headers, HttpRequest
from .exchanges import Piece, Recorded
from .matching import sought
from .replaying import ORIGIN, Answering, note
from .secrets import clean_pieces, credentials, kept_headers
from .words import explain_unreachable

if TYPE_CHECKING:
    import httpx2

__all__ = ["NO_ANSWER", "Relayed", "Upstream"]

READ_S_MAX = 600.0

RECORDED_BYTES_MAX = 256 * 1024 * 1024
"""A longer answer is passed on and not recorded."""

LAST_EVENT = (b"data: [DONE]\n\n", b"data: [DONE]\r\n\r\n")

NO_ANSWER = "x-llmsim-no-answer"
"""Header of an answer that no service gave, but what stands in between: passed on, not recorded."""

_HOP = frozenset(
    {"connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection"}
    | {"te", "trailer", "transfer-encoding", "upgrade"}
)
"""Headers of one connection: https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1"""

_ASKED = _HOP | {"accept-encoding", "content-length", "expect", "host"}
_INFLATED = ("gzip", "x-gzip", "deflate")
_PATH_SAFE = "/:@!$&'()*+,;=~"


class Upstream:
    """The real service of one provider. Raises StartError without the library that asks it.

    url   where requests go, as the provider's SDK takes it
    real  the address that the service itself tells in its answers, where that is another
    """

    def __init__(self, url: str, *, real: str = "") -> None:
        try:
            import httpx2  # noqa: F401 - here, so that no answer waits for it
        except ImportError:
            raise StartError(
                "Recording needs httpx2: pip install 'pytest-llmsim[router]'. Replaying does not."
            ) from None
        self.url = url.rstrip("/")
        parts = urlsplit(real or url)
        self.origin = f"{parts.scheme}://{parts.netloc}"
        self._tls: ssl.SSLContext | None = None

    def client(self) -> "httpx2.AsyncClient":
        """A client for one request, so that none is left open."""
        import httpx2

        if self._tls is None:
            # Reading certificates takes longer than all the rest.
            secure = self.url.startswith("https:")
            self._tls = (
                ssl.create_default_context() if secure else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            )
        return httpx2.AsyncClient(verify=self._tls, timeout=READ_S_MAX)

    def place(self, http: HttpRequest, base: str) -> str:
        """The URL of a request there; `base` is where the fake's own paths begin."""
        path = quote(http.path.removeprefix(base), safe=_PATH_SAFE)
        query = http.query.raw if isinstance(http.query, Query) else urlencode(http.query)
        return f"{self.url}{path}{'?' if query else ''}{query}"


class Relayed(Answering):
    """One such request. `keep` is given what it came to."""

    def __init__(
        self,
        fake: Fake,
        exchange: Exchange,
        connection: Connection,
        http: HttpRequest,
        upstream: Upstream,
        keep: Callable[[Recorded], None],
    ) -> None:
        super().__init__(fake, exchange, connection)
        self._http = http
        self._upstream = upstream
        self._keep = keep
        self._has_ended = False

    async def run(self) -> None:
        try:
            async with self._upstream.client() as client:
                await self._ask(client)
        except OSError as problem:
            self._not_reached(str(problem))

    async def _ask(self, client: "httpx2.AsyncClient") -> None:
        import httpx2

        http, place = self._http, self._upstream.place
        headers = [(n, v) for n, v in http.headers.items() if n not in _ASKED]
        asked = client.build_request(
            http.method,
            place(http, self.fake.provider.base),
            headers=[*headers, ("accept-encoding", "identity")],
            content=http.body,
        )
        try:
            answer = await client.send(asked, stream=True)
        except httpx2.HTTPError as problem:
            self._not_reached(f"{type(problem).__name__}: {problem}")
            return
        try:
            await self._pass_on(answer)
        finally:
            await answer.aclose()

    def _not_reached(self, problem: str) -> None:
        exchange = self.exchange
        exchange.problem = explain_unreachable(self.fake.provider.name, self._upstream.url, problem)
        exchange.ends("reset", self.fake.clock.now(), 0)
        self.connection.reset()

    async def _pass_on(self, answer: "httpx2.Response") -> None:
        import httpx2

        exchange, connection, clock = self.exchange, self.connection, self.fake.clock
        told = answer.headers.get("content-length")
        length = int(told) if told is not None else None
        taken = _Taken(answer.headers.get("content-encoding", ""))
        exchange.status, exchange.streamed = answer.status_code, _is_streamed(answer.headers)
        connection.start(answer.status_code, self._told(answer), length)
        exchange.begun = True
        connection.write(b"")
        try:
            async for data in answer.aiter_raw():
                taken.take(clock.now() - exchange.started_s, data)
                if taken.passed_bytes == length or taken.is_done:
                    self._ends(answer, taken, "complete")
                connection.write(data)
                await connection.drained()
            self._ends(answer, taken, "complete")
            connection.finish()
        except httpx2.HTTPError:
            self._ends(answer, taken, "cut")
            connection.close()
        except asyncio.CancelledError:
            # A client that leaves in the middle is answered so far again.
            self._ends(answer, taken, "disconnected")
            raise

    def _ends(self, answer: "httpx2.Response", taken: "_Taken", outcome: Outcome) -> None:
        """Told before the last byte leaves: whoever has read the answer finds it recorded."""
        if self._has_ended:
            return
        self._has_ended = True
        self.exchange.ends(outcome, self.fake.clock.now(), taken.passed_bytes)
        if NO_ANSWER not in answer.headers and not taken.is_lost:
            self._record(answer, taken, cut=outcome != "complete")

    def _told(self, answer: "httpx2.Response") -> Headers:
        """The headers for the client, in which the service's address is the fake's."""
        own = f"http://{self._http.headers.get('host', 'localhost')}"
        return tuple(
            (name, value.replace(self._upstream.origin, own))
            for name, value in answer.headers.multi_items()
            if name not in _HOP and name != "content-length"
        )

    def _record(self, answer: "httpx2.Response", taken: "_Taken", *, cut: bool) -> None:
        provider = self.fake.provider
        known = credentials(self._http, provider)
        headers = tuple(
            (name, value.replace(self._upstream.origin, ORIGIN))
            for name, value in answer.headers.multi_items()
            if name != "content-encoding" or not taken.inflates
        )
        recorded = Recorded(
            provider=provider.name,
            asked=sought(self._http, provider, known),
            status=answer.status_code,
            headers=kept_headers(headers, known),
            pieces=clean_pieces(taken.pieces, known),
            streamed=_is_streamed(answer.headers) or cut,
            cut=cut,
        )
        note(self.exchange, recorded)
        self._keep(recorded)


class _Taken:
    """The pieces of an answer as they are recorded."""

    def __init__(self, encoding: str) -> None:
        self.pieces: list[Piece] = []
        self.inflates = encoding.lower() in _INFLATED
        self.is_lost = False
        """Whether it cannot be recorded: too long, or not encoded as it says."""
        self.passed_bytes = 0
        self._bytes = 0
        # 47 reads the headers of gzip and of zlib alike: https://docs.python.org/3/library/zlib.html
        self._inflate = zlib.decompressobj(47) if self.inflates else None

    def take(self, at_s: float, data: bytes) -> None:
        self.passed_bytes += len(data)
        if self._inflate is not None and not self.is_lost:
            try:
                data = self._inflate.decompress(data)
            except zlib.error:
                self.is_lost = True
        self._bytes += len(data)
        self.is_lost |= self._bytes > RECORDED_BYTES_MAX
        if data and not self.is_lost:
            self.pieces.append(Piece(at_s, data))

    @property
    def is_done(self) -> bool:
        """Whether the last event of a stream has come, at which the openai SDK leaves without
        reading on (3.54, `Stream` in `_streaming.py`)."""
        return bool(self.pieces) and self.pieces[-1].data.endswith(LAST_EVENT)


def _is_streamed(headers: Mapping[str, str]) -> bool:
    """Whether an answer came bit by bit. One JSON value is one text in a recording, though a proxy
    may have sent it in chunks."""
    kind = headers.get("content-type", "").partition(";")[0].strip()
    return "content-length" not in headers and kind != "application/json"
