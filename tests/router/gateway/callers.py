"""The four official SDKs as callers of one gateway, OpenAI's with both of its APIs: one question,
and what each of them sees."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import anthropic
import httpx2
import ollama
import openai
from google import genai
from google.genai import errors, types

__all__ = ["ASK", "FAILURES", "Heard", "ask"]

PROMPT = "What is the capital of France?"
ASKED: list[Any] = [{"role": "user", "content": PROMPT}]
FAILURES = (
    openai.APIError,
    anthropic.APIError,
    errors.APIError,
    ollama.ResponseError,
)


@dataclass(slots=True)
class Heard:
    """What a caller has at the end: the text so far, the end's reason, and what its SDK raised."""

    text: str = ""
    reason: str = ""
    error: Exception | None = None

    @property
    def status(self) -> int | None:
        """The HTTP status of what was raised."""
        for name in ("status_code", "code"):
            if isinstance(found := getattr(self.error, name, None), int):
                return found
        return None


def ask(wire: str, origin: str, http: httpx2.Client, *, streamed: bool) -> Heard:
    """Ask once, without the SDK's own retries."""
    heard = Heard()
    try:
        for text, reason in ASK[wire](origin, http, streamed):
            heard.text += text or ""
            heard.reason = str(reason) if reason else heard.reason
    except FAILURES as error:
        heard.error = error
    return heard


Pieces = Iterator[tuple[str | None, Any]]


def _openai(origin: str, http: httpx2.Client, streamed: bool) -> Pieces:
    sdk = openai.OpenAI(base_url=f"{origin}/v1", api_key="any", max_retries=0, http_client=http)
    asked: dict[str, Any] = {"model": "auto", "messages": ASKED, "max_tokens": 200}
    if not streamed:
        (choice,) = sdk.chat.completions.create(**asked).choices
        yield choice.message.content, choice.finish_reason
        return
    for chunk in sdk.chat.completions.create(stream=True, **asked):
        for part in chunk.choices:
            yield part.delta.content, part.finish_reason


def _responses(origin: str, http: httpx2.Client, streamed: bool) -> Pieces:
    sdk = openai.OpenAI(base_url=f"{origin}/v1", api_key="any", max_retries=0, http_client=http)
    asked: dict[str, Any] = {"model": "auto", "input": PROMPT, "max_output_tokens": 200}
    if not streamed:
        answer = sdk.responses.create(**asked)
        why = answer.incomplete_details
        yield answer.output_text, why.reason if why else answer.status
        return
    for event in sdk.responses.create(stream=True, **asked):
        if event.type == "response.output_text.delta":
            yield event.delta, None
        elif event.type == "response.completed":
            yield "", "completed"
        elif event.type == "response.incomplete":
            yield "", event.response.incomplete_details.reason


def _anthropic(origin: str, http: httpx2.Client, streamed: bool) -> Pieces:
    sdk = anthropic.Anthropic(base_url=origin, api_key="any", max_retries=0, http_client=http)
    asked: dict[str, Any] = {"model": "auto", "messages": ASKED, "max_tokens": 200}
    if not streamed:
        message = sdk.messages.create(**asked)
        yield "".join(block.text for block in message.content), message.stop_reason
        return
    for event in sdk.messages.create(stream=True, **asked):
        if event.type == "content_block_delta":
            yield event.delta.text, None
        elif event.type == "message_delta":
            yield "", event.delta.stop_reason


def _gemini(origin: str, http: httpx2.Client, streamed: bool) -> Pieces:
    options = types.HttpOptions(base_url=origin, httpx_client=http)
    sdk = genai.Client(api_key="any", http_options=options)
    config = types.GenerateContentConfig(max_output_tokens=200)
    asked: dict[str, Any] = {"model": "auto", "contents": PROMPT, "config": config}
    answers = (
        sdk.models.generate_content_stream(**asked)
        if streamed
        else [sdk.models.generate_content(**asked)]
    )
    for answer in answers:
        for candidate in answer.candidates or ():
            yield answer.text, candidate.finish_reason and candidate.finish_reason.value


def _ollama(origin: str, http: httpx2.Client, streamed: bool) -> Pieces:
    asked: dict[str, Any] = {"model": "auto", "messages": ASKED, "options": {"num_predict": 200}}
    with ollama.Client(host=origin, verify=False) as sdk:  # it shares no connections with others
        answers = sdk.chat(stream=True, **asked) if streamed else [sdk.chat(**asked)]
        for answer in answers:
            yield answer.message.content, answer.done_reason


ASK: dict[str, Callable[[str, httpx2.Client, bool], Pieces]] = {
    "openai": _openai,
    "responses": _responses,
    "anthropic": _anthropic,
    "gemini": _gemini,
    "ollama": _ollama,
}
