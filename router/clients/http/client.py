"""HTTPClient: one request over httpx2 to an endpoint that has no SDK of its own."""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from ...errors import ConfigError
from ...types import LLMRequest, LLMResponse, StreamEvent
from ..calling import streamed, whole
from ..framing import JsonBody, SseEvents
from ..openai import chat_decode, chat_encode
from ..openai.errors import VENDOR as OPENAI
from ..sdk import Connections, Key, PerLoop
from ..vendor import checked, extra_of, ready
from . import plain

if TYPE_CHECKING:
    import httpx2

__all__ = ["Form", "HTTPClient"]

Form = Literal["openai", "plain"]
FORMS = ("openai", "plain")


class HTTPClient:
    """An endpoint as an LLMClient.

    name        what the router calls it, and what its failures begin with
    endpoint    where to post; for the form "openai" the base (`https://host/v1`) will do
    model       used where the request names none
    form        "openai": chat completions as OpenAI defined them and many servers imitate them;
                "plain": `{model, prompt}` is sent and `{result}` comes back
    api_key     else read from the variable `api_key_env`; without both no key is sent
    key_header  where the key goes: "authorization" (as a bearer token) or a name such as
                "x-api-key"
    headers     sent with each request
    dialect     what differs from OpenAI's own chat completions
    """

    def __init__(
        self,
        name: str,
        endpoint: str,
        model: str = "",
        *,
        form: Form = "openai",
        api_key: str | None = None,
        api_key_env: str | None = None,
        key_header: str = "authorization",
        headers: Mapping[str, str] | None = None,
        dialect: chat_encode.Dialect | None = None,
        cost_per_1k_tokens: Decimal = Decimal(0),
        latency_ms: float = 0.0,
        connections: Connections | None = None,
    ) -> None:
        if form not in FORMS:
            raise ConfigError(f'form is "openai" or "plain", not {form!r}', where=name)
        if not endpoint.startswith(("http://", "https://")):
            raise ConfigError(
                f"endpoint is {endpoint!r}: write https://host/v1 or such", where=name
            )
        self.name = name
        self.model = model
        self.cost_per_1k_tokens = cost_per_1k_tokens
        self.latency_ms = latency_ms
        self._form = form
        self._url = _url(endpoint, form)
        self._key = Key(given=api_key, variables=(api_key_env,) if api_key_env else ())
        self._must_have_key = api_key_env is not None
        self._key_header = key_header.lower()
        self._headers = dict(headers or {})
        self._dialect = dialect or chat_encode.Dialect(
            name=name, max_tokens_field="max_tokens", refuses=("n",)
        )
        self._vendor = replace(OPENAI, name=name)
        self._connections = connections or Connections()
        self._http = PerLoop(self._connections.client)

    @property
    def wire(self) -> str:
        """The form of what it sends: "openai" (Chat Completions) or "plain"."""
        return self._form

    @property
    def available(self) -> bool:
        """Whether there is a key, where one was named."""
        return not self._must_have_key or self._key.read() is not None

    async def complete(self, request: LLMRequest, *, timeout_s: float | None = None) -> LLMResponse:
        """One request, one whole answer. Raises ProviderFailure."""
        send = partial(self._send, request, stream=False)
        decode = chat_decode.response if self._form == "openai" else plain.response
        return await whole(self._vendor, send, decode, timeout_s=timeout_s)

    def stream(
        self, request: LLMRequest, *, timeout_s: float | None = None
    ) -> AsyncGenerator[StreamEvent, None]:
        """One request, when first asked for an event; a plain endpoint's answer comes in one
        piece. Raises ProviderFailure, also midway."""
        send = partial(self._send, request, stream=True)
        if self._form == "plain":
            reader = JsonBody(), plain.PlainStream()
            return streamed(self._vendor, send, *reader, timeout_s=timeout_s)
        decoder = chat_decode.ChatStream()
        return streamed(self._vendor, send, SseEvents(), decoder, timeout_s=timeout_s)

    def warm_up(self) -> None:
        """Import the HTTP library and read the certificates now, not within the first call."""
        _ = self._connections.tls

    async def aclose(self) -> None:
        """Close the connections of the running event loop."""
        if http := self._http.pop():
            await http.aclose()

    async def _send(self, request: LLMRequest, *, stream: bool) -> "httpx2.Response":
        model = ready(self, request, self._key if self._must_have_key else None)
        if self._form == "openai":
            body: dict[str, Any] = chat_encode.body(request, model, self._dialect, stream=stream)
        else:
            body = plain.body(request, model)
        body |= extra_of(request, self.name)
        http = self._http.get()
        asked = http.build_request("POST", self._url, json=body, headers=self._with_key())
        return await checked(await http.send(asked, stream=True), self._vendor)

    def _with_key(self) -> dict[str, str]:
        key = self._key.read()
        if key is None:
            return self._headers
        bearer = self._key_header == "authorization"
        return self._headers | {self._key_header: f"Bearer {key}" if bearer else key}

    def __repr__(self) -> str:
        return f"<HTTPClient {self.name} ({self._form}) at {self._url.partition('?')[0]}>"


def _url(endpoint: str, form: Form) -> str:
    if form == "plain" or "/chat/completions" in endpoint:
        return endpoint
    return endpoint.rstrip("/") + "/chat/completions"
