"""`POST /completions`, the API for plain text that came before chat."""

from collections.abc import Iterator
from typing import Any

from ...canonical import ChatRequest, CompletionResult, Message, Rejected, Reply, Text
from ..base import Answer, Frame, HttpRequest, Stamp
from ..framing import SSE_DONE, deltas, dumps, json_bytes, sse
from ..reading import Reader
from .errors import WORDING, invalid
from .headers import answer
from .usage import plain_usage

__all__ = ["Completions"]

MAX_TOKENS = 16
"""What the API generates when the caller sets no `max_tokens`."""


class Completions:
    """Plain completions of OpenAI, or of a provider with a compatible API."""

    def __init__(self, provider: str = "openai") -> None:
        self._provider = provider

    def parse(self, http: HttpRequest) -> ChatRequest:
        body = Reader.of(http.json(), WORDING)
        model = body.text("model")
        if not model:
            raise Rejected(invalid("you must provide a model parameter"))
        prompts = _prompts(body)
        max_tokens = body.integer("max_tokens")
        stop = body.raw("stop")
        return ChatRequest(
            provider=self._provider,
            endpoint="completions.create",
            model=model,
            messages=(Message("user", (Text("\n".join(prompts)),)),),
            max_tokens=MAX_TOKENS if max_tokens is None else max_tokens,
            stop=(stop,) if isinstance(stop, str) else body.texts("stop"),
            choices=max(1, len(prompts)) * max(1, min(body.integer("n") or 1, 128)),
            stream=body.flag("stream") or False,
            raw=body.value,
        )

    def render(self, request: ChatRequest, result: CompletionResult, stamp: Stamp) -> Answer:
        head = {
            "id": f"cmpl-{stamp.ids.base62(29)}",
            "object": "text_completion",
            "created": int(stamp.now_s),
            "model": result.model,
        }
        if request.stream:
            return answer(stamp, _stream(request, result, head))
        choices = [
            _choice(_text(request, reply), index, _finish(reply))
            for index, reply in enumerate(result.replies)
        ]
        body = {**head, "choices": choices, "usage": plain_usage(result.usage)}
        return answer(stamp, json_bytes(body))


def _prompts(body: Reader) -> tuple[str, ...]:
    """One prompt or several; prompts as token numbers stand here as their digits."""
    given = body.raw("prompt")
    if given is None:
        return ("",)
    if isinstance(given, str):
        return (given,)
    if not isinstance(given, list):
        raise body.reject("prompt", "string", "array")
    if not all(isinstance(item, str | int | list) for item in given):
        raise body.reject("prompt", "string", "array")
    if all(isinstance(item, int) for item in given):
        return (" ".join(map(str, given)),)
    return tuple(item if isinstance(item, str) else " ".join(map(str, [item])) for item in given)


def _stream(
    request: ChatRequest, result: CompletionResult, head: dict[str, Any]
) -> Iterator[Frame]:
    options = request.raw.get("stream_options")
    with_usage = isinstance(options, dict) and bool(options.get("include_usage"))
    usage = {"usage": None} if with_usage else {}
    for index, reply in enumerate(result.replies):
        for piece in deltas(_text(request, reply)):
            chunk = {**head, "choices": [_choice(piece, index, None)], **usage}
            yield Frame(sse(dumps(chunk)), True)
        yield Frame(sse(dumps({**head, "choices": [_choice("", index, _finish(reply))], **usage})))
    if with_usage:
        yield Frame(sse(dumps({**head, "choices": [], "usage": plain_usage(result.usage)})))
    yield Frame(SSE_DONE)


def _text(request: ChatRequest, reply: Reply) -> str:
    return request.prompt + reply.text if request.raw.get("echo") else reply.text


def _finish(reply: Reply) -> str:
    return "length" if reply.finish == "length" else "stop"


def _choice(text: str, index: int, finish: str | None) -> dict[str, Any]:
    return {"text": text, "index": index, "logprobs": None, "finish_reason": finish}
