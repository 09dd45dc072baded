"""OllamaClient: one request to Ollama through the official SDK's own HTTP client.

The SDK chooses the address, the key and the headers. Its typed calls are passed by: its `Tool`
keeps of a schema only what it knows (no nested properties, no `anyOf`), its errors have lost their
headers, one malformed line ends a stream, and an early end passes for a whole answer.
"""

from decimal import Decimal
from typing import TYPE_CHECKING

from ...types import LLMRequest
from ..framing import JsonLines
from ..sdk import Connections, Key, PerLoop, imported
from ..vendor import Form, VendorClient, checked, extra_of, ready
from . import decode, encode
from .errors import VENDOR

if TYPE_CHECKING:
    import httpx
    import ollama

__all__ = ["OllamaClient"]

FORM = Form(vendor=VENDOR, response=decode.response, stream=decode.Stream, framing=JsonLines)


class OllamaClient(VendorClient):
    """Ollama as an LLMClient; it needs no key, unless `api_key_env` names one.

    model       used where the request names none
    api_key     else read from the variable `api_key_env`, else from OLLAMA_API_KEY
    base_url    else OLLAMA_HOST, else http://127.0.0.1:11434
    connections shared with other clients, so that certificates are read once
    """

    sdk = ("ollama", "ollama")
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
        super().__init__(
            FORM,
            name=name,
            model=model,
            key=Key(given=api_key, variables=(api_key_env or "OLLAMA_API_KEY",)),
            must_have_key=api_key_env is not None,
            cost_per_1k_tokens=cost_per_1k_tokens,
            latency_ms=latency_ms,
            connections=connections,
        )
        self._base_url = base_url
        self._sdk = PerLoop(self._make)

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
