"""AnthropicClient: one request to Claude through the official SDK, vendor retries off.

The SDK builds and sends the request (address, headers, key, connection) and the answer's bytes
are read here, so that a malformed line does not end a stream and an early end does not pass for
a whole answer; the SDK does neither.
"""

from decimal import Decimal
from typing import TYPE_CHECKING

from ...types import LLMRequest
from ..sdk import Connections, Key, PerLoop, imported
from ..vendor import Form, VendorClient, extra_of, ready
from . import decode, encode
from .errors import VENDOR

if TYPE_CHECKING:
    import anthropic
    import httpx2

__all__ = ["AnthropicClient"]

VARIABLES = ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN")
FORM = Form(vendor=VENDOR, response=decode.response, stream=decode.Stream)


class AnthropicClient(VendorClient):
    """Claude as an LLMClient.

    model       used where the request names none
    api_key     else read from the variable `api_key_env`, else from ANTHROPIC_API_KEY
    base_url    without /v1; else ANTHROPIC_BASE_URL, else Anthropic's own
    max_tokens  asked for where the request names none, since Anthropic requires it
    connections shared with other clients, so that certificates are read once
    """

    sdk = ("anthropic", "anthropic")
    wire = "anthropic"  # the form of what it sends, for those who have fields only of that form

    def __init__(
        self,
        model: str = "",
        *,
        api_key: str | None = None,
        api_key_env: str | None = None,
        base_url: str | None = None,
        max_tokens: int = encode.MAX_TOKENS,
        name: str = "anthropic",
        cost_per_1k_tokens: Decimal = Decimal(0),
        latency_ms: float = 0.0,
        connections: Connections | None = None,
    ) -> None:
        super().__init__(
            FORM,
            name=name,
            model=model,
            key=Key(given=api_key, variables=(api_key_env,) if api_key_env else VARIABLES),
            cost_per_1k_tokens=cost_per_1k_tokens,
            latency_ms=latency_ms,
            connections=connections,
        )
        self._base_url = base_url
        self._max_tokens = max_tokens
        self._sdk = PerLoop(self._make)

    async def aclose(self) -> None:
        """Close the connections of the running event loop."""
        if sdk := self._sdk.pop():
            await sdk.close()

    async def _send(self, request: LLMRequest, *, stream: bool) -> "httpx2.Response":
        model = ready(self, request, self._key)
        body = encode.body(request, model, max_tokens=self._max_tokens)
        body |= extra_of(request, VENDOR.name, self.name)
        if stream:
            body["stream"] = True
        return await self._sdk.get().post(  # type: ignore[no-any-return]
            "/v1/messages",
            cast_to=imported("httpx2", extra="router").Response,
            body=body,
            options={"headers": encode.headers(request)},
            stream=True,
            stream_cls=imported("anthropic", extra="anthropic").AsyncStream,
        )

    def _make(self) -> "anthropic.AsyncAnthropic":
        sdk = imported("anthropic", extra="anthropic")
        httpx2 = imported("httpx2", extra="router")
        token = self._key.id == "ANTHROPIC_AUTH_TOKEN"
        return sdk.AsyncAnthropic(  # type: ignore[no-any-return]
            **{"auth_token" if token else "api_key": self._key.read()},
            base_url=self._base_url,
            max_retries=0,
            timeout=httpx2.Timeout(**self._connections.timeout_s()),
            http_client=self._connections.client(),
        )

    def __repr__(self) -> str:
        return f"<AnthropicClient {self.model or 'without a model'}, {self._key!r}>"
