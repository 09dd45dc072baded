"""Paths beside the answers of models: lists of models in each SDK's form, and what a caller is
told of what is not served."""

from collections.abc import Callable, Iterator
from typing import Any

import anthropic
import ollama
import openai
import pytest
from google import genai
from google.genai import errors, types

from router.gateway.encoding import json_bytes, parsed

from .callers import FAILURES
from .support import Gateway

HELLO: list[Any] = [{"role": "user", "content": "Hello?"}]


@pytest.fixture
def sdks(served: Gateway) -> Iterator[dict[str, Any]]:
    """The four SDKs, their own retries off."""
    origin, http = served.origin, served.http
    given: dict[str, Any] = {"api_key": "any", "max_retries": 0, "http_client": http}
    options = types.HttpOptions(base_url=origin, httpx_client=http)
    with ollama.Client(host=origin, verify=False) as own:
        yield {
            "openai": openai.OpenAI(base_url=f"{origin}/v1", **given),
            "anthropic": anthropic.Anthropic(base_url=origin, **given),
            "gemini": genai.Client(api_key="any", http_options=options),
            "ollama": own,
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
    (
        "openai",
        lambda sdk: sdk.responses.input_tokens.count(model="m", input="a"),
        "/v1/plan tells",
    ),
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
def test_every_sdk_lists_the_models(sdks: dict[str, Any], wire: str) -> None:
    """The same names for everybody, each in its SDK's own form."""
    names = NAMES[wire](sdks[wire])
    assert names[0] == "auto" and {"claude", "gpt-4.1", "ollama/llama3.2"} <= set(names)


@pytest.mark.parametrize("wire", RETRIEVED)
@pytest.mark.parametrize("name", ["gpt-4.1", "claude/claude-sonnet-4-5"])
def test_one_model(sdks: dict[str, Any], wire: str, name: str) -> None:
    """Also by a name with a slash."""
    assert RETRIEVED[wire](sdks[wire], name) == name


@pytest.mark.parametrize("wire", RETRIEVED)
def test_no_such_model(sdks: dict[str, Any], wire: str) -> None:
    """As when it is asked: 404 with the nearest."""
    with pytest.raises((*FAILURES, errors.ClientError), match=r"Did you mean 'gpt-4\.1'"):
        RETRIEVED[wire](sdks[wire], "gpt-4.11")


@pytest.mark.parametrize(("wire", "ask", "says"), UNSERVED)
def test_what_is_not_served(
    sdks: dict[str, Any], wire: str, ask: Callable[[Any], Any], says: str
) -> None:
    """The SDK's own not-found error says what to do instead, and what is served of its API."""
    with pytest.raises(FAILURES, match="this gateway does not serve") as caught:
        ask(sdks[wire])
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


@pytest.mark.parametrize(
    ("path", "body", "says"),
    [
        ("/v1/responses", b'{"model": "auto", "input": "\\ud800"}', "no character"),
        ("/v1/plan", b'{"\\ud800": 1}', "no character"),
        ("/v1/messages", b"\xff\xfe", "not JSON"),
        ("/api/chat", b"[" * 100_000, "not JSON"),
        ("/v1/chat/completions", b'{"max_tokens": ' + b"9" * 5000 + b"}", "not JSON"),
        ("/v1beta/models/auto:generateContent", b"null", "must be an object"),
    ],
)
def test_bodies_that_cannot_be(served: Gateway, path: str, body: bytes, says: str) -> None:
    """They are refused before anybody is asked, so that no caller can spoil a target's health."""
    for _ in range(6):
        answer = served.http.post(path, content=body)
        assert answer.status_code == 400 and says in answer.text
    assert set(served.http.get("/healthz").json()["targets"].values()) == {"ready"}


def test_a_character_in_two_pieces() -> None:
    """What a vendor cut in two is passed on as the escapes that it came as."""
    assert json_bytes({"a": "\ud83d"}) == b'{"a":"\\ud83d"}'
    assert json_bytes({"a": "\U0001f600"}) == '{"a":"\U0001f600"}'.encode()
    assert parsed(b'{"a": "\\ud83d\\ude00"}') == {"a": "\U0001f600"}
