"""`POST /chat/completions`: the answer as one JSON object. The stream is in `chat_stream`.

Presence and order of fields as recorded in 2025 and 2026.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson

from ...canonical import ChatRequest, CompletionResult, Reply
from ...rng import Ids, Seed
from ..base import Answer, HttpRequest, Stamp
from ..framing import dumps, encode, json_bytes
from ..reading import Reader
from .chat_request import parse_chat
from .chat_stored import stored
from .chat_stream import chunks, stream
from .choice import begins, finish_reason, has_logprobs, message, served
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
        return self._renderer(request, result, stamp.ids)(stamp)

    def prepared(
        self, request: ChatRequest, result: CompletionResult
    ) -> Callable[[Stamp], Answer] | None:
        calls = any(reply.tool_calls for reply in result.replies)
        if calls or request.raw.get("logprobs"):
            return None
        return self._renderer(request, result, Seed().ids())

    def _renderer(
        self, request: ChatRequest, result: CompletionResult, ids: Ids
    ) -> Callable[[Stamp], Answer]:
        """Writes the answer of a stamp; what no stamp changes is put together here. `ids` are
        drawn from for calls and log probabilities only."""
        replies = tuple([identified(reply, ids) for reply in result.replies])
        keep = request.raw.get("store") is True
        who = served(request, result.model)
        told = chunks(request, replies, result, ids) if request.stream else ()
        of_chunk = dumps({"model": result.model, **who})[1:-1]
        rest = b""
        if keep or not request.stream:
            rest = json_bytes(_rest(request, replies, result, who, ids))[1:]

        def rendered(stamp: Stamp) -> Answer:
            id, created = f"chatcmpl-{stamp.ids.base62(29)}", int(stamp.now_s)
            body = encode(begins(id, "chat.completion", created)) + rest
            kept = stored(request, orjson.loads(body)) if keep else ()
            if request.stream:
                start = begins(id, "chat.completion.chunk", created) + of_chunk
                return answer(stamp, stream(start, told), stores=kept)
            return answer(stamp, body, stores=kept)

        return rendered


def _rest(
    request: ChatRequest,
    replies: Sequence[Reply],
    result: CompletionResult,
    who: Mapping[str, Any],
    ids: Ids,
) -> dict[str, Any]:
    """The fields of the body after those of `begins`."""
    choices = [
        _choice(request, reply, result.model, index, ids) for index, reply in enumerate(replies)
    ]
    return {
        "model": result.model,
        "choices": choices,
        "usage": chat_usage(result.usage),
        **who,
        **({"moderation": listed(judgements(request, result))} if request.judged_by else {}),
    }


def _choice(request: ChatRequest, reply: Reply, model: str, index: int, ids: Ids) -> dict[str, Any]:
    choice: dict[str, Any] = {"index": index, "message": message(request, reply)}
    if request.raw.get("logprobs"):
        choice["logprobs"] = choice_logprobs(request, reply, ids)
    elif has_logprobs(model):
        choice["logprobs"] = None
    choice["finish_reason"] = finish_reason(request, reply)
    return choice
