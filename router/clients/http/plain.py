"""The simplest endpoint there is: `{model, prompt}` in, `{result}` out. Encoding and decoding.

A finish reason and usage are read where they are told, and never made up. The prompt is one text:
what does not fit in one is refused.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from ...types import (
    Finish,
    LLMRequest,
    LLMResponse,
    Started,
    StreamEvent,
    Text,
    TextDelta,
    Usage,
    UsageEvent,
)
from ..asking import refuse, refuse_fields, texts_of
from ..calling import InBand, Unreadable
from ..framing import Frame

__all__ = ["PlainStream", "body", "response"]

NAME = "http"
NOT_THERE = (
    "tools",
    "output",
    "thinking",
    "top_k",
    "seed",
    "frequency_penalty",
    "presence_penalty",
    "n",
    "service_tier",
    "metadata",
)
PASSED = ("max_tokens", "temperature", "top_p")
RESULTS = ("result", "response", "text", "output", "completion")
INPUTS = ("input_tokens", "prompt_tokens")
OUTPUTS = ("output_tokens", "completion_tokens")


def body(request: LLMRequest, model: str) -> dict[str, Any]:
    """The body: the system prompt stands before the prompt. Raises ProviderFailure
    "unsupported"."""
    refuse_fields(NAME, request, NOT_THERE)
    if len(request.messages) != 1 or request.messages[0].role != "user":
        raise refuse(NAME, "a conversation: its endpoint takes one prompt")
    prompt = texts_of(NAME, request.messages[0].parts, "a prompt")
    built: dict[str, Any] = {
        "model": model,
        "prompt": f"{request.system}\n\n{prompt}" if request.system else prompt,
    }
    built |= {name: value for name in PASSED if (value := getattr(request, name)) is not None}
    if request.stop:
        built["stop"] = list(request.stop)
    return built


def response(answer: Any, headers: Mapping[str, str]) -> LLMResponse:
    """The result. Raises InBand, Unreadable."""
    found = next((answer[name] for name in RESULTS if isinstance(answer.get(name), str)), None)
    if found is None:
        if answer.get("error"):
            raise InBand(answer)
        raise Unreadable(f"the answer has none of {', '.join(RESULTS)} as a text")
    return LLMResponse(
        parts=(Text(found),) if found else (),
        finish_reason=None,
        usage=_usage(answer.get("usage")),
        model=str(answer.get("model") or ""),
        id=str(answer.get("id") or ""),
        raw=answer,
    )


def _usage(counts: Any) -> Usage | None:
    if not isinstance(counts, dict):
        return None
    told = [next((counts[n] for n in names if n in counts), None) for names in (INPUTS, OUTPUTS)]
    if not all(isinstance(count, int) for count in told):
        return None
    return Usage(input=told[0] or 0, output=told[1] or 0, raw=dict(counts))


class PlainStream:
    """The whole answer as a stream of one piece: its JSON's end is the end."""

    def __init__(self) -> None:
        self.finished = False
        self.over = False
        self.shown = False
        self.usage: Usage | None = None

    def open(self, headers: Mapping[str, str]) -> Iterable[StreamEvent]:
        return ()

    def feed(self, frame: Frame) -> Iterable[StreamEvent]:
        if not isinstance(frame.value, dict):
            raise Unreadable("the answer is not a JSON object")
        answer = response(frame.value, {})
        yield Started(model=answer.model, id=answer.id)
        if answer.text:
            self.shown = True
            yield TextDelta(answer.text)
        if answer.usage is not None:
            self.usage = answer.usage
            yield UsageEvent(answer.usage)
        self.finished = self.over = True
        yield Finish(reason=None)
