"""The calls of official SDKs whose faults `what_sdks_do` measures: how a client is made, asked,
and read. Nothing of the SDKs' settings is changed, but where a caller says so.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import anthropic
import ollama
import openai
from google import genai

__all__ = ["ANSWER", "CALL", "CHUNKS", "SURFACES", "Surface"]

CHUNKS = ("Grüße ", "aus ", "Köln, ", "wo ", "es ", "regnet.")
ANSWER = "".join(CHUNKS)
CALL = 'get_weather {"city":"Oslo"}'

PROMPT = "How is the weather?"
ASKED = [{"role": "user", "content": PROMPT}]
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
TOOL = {"name": "get_weather", "description": "The weather."}


@dataclass(frozen=True, slots=True, kw_only=True)
class Surface:
    """One API of one SDK.

    package  where its own exceptions are defined; `dist` is its name on PyPI
    client   makes a client, given whether it is asynchronous, and the SDK's own options
    call     asks, given the client, whether streamed, whether with a tool; for an asynchronous
             client what it returns is to be awaited
    whole    what an answer in one piece says
    event    what one event of a stream says
    once     the option by which the client tries nothing again; "" where it never does
    """

    title: str
    note: str
    provider: str
    dist: str
    package: str
    client: Callable[..., Any]
    call: Callable[[Any, bool, bool], Any]
    whole: Callable[[Any], str]
    event: Callable[[Any], str]
    once: str = ""

    @property
    def trying_once(self) -> dict[str, int]:
        """`once` as `client` takes it."""
        name, _, value = self.once.partition("=")
        return {name: int(value)} if self.once else {}


def _arguments(given: Any) -> str:
    return given if isinstance(given, str) else json.dumps(given, separators=(",", ":"))


# --- Claude ---


def _claude(is_async: bool, **options: Any) -> Any:
    return (anthropic.AsyncAnthropic if is_async else anthropic.Anthropic)(**options)


def _ask_claude(client: Any, streamed: bool, tools: bool) -> Any:
    more = {"tools": [{**TOOL, "input_schema": SCHEMA}]} if tools else {}
    return client.messages.create(
        model="claude-sonnet-5", max_tokens=200, messages=ASKED, stream=streamed, **more
    )


def _claude_block(block: Any) -> str:
    return block.text if block.type == "text" else f"{block.name} {_arguments(block.input)}"


def _claude_whole(message: Any) -> str:
    return "".join(map(_claude_block, message.content))


def _claude_event(event: Any) -> str:
    if event.type == "content_block_start" and event.content_block.type == "tool_use":
        return f"{event.content_block.name} "
    if event.type == "content_block_delta":
        delta = event.delta
        return str(delta.text if delta.type == "text_delta" else delta.partial_json)
    return ""


# --- OpenAI ---


def _openai(is_async: bool, **options: Any) -> Any:
    return (openai.AsyncOpenAI if is_async else openai.OpenAI)(**options)


def _ask_chat(client: Any, streamed: bool, tools: bool) -> Any:
    function = {**TOOL, "parameters": SCHEMA}
    more = {"tools": [{"type": "function", "function": function}]} if tools else {}
    return client.chat.completions.create(model="gpt-5", messages=ASKED, stream=streamed, **more)


def _chat_said(part: Any) -> str:
    called = (call.function for call in part.tool_calls or () if call.function)
    calls = (f"{f'{f.name} ' if f.name else ''}{f.arguments or ''}" for f in called)
    return (part.content or "") + "".join(calls)


def _chat_whole(completion: Any) -> str:
    return _chat_said(completion.choices[0].message)


def _chat_event(chunk: Any) -> str:
    return "".join(_chat_said(choice.delta) for choice in chunk.choices)


def _ask_responses(client: Any, streamed: bool, tools: bool) -> Any:
    function = {"type": "function", **TOOL, "parameters": SCHEMA, "strict": False}
    more = {"tools": [function]} if tools else {}
    return client.responses.create(model="gpt-5", input=PROMPT, stream=streamed, **more)


def _responses_whole(response: Any) -> str:
    calls = (item for item in response.output if item.type == "function_call")
    return str(response.output_text) + "".join(f"{c.name} {c.arguments}" for c in calls)


def _responses_event(event: Any) -> str:
    if event.type == "response.output_item.added" and event.item.type == "function_call":
        return f"{event.item.name} "
    if event.type in ("error", "response.failed"):
        return f"[{event.type}]"
    deltas = ("response.output_text.delta", "response.function_call_arguments.delta")
    return str(event.delta) if event.type in deltas else ""


# --- Gemini ---


def _gemini(is_async: bool, **options: Any) -> Any:
    client = genai.Client(**options)
    return client.aio if is_async else client


def _ask_gemini(client: Any, streamed: bool, tools: bool) -> Any:
    declared = {"function_declarations": [{**TOOL, "parameters_json_schema": SCHEMA}]}
    config = {"tools": [declared]} if tools else None
    models = client.models
    ask = models.generate_content_stream if streamed else models.generate_content
    return ask(model="gemini-2.5-flash", contents=PROMPT, config=config)


def _gemini_said(response: Any) -> str:
    if not response.candidates:
        return ""
    content = response.candidates[0].content
    parts = (content.parts or ()) if content is not None else ()
    return "".join(map(_gemini_part, parts))


def _gemini_part(part: Any) -> str:
    call = part.function_call
    return f"{call.name} {_arguments(call.args)}" if call is not None else part.text or ""


# --- Ollama ---


def _ollama(is_async: bool, **options: Any) -> Any:
    return (ollama.AsyncClient if is_async else ollama.Client)(**options)


def _ask_ollama(client: Any, streamed: bool, tools: bool) -> Any:
    function = {**TOOL, "parameters": SCHEMA}
    more = {"tools": [{"type": "function", "function": function}]} if tools else {}
    return client.chat(model="llama3.2", messages=ASKED, stream=streamed, **more)


def _ollama_said(response: Any) -> str:
    message = response.message
    called = (call.function for call in message.tool_calls or ())
    calls = (f"{f.name} {_arguments(dict(f.arguments))}" for f in called)
    return (message.content or "") + "".join(calls)


TWICE = (
    "Tries twice more, after half a second and a second or what Retry-After says. A connection and "
    "each read may take ten minutes."
)
ONCE = "Tries once, and waits for ever."

SURFACES = (
    Surface(
        title="Claude: `anthropic`, `messages.create`",
        note=TWICE,
        provider="claude",
        dist="anthropic",
        package="anthropic",
        client=_claude,
        call=_ask_claude,
        whole=_claude_whole,
        event=_claude_event,
        once="max_retries=0",
    ),
    Surface(
        title="OpenAI: `openai`, `chat.completions.create`",
        note=TWICE,
        provider="openai",
        dist="openai",
        package="openai",
        client=_openai,
        call=_ask_chat,
        whole=_chat_whole,
        event=_chat_event,
        once="max_retries=0",
    ),
    Surface(
        title="OpenAI: `openai`, `responses.create`",
        note=TWICE,
        provider="openai",
        dist="openai",
        package="openai",
        client=_openai,
        call=_ask_responses,
        whole=_responses_whole,
        event=_responses_event,
        once="max_retries=0",
    ),
    Surface(
        title="Gemini: `google-genai`, `models.generate_content`",
        note=ONCE,
        provider="gemini",
        dist="google-genai",
        package="google.genai",
        client=_gemini,
        call=_ask_gemini,
        whole=_gemini_said,
        event=_gemini_said,
    ),
    Surface(
        title="Ollama: `ollama`, `chat`",
        note=ONCE,
        provider="ollama",
        dist="ollama",
        package="ollama",
        client=_ollama,
        call=_ask_ollama,
        whole=_ollama_said,
        event=_ollama_said,
    ),
)
