"""The network guard: while fakes stand in for providers, nobody reaches the real ones.

Names are looked up and TLS is begun through the three functions that are watched here, whatever
the HTTP library: httpx, httpx2, aiohttp, requests, urllib, plain sockets; a proxy and uvloop,
which look names up elsewhere, still name the host when TLS begins. What must not be here: which
providers are fake.
"""

import asyncio
import os
import socket
import ssl
import sys
import sysconfig
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

__all__ = ["HOSTS", "LIBRARY", "Guard"]

HOSTS: Mapping[str, tuple[str, ...]] = {
    "claude": ("anthropic.com", "claude.ai"),
    "openai": ("openai.com",),
    "gemini": ("generativelanguage.googleapis.com", "aiplatform.googleapis.com"),
    "ollama": ("ollama.com",),
}
"""Domains of the real services; a host of one is the domain itself or ends with it."""

BLOCKED = (
    "llmsim: {host} is the real {provider}, and was about to be called{where}. In this run a fake "
    "stands in for {provider}.\n"
    "Take the base URL from the environment, as the SDKs do, or from llmsim.{provider}.url. A "
    "client that is made before the test, such as one at the import of a module, finds it there "
    "with llmsim_stable_urls = true in the ini file.\n"
    "To call the real service, run with LLMSIM_{variable}=real; to let a single test through, mark "
    "it @pytest.mark.llmsim(block_network=False)."
)

LIBRARY = (
    *(sysconfig.get_paths()[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")),
    os.path.dirname(__file__) + os.sep,
)
"""Folders of the standard library, of what is installed, and our own."""


class Guard:
    """Refuses connections to the real hosts of some providers while it is entered.

    `blocked` is what was refused: whoever caught the failure has still tried.
    """

    def __init__(self, providers: tuple[str, ...]) -> None:
        self._providers = providers
        self.blocked: list[str] = []

    @contextmanager
    def on_watch(self) -> Iterator["Guard"]:
        with ExitStack() as watched:
            for owner, name in (
                (socket, "getaddrinfo"),
                (asyncio.BaseEventLoop, "getaddrinfo"),
                (ssl.SSLContext, "wrap_socket"),
                (ssl.SSLContext, "wrap_bio"),
            ):
                watched.enter_context(self._watching(owner, name))
            yield self

    @contextmanager
    def _watching(self, owner: Any, name: str) -> Iterator[None]:
        """Stand before one function that is about to reach a host."""
        original: Callable[..., Any] = getattr(owner, name)
        is_method = isinstance(owner, type)
        is_tls = owner is ssl.SSLContext

        def watched(*args: Any, **kwargs: Any) -> Any:
            host = kwargs.get("server_hostname" if is_tls else "host")
            if host is None and not is_tls and len(args) > is_method:
                host = args[is_method]
            self._check(host)
            return original(*args, **kwargs)

        setattr(owner, name, watched)
        try:
            yield
        finally:
            setattr(owner, name, original)

    def _check(self, host: object) -> None:
        name = host.decode("ascii", "replace") if isinstance(host, bytes) else host
        if not isinstance(name, str):
            return
        provider = next((p for p in self._providers if _is_of(name, HOSTS.get(p, ()))), None)
        if provider is None:
            return
        told = BLOCKED.format(
            host=name, provider=provider, variable=provider.upper(), where=_call_site()
        )
        self.blocked.append(told)
        # Derived from BaseException: no SDK tries again.
        pytest.fail(told, pytrace=False)


def _is_of(host: str, domains: tuple[str, ...]) -> bool:
    name = host.lower().rstrip(".")
    return any(name == d or name.endswith((f".{d}", f"-{d}")) for d in domains)


def _call_site() -> str:
    """The nearest line that is neither a library's nor ours."""
    frame = sys._getframe(2)
    while frame is not None:
        file = frame.f_code.co_filename
        if not file.startswith(LIBRARY) and not file.startswith("<"):
            return f" at {file}:{frame.f_lineno} ({frame.f_code.co_name})"
        if frame.f_back is None:
            break
        frame = frame.f_back
    return ""
