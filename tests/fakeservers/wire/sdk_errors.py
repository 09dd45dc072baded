"""What the official SDKs make of an error: whether theirs reads an answer as the provider's own."""

import json
from collections.abc import Callable

import anthropic
import httpx2
import ollama
import openai
from anthropic.types import ErrorResponse
from google.genai import errors as gemini_errors

from tests.fakeservers.wire.refusing import Asked

__all__ = ["read_by_claude", "read_by_gemini", "read_by_ollama", "read_by_openai", "reader_of"]

SILENT = httpx2.Client(verify=False)
REQUEST = httpx2.Request("POST", "http://127.0.0.1/")


def read_by_claude(answer: Asked) -> bool:
    told = ErrorResponse.model_validate(answer.body, strict=True)
    made = anthropic.Anthropic(api_key="k", http_client=SILENT)._make_status_error_from_response(
        httpx2.Response(answer.status, json=answer.body, request=REQUEST)
    )
    return made.status_code == answer.status and bool(told.error.message)


def read_by_gemini(answer: Asked) -> bool:
    made = gemini_errors.ClientError(answer.status, answer.body)
    return made.code == answer.status and bool(made.status and made.message)


def read_by_openai(answer: Asked) -> bool:
    made = openai.OpenAI(api_key="k", http_client=SILENT)._make_status_error_from_response(
        httpx2.Response(answer.status, json=answer.body, request=REQUEST)
    )
    return isinstance(made, openai.APIStatusError) and bool(made.message)


def read_by_ollama(answer: Asked) -> bool:
    made = ollama.ResponseError(answer.text, answer.status)
    if answer.text == "404 page not found":  # the router of its HTTP library, not its API
        return made.error == answer.text
    return bool(made.error) and isinstance(json.loads(answer.text)["error"], str)


def reader_of(provider: str, path: str) -> Callable[[Asked], bool]:
    """The reader for the API that a path of a provider speaks."""
    if provider == "claude" or (provider, path) == ("ollama", "/v1/messages"):
        return read_by_claude
    if provider == "openai" or "/openai/" in path or (provider == "ollama" and "/v1/" in path):
        return read_by_openai
    return read_by_gemini if provider == "gemini" else read_by_ollama
