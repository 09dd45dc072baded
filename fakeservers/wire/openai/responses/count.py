"""`POST /responses/input_tokens`: how many tokens a request would have as its input."""

from ....canonical import CountRequest, TokenResult
from ...base import Answer, HttpRequest, Stamp
from ...framing import json_bytes
from ...reading import Reader
from ..errors import WORDING
from ..headers import answer
from .checks import COUNT_KEYS
from .request import read

__all__ = ["CountInputTokens"]


class CountInputTokens:
    """Counts the input of what would be a request for a response."""

    def __init__(self, provider: str = "openai") -> None:
        self._provider = provider

    def parse(self, http: HttpRequest) -> CountRequest:
        body = Reader.of(http.json(), WORDING, strict=http.validates)
        endpoint = "responses.input_tokens.count"
        chat = read(body, provider=self._provider, endpoint=endpoint, keys=COUNT_KEYS)
        return CountRequest(provider=self._provider, endpoint=endpoint, chat=chat, raw=body.value)

    def render(self, request: CountRequest, result: TokenResult, stamp: Stamp) -> Answer:
        body = {"object": "response.input_tokens", "input_tokens": result.input_tokens}
        return answer(stamp, json_bytes(body))
