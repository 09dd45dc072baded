"""The gateway before all four fakes, and the OpenAI SDK as its caller."""

from collections.abc import Iterator

import openai
import pytest

from fakeservers import FakeServers

from .support import Gateway, endpoint, gateway, router_over


@pytest.fixture
def served(llmsim: FakeServers) -> Iterator[Gateway]:
    """Claude first, then OpenAI, Gemini and Ollama."""
    targets = (endpoint(llmsim, name) for name in ("claude", "openai", "gemini", "ollama"))
    with gateway(router_over(*targets)) as running:
        yield running


@pytest.fixture
def client(served: Gateway) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{served.origin}/v1", api_key="any", max_retries=0) as sdk:
        yield sdk
