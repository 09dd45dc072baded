"""SDK clients for tests, each of the vendor's own class, quickly made.

Most of a client's making is the reading of some 140 certificates, 30 to 70 ms each time, which a
fake over plain HTTP never looks at. Here clients of fakes get a TLS context that trusts nobody,
and those of real providers share one. What must not be here: what a client does.
"""

import ssl
from collections.abc import Callable
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from anthropic import Anthropic, AsyncAnthropic
    from google.genai import Client as GeminiClient
    from ollama import AsyncClient as AsyncOllama
    from ollama import Client as Ollama
    from openai import AsyncOpenAI, OpenAI

__all__ = ["Clients", "Tls"]

EXTRAS = {
    "anthropic": "anthropic",
    "openai": "openai",
    "google.genai": "gemini",
    "ollama": "ollama",
}


class Tls:
    """The TLS contexts of a run."""

    @cached_property
    def of_fakes(self) -> ssl.SSLContext:
        """Trusts no certificate at all, so that nothing that it is used for can be real."""
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

    @cached_property
    def of_real(self) -> ssl.SSLContext:
        """The usual one."""
        return ssl.create_default_context()


class Clients:
    """Makes SDK clients that point where the environment does, and closes them at the end.

        client = llmsim_clients.openai()
        client = llmsim_clients.anthropic(max_retries=0)

    Keywords go to the vendor's class. Asynchronous ones are left to their event loop.
    """

    def __init__(self, tls: Tls, is_real: Callable[[str], bool]) -> None:
        self._tls = tls
        self._is_real = is_real
        self._made: list[Any] = []

    def anthropic(self, **options: Any) -> "Anthropic":
        """`anthropic.Anthropic`"""
        client: Anthropic = self._http("anthropic", "Anthropic", "claude", "Client", options)
        return client

    def async_anthropic(self, **options: Any) -> "AsyncAnthropic":
        """`anthropic.AsyncAnthropic`"""
        client: AsyncAnthropic = self._http(
            "anthropic", "AsyncAnthropic", "claude", "AsyncClient", options
        )
        return client

    def openai(self, **options: Any) -> "OpenAI":
        """`openai.OpenAI`"""
        client: OpenAI = self._http("openai", "OpenAI", "openai", "Client", options)
        return client

    def async_openai(self, **options: Any) -> "AsyncOpenAI":
        """`openai.AsyncOpenAI`"""
        client: AsyncOpenAI = self._http("openai", "AsyncOpenAI", "openai", "AsyncClient", options)
        return client

    def gemini(self, **options: Any) -> "GeminiClient":
        """`google.genai.Client`, synchronous and, as `.aio`, asynchronous."""
        sdk = _sdk("google.genai")
        given = {"client_args": {"verify": self._context("gemini")},
                 "async_client_args": {"verify": self._context("gemini")}}  # fmt: skip
        http_options = {**given, **dict(options.pop("http_options", None) or {})}
        client: GeminiClient = self._kept(sdk.Client(http_options=http_options, **options))
        return client

    def ollama(self, **options: Any) -> "Ollama":
        """`ollama.Client`"""
        given = {"verify": self._context("ollama"), **options}
        client: Ollama = self._kept(_sdk("ollama").Client(**given))
        return client

    def async_ollama(self, **options: Any) -> "AsyncOllama":
        """`ollama.AsyncClient`"""
        given = {"verify": self._context("ollama"), **options}
        client: AsyncOllama = _sdk("ollama").AsyncClient(**given)
        return client

    def close(self) -> None:
        for client in self._made:
            closing = getattr(client, "close", None) or getattr(client._client, "close", None)
            if closing is not None:
                closing()
        self._made.clear()

    def _http(self, module: str, name: str, provider: str, http: str, options: Any) -> Any:
        """A client of one of the two SDKs that take an HTTP client."""
        sdk = _sdk(module)
        if "http_client" not in options:
            made = getattr(sdk, f"DefaultHttpx2{http}", None) or getattr(sdk, f"DefaultHttpx{http}")
            options = {**options, "http_client": made(verify=self._context(provider))}
        client = getattr(sdk, name)(**options)
        return client if http.startswith("Async") else self._kept(client)

    def _context(self, provider: str) -> ssl.SSLContext:
        return self._tls.of_real if self._is_real(provider) else self._tls.of_fakes

    def _kept(self, client: Any) -> Any:
        self._made.append(client)
        return client


def _sdk(module: str) -> Any:
    try:
        return import_module(module)
    except ImportError:
        raise pytest.UsageError(
            f"llmsim: the package {module!r} is not installed: run "
            f"pip install 'pytest-llmsim[{EXTRAS[module]}]'"
        ) from None
