"""The journal as text that a person reads: one line a request, one an answer."""

from collections.abc import Iterable, Iterator

from ..canonical import (
    ApiError,
    ChatRequest,
    Part,
    RawReply,
    Refusal,
    Text,
    Thinking,
    ToolCall,
)
from .journal import Exchange

__all__ = ["transcript"]

LINE_MAX = 100


def transcript(exchanges: Iterable[Exchange]) -> str:
    """What was asked and answered, in the order in which it came."""
    return "\n".join(line for exchange in exchanges for line in _lines(exchange))


def _lines(exchange: Exchange) -> Iterator[str]:
    streamed = " (streamed)" if exchange.streamed else ""
    model = f" {exchange.model}" if exchange.model else ""
    yield (
        f"{exchange.provider} #{exchange.number} {exchange.method} {exchange.path}{model}"
        f" -> {exchange.came_to}{streamed}"
    )
    if isinstance(exchange.request, ChatRequest):
        for result in exchange.request.tool_results:
            yield f"  tool   {_short(f'{result.name or result.call_id} = {result.text}')}"
    if exchange.prompt:
        yield f"  user   {_short(exchange.prompt)}"
    if exchange.error is not None:
        yield f"  error  {_short(exchange.problem or _told(exchange.error))}"
        if exchange.error.kind == "unknown_model":
            name = exchange.error.subject
            yield f"         llmsim.{exchange.provider}.models.add({name!r}) makes it known"
        if exchange.error.kind == "retired_model":
            yield f'         llmsim.{exchange.provider}.models = "known" answers to it'
    if isinstance(exchange.raw, RawReply):
        yield f"  raw    {_short(repr(exchange.raw.body))}"
    for reply in exchange.replies:
        for part in reply.parts:
            yield from _part(part)
    if exchange.usage is not None:
        usage = exchange.usage
        finish = exchange.replies[0].finish if exchange.replies else ""
        yield f"  usage  {usage.input_tokens} in, {usage.output_tokens} out, {finish}"


def _told(error: ApiError) -> str:
    if (hit := error.limited) is not None and not error.message:
        kind = hit.metered.replace("_", " ")
        return f"{hit.used} of {hit.limit} {kind} in {hit.window_s} s are used"
    if error.kind == "unknown_model":
        return f"there is no model {error.subject!r}"
    if error.kind == "unknown_route":
        return f"this fake does not have {error.subject}"
    if error.kind == "retired_model":
        return f"the model {error.subject!r} has retired"
    return error.message or error.subject or "as scripted"


def _part(part: Part) -> Iterator[str]:
    match part:
        case Text(text=text):
            yield f"  model  {_short(text)}"
        case Thinking(text=text):
            yield f"  thinks {_short(text)}"
        case ToolCall(name=name, arguments=arguments):
            yield f"  calls  {_short(f'{name}({arguments})')}"
        case Refusal(text=text):
            yield f"  refuses {_short(text)}"
        case _:
            yield f"  {type(part).__name__.lower()}"


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= LINE_MAX else flat[: LINE_MAX - 3] + "..."
