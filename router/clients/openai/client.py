"""OpenAIClient: one request to OpenAI through the official SDK, vendor retries off.

The SDK builds and sends the request (address, headers, key, connection) and the answer's bytes
are read here, so that a malformed line does not end a stream and an early end does not pass for
a whole answer; the SDK does neither.
"""

from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from ...types import LLMRequest
from ..sdk import Connections, Key, PerLoop, imported
from ..vendor import Form, VendorClient, extra_of, ready
from . import chat_decode, chat_encode, responses_decode, responses_encode
from .errors import VENDOR

if TYPE_CHECKING:
    import httpx2
    import openai

__all__ = ["Api", "OpenAIClient"]

Api = Literal["chat", "responses"]
FORMS = {
    "chat": Form(vendor=VENDOR, response=chat_decode.response, stream=chat_decode.ChatStream),
    "responses": Form(
        vendor=VENDOR, response=responses_decode.response, stream=responses_decode.ResponsesStream
    ),
}


class OpenAIClient(VendorClient):
    """OpenAI as an LLMClient.

    model       used where the request names none
    api         "chat" (Chat Completions) or "responses"
    api_key     else read from the variable `api_key_env`, else from OPENAI_API_KEY
    base_url    with /v1; else OPENAI_BASE_URL, else OpenAI's own
    connections shared with other clients, so that certificates are read once
    """

    sdk = ("openai", "openai")

    def __init__(
        self,
        model: str = "",
        *,
        api: Api = "chat",
        api_key: str | None = None,
        api_key_env: str | None = None,
        base_url: str | None = None,
        name: str = "openai",
        cost_per_1k_tokens: Decimal = Decimal(0),
        latency_ms: float = 0.0,
        connections: Connections | None = None,
    ) -> None:
        if api not in FORMS:
            raise ValueError(f'api is "chat" or "responses", not {api!r}')
        super().__init__(
            FORMS[api],
            name=name,
            model=model,
            key=Key(given=api_key, variables=(api_key_env or "OPENAI_API_KEY",)),
            cost_per_1k_tokens=cost_per_1k_tokens,
            latency_ms=latency_ms,
            connections=connections,
        )
        self._api = api
        self._base_url = base_url
        self._sdk = PerLoop(self._make)

    @property
    def wire(self) -> str:
        """The form of what it sends: "openai" (Chat Completions) or "responses"."""
        return "openai" if self._api == "chat" else "responses"

    async def aclose(self) -> None:
        """Close the connections of the running event loop."""
        if sdk := self._sdk.pop():
            await sdk.close()

    async def _send(self, request: LLMRequest, *, stream: bool) -> "httpx2.Response":
        model = ready(self, request, self._key)
        if self._api == "chat":
            path = "/chat/completions"
            body = chat_encode.body(request, model, chat_encode.OPENAI, stream=stream)
        else:
            path = "/responses"
            body = responses_encode.body(request, model, stream=stream)
        body |= extra_of(request, VENDOR.name, self.name)
        return await self._sdk.get().post(  # type: ignore[no-any-return]
            path,
            cast_to=imported("httpx2", extra="router").Response,
            body=body,
            stream=True,
            stream_cls=imported("openai", extra="openai").AsyncStream,
        )

    def _make(self) -> "openai.AsyncOpenAI":
        sdk = imported("openai", extra="openai")
        httpx2 = imported("httpx2", extra="router")
        return sdk.AsyncOpenAI(  # type: ignore[no-any-return]
            api_key=self._key.read(),
            base_url=self._base_url,
            max_retries=0,
            timeout=httpx2.Timeout(**self._connections.timeout_s()),
            http_client=self._connections.client(),
        )

    def __repr__(self) -> str:
        return f"<OpenAIClient {self.model or 'without a model'} ({self._api}), {self._key!r}>"
