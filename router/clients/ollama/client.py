"""OllamaClient: one request to Ollama through the official SDK's own HTTP client.

The SDK chooses the address, the key and the headers. Its typed calls are passed by: its `Tool`
keeps of a schema only what it knows (no nested properties, no `anyOf`), its errors have lost their
headers, one malformed line ends a stream, and an early end passes for a whole answer.
"""

from collections.abc import AsyncGenerator
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

from ...types import LLMRequest, LLMResponse, StreamEvent
from ..calling import streamed, whole
from ..framing import JsonLines
from ..sdk import Connections, Key, PerLoop, imported
from ..vendor import checked, extra_of, ready
from . import decode, encode
from .errors import VENDOR

if TYPE_CHECKING:
    import httpx
    import ollama

__all__ = ["OllamaClient"]


class OllamaClient:
    """Ollama as an LLMClient; it needs no key, unless `api_key_env` names one.

    model       used where the request names none
    api_key     else read from the variable `api_key_env`, else from OLLAMA_API_KEY
    base_url    else OLLAMA_HOST, else http://127.0.0.1:11434
    connections shared with other clients, so that certificates are read once
    """

    wire = "ollama"  # the form of what it sends, for those who have fields only of that form

    def __init__(
        self,
        model: str = "",
        *,
        api_key: str | None = None,
        api_key_env: str | None = None,
        base_url: str | None = None,
        name: str = "ollama",
        cost_per_1k_tokens: Decimal = Decimal(0),
        latency_ms: float = 0.0,
        connections: Connections | None = None,
    ) -> None:
        self.name = name
        self.model = model
        self.cost_per_1k_tokens = cost_per_1k_tokens
        self.latency_ms = latency_ms
        self._key = Key(given=api_key, variables=(api_key_env or "OLLAMA_API_KEY",))
        self._must_have_key = api_key_env is not None
        self._base_url = base_url
        self._connections = connections or Connections()
        self._sdk = PerLoop(self._make)

    @property
    def available(self) -> bool:
        """Whether there is a key, where one was named."""
        return not self._must_have_key or self._key.read() is not None

    async def complete(self, request: LLMRequest, *, timeout_s: float | None = None) -> LLMResponse:
        """One request, one whole answer. Raises ProviderFailure."""
        send = partial(self._send, request, stream=False)
        return await whole(VENDOR, send, decode.response, timeout_s=timeout_s)

    def stream(
        self, request: LLMRequest, *, timeout_s: float | None = None
    ) -> AsyncGenerator[StreamEvent, None]:
        """One request, when first asked for an event. Raises ProviderFailure, also midway."""
        send = partial(self._send, request, stream=True)
        return streamed(VENDOR, send, JsonLines(), decode.Stream(), timeout_s=timeout_s)

    def warm_up(self) -> None:
        """Import the SDK and read the certificates now, not within the first call's time: it may
        take seconds. Raises ConfigError where the SDK is not installed."""
        imported("ollama", extra="ollama")
        _ = self._connections.tls

    async def aclose(self) -> None:
        """Close the connections of the running event loop."""
        if sdk := self._sdk.pop():
            await sdk.close()  # type: ignore[no-untyped-call]

    async def _send(self, request: LLMRequest, *, stream: bool) -> "httpx.Response":
        model = ready(self, request, self._key if self._must_have_key else None)
        body = encode.body(request, model, stream=stream)
        extra = dict(extra_of(request, VENDOR.name, self.name))
        if "options" in extra and "options" in body:  # beside those that the request has fields of
            extra["options"] = {**extra["options"], **body["options"]}
        body |= extra
        http: httpx.AsyncClient = self._sdk.get()._client
        response = await http.send(http.build_request("POST", "/api/chat", json=body), stream=True)
        return await checked(response, VENDOR)

    def _make(self) -> "ollama.AsyncClient":
        sdk = imported("ollama", extra="ollama")
        httpx = imported("httpx", extra="ollama")
        key = self._key.read()
        return sdk.AsyncClient(  # type: ignore[no-any-return]
            host=self._base_url,
            headers={"authorization": f"Bearer {key}"} if key else {},
            **self._connections.options(httpx),
        )

    def __repr__(self) -> str:
        return f"<OllamaClient {self.model or 'without a model'}>"
