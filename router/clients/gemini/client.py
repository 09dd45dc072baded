"""GeminiClient: one request to Gemini through the official SDK, which retries nothing.

The SDK builds and sends the request. The answer is taken over from it when its headers are there:
its own stream cannot be closed before its end, dies of one malformed line, lets an early end pass
for a whole answer, and reads each chunk's JSON three times.
"""

from decimal import Decimal
from typing import TYPE_CHECKING

from ...types import LLMRequest
from ..calling import Unreadable
from ..sdk import Connections, Key, PerLoop, imported
from ..vendor import Form, VendorClient, extra_of, ready
from . import decode, encode
from .errors import VENDOR

if TYPE_CHECKING:
    import httpx2
    from google import genai

__all__ = ["GeminiClient"]

VARIABLES = ("GOOGLE_API_KEY", "GEMINI_API_KEY")  # in the SDK's order
FORM = Form(vendor=VENDOR, response=decode.response, stream=decode.Stream)


class GeminiClient(VendorClient):
    """Gemini (the Gemini API, not Vertex AI) as an LLMClient.

    model       used where the request names none
    api_key     else read from the variable `api_key_env`, else from GOOGLE_API_KEY, GEMINI_API_KEY
    base_url    else GOOGLE_GEMINI_BASE_URL, else Google's own
    connections shared with other clients, so that certificates are read once
    """

    sdk = ("google.genai", "gemini")
    wire = "gemini"  # the form of what it sends, for those who have fields only of that form

    def __init__(
        self,
        model: str = "",
        *,
        api_key: str | None = None,
        api_key_env: str | None = None,
        base_url: str | None = None,
        name: str = "gemini",
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
        self._sdk = PerLoop(self._make)

    async def aclose(self) -> None:
        """Close the connections of the running event loop."""
        if made := self._sdk.pop():
            await made[1].aclose()

    async def _send(self, request: LLMRequest, *, stream: bool) -> "httpx2.Response":
        model = ready(self, request, self._key)
        asked = {
            "model": model,
            "contents": encode.contents(request),
            "config": encode.config(request, extra_of(request, VENDOR.name, self.name)),
        }
        models = self._sdk.get()[0].aio.models
        try:
            if stream:
                async for _ in await models.generate_content_stream(**asked):  # type: ignore[arg-type]
                    break
            else:
                await models.generate_content(**asked)  # type: ignore[arg-type]
        except _Answered as answered:
            return answered.response
        raise Unreadable("the SDK answered without a request")

    def _make(self) -> "tuple[genai.Client, httpx2.AsyncClient]":
        sdk = imported("google.genai", extra="gemini")
        http = self._connections.client(
            event_hooks={"request": [self._bounded], "response": [_taken_over]}
        )
        # The SDK makes a client for synchronous calls as well: one that shares the certificates.
        options = {"httpx_async_client": http, "client_args": {"verify": self._connections.tls}}
        if self._base_url:
            options["base_url"] = self._base_url
        made = sdk.Client(
            api_key=self._key.read(), vertexai=False, http_options=sdk.types.HttpOptions(**options)
        )
        return made, http

    async def _bounded(self, request: "httpx2.Request") -> None:
        """The SDK sends without any time limit where its options name none."""
        timeout = self._connections.timeout_s()
        request.extensions = {**request.extensions, "timeout": timeout}

    def __repr__(self) -> str:
        return f"<GeminiClient {self.model or 'without a model'}, {self._key!r}>"


class _Answered(BaseException):
    """Carries an answer past the SDK. Not an Exception, so that nothing there handles it."""

    def __init__(self, response: "httpx2.Response") -> None:
        super().__init__("an answer that is read elsewhere")
        self.response = response


async def _taken_over(response: "httpx2.Response") -> None:
    """Raise _Answered with the answer, its body unread; errors are left to the SDK.

    The HTTP client closes a response whose hook raises, so it is left one with nothing in it.
    """
    if response.status_code != 200:
        return
    httpx2 = imported("httpx2", extra="router")
    answer = httpx2.Response(
        200, headers=response.headers, stream=response.stream, request=response.request
    )
    response.stream = httpx2.ByteStream(b"")
    raise _Answered(answer)
