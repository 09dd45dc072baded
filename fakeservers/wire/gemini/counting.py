"""countTokens: how many tokens a prompt has, without answering it."""

from ...canonical import CountRequest, TokenResult
from ..base import Answer, HttpRequest, Stamp
from .bodies import json_answer
from .messages import COUNT_TOKENS_REQUEST
from .protojson import read
from .request import generate_request
from .usage import details

__all__ = ["CountTokens"]

ENDPOINT = "models.count_tokens"


class CountTokens:
    """POST {version}/models/{model}:countTokens with `contents` or a `generateContentRequest`."""

    def parse(self, http: HttpRequest) -> CountRequest:
        body, raw = read(http, COUNT_TOKENS_REQUEST)
        asked = body.object("generateContentRequest") or body
        chat = generate_request(http, asked, raw, endpoint=ENDPOINT)
        return CountRequest(provider="gemini", endpoint=ENDPOINT, chat=chat, raw=raw)

    def render(self, request: CountRequest, result: TokenResult, stamp: Stamp) -> Answer:
        tokens = result.input_tokens
        body = {
            "totalTokens": tokens,
            "promptTokensDetails": details(tokens, result.modalities),
        }
        return json_answer(stamp, body)
