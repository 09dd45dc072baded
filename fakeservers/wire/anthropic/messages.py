"""POST /v1/messages and /v1/messages/count_tokens: reading the request, writing whole answers.

The streamed form of an answer is in `stream`, what both forms share in `blocks`.
"""

from collections.abc import Callable, Sequence

import orjson

from ...canonical import (
    Breakpoint,
    ChatRequest,
    CompletionResult,
    CountRequest,
    OutputFormat,
    Text,
    ThinkingOptions,
    TokenResult,
)
from ...rng import Seed
from ..base import Answer, HttpRequest, Stamp
from ..framing import dumps, event, json_bytes
from ..reading import Reader
from .blocks import (
    Block,
    MessagesRequest,
    is_newest,
    message,
    message_id,
    rendered,
    usage,
)
from .breakpoints import read_breakpoints
from .checks import NEWEST, check
from .content import read_messages, read_system
from .families import family
from .file_sources import needing
from .headers import JSON, SSE, answer_headers, request_id
from .keys import COUNT_KEYS, MESSAGE_KEYS
from .stream import frames
from .tools import read_tool_choice, read_tools
from .wording import WORDING, choice, tagged

__all__ = ["CountTokens", "Messages"]

LONG_WINDOW = 1_000_000


class Messages:
    """POST /v1/messages of Anthropic, or of a provider with a compatible API."""

    def __init__(self, provider: str = "claude") -> None:
        self._provider = provider

    def parse(self, http: HttpRequest) -> ChatRequest:
        body = Reader.of(http.json(), WORDING, strict=http.validates)
        body.require("model", "max_tokens", "messages")
        marks = read_breakpoints(body.value, http.body)
        chat = _chat(body, self._provider, "messages", marks=marks, window=_window(http))
        if self._provider == "claude":
            chat.newest = http.headers.get("anthropic-version", "") >= NEWEST
            if http.validates:
                check(body, http, MESSAGE_KEYS)
        return needing(chat, http)

    def render(self, request: ChatRequest, result: CompletionResult, stamp: Stamp) -> Answer:
        sent = request_id(stamp)
        blocks = rendered(result.reply, request, stamp.ids)
        if request.stream:
            return Answer(
                headers=answer_headers(SSE, sent, stamp),
                body=frames(request, result, blocks, stamp.ids),
                failing=_failing,
            )
        body = _whole(request, result, blocks, id=message_id(stamp.ids))
        return Answer(headers=answer_headers(JSON, sent, stamp), body=body)

    def prepared(
        self, request: ChatRequest, result: CompletionResult
    ) -> Callable[[Stamp], Answer] | None:
        if request.stream or not all(isinstance(part, Text) for part in result.reply.parts):
            return None
        blocks = rendered(result.reply, request, Seed().ids())
        before, no_id, after = _whole(request, result, blocks, id="").partition(b'"id":""')
        before += no_id[:-1]

        def again(stamp: Stamp) -> Answer:
            sent = request_id(stamp)
            body = b'%b%b"%b' % (before, message_id(stamp.ids).encode(), after)
            return Answer(headers=answer_headers(JSON, sent, stamp), body=body)

        return again


def _whole(
    request: ChatRequest, result: CompletionResult, blocks: Sequence[Block], *, id: str
) -> bytes:
    """The body of an answer that is not streamed."""
    content = [block.value for block in blocks]
    told = usage(request, result)
    newest = is_newest(request)
    return json_bytes(message(result, content, result.reply, told, id=id, newest=newest))


def _failing(body: bytes, _sent: int) -> bytes:
    """How a stream says that it failed (documented; the SDK raises APIStatusError)."""
    return event("error", dumps(orjson.loads(body)))


class CountTokens:
    """POST /v1/messages/count_tokens: the same body, without `max_tokens`."""

    def parse(self, http: HttpRequest) -> CountRequest:
        body = Reader.of(http.json(), WORDING, strict=http.validates)
        body.require("model", "messages")
        chat: ChatRequest = _chat(body, "claude", "messages.count_tokens")
        if http.validates:
            check(body, http, COUNT_KEYS)
        chat = needing(chat, http)
        return CountRequest(provider="claude", endpoint=chat.endpoint, chat=chat, raw=chat.raw)

    def render(self, request: CountRequest, result: TokenResult, stamp: Stamp) -> Answer:
        headers = answer_headers(JSON, request_id(stamp), stamp)
        return Answer(headers=headers, body=json_bytes({"input_tokens": result.input_tokens}))


def _window(http: HttpRequest) -> int | None:
    """Documented: a beta of 2025 lets models with a window of 200,000 tokens read a million."""
    return LONG_WINDOW if "context-1m" in http.headers.get("anthropic-beta", "") else None


def _chat(
    body: Reader,
    provider: str,
    endpoint: str,
    *,
    marks: tuple[Breakpoint, ...] = (),
    window: int | None = None,
) -> MessagesRequest:
    _check_types(body)
    tools = read_tools(body)
    tool_choice, parallel = read_tool_choice(body, tools)
    return MessagesRequest(
        provider=provider,
        endpoint=endpoint,
        model=body.text("model") or "",
        messages=read_system(body) + read_messages(body),
        tools=tools,
        tool_choice=tool_choice,
        parallel_tool_calls=parallel,
        output=_output(body),
        thinking=_thinking(body),
        max_tokens=body.integer("max_tokens"),
        stop=body.texts("stop_sequences"),
        stream=bool(body.flag("stream")),
        context_window=window,
        breakpoints=marks,
        raw=body.value,
    )


def _check_types(body: Reader) -> None:
    """The fields that a fake carries and does not read."""
    for key in ("temperature", "top_p"):
        body.number(key)
    body.integer("top_k")
    body.object("metadata")
    if body.has("service_tier"):
        choice(body, "service_tier", ("auto", "standard_only"))


def _output(body: Reader) -> OutputFormat:
    """`output_config.format`, or `output_format` as the beta of 2025 called it."""
    config = body.object("output_config")
    given = (config.object("format") if config else None) or body.object("output_format")
    if given is None:
        return OutputFormat()
    choice(given, "type", ("json_schema",))
    given.require("schema")
    schema = given.object("schema")
    return OutputFormat(kind="schema", schema=schema.value if schema else {})


def _thinking(body: Reader) -> ThinkingOptions:
    """What `thinking` asks for. What is shown of it by default depends on the model (documented:
    "Controlling thinking display")."""
    given = body.object("thinking")
    if given is None:
        return ThinkingOptions()
    kind, thinking = tagged(given, ("adaptive", "between_tools", "disabled", "enabled"))
    if kind == "enabled":
        thinking.require("budget_tokens")
    enabled, display = kind in ("adaptive", "enabled"), thinking.text("display")
    if display is None and enabled and not family(body.text("model") or "").shows:
        display = "omitted"
    return ThinkingOptions(
        enabled=enabled,
        budget_tokens=thinking.integer("budget_tokens"),
        visible=display != "omitted",
    )
