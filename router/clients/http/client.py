"""HTTPClient: one request over httpx2 to an endpoint that has no SDK of its own."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from ...errors import ConfigError
from ...types import LLMRequest
from ..framing import JsonBody
from ..openai import chat_decode, chat_encode
from ..openai.errors import VENDOR as OPENAI
from ..sdk import Connections, Key, PerLoop
from ..vendor import Form, VendorClient, checked, extra_of, ready
from . import plain

if TYPE_CHECKING:
    import httpx2

__all__ = ["HTTPClient", "Kind"]

Kind = Literal["openai", "plain"]
FORMS = {
    "openai": Form(vendor=OPENAI, response=chat_decode.response, stream=chat_decode.ChatStream),
    "plain": Form(
        vendor=OPENAI, response=plain.response, stream=plain.PlainStream, framing=JsonBody
    ),
}


class HTTPClient(VendorClient):
    """An endpoint as an LLMClient.

    name        what the router calls it, and what its failures begin with
    endpoint    where to post; for the form "openai" the base (`https://host/v1`) will do
    model       used where the request names none
    form        "openai": chat completions as OpenAI defined them and many servers imitate them;
                "plain": `{model, prompt}` is sent and `{result}` comes back, in one piece
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
        form: Kind = "openai",
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
        super().__init__(
            replace(FORMS[form], vendor=replace(OPENAI, name=name)),
            name=name,
            model=model,
            key=Key(given=api_key, variables=(api_key_env,) if api_key_env else ()),
            must_have_key=api_key_env is not None,
            cost_per_1k_tokens=cost_per_1k_tokens,
            latency_ms=latency_ms,
            connections=connections,
        )
        self._kind = form
        self._url = _url(endpoint, form)
        self._key_header = key_header.lower()
        self._headers = dict(headers or {})
        self._dialect = dialect or chat_encode.Dialect(
            name=name, max_tokens_field="max_tokens", refuses=("n",)
        )
        self._http = PerLoop(self._connections.client)

    @property
    def wire(self) -> str:
        """The form of what it sends: "openai" (Chat Completions) or "plain"."""
        return self._kind

    async def aclose(self) -> None:
        """Close the connections of the running event loop."""
        if http := self._http.pop():
            await http.aclose()

    async def _send(self, request: LLMRequest, *, stream: bool) -> "httpx2.Response":
        model = ready(self, request, self._key if self._must_have_key else None)
        if self._kind == "openai":
            body: dict[str, Any] = chat_encode.body(request, model, self._dialect, stream=stream)
        else:
            body = plain.body(request, model)
        body |= extra_of(request, self.name)
        http = self._http.get()
        asked = http.build_request("POST", self._url, json=body, headers=self._with_key())
        return await checked(await http.send(asked, stream=True), self._form.vendor)

    def _with_key(self) -> dict[str, str]:
        key = self._key.read()
        if key is None:
            return self._headers
        bearer = self._key_header == "authorization"
        return self._headers | {self._key_header: f"Bearer {key}" if bearer else key}

    def __repr__(self) -> str:
        return f"<HTTPClient {self.name} ({self._kind}) at {self._url.partition('?')[0]}>"


def _url(endpoint: str, form: Kind) -> str:
    if form == "plain" or "/chat/completions" in endpoint:
        return endpoint
    return endpoint.rstrip("/") + "/chat/completions"
