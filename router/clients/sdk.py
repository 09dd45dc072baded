"""What the clients of vendors share before a call: the SDK's import, the key, the address, TLS.

Nothing here is of one vendor, and nothing is kept at module level: what is shared among clients
is a `Connections` value that somebody holds.
"""

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from weakref import WeakKeyDictionary

from ..errors import ConfigError

if TYPE_CHECKING:
    import ssl

    import httpx2

__all__ = ["CONNECTIONS_MAX", "Connections", "Key", "PerLoop", "imported"]

T = TypeVar("T")
CONNECTIONS_MAX = 1000
"""Open connections of one client; further calls wait for one. As many as the SDKs' default."""
KEEPALIVE_MAX = 100
KEEPALIVE_S = 30.0


def imported(module: str, *, extra: str) -> ModuleType:
    """The module of an optional SDK. Raises ConfigError that names what to install."""
    try:
        return import_module(module)
    except ImportError as problem:
        missing = problem.name or module
        raise ConfigError(
            f"the package {missing!r} is not installed: run pip install 'pytest-llmsim[{extra}]'"
        ) from problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A vendor's API key: given, or in the first of `variables` that is set. Never printed."""

    given: str | None = None
    variables: tuple[str, ...] = ()

    def read(self) -> str | None:
        """The key, None where there is none."""
        if self.given:
            return self.given
        return next((value for name in self.variables if (value := os.environ.get(name))), None)

    @property
    def id(self) -> str:
        """Where the key is from, without any of it."""
        if self.given:
            return "given"
        return next((name for name in self.variables if os.environ.get(name)), "")

    @property
    def hint(self) -> str:
        """How to mend that there is none."""
        return f"set {' or '.join(self.variables)}, or pass api_key="

    def __repr__(self) -> str:
        return f"Key({self.id or 'missing: ' + ', '.join(self.variables)})"


class Connections:
    """How clients connect: one TLS context for all of them, and the same bounds for each.

    To read the trusted certificates takes some 20 ms, so clients that live together should be
    made with one Connections. `connect_s` limits the connection's making and the wait for a free
    one; `read_s` the wait for each piece of an answer, where the router sets no tighter limit.
    """

    def __init__(self, *, connect_s: float | None = 5.0, read_s: float | None = 600.0) -> None:
        self.connect_s = connect_s
        self.read_s = read_s

    @cached_property
    def tls(self) -> "ssl.SSLContext":
        return imported("httpx2", extra="router").create_ssl_context()  # type: ignore[no-any-return]

    def client(self, **more: Any) -> "httpx2.AsyncClient":
        """An HTTP client of one event loop."""
        httpx2 = imported("httpx2", extra="router")
        return httpx2.AsyncClient(**self.options(httpx2), **more)  # type: ignore[no-any-return]

    def timeout_s(self) -> dict[str, float | None]:
        """The limits as httpx and httpx2 name them."""
        connect_s, read_s = self.connect_s, self.read_s
        return {"connect": connect_s, "read": read_s, "write": read_s, "pool": connect_s}

    def options(self, httpx: ModuleType) -> dict[str, Any]:
        """The arguments of an AsyncClient of httpx2, or of httpx, which Ollama's SDK still uses.

        Redirects are not followed: to another host they would take the key along.
        """
        return {
            "verify": self.tls,
            "timeout": httpx.Timeout(**self.timeout_s()),
            "limits": httpx.Limits(
                max_connections=CONNECTIONS_MAX,
                max_keepalive_connections=KEEPALIVE_MAX,
                keepalive_expiry=KEEPALIVE_S,
            ),
            "follow_redirects": False,
        }


class PerLoop(Generic[T]):
    """One value for each event loop, made on first use: connections cannot change their loop.

    A value goes when its loop does.
    """

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._made: WeakKeyDictionary[asyncio.AbstractEventLoop, T] = WeakKeyDictionary()

    def get(self) -> T:
        loop = asyncio.get_running_loop()
        found = self._made.get(loop)
        if found is None:
            found = self._made[loop] = self._make()
        return found

    def pop(self) -> T | None:
        """Give up the value of the running loop; None if there is none."""
        return self._made.pop(asyncio.get_running_loop(), None)
