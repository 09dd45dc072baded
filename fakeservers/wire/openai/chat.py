"""`POST /chat/completions`: the answer as one JSON object. The stream is in `chat_stream`.

Presence and order of fields as recorded in 2025 and 2026.
"""

from typing import Any

from ...canonical import ChatRequest, CompletionResult, Reply
from ..base import Answer, HttpRequest, Stamp
from ..framing import json_bytes
from ..reading import Reader
from .chat_request import parse_chat
from .chat_stored import stored
from .chat_stream import stream
from .choice import Head, finish_reason, message
from .file_inputs import needing
from .headers import answer
from .logprobs import choice_logprobs
from .moderations import judgements, listed
from .responses.items import identified
from .usage import chat_usage
from .wording import WORDING

__all__ = ["ChatCompletions"]


class ChatCompletions:
    """Chat completions of OpenAI, or of a provider with a compatible API."""

    def __init__(self, provider: str = "openai") -> None:
        self._provider = provider

    def parse(self, http: HttpRequest) -> ChatRequest:
        body = Reader.of(http.json(), WORDING, strict=http.validates)
        return needing(parse_chat(body, self._provider), http)

    def render(self, request: ChatRequest, result: CompletionResult, stamp: Stamp) -> Answer:
        head = Head.of(request, result, stamp)
        replies = tuple([identified(reply, stamp.ids) for reply in result.replies])
        keep = request.raw.get("store") is True
        if request.stream and not keep:
            return answer(stamp, stream(request, replies, result, head, stamp.ids))
        body = self._body(request, replies, result, head, stamp)
        kept = stored(request, body) if keep else ()
        if request.stream:
            frames = stream(request, replies, result, head, stamp.ids)
            return answer(stamp, frames, stores=kept)
        return answer(stamp, json_bytes(body), stores=kept)

    def _body(
        self,
        request: ChatRequest,
        replies: tuple[Reply, ...],
        result: CompletionResult,
        head: Head,
        stamp: Stamp,
    ) -> dict[str, Any]:
        return {
            "id": head.id,
            "object": "chat.completion",
            "created": head.created,
            "model": head.model,
            "choices": [
                self._choice(request, reply, index, head, stamp)
                for index, reply in enumerate(replies)
            ],
            "usage": chat_usage(result.usage),
            "service_tier": head.service_tier,
            "system_fingerprint": head.fingerprint,
            **({"moderation": listed(judgements(request, result))} if request.judged_by else {}),
        }

    def _choice(
        self, request: ChatRequest, reply: Reply, index: int, head: Head, stamp: Stamp
    ) -> dict[str, Any]:
        choice: dict[str, Any] = {"index": index, "message": message(request, reply)}
        if request.raw.get("logprobs"):
            choice["logprobs"] = choice_logprobs(request, reply, stamp.ids)
        elif head.has_logprobs:
            choice["logprobs"] = None
        choice["finish_reason"] = finish_reason(request, reply)
        return choice
