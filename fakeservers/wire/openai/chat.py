"""`POST /chat/completions`: the answer as one JSON object. The stream is in `chat_stream`.

Presence and order of fields as recorded in 2025 and 2026.
"""

from typing import Any

from ...canonical import ChatRequest, CompletionResult, Reply
from ..base import Answer, HttpRequest, Stamp
from ..framing import json_bytes
from ..reading import Reader
from .chat_request import parse_chat
from .chat_stream import stream
from .choice import Head, finish_reason, message
from .errors import WORDING
from .headers import answer
from .logprobs import logprobs
from .usage import chat_usage

__all__ = ["ChatCompletions"]


class ChatCompletions:
    """Chat completions of OpenAI, or of a provider with a compatible API."""

    def __init__(self, provider: str = "openai") -> None:
        self._provider = provider

    def parse(self, http: HttpRequest) -> ChatRequest:
        return parse_chat(Reader.of(http.json(), WORDING), self._provider)

    def render(self, request: ChatRequest, result: CompletionResult, stamp: Stamp) -> Answer:
        head = Head.of(request, result, stamp)
        if request.stream:
            return answer(stamp, stream(request, result, head, stamp.ids))
        body = {
            "id": head.id,
            "object": "chat.completion",
            "created": head.created,
            "model": head.model,
            "choices": [
                self._choice(request, reply, index, head, stamp)
                for index, reply in enumerate(result.replies)
            ],
            "usage": chat_usage(result.usage),
            "service_tier": head.service_tier,
            "system_fingerprint": head.fingerprint,
        }
        return answer(stamp, json_bytes(body))

    def _choice(
        self, request: ChatRequest, reply: Reply, index: int, head: Head, stamp: Stamp
    ) -> dict[str, Any]:
        choice = {
            "index": index,
            "message": message(request, reply, stamp.ids),
            "finish_reason": finish_reason(request, reply),
        }
        if request.raw.get("logprobs"):
            choice["logprobs"] = logprobs(request, reply, stamp.ids)
        elif head.has_logprobs:
            choice["logprobs"] = None
        return choice
