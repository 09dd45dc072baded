"""A recording between a program and what stands in for the real services: a second set of fakes."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fakeservers import FakeServers
from fakeservers.recording import Recording
from fakeservers.recording.exchanges import Piece, Recorded
from fakeservers.wire.base import HttpRequest
from fakeservers.wire.framing import dumps

KEYS = {
    "ANTHROPIC_API_KEY": "sk-ant-api03-of-mine-0123456789",
    "OPENAI_API_KEY": "sk-proj-of-mine-0123456789",
    "GEMINI_API_KEY": "AIzaSyOfMine-0123456789-0123456789-0123",
}


@contextmanager
def recording(real: FakeServers, file: Path, **options: Any) -> Iterator[FakeServers]:
    """Fakes that pass on what is not recorded."""
    urls = {name: handle.url for name, handle in real.providers.items()}
    with FakeServers(recording=Recording(file, "new", upstreams=urls, **options)) as servers:
        yield servers


@contextmanager
def replaying(file: Path, **options: Any) -> Iterator[FakeServers]:
    """Fakes that answer from a file only."""
    with FakeServers(recording=Recording(file, **options)) as servers:
        yield servers


def recorded(body: Any = None, answer: Any = None, **fields: Any) -> Recorded:
    """An exchange about a chat completion."""
    asked = HttpRequest(method="POST", path="/v1/chat/completions", body=_bytes(body or {}))
    pieces = (Piece(0.25, _bytes(answer or {"id": "x"})),)
    return Recorded(
        **{"provider": "openai", "asked": asked, "status": 200, "pieces": pieces, **fields}
    )


def _bytes(body: Any) -> bytes:
    return body if isinstance(body, bytes) else dumps(body).encode()
