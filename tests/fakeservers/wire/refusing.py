"""A fake that is asked without sockets, for tests of what it refuses."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from fakeservers.behaviour.models import catalogue
from fakeservers.clock import SystemClock
from fakeservers.serving.exchange import Fake
from fakeservers.wire.base import HttpRequest, Provider

__all__ = ["Asked", "Asker"]


class Asked(NamedTuple):
    """An answer: its body as JSON, None when it streams lines of its own; `broken` when the fake
    itself, and not the request, was at fault."""

    status: int
    body: Any
    text: str
    broken: str | None

    @classmethod
    def of(cls, status: int, content: bytes, broken: str | None) -> "Asked":
        text = content.decode("utf-8", "replace")
        try:
            parsed = json.loads(text)
        except ValueError:
            parsed = None
        return cls(status, parsed, text, broken)


class Asker:
    """Sends requests to one provider's fake."""

    def __init__(self, provider: Provider, path: str, headers: Mapping[str, str]) -> None:
        self.fake = Fake(
            provider, seed=0, clock=SystemClock(), models=lambda: catalogue(provider.name)
        )
        self._http = HttpRequest(method="POST", path=path, headers=headers)

    def __call__(
        self,
        body: Any,
        path: str = "",
        *,
        validates: bool = True,
        query: Mapping[str, str] | None = None,
        **headers: Any,
    ) -> Asked:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        http = replace(
            self._http,
            path=path or self._http.path,
            query=query or {},
            headers={**self._http.headers, **given},
            body=body if isinstance(body, bytes) else json.dumps(body).encode(),
        )
        # What was read in one way is not remembered for the other.
        self.fake.validation = "strict" if validates else "off"
        answer, exchange = self.fake.respond(http)
        content = answer.body
        if not isinstance(content, bytes):
            content = b"".join(frame.data for frame in content)
        return Asked.of(answer.status, content, exchange.problem)
