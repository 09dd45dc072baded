"""The endpoint that takes a prompt and gives a result."""

import asyncio
import json

import pytest

from router.clients.base import ProviderFailure
from router.clients.http import HTTPClient
from router.errors import ConfigError
from router.types import Finish, LLMRequest, Message, Usage, as_request

from .rawserver import chunked, rawserver
from .support import CONNECTIONS, Heard, hear

ANSWER = {"result": "Paris.", "usage": {"input_tokens": 5, "output_tokens": 2}}


def _asked(answer: object, request: LLMRequest, *, indent: int | None = None) -> Heard:
    """What a plain endpoint's client hears, as a stream."""

    async def run() -> Heard:
        body = json.dumps(answer, indent=indent).encode()

        async def talk(writer: asyncio.StreamWriter) -> None:
            writer.write(chunked("application/json", body))

        async with rawserver(talk, waits=True) as server:
            client = HTTPClient("mine", server.url, "m", form="plain", connections=CONNECTIONS)
            try:
                return hear([event async for event in client.stream(request)])
            finally:
                await client.aclose()

    return asyncio.run(run())


def test_result_and_usage() -> None:
    """The result is the text; a finish reason that was not told is not made up."""
    said = _asked(ANSWER, as_request("What is the capital of France?"), indent=2)
    assert (said.text, said.finish) == ("Paris.", Finish(reason=None))
    assert said.usage == Usage(input=5, output=2, raw=ANSWER["usage"])


def test_usage_untold() -> None:
    """Without counts there is no usage, rather than one of nothing."""
    assert _asked({"text": "Paris."}, as_request("Hello")).usage is None


def test_no_result_is_bad_protocol() -> None:
    """An answer without a text is none."""
    with pytest.raises(ProviderFailure, match="result") as caught:
        _asked({"answer": 42}, as_request("Hello"))
    assert caught.value.error_class == "protocol_bad"


def test_a_conversation_is_refused() -> None:
    """More than one prompt does not fit."""
    turns = (Message.user("Hi"), Message.assistant("Hello"), Message.user("Bye"))
    with pytest.raises(ProviderFailure, match="one prompt") as caught:
        _asked(ANSWER, LLMRequest(messages=turns))
    assert caught.value.error_class == "unsupported"


def test_a_wrong_endpoint_is_told() -> None:
    """An address without a scheme is refused when the client is made."""
    with pytest.raises(ConfigError, match=r"mine: endpoint"):
        HTTPClient("mine", "localhost:8000")
