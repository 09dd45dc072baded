"""What OpenAI says of more tokens than a model reads or writes."""

from typing import Any

import pytest

from fakeservers.wire.openai.provider import PROVIDER
from tests.fakeservers.wire.refusing import Asker

CHAT, RESPONSES, EMBEDDINGS = "/v1/chat/completions", "/v1/responses", "/v1/embeddings"
LONG = [{"role": "user", "content": "word " * 300}]
KEEP = "Please reduce the length of the messages"


@pytest.fixture(scope="module")
def ask() -> Asker:
    asker = Asker(PROVIDER, CHAT, {"authorization": "Bearer k"})
    asker.fake.models.add("gpt-4o", context_window=100)
    asker.fake.models.add("gpt-5-mini", context_window=150, max_output_tokens=50)
    asker.fake.models.add("text-embedding-3-small", context_window=100)
    return asker


@pytest.mark.parametrize(
    ("path", "body", "start", "end", "param"),
    [
        (
            CHAT,
            {"model": "gpt-4o", "messages": LONG},
            "This model's maximum context length is 100 tokens. However, your messages resulted in",
            f" tokens. {KEEP}.",
            "messages",
        ),
        (
            CHAT,
            {"model": "gpt-4o", "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 99},
            "This model's maximum context length is 100 tokens. However, you requested ",
            f" in the messages, 99 in the completion). {KEEP} or completion.",
            "messages",
        ),
        (
            CHAT,
            {"model": "gpt-5-mini", "messages": LONG},
            "Input tokens exceed the configured limit of 100 tokens. Your messages resulted in ",
            f" tokens. {KEEP}.",
            "messages",
        ),
        (
            RESPONSES,
            {"model": "gpt-4o", "input": LONG},
            "Your input exceeds the context window of this model.",
            " Please adjust your input and try again.",
            "input",
        ),
    ],
)
def test_too_long(ask: Asker, path: str, body: Any, start: str, end: str, param: str) -> None:
    """A prompt that is too long is refused in the words of its endpoint and its model."""
    answer = ask(body, path)
    told = answer.body["error"]
    assert (answer.status, told["code"], told["param"]) == (400, "context_length_exceeded", param)
    assert told["message"].startswith(start)
    assert told["message"].endswith(end)


def test_truncation(ask: Asker) -> None:
    """The Responses API cuts the input when it is told to."""
    body = {"model": "gpt-4o", "input": LONG, "truncation": "auto"}
    assert ask(body, RESPONSES).status == 200


def test_text_to_embed(ask: Asker) -> None:
    """A text that is too long to embed is told in the words of plain prompts."""
    answer = ask({"model": "text-embedding-3-small", "input": "word " * 300}, EMBEDDINGS)
    message = answer.body["error"]["message"]
    assert answer.status == 400
    assert message.startswith("This model's maximum context length is 100 tokens, however you ")
    assert message.endswith(
        "0 for the completion). Please reduce your prompt; or completion length."
    )


@pytest.mark.parametrize("key", ["max_tokens", "max_completion_tokens"])
def test_too_much(ask: Asker, key: str) -> None:
    """More output than the model writes is refused under the field that asked for it."""
    body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hi"}], key: 20480}
    answer = ask(body)
    assert answer.body["error"] == {
        "message": f"{key} is too large: 20480. This model supports at most 16384 completion "
        "tokens, whereas you provided 20480.",
        "type": "invalid_request_error",
        "param": key,
        "code": "invalid_value",
    }
    assert ask(body, validates=False).status == 200
