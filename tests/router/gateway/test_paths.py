"""Paths beside the answers of models: lists of models in each SDK's form, and what a caller is
told of what is not served."""

from collections.abc import Callable
from typing import Any

import anthropic
import httpx2
import ollama
import openai
import pytest
from google import genai
from google.genai import errors, types

from .callers import FAILURES
from .support import Gateway

HELLO: list[Any] = [{"role": "user", "content": "Hello?"}]


def _sdks(origin: str, http: httpx2.Client) -> dict[str, Any]:
    """The four SDKs, their own retries off."""
    given: dict[str, Any] = {"api_key": "any", "max_retries": 0, "http_client": http}
    return {
        "openai": openai.OpenAI(base_url=f"{origin}/v1", **given),
        "anthropic": anthropic.Anthropic(base_url=origin, **given),
        "gemini": genai.Client(
            api_key="any", http_options=types.HttpOptions(base_url=origin, httpx_client=http)
        ),
        "ollama": ollama.Client(host=origin, verify=False),
    }


NAMES: dict[str, Callable[[Any], list[Any]]] = {
    "openai": lambda sdk: [model.id for model in sdk.models.list()],
    "anthropic": lambda sdk: [model.id for model in sdk.models.list()],
    "gemini": lambda sdk: [model.name.removeprefix("models/") for model in sdk.models.list()],
    "ollama": lambda sdk: [model.model for model in sdk.list().models],
}
RETRIEVED: dict[str, Callable[[Any, str], str]] = {
    "openai": lambda sdk, name: str(sdk.models.retrieve(name).id),
    "anthropic": lambda sdk, name: str(sdk.models.retrieve(name).display_name),
    "gemini": lambda sdk, name: str(sdk.models.get(model=name).display_name),
}
UNSERVED: tuple[tuple[str, Callable[[Any], Any], str], ...] = (
    ("openai", lambda sdk: sdk.responses.retrieve("resp_1"), "No answer is kept here"),
    ("openai", lambda sdk: sdk.conversations.create(), "No answer is kept here"),
    ("openai", lambda sdk: sdk.embeddings.create(model="m", input="a"), "conversations only"),
    ("openai", lambda sdk: sdk.completions.create(model="m", prompt="a"), "as messages"),
    ("openai", lambda sdk: sdk.files.list(), "GET /v1/models"),
    (
        "anthropic",
        lambda sdk: sdk.messages.count_tokens(model="auto", messages=HELLO),
        "POST /v1/plan tells",
    ),
    ("gemini", lambda sdk: sdk.models.count_tokens(model="auto", contents="a"), "/v1/plan tells"),
    ("gemini", lambda sdk: sdk.models.embed_content(model="auto", contents="a"), "only"),
    ("ollama", lambda sdk: sdk.generate(model="auto", prompt="a"), "as messages"),
    ("ollama", lambda sdk: sdk.embed("auto", "a"), "conversations only"),
)


@pytest.mark.parametrize("wire", NAMES)
def test_every_sdk_lists_the_models(served: Gateway, wire: str) -> None:
    """The same names for everybody, each in its SDK's own form."""
    names = NAMES[wire](_sdks(served.origin, served.http)[wire])
    assert names[0] == "auto" and {"claude", "gpt-4.1", "ollama/llama3.2"} <= set(names)


@pytest.mark.parametrize("wire", RETRIEVED)
@pytest.mark.parametrize("name", ["gpt-4.1", "claude/claude-sonnet-4-5"])
def test_one_model(served: Gateway, wire: str, name: str) -> None:
    """Also by a name with a slash."""
    assert RETRIEVED[wire](_sdks(served.origin, served.http)[wire], name) == name


@pytest.mark.parametrize("wire", RETRIEVED)
def test_no_such_model(served: Gateway, wire: str) -> None:
    """As when it is asked: 404 with the nearest."""
    with pytest.raises((*FAILURES, errors.ClientError), match=r"Did you mean 'gpt-4\.1'"):
        RETRIEVED[wire](_sdks(served.origin, served.http)[wire], "gpt-4.11")


@pytest.mark.parametrize(("wire", "ask", "says"), UNSERVED)
def test_what_is_not_served(
    served: Gateway, wire: str, ask: Callable[[Any], Any], says: str
) -> None:
    """The SDK's own not-found error says what to do instead, and what is served of its API."""
    with pytest.raises(FAILURES, match="this gateway does not serve") as caught:
        ask(_sdks(served.origin, served.http)[wire])
    status = getattr(caught.value, "status_code", None) or getattr(caught.value, "code", None)
    assert status == 404 and says in str(caught.value)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/v1/chat/completions", "POST"),
        ("DELETE", "/v1/models", "GET"),
        ("POST", "/v1/costs", "GET"),
        ("PUT", "/v1/models/gpt-4.1", "GET or POST"),
    ],
)
def test_another_method(served: Gateway, method: str, path: str, allowed: str) -> None:
    """405 in the caller's form, with the method that there is."""
    answer = served.http.request(method, path)
    assert answer.status_code == 405 and answer.headers["allow"].startswith(allowed[:3])
    assert answer.json()["error"]["message"] == f"{path} is asked with {allowed}, not with {method}"


def test_a_call_that_is_not_remembered(served: Gateway) -> None:
    """It says where every call of the ledger is found."""
    answer = served.http.get("/v1/costs", params={"call_id": "nobody"})
    assert answer.status_code == 404
    assert "python -m router costs LEDGER --records" in answer.json()["error"]["message"]
