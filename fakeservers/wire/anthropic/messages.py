"""POST /v1/messages and /v1/messages/count_tokens: reading the request, writing whole answers.

The streamed form of an answer is in `stream`, what both forms share in `blocks`.
"""

from ...canonical import (
    Breakpoint,
    ChatRequest,
    CompletionResult,
    CountRequest,
    OutputFormat,
    ThinkingOptions,
    TokenResult,
)
from ..base import Answer, HttpRequest, Stamp
from ..framing import json_bytes
from ..reading import Reader
from .blocks import message, rendered, usage
from .breakpoints import read_breakpoints
from .content import read_messages, read_system
from .headers import JSON, SSE, answer_headers, request_id
from .stream import frames
from .tools import read_tool_choice, read_tools
from .wording import WORDING, choice, tagged

__all__ = ["CountTokens", "Messages"]


class Messages:
    """POST /v1/messages of Anthropic, or of a provider with a compatible API."""

    def __init__(self, provider: str = "claude") -> None:
        self._provider = provider

    def parse(self, http: HttpRequest) -> ChatRequest:
        body = Reader.of(http.json(), WORDING)
        body.require("model", "max_tokens", "messages")
        marks = read_breakpoints(body.value, http.body)
        return _chat(body, provider=self._provider, endpoint="messages", marks=marks)

    def render(self, request: ChatRequest, result: CompletionResult, stamp: Stamp) -> Answer:
        sent = request_id(stamp)
        blocks = rendered(result.reply, request, stamp.ids)
        if request.stream:
            return Answer(
                headers=answer_headers(SSE, sent, stamp),
                body=frames(request, result, blocks, stamp.ids),
            )
        content = [block.value for block in blocks]
        body = message(result, content, result.reply, usage(request, result), stamp.ids)
        return Answer(headers=answer_headers(JSON, sent, stamp), body=json_bytes(body))


class CountTokens:
    """POST /v1/messages/count_tokens: the same body, without `max_tokens`."""

    def parse(self, http: HttpRequest) -> CountRequest:
        body = Reader.of(http.json(), WORDING)
        body.require("model", "messages")
        chat = _chat(body, provider="claude", endpoint="messages.count_tokens")
        return CountRequest(provider="claude", endpoint=chat.endpoint, chat=chat, raw=chat.raw)

    def render(self, request: CountRequest, result: TokenResult, stamp: Stamp) -> Answer:
        headers = answer_headers(JSON, request_id(stamp), stamp)
        return Answer(headers=headers, body=json_bytes({"input_tokens": result.input_tokens}))


def _chat(
    body: Reader, *, provider: str, endpoint: str, marks: tuple[Breakpoint, ...] = ()
) -> ChatRequest:
    _check_types(body)
    tools = read_tools(body)
    tool_choice, parallel = read_tool_choice(body, tools)
    return ChatRequest(
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
    given = body.object("thinking")
    if given is None:
        return ThinkingOptions()
    kind, thinking = tagged(given, ("adaptive", "between_tools", "disabled", "enabled"))
    if kind == "enabled":
        thinking.require("budget_tokens")
    return ThinkingOptions(
        enabled=kind in ("adaptive", "enabled"),
        budget_tokens=thinking.integer("budget_tokens"),
        visible=thinking.text("display") != "omitted",
    )
