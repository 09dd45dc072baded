"""`POST /completions`, the API for plain text that came before chat.

Order of fields as recorded in 2026.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from ...canonical import ChatRequest, CompletionResult, Message, Rejected, Reply, Text, Usage
from ...rng import Ids
from ..base import Answer, Frame, HttpRequest, Stamp
from ..framing import SSE_DONE, deltas, dumps, encode, json_bytes, quote
from ..reading import Reader
from .chat_options import choices, stop
from .headers import answer
from .interleaving import interleaved
from .logprobs import plain_logprobs
from .rules import Range, check_count, check_range, unrecognized
from .serving_models import completion_fault
from .tokens import token_words
from .usage import plain_usage
from .wording import WORDING, invalid

__all__ = ["Completions"]

MAX_TOKENS = 16
"""What the API generates when the caller sets no `max_tokens`."""
TOP_MAX = 5
LOGPROBS = Range("integer", 0, TOP_MAX)
STOPS_MAX = 4
RANGES: Mapping[str, Range] = {
    "best_of": Range("integer", 1, 20),
    "frequency_penalty": Range("decimal", -2, 2),
    "max_tokens": Range("integer", 0),
    "presence_penalty": Range("decimal", -2, 2),
    "seed": Range("integer", -(2**63), 2**63 - 1),
    "temperature": Range("decimal", 0, 2),
    "top_p": Range("decimal", 0, 1),
}
KEYS = RANGES.keys() | {
    "echo",
    "logit_bias",
    "logprobs",
    "model",
    "n",
    "prompt",
    "stop",
    "stream",
    "stream_options",
    "suffix",
    "user",
}
"""The fields of `POST /completions` in the openai SDK 3.54."""


class Completions:
    """Plain completions of OpenAI, or of a provider with a compatible API."""

    def __init__(self, provider: str = "openai") -> None:
        self._provider = provider

    def parse(self, http: HttpRequest) -> ChatRequest:
        body = Reader.of(http.json(), WORDING, strict=http.validates)
        model = body.text("model") or ""
        if not model and body.strict:
            raise Rejected(invalid("you must provide a model parameter"))
        strict = self._provider == "openai" and body.strict
        if strict:
            _check(body)
        prompts = _prompts(body)
        max_tokens = body.integer("max_tokens")
        body.flag("echo")
        wanted = body.integer("logprobs")
        if body.strict:
            check_range("logprobs", wanted, LOGPROBS)
        return ChatRequest(
            provider=self._provider,
            endpoint="completions.create",
            model=model,
            messages=(Message("user", (Text("\n".join(prompts)),)),),
            max_tokens=MAX_TOKENS if max_tokens is None else max_tokens,
            stop=stop(body),
            choices=len(prompts) * choices(body),
            stream=body.flag("stream") or False,
            unserved=completion_fault(model) if strict else None,
            raw=body.value,
        )

    def render(self, request: ChatRequest, result: CompletionResult, stamp: Stamp) -> Answer:
        head = {
            "id": f"cmpl-{stamp.ids.base62(29)}",
            "object": "text_completion",
            "created": int(stamp.now_s),
        }
        writing = _Writing(request, len(result.replies), stamp.ids)
        if request.stream:
            return answer(stamp, _stream(request, result, dumps(head), writing))
        body = {
            **head,
            "model": result.model,
            "choices": [
                {
                    "text": writing.text(reply, index),
                    "index": index,
                    "logprobs": writing.logprobs(writing.text(reply, index), 0),
                    "finish_reason": _finish(reply),
                }
                for index, reply in enumerate(result.replies)
            ],
            "usage": plain_usage(result.usage),
        }
        return answer(stamp, json_bytes(body))


class _Writing:
    """The texts of the choices, each after its own prompt if `echo` asks for it."""

    def __init__(self, request: ChatRequest, count: int, ids: Ids) -> None:
        given = Reader.of(request.raw, WORDING, strict=False)  # it has been checked
        prompts = _prompts(given) if request.raw.get("echo") else ("",)
        self._prompts = prompts
        self._each = max(1, count // len(prompts))
        self._top = request.raw.get("logprobs")
        self._ids = ids

    def text(self, reply: Reply, index: int) -> str:
        return self._prompts[min(index // self._each, len(self._prompts) - 1)] + reply.text

    def logprobs(self, text: str, offset: int) -> dict[str, Any] | None:
        if self._top is None:
            return None
        top = int(min(max(int(self._top), LOGPROBS.low), TOP_MAX))
        return plain_logprobs(text, top, offset, self._ids)


def _check(body: Reader) -> None:
    """Raise `Rejected` for what OpenAI itself does not take."""
    if unknown := [key for key in body.value if key not in KEYS]:
        raise Rejected(unrecognized(unknown))
    for key, limits in RANGES.items():
        value = body.integer(key) if limits.word == "integer" else body.number(key)
        check_range(key, value, limits)
    n, best_of = body.integer("n") or 1, body.integer("best_of")
    if best_of is not None and best_of < n:
        raise Rejected(
            invalid(
                "You requested that the server return more choices than it will generate (HINT: "
                f"You must set 'n' (currently {n}) to be at most 'best_of' (currently {best_of}), "
                "or omit either parameter if you don't specifically want to use them.)",
                param="best_of",
            )
        )
    if isinstance(stops := body.raw("stop"), list):
        check_count("stop", stops, STOPS_MAX)
    body.text("suffix")
    body.text("user")


def _prompts(body: Reader) -> tuple[str, ...]:
    """One prompt or several; prompts as token numbers stand here as a word for each."""
    given = body.raw("prompt")
    if given is None or given == []:
        return ("",)
    if isinstance(given, str):
        return (given,)
    if not isinstance(given, list):
        if not body.strict:
            body.drop("prompt")
            return ("",)
        raise body.reject("prompt", "string", "array")
    if (tokens := token_words(given)) is not None:
        return (tokens,)
    return tuple(_prompt(item, index, body.strict) for index, item in enumerate(given))


def _prompt(item: Any, index: int, strict: bool) -> str:
    text = item if isinstance(item, str) else token_words(item)
    if text is None:
        if not strict:
            return ""
        raise Rejected(WORDING.wrong_type(("prompt", index), ("string", "array"), item))
    return text


def _stream(
    request: ChatRequest, result: CompletionResult, head: str, writing: _Writing
) -> Iterator[Frame]:
    options = request.raw.get("stream_options")
    with_usage = isinstance(options, dict) and bool(options.get("include_usage"))
    start = f'data: {head[:-1]},"choices":'
    model = f',"model":{quote(result.model)}'
    end = f'{model},"usage":null}}\n\n' if with_usage else f"{model}}}\n\n"
    yield from interleaved(
        _choice(reply, index, start, end, writing) for index, reply in enumerate(result.replies)
    )
    if with_usage:
        yield _usage(start, model, result.usage)
    yield Frame(SSE_DONE)


def _choice(reply: Reply, index: int, start: str, end: str, writing: _Writing) -> Iterator[Frame]:
    """A chunk for each piece of the text; recorded: the last one also says why it ends."""
    pieces = deltas(writing.text(reply, index)) or [""]
    offset = 0
    for nth, piece in enumerate(pieces, 1):
        scores = writing.logprobs(piece, offset)
        offset += len(piece)
        reason = f'"{_finish(reply)}"' if nth == len(pieces) else "null"
        told = "null" if scores is None else dumps(scores)
        choice = (
            f'{{"text":{quote(piece)},"index":{index},"logprobs":{told},"finish_reason":{reason}}}'
        )
        yield Frame(encode(f"{start}[{choice}]{end}"), True)


def _usage(start: str, model: str, usage: Usage) -> Frame:
    return Frame(encode(f'{start}[]{model},"usage":{dumps(plain_usage(usage))}}}\n\n'))


def _finish(reply: Reply) -> str:
    return reply.finish if reply.finish in ("length", "content_filter") else "stop"
