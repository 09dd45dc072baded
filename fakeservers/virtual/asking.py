"""One call to a fake without any client: for programs that make calls by the hundred thousand.

The round-trip time applies as to a connection that is kept alive; pools, redirects and retries
are a client's and are not here.
"""

import asyncio
import errno
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson

from ..serving.breaking import Ending
from ..serving.receiving import read_url
from ..serving.service import Service
from ..wire.base import Headers, HttpRequest, RequestHeaders
from .calls import Call, Head, Part
from .network import LOOPBACK, Network

__all__ = ["Answered", "post"]

PORTS_REMEMBERED_MAX = 64


@dataclass(slots=True, kw_only=True)
class Answered:
    """An HTTP answer."""

    status: int
    raw_headers: Headers
    body: bytes

    @property
    def headers(self) -> Mapping[str, str]:
        """By lower-case name."""
        return {name.lower(): value for name, value in self.raw_headers}

    def json(self) -> Any:
        return orjson.loads(self.body)


async def post(
    service: Service,
    network: Network,
    port: int,
    path: str,
    body: Any,
    headers: Mapping[str, str],
    timeout_s: float | None,
) -> Answered:
    """Post `body` as JSON and return the whole answer.

    Raises ConnectionRefusedError, ConnectionResetError (also when an answer breaks off) and
    TimeoutError.
    """
    network.check_listening(port)
    path, query = read_url(path.encode())
    sent = _credentials(port)
    if headers:
        sent = RequestHeaders({**sent, **{k.lower(): v for k, v in headers.items()}})
    http = HttpRequest(
        method="POST",
        path=path,
        query=query,
        headers=sent,
        body=orjson.dumps(body),
    )
    call = Call(service, network, http)
    call.ask()
    # Most answers are there by now: for them a timer would cost as much as a third of the rest.
    if call.complete:
        return _answered(call.heard())
    parts: list[Part] = []
    try:
        async with asyncio.timeout(timeout_s):
            while not (parts and isinstance(parts[-1], Ending)):
                parts.append(await call.hear())
    finally:
        call.leave()
    return _answered(parts)


def _answered(parts: Sequence[Part]) -> Answered:
    """The whole answer. Raises ConnectionResetError where it has no end."""
    if len(parts) < 2 or parts[-1] is not Ending.FINISH:
        raise ConnectionResetError(errno.ECONNRESET, "Connection reset by peer")
    head = parts[0]
    assert isinstance(head, Head)
    body = b"".join([part for part in parts if isinstance(part, bytes)])
    return Answered(status=head.status, raw_headers=head.headers, body=body)


@lru_cache(maxsize=PORTS_REMEMBERED_MAX)
def _credentials(port: int) -> RequestHeaders:
    """What every call to a fake sends along, one value for all of them: it is read only once."""
    return RequestHeaders(
        {
            "host": f"{LOOPBACK}:{port}",
            "authorization": "Bearer simulated",
            "x-api-key": "simulated",
            "x-goog-api-key": "simulated",
            "anthropic-version": "2023-06-01",
            "content-type": "application/json",
        }
    )
