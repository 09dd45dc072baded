"""Names of providers, and the mode that the environment gives them."""

import subprocess
import sys

import pytest

from fakeservers import FakeServers
from router.clients.base import LLMClient
from router.clients.mock import MockLLMClient
from router.clients.registry import PROVIDERS, create_provider, mode_of
from router.errors import ConfigError, UnknownProvider
from router.types import as_request

from .support import CONNECTIONS, complete

MODELS = {
    "claude": "claude-sonnet-4-5",
    "openai": "gpt-4.1",
    "openai-responses": "gpt-4.1",
    "gemini": "gemini-2.5-flash",
    "ollama": "llama3.2",
}


@pytest.mark.parametrize("name", sorted(MODELS))
def test_every_name_answers(llmsim: FakeServers, name: str) -> None:
    """A name is enough, where the environment points at the fakes."""
    client = create_provider(name, MODELS[name], connections=CONNECTIONS)
    assert isinstance(client, LLMClient) and client.name == name
    assert complete(client, as_request("Hello")).text


@pytest.mark.parametrize("name", sorted(PROVIDERS))
def test_mock_mode(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """In mock mode every provider is a mock of its name."""
    monkeypatch.setenv("LLMSIM_MODE", "mock")
    made = create_provider(name)
    assert isinstance(made, MockLLMClient) and made.name == name


def test_one_provider_s_own_mode_wins() -> None:
    """A provider's own variable comes before the one for all."""
    env = {"LLMSIM_MODE": "real", "LLMSIM_CLAUDE": "mock"}
    assert (mode_of("claude", env), mode_of("openai", env)) == ("mock", "real")


def test_an_unknown_mode_is_told() -> None:
    """A word that is no mode names the variable and the words there are."""
    with pytest.raises(ConfigError, match=r"LLMSIM_CLAUDE: .*mock, fake or real"):
        mode_of("claude", {"LLMSIM_CLAUDE": "reel"})


def test_a_missing_key_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A real provider without a key is refused when it is made, naming the variable."""
    for name in ("OPENAI_API_KEY", "LLMSIM_MODE", "LLMSIM_OPENAI"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ConfigError, match="OPENAI_API_KEY"):
        create_provider("openai", "gpt-4.1")
    with pytest.raises(ConfigError, match="MY_KEY"):
        create_provider("openai", "gpt-4.1", api_key_env="MY_KEY")


def test_a_fake_needs_its_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fake mode without an address says which variable to set, and takes any key with one."""
    for name in ("ANTHROPIC_BASE_URL", "ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ConfigError, match="ANTHROPIC_BASE_URL"):
        create_provider("claude", mode="fake")
    assert create_provider("claude", mode="fake", base_url="http://127.0.0.1:1").available


def test_an_unknown_name_is_told() -> None:
    """A name that no provider has gets those there are, and the nearest."""
    with pytest.raises(UnknownProvider, match=r"Did you mean 'openai'"):
        create_provider("opnai")


def test_any_endpoint_is_a_provider(llmsim: FakeServers) -> None:
    """With an endpoint any name will do."""
    client = create_provider("mine", "gpt-4.1", endpoint=llmsim.openai.url, api_key="sk-x")
    assert complete(client, as_request("Hello")).text


def test_no_sdk_is_imported_before_it_is_used() -> None:
    """Importing and making a client imports no SDK and no HTTP library."""
    code = (
        "import sys; from router.clients.registry import create_provider;"
        "[create_provider(n, 'm', api_key='k') for n in ('claude', 'openai', 'gemini')];"
        "heavy = {'anthropic', 'openai', 'ollama', 'httpx', 'httpx2', 'google.genai'};"
        "sys.exit(str(heavy & set(sys.modules)) if heavy & set(sys.modules) else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
