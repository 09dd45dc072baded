"""`python -m router plan`."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from router.commands import main

FILE = """
[[providers]]
name = "claude"
model = "claude-sonnet-4-5"

[[providers]]
name = "openai"
model = "gpt-4o-mini"
"""
KEYS = {"ANTHROPIC_API_KEY": "a", "OPENAI_API_KEY": "b"}


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "llm-providers.toml"
    path.write_text(FILE, "utf-8")
    return path


def ask(*arguments: str, env: dict[str, str] | None = None, stdin: str = "") -> Result:
    return CliRunner().invoke(main, ["plan", *arguments], env=env or KEYS, input=stdin)


def test_the_order_and_the_cost(config: Path) -> None:
    """Who would be asked, in order, with what it would cost and why."""
    told = ask(str(config), "--strategy", "cheapest", "--max-tokens", "100", "--prompt", "Hello?")
    lines = told.output.splitlines()
    assert told.exit_code == 0 and lines[0].startswith("cheapest")
    assert "1. openai/gpt-4o-mini" in lines[1] and "at most $0.00006" in lines[1]
    assert "2. claude/claude-sonnet-4-5" in lines[2]


def test_as_json(config: Path) -> None:
    """The same for programs, the prompt from standard input."""
    told = ask(str(config), "--json", "--prompt", "-", stdin="Hello?")
    plan = json.loads(told.output)
    assert [c["provider"] for c in plan["candidates"]] == ["claude", "openai"]
    assert plan["candidates"][0]["bound_pico_usd"] > 0


def test_errors_are_one_line(config: Path) -> None:
    """A wrong name ends with its sentence and no traceback."""
    told = ask(str(config), "--chain", "opnai")
    assert told.exit_code == 1
    assert "did you mean 'openai'" in told.output and "Traceback" not in told.output


def test_nobody_to_ask(config: Path) -> None:
    """When no target can serve, that is told, and the exit code is 1."""
    told = ask(str(config), "--prompt", "word " * 400_000)
    assert told.exit_code == 1 and told.output.count("not asked") == 2


def test_the_commands_are_listed() -> None:
    """`--help` lists the commands."""
    told = CliRunner().invoke(main, ["--help"])
    assert told.exit_code == 0 and "plan" in told.output
