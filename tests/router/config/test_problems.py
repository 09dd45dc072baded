"""Every problem of a configuration is told word for word, at its line, before anything is spent."""

from pathlib import Path

import pytest

from router.config import load_setup
from router.errors import ConfigError

from .files import MOCK, ONE, REFERENCE, written

REAL = {"OPENAI_API_KEY": "o"}
FILE = "llm-providers.toml"


def problem(folder: Path, text: str, environ: dict[str, str]) -> str:
    with pytest.raises(ConfigError) as wrong:
        load_setup(written(folder, text), environ=environ)
    return str(wrong.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            '[[providers]]\nname = "openai"\nmodle = "gpt-4o"\n',
            f'{FILE}:3: providers.openai.modle: there is no such key; did you mean "model"?',
        ),
        (
            '[[providers]]\nname = "openai"\n',
            f'{FILE}:1: providers.openai: model is missing: write model = "..."',
        ),
        (
            '[[providers]]\nmodel = "gpt-4o"\n',
            f"{FILE}:1: providers[0]: name is missing: write name = ...",
        ),
        (
            ONE + 'timeout_ms = "fast"\n',
            f'{FILE}:4: providers.openai.timeout_ms: is "fast"; it is a number',
        ),
        (
            ONE + "timeout_ms = 0\n",
            f"{FILE}:1: providers.openai: timeout_ms is 0; it must be more than 0",
        ),
        (
            ONE + "rpm_max = 1.5\n",
            f"{FILE}:4: providers.openai.rpm_max: is 1.5; it is a whole number",
        ),
        (
            ONE + "tags = 'eu'\n",
            f'{FILE}:4: providers.openai.tags: is "eu"; it is a list: ["eu"]',
        ),
        (
            ONE + "cost_per_1k_tokens = -0.5\n",
            f"{FILE}:4: providers.openai.cost_per_1k_tokens: is -0.5;"
            " an amount of money is 0 or more",
        ),
        (
            ONE + "cost_per_1k_tokens = true\n",
            f"{FILE}:4: providers.openai.cost_per_1k_tokens: is true;"
            ' it is an amount of money, as 0.25 or "0.25"',
        ),
        (
            ONE + ONE,
            f'{FILE}:5: providers.openai.name: "openai" is taken; give this one another name',
        ),
        (
            '[[providers]]\nname = "opnai"\nmodel = "x"\n',
            f'{FILE}:2: providers.opnai.name: "opnai" is no provider of its own (anthropic, claude,'
            " gemini, google, ollama, openai, openai-responses): write"
            ' endpoint = "https://..." or client = "..."',
        ),
        (
            '[[providers]]\nname = "x"\nmodel = "x"\nclient = "opnai"\n',
            f'{FILE}:4: providers.x.client: is "opnai"; did you mean "openai"? There are:'
            " anthropic, claude, gemini, google, http, mock, ollama, openai, openai-responses,"
            " plain",
        ),
        (
            ONE + "[router]\nstrategy = 'cheepest'\n",
            f'{FILE}:5: router.strategy: is "cheepest"; did you mean "cheapest"? There are: order,'
            " weighted, cheapest, latency, least_busy, rate_headroom, price_power, quality",
        ),
        (
            ONE + "[router.retry]\nmax_attempts = 0\n",
            f"{FILE}:4: router.retry: RetryPolicy.max_attempts is 0; it must be more than 0",
        ),
        (
            ONE + "[groups.all]\nmembers = ['openai', 'opnai']\n",
            f'{FILE}:5: groups.all.members[1]: there is no provider "opnai";'
            ' did you mean "openai"? There are: openai',
        ),
        (
            ONE + "[groups.all]\nmembers = []\n",
            f"{FILE}:4: groups.all: group 'all' is empty; name at least one provider in it",
        ),
        (
            ONE + "[[rules]]\ngroup = 'best'\n",
            f'{FILE}:5: rules[0].group: there is no group or provider "best"; there are: openai',
        ),
        (
            ONE + "[budget]\ndaily_usd = -3\n",
            f"{FILE}:5: budget.daily_usd: is -3; an amount of money is 0 or more",
        ),
        (
            ONE + "cost_per_1k_tokens = 'cheap'\n",
            f"{FILE}:4: providers.openai.cost_per_1k_tokens: 'cheap' is not an amount: write for"
            ' example "0.25"',
        ),
        (
            ONE + "[budget]\nledger = 'postgres://x'\n",
            f'{FILE}:5: budget.ledger: ledger is "postgres://x"; it is "memory",'
            ' "sqlite:costs.db" or "redis://localhost:6379/0"',
        ),
        (
            ONE + "[[budget.limits]]\nname = 'team'\nusd = 1\nper = 'team'\n",
            f"{FILE}:4: budget.limits.team: limit 'team': 'team' is none of '', 'task', 'provider',"
            " 'model', 'target', 'key', 'tag:<name>'",
        ),
        (
            ONE + "[budget]\nzone = 'Europe/Berlim'\ndaily_usd = 1\n",
            f"{FILE}:4: budget: time zone 'Europe/Berlim' is not known here: write an IANA name"
            ' such as "Europe/Berlin" or "UTC"; where the system has no time zones, pip install'
            " tzdata",
        ),
        (
            ONE + '[prices."openai/gpt-4o"]\ninput_usd_per_mtok = 1\n',
            f'{FILE}:4: prices."openai/gpt-4o": price of openai/gpt-4o needs input_usd_per_mtok and'
            " output_usd_per_mtok; write 0 for free",
        ),
        (
            ONE + "[routers]\n",
            f'{FILE}:4: routers: there is no such table; did you mean "router"? There are:'
            " providers, router, groups, rules, budget, prices, gateway",
        ),
        (
            "[router]\n",
            f'{FILE}: no provider: write [[providers]] with name = "claude" and a model',
        ),
        (
            '[[providers]]\nname = "openai"\nmodel = "${MODEL}"\n',
            f"{FILE}:3: providers.openai.model: the variable MODEL is not set: export MODEL=..., or"
            " write a default as in ${MODEL:-value}",
        ),
        ("[[providers]\n", f"{FILE}:1: not TOML: Expected ']]' at the end of an array declaration"),
    ],
)
def test_problems_word_for_word(tmp_path: Path, text: str, says: str) -> None:
    """File, line, key, what is wrong, and the nearest thing that would be right."""
    assert problem(tmp_path, text, MOCK) == says


def test_a_missing_key(tmp_path: Path) -> None:
    """Without its key a real provider is refused when the file is loaded."""
    assert problem(tmp_path, ONE, {}) == (
        f"{FILE}:1: providers.openai: no API key: set OPENAI_API_KEY"
    )


def test_an_unknown_price(tmp_path: Path) -> None:
    """A model without a price is refused when the file is loaded, with the ways to mend it."""
    text = ONE.replace("gpt-4o", "gpt-4oo")
    assert problem(tmp_path, text, REAL).startswith(
        f"{FILE}:3: providers.openai.model: no price of openai/gpt-4oo is known. The nearest"
        " known: gpt-4o"
    )
    estimated = load_setup(
        written(tmp_path, text + "[prices]\nunknown = 'estimate'\n"), environ=REAL
    )
    card = estimated.prices.card(estimated.endpoints[0].target)
    assert card.is_estimate


def test_a_wrong_mode(tmp_path: Path) -> None:
    """A word that is no mode is told with the variable that holds it."""
    assert problem(tmp_path, ONE, {"LLMSIM_OPENAI": "reel"}) == (
        f"{FILE}:1: providers.openai: LLMSIM_OPENAI: it is 'reel'; it is mock, fake or real"
    )


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    """A file with three problems is mended in one go."""
    text = ONE + "weight = 'x'\n[router]\nall_open = 'maybe'\n[budget]\ndayly_usd = 1\n"
    assert problem(tmp_path, text, MOCK).splitlines() == [
        f"{FILE}: 3 problems:",
        f'  {FILE}:4: providers.openai.weight: is "x"; it is a number',
        f'  {FILE}:6: router.all_open: is "maybe"; there are: probe, wait, fail',
        f'  {FILE}:8: budget.dayly_usd: there is no such key; did you mean "daily_usd"?',
    ]


def test_problems_of_one_table_hide_none_of_each_other(tmp_path: Path) -> None:
    """Unknown keys, wrong types, wrong amounts and names taken stand beside each other; who
    names a provider that has a problem is told of none."""
    text = (
        "[[providers]]\nname = 'claude'\nmodell = 'm'\nweight = 'x'\ncost_per_1k_tokens = -1\n"
        + ONE
        + "[[providers]]\nname = 'claude'\nmodel = 'm'\n"
        + "[groups.all]\nmembers = ['openai', 'claude', 'claude/m']\n"
        + "[budget]\ndaily_usd = 'ten'\nmode = 'strickt'\n"
    )
    told = [line.split(": ")[1] for line in problem(tmp_path, text, MOCK).splitlines()[1:]]
    assert told == [
        "providers.claude.modell",
        "providers.claude.weight",
        "providers.claude.cost_per_1k_tokens",
        "providers.claude.name",
        "budget.daily_usd",
        "budget.mode",
    ]


def test_a_ledger_without_its_folder(tmp_path: Path) -> None:
    """That a ledger can be kept where it is said is known before anything is asked."""
    text = ONE + "[budget]\ndaily_usd = 1\nledger = 'sqlite:money/costs.db'\n"
    assert problem(tmp_path, text, MOCK) == (
        f"{FILE}:6: budget.ledger: there is no folder {tmp_path / 'money'} for it: make it first"
    )


def test_a_table_that_only_the_environment_has(tmp_path: Path) -> None:
    """It is told with its variable, for no line of the file has it."""
    variable = "LLM_ROUTER__BUGDET__DAILY_USD"
    assert problem(tmp_path, ONE, {**MOCK, variable: "5"}).startswith(
        f'{variable} in the environment: bugdet: there is no such table; did you mean "budget"?'
    )


def test_a_problem_from_the_environment(tmp_path: Path) -> None:
    """A value that a variable put there is told with the variable."""
    variable = "LLM_ROUTER__PROVIDERS__OPENAI__TIMEOUT_MS"
    assert problem(tmp_path, REFERENCE, {**MOCK, variable: "soon"}) == (
        f'{variable} in the environment: providers.openai.timeout_ms: is "soon"; it is a number'
    )


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """A missing file is told with its path and what lies beside it."""
    written(tmp_path, ONE)
    with pytest.raises(ConfigError, match=r"there is no such file; in .* there is llm-providers"):
        load_setup(tmp_path / "providers.toml", environ=MOCK)
