"""The commands that show prices, check a file and read a ledger."""

import asyncio
import json
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from router.budget import CostManagementPolicy, LedgerBudget
from router.commands.check import command as check
from router.commands.costs import command as costs
from router.commands.prices import command as prices
from router.ledger.sqlite import SqliteLedger

from ..budget.test_budget import claim, record
from ..config.files import ONE, written


def invoked(command: click.Command, *arguments: object, **environ: str) -> Result:
    return CliRunner().invoke(command, [str(a) for a in arguments], env=environ)


def as_json(command: click.Command, *arguments: object, **environ: str) -> Any:
    result = invoked(command, *arguments, "--json", **environ)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_prices_of_models() -> None:
    """Every level of a model's price is shown, at any date and tier."""
    levels = as_json(prices, "claude/claude-sonnet-4-5", "--at", "2026-11-01")
    assert [(row["over"], row["input"], row["output"]) for row in levels] == [
        (0, "3", "15"),
        (200_000, "6", "22.5"),
    ]
    (o3,) = as_json(prices, "openai/o3", "--at", "2025-06-01")
    (batch,) = as_json(prices, "openai/gpt-4o", "--batch", "--at", "2026-11-01")
    assert (o3["input"], batch["input"]) == ("10", "1.25")


def test_prices_as_a_table() -> None:
    """People get a table, and are told what is an estimate."""
    result = invoked(prices, "claude/claude-3-5-haiku-latest", "--batch", "--at", "2025-01-01")
    assert "US dollars for a million tokens" in result.output
    assert "estimate: batch price of claude-3-5-haiku-latest is not known" in result.output


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "name a model as PROVIDER/MODEL, or --config FILE"),
        (("gpt-4o",), "'gpt-4o': write PROVIDER/MODEL, as openai/gpt-4o"),
        (("openai/gpt-4oo",), "Error: no price of openai/gpt-4oo is known."),
    ],
)
def test_prices_that_cannot_be_shown(arguments: tuple[str, ...], says: str) -> None:
    """A wrong word is told in one line, without a traceback."""
    result = invoked(prices, *arguments)
    assert result.exit_code != 0 and says in result.output


def test_check_says_what_a_file_means(tmp_path: Path) -> None:
    """Targets with client and price, and the limits."""
    path = written(tmp_path, ONE + "[budget]\ndaily_usd = 2.5\nmode = 'clamp'\n")
    told = as_json(check, path, LLMSIM_MODE="mock")
    assert [(row["target"], row["client"]) for row in told["targets"]] == [
        ("openai/gpt-4o", "MockLLMClient")
    ]
    assert told["limits"] == [{"name": "daily", "usd": "$2.5", "mode": "clamp", "window": "day"}]
    result = invoked(check, path, LLMSIM_MODE="mock")
    assert result.output.splitlines()[-1] == "llm-providers.toml is right."


def test_check_tells_problems(tmp_path: Path) -> None:
    """A wrong file is told as the router would tell it, and the exit status is not 0."""
    result = invoked(check, written(tmp_path, ONE + "wait = 1\n"), LLMSIM_MODE="mock")
    assert result.exit_code == 1
    assert "llm-providers.toml:4: providers.openai.wait: there is no such key" in result.output


def test_check_tells_a_ledger_that_cannot_be_reached(tmp_path: Path) -> None:
    """Without it no call would be admitted."""
    path = written(tmp_path, ONE + "[budget]\ndaily_usd = 1\nledger = 'redis://127.0.0.1:1/0'\n")
    result = invoked(check, path, LLMSIM_MODE="mock")
    assert result.exit_code == 1
    assert "ledger redis://127.0.0.1:1/0 cannot be used" in result.output


def spent(path: Path) -> None:
    """A ledger with two settled calls, one of them estimated, and one that expired."""
    now = [1.8e9]

    async def main() -> None:
        policy = CostManagementPolicy(daily_usd=1, hold_ttl_s=60)
        ledger = SqliteLedger(path, wall=lambda: now[0])
        money = LedgerBudget(policy, ledger, wall=lambda: now[0])
        for number, basis in enumerate(("exact", "estimated")):
            grant = await money.reserve(claim(number))
            await money.settle(grant, record(grant, 10, basis))  # type: ignore[arg-type]
        await money.reserve(claim(9))
        now[0] += 61
        await ledger.sweep()
        await money.aclose()

    asyncio.run(main())


def test_costs_of_a_ledger(tmp_path: Path) -> None:
    """What was spent by provider, what is estimated, and what expired without a word."""
    path = tmp_path / "costs.db"
    spent(path)
    told = as_json(costs, path)
    shown = [(r["provider"], r["usd"], r["calls"], r["estimated"]) for r in told["costs"]]
    assert shown == [
        ("(expired)", "0.0001", 1, 1),
        ("p", "0.00002", 2, 1),
        ("total", "0.00012", 3, 2),
    ]
    assert told["expired"] == ["a9"] and told["discrepancies"] == []
    later = as_json(costs, f"sqlite:{path}", "--since", "2100-01-01", "--by", "task")
    assert [row["task"] for row in later["costs"]] == ["total"]


def test_single_attempts_of_a_ledger(tmp_path: Path) -> None:
    """A line of JSON each, those that expired without a word included; what does not add up is
    told beside them."""
    import sqlite3

    path = tmp_path / "costs.db"
    spent(path)
    lines = [json.loads(line) for line in invoked(costs, path, "--records").stdout.splitlines()]
    assert sum(line["amount_pico"] for line in lines) == 120_000_000
    assert [line["provider"] for line in lines] == ["p", "p", "(expired)"]
    with sqlite3.connect(path) as db:
        db.execute("UPDATE account SET posted = posted + 1 WHERE account LIKE 'daily%'")
    db.close()
    assert invoked(costs, path, "--records").exit_code == 1


def test_costs_of_the_configured_ledger(tmp_path: Path) -> None:
    """The ledger may be the one that a configuration names; the table tells of expired holds."""
    spent(tmp_path / "costs.db")
    path = written(tmp_path, ONE + "[budget]\nledger = 'sqlite:costs.db'\n")
    result = invoked(costs, "--config", path, LLMSIM_MODE="mock")
    assert result.exit_code == 0
    assert "1 holds expired and count whole: a9" in result.output


def test_costs_tell_a_ledger_that_does_not_add_up(tmp_path: Path) -> None:
    """If somebody changed a counter, the command says so and fails."""
    import sqlite3

    path = tmp_path / "costs.db"
    spent(path)
    with sqlite3.connect(path) as db:
        db.execute("UPDATE account SET posted = posted + 1 WHERE account LIKE 'daily%'")
    db.close()
    result = invoked(costs, path)
    assert result.exit_code == 1
    assert "its counter differs from its rows" in result.output


def test_costs_without_a_ledger(tmp_path: Path) -> None:
    """A missing file is not made; the error names it."""
    result = invoked(costs, tmp_path / "none.db")
    assert result.exit_code == 2 and "there is no file" in result.output
    assert not (tmp_path / "none.db").exists()
