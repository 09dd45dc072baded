"""What is told of a rate limit that is met."""

from typing import Any

import pytest

from fakeservers.behaviour.models import catalogue
from fakeservers.behaviour.scenario import Script
from fakeservers.serving.exchange import Fake
from fakeservers.wire.base import Answer
from fakeservers.wire.registry import installed
from tests.fakeservers.support import VirtualClock, post

HI: Any = [{"role": "user", "content": "Hi"}]
ASKED: dict[str, tuple[str, Any]] = {
    "claude": ("/v1/messages", {"model": "claude-sonnet-4-5", "max_tokens": 9, "messages": HI}),
    "openai": ("/v1/chat/completions", {"model": "gpt-4o", "messages": HI}),
}
REMAINING = {
    "claude": "anthropic-ratelimit-requests-remaining",
    "openai": "x-ratelimit-remaining-requests",
}


@pytest.mark.parametrize("name", ASKED)
def test_the_refusal_tells_its_meters(name: str) -> None:
    """A 429 has the rate-limit headers of any answer, and a retry-after in whole seconds."""
    provider = next(provider for provider in installed() if provider.name == name)
    limited = Fake(provider, seed=0, clock=VirtualClock(), models=lambda: catalogue(name))
    limited.write(Script(limits={"rpm": 1}))

    def ask() -> Answer:
        path, body = ASKED[name]
        return limited.respond(post(path, body, **{"anthropic-version": "2023-06-01"}))[0]

    assert ask().status == 200
    refused = ask()
    told = dict(refused.headers)
    assert (refused.status, told["retry-after"]) == (429, "60")
    assert told[REMAINING[name]] == "0"
