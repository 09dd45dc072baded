"""What a configuration file means: providers, keys, prices, groups, limits, the environment."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from router.budget import LedgerBudget
from router.clients.mock import MockLLMClient
from router.config import load_setup, setup_from_env
from router.errors import ConfigError
from router.ledger.memory import MemoryLedger
from router.ledger.redis import RedisLedger
from router.ledger.sqlite import SqliteLedger
from router.policy import Group
from router.types import Usage

from .files import KEYS, MOCK, ONE, REFERENCE, written

MTOK = Usage(input=10**6)


def test_the_reference_file_loads_as_it_is(tmp_path: Path) -> None:
    """name, endpoint, api_key_env, model, cost_per_1k_tokens and timeout_ms are all it takes."""
    setup = load_setup(written(tmp_path, REFERENCE), environ=KEYS)
    targets = [endpoint.target for endpoint in setup.endpoints]
    assert [(t.provider, t.model) for t in targets] == [
        ("claude", "claude-sonnet-4-5"),
        ("openai", "gpt-4o"),
        ("in-house", "ours"),
    ]
    assert [t.timeouts.total_s for t in targets] == [30.0, 20.0, 5.0]
    kinds = [type(endpoint.client).__name__ for endpoint in setup.endpoints]
    assert kinds == ["AnthropicClient", "OpenAIClient", "HTTPClient"]


@pytest.mark.parametrize(
    ("name", "endpoint", "base"),
    [
        ("claude", "https://proxy.test/anthropic/v1/messages", "https://proxy.test/anthropic"),
        ("claude", "https://api.anthropic.com/v1/messages", ""),
        ("openai", "https://proxy.test/v1/chat/completions/", "https://proxy.test/v1"),
        (
            "openai",
            "https://responses.test/responses-of/v1",
            "https://responses.test/responses-of/v1",
        ),
        ("gemini", "https://proxy.test/v1beta/models/x:generateContent", "https://proxy.test"),
        ("ollama", "http://gpu:11434/api/chat", "http://gpu:11434"),
    ],
)
def test_an_endpoint_becomes_the_sdks_address(
    tmp_path: Path, name: str, endpoint: str, base: str
) -> None:
    """What the SDK adds itself is taken off; the vendor's own address is left to the SDK."""
    text = f'[[providers]]\nname = "{name}"\nmodel = "m"\nendpoint = "{endpoint}"\n'
    (loaded,) = load_setup(written(tmp_path, text), environ=MOCK).endpoints
    assert loaded.target.base_url == base


def test_cost_per_1k_tokens_is_exact(tmp_path: Path) -> None:
    """$0.0001 for a thousand tokens is ten cents a million, to the last pico-dollar."""
    setup = load_setup(written(tmp_path, REFERENCE), environ=KEYS)
    costs = [setup.prices.card(e.target).cost(MTOK) for e in setup.endpoints]
    assert costs == [3 * 10**12, 5 * 10**12, 10**11]


def test_tables_by_name_are_the_same(tmp_path: Path) -> None:
    """[providers.claude] says what [[providers]] with name = "claude" says."""
    path = written(tmp_path, '[providers.claude]\nmodel = "claude-sonnet-4-5"\n')
    (endpoint,) = load_setup(path, environ=MOCK).endpoints
    assert (endpoint.target.provider, endpoint.client.name) == ("claude", "claude")


RICH = """
[[providers]]
name = "fast"
client = "openai"
models = ["gpt-4o", "gpt-4o-mini"]
api_keys_env = ["FIRST", "SECOND"]
quality = 0.9
tags = ["eu"]
timeouts = { ttft_s = 2, total_s = 30.5 }
capabilities = { images = false }

[[providers]]
name = "local"
endpoint = "http://127.0.0.1:11434/api/generate"
model = "llama3.2"

[router]
strategy = "cheapest"
opt_in = ["refusal"]
retry = { max_attempts = 3 }
[router.breaker]
consecutive = 2
[router.fallbacks]
context_window = ["local"]

[groups.good]
members = ["fast/gpt-4o", "local"]
strategy = "order"

[[rules]]
group = "good"
task_types = ["code"]
complexity_min = 0.5

[budget]
ledger = "sqlite:costs.db"
daily_usd = 12.5
zone = "Europe/Berlin"
mode = "clamp"
[[budget.limits]]
name = "team"
usd = "0.10"
per = "tag:team"
window = "rolling"
rolling_s = 3600

[prices."fast/gpt-4o-mini"]
input_usd_per_mtok = 0.15
output_usd_per_mtok = "0.60"
tools_usd = { web_search = 0.01 }
"""


def test_the_richer_keys(tmp_path: Path) -> None:
    """Keys, models, timeouts, capabilities, policy, groups and rules arrive where they belong."""
    environ = {"FIRST": "1", "SECOND": "2"}
    setup = load_setup(written(tmp_path, RICH), environ=environ)
    ids = [endpoint.target.id for endpoint in setup.endpoints]
    assert ids == [
        "fast/gpt-4o#FIRST",
        "fast/gpt-4o-mini#FIRST",
        "fast/gpt-4o#SECOND",
        "fast/gpt-4o-mini#SECOND",
        "local/llama3.2@http://127.0.0.1:11434",
    ]
    target = setup.endpoints[0].target
    assert (target.timeouts.ttft_s, target.timeouts.total_s) == (2.0, 30.5)
    assert not target.capabilities.images and target.capabilities.tools
    assert (setup.policy.strategy, setup.policy.retry.max_attempts) == ("cheapest", 3)
    assert setup.policy.breaker.consecutive == 2 and setup.policy.opt_in == {"refusal"}
    assert setup.groups == (Group(name="good", members=("fast/gpt-4o", "local"), strategy="order"),)
    assert setup.rules[0].task_types == {"code"}


def test_prices_by_every_way(tmp_path: Path) -> None:
    """A second name of OpenAI has OpenAI's prices, a written price goes before, Ollama is free."""
    environ = {"FIRST": "1", "SECOND": "2"}
    setup = load_setup(written(tmp_path, RICH), environ=environ)
    usage = Usage(input=10**6, server_tool_calls={"web_search": 2})
    cards = [setup.prices.card(endpoint.target) for endpoint in setup.endpoints]
    assert [card.cost(MTOK) for card in cards[::2]] == [25 * 10**11, 25 * 10**11, 0]
    assert cards[1].cost(usage) == 15 * 10**10 + 2 * 10**10
    assert cards[1].version == "configuration" and "genai-prices" in cards[0].version


def test_the_budget(tmp_path: Path) -> None:
    """[budget] becomes a policy on the ledger that it names, beside the file."""
    setup = load_setup(written(tmp_path, RICH), environ={"FIRST": "1", "SECOND": "2"})
    budget = setup.budget
    assert isinstance(budget, LedgerBudget) and isinstance(budget.ledger, SqliteLedger)
    daily, team = budget.policy.all_limits()
    assert (daily.usd, daily.window.span, daily.window.zone) == (
        Decimal("12.5"),
        "day",
        "Europe/Berlin",
    )
    assert (team.per, team.window.rolling_s, team.limit_pico) == ("tag:team", 3600.0, 10**11)
    asyncio.run(budget.standings())
    asyncio.run(budget.aclose())
    assert (tmp_path / "costs.db").exists()


@pytest.mark.parametrize(
    ("ledger", "kind"),
    [("memory", MemoryLedger), ("redis://localhost:6379/1", RedisLedger)],
)
def test_ledgers_by_name(tmp_path: Path, ledger: str, kind: type) -> None:
    """The ledger's name chooses the store; nothing is connected before it is used."""
    path = written(tmp_path, f'{ONE}[budget]\nledger = "{ledger}"\n')
    budget = load_setup(path, environ=MOCK).budget
    assert isinstance(budget, LedgerBudget) and isinstance(budget.ledger, kind)


def test_variables_and_defaults(tmp_path: Path) -> None:
    """${VAR} and ${VAR:-default} stand for text and numbers, $$ for a dollar."""
    text = (
        '[[providers]]\nname = "openai"\nmodel = "${MODEL:-gpt-4o}"\n'
        'rpm_max = "${RPM}"\ntags = ["$$5"]\n[budget]\ndaily_usd = "${DAY:-0.10}"\n'
    )
    setup = load_setup(written(tmp_path, text), environ={**MOCK, "RPM": "7", "DAY": ""})
    target = setup.endpoints[0].target
    assert (target.model, target.rpm_max, target.tags) == ("gpt-4o", 7, {"$5"})
    assert isinstance(setup.budget, LedgerBudget)
    assert setup.budget.policy.all_limits()[0].limit_pico == 10**11


def test_the_environment_overlays_the_file(tmp_path: Path) -> None:
    """LLM_ROUTER__... puts values over the file's, elements of a list by their name."""
    environ = {
        **MOCK,
        "LLM_ROUTER__PROVIDERS__IN_HOUSE__MODEL": "newer",
        "LLM_ROUTER__PROVIDERS__CLAUDE__ENABLED": "false",
        "LLM_ROUTER__ROUTER__RETRY__MAX_ATTEMPTS": "2",
        "LLM_ROUTER__BUDGET__DAILY_USD": "0.30",
        "LLM_ROUTER__PROVIDERS__EXTRA__CLIENT": "mock",
    }
    setup = load_setup(written(tmp_path, REFERENCE), environ=environ)
    names = [(e.target.provider, e.target.model) for e in setup.endpoints]
    assert names == [("openai", "gpt-4o"), ("in-house", "newer"), ("extra", "mock")]
    assert setup.policy.retry.max_attempts == 2
    assert isinstance(setup.budget, LedgerBudget)
    assert setup.budget.policy.daily_usd == Decimal("0.30")


@pytest.mark.parametrize(
    ("environ", "kinds"),
    [
        (MOCK, ["MockLLMClient", "MockLLMClient", "MockLLMClient"]),
        (
            {**KEYS, "LLMSIM_CLAUDE": "mock", "LLMSIM_IN_HOUSE": "mock"},
            ["MockLLMClient", "OpenAIClient", "MockLLMClient"],
        ),
        (
            {"LLMSIM_MODE": "mock", "LLMSIM_OPENAI": "fake", "OPENAI_BASE_URL": "http://x/v1"},
            ["MockLLMClient", "OpenAIClient", "MockLLMClient"],
        ),
    ],
)
def test_each_provider_has_its_mode(
    tmp_path: Path, environ: dict[str, str], kinds: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """mock needs no key, fake needs an address and no key, real needs its key."""
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    setup = load_setup(written(tmp_path, REFERENCE), environ=environ)
    assert [type(endpoint.client).__name__ for endpoint in setup.endpoints] == kinds


def test_mocks_cost_nothing(tmp_path: Path) -> None:
    """A mocked provider is free whatever the file says that the real one costs."""
    setup = load_setup(written(tmp_path, REFERENCE), environ=MOCK)
    assert {setup.prices.card(e.target).cost(MTOK) for e in setup.endpoints} == {0}
    assert all(isinstance(e.client, MockLLMClient) for e in setup.endpoints)


def test_a_setup_from_the_environment_alone() -> None:
    """Keys, Ollama's host and modes name the providers; an overlay says more."""
    environ = {
        "ANTHROPIC_API_KEY": "a",
        "OLLAMA_HOST": "http://localhost:11434",
        "LLMSIM_OPENAI": "mock",
        "LLM_ROUTER__PROVIDERS__CLAUDE__MODEL": "claude-haiku-4-5",
    }
    setup = setup_from_env(environ)
    names = [(e.target.provider, e.target.model) for e in setup.endpoints]
    assert names == [
        ("claude", "claude-haiku-4-5"),
        ("openai", "gpt-4o"),
        ("ollama", "llama3.2"),
    ]
    assert setup.endpoints[0].target.timeouts.idle_s == timedelta(minutes=1).total_seconds()


def test_an_environment_that_names_nobody() -> None:
    """The error says what to set."""
    with pytest.raises(ConfigError) as nobody:
        setup_from_env({})
    assert str(nobody.value) == (
        "environment: no provider is named: set one of ANTHROPIC_API_KEY, OPENAI_API_KEY,"
        " GOOGLE_API_KEY, OLLAMA_HOST, or LLMSIM_MODE=mock"
    )
