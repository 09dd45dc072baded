"""What a run is set to: options, ini keys and environment variables, merged once into one value.

An option beats the ini file, the ini file beats the environment, that beats the built-in value.
"""

import os
from dataclasses import dataclass
from typing import Literal, TypeVar

import pytest

__all__ = [
    "SETTINGS",
    "UNMATCHED",
    "UNUSED",
    "Settings",
    "add_options",
    "one_of",
    "settings_of",
    "whole",
    "yes_or_no",
]

Choice = TypeVar("Choice", bound=str)
Unmatched = Literal["error", "natural"]
Unused = Literal["error", "allow"]
UNMATCHED: tuple[Unmatched, ...] = ("error", "natural")
UNUSED: tuple[Unused, ...] = ("error", "allow")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The seed of everything that is not scripted; what unmatched requests and unused rules
    mean; whether the traffic of every test is shown; whether time is virtual; whether tests in
    virtual time run twice and are compared; the scenario file that universes are to replay."""

    seed: int = 0
    unmatched: Unmatched = "error"
    unused: Unused = "error"
    traffic: bool = False
    virtual: bool = False
    check_determinism: bool = False
    scenario: str = ""


SETTINGS = pytest.StashKey[Settings]()

_HELP = {
    "seed": "Seed of everything that is not scripted (a whole number, 0 by default).",
    "unmatched": "What a request that no rule is for gets: error (the default) or natural.",
    "unused": "Whether rules that no request matched fail the test: error (default) or allow.",
}


def add_options(parser: pytest.Parser) -> None:
    """Register `--llmsim-*` options and `llmsim_*` ini keys."""
    group = parser.getgroup("llmsim", "llmsim: fake LLM providers")
    for name, text in _HELP.items():
        group.addoption(f"--llmsim-{name}", dest=f"llmsim_{name}", default=None, help=text)
        parser.addini(f"llmsim_{name}", text)
    group.addoption(
        "--llmsim-traffic",
        dest="llmsim_traffic",
        action="store_true",
        default=False,
        help="Show the traffic of every test that used the fakes, not only of failed ones.",
    )
    group.addoption(
        "--llmsim-scenario",
        dest="llmsim_scenario",
        default="",
        metavar="FILE",
        help="Run universes in the one world of this scenario file, TOML or JSON.",
    )
    group.addoption(
        "--llmsim-check-determinism",
        dest="llmsim_check_determinism",
        action="store_true",
        default=False,
        help="Run every test in virtual time twice and compare what the fakes saw, byte by byte.",
    )


def settings_of(config: pytest.Config) -> Settings:
    """Merge the sources. Raises UsageError that names the allowed values."""
    return Settings(
        seed=whole("seed", _value(config, "seed", "0")),
        unmatched=one_of("unmatched", _value(config, "unmatched", "error"), UNMATCHED),
        unused=one_of("unused", _value(config, "unused", "error"), UNUSED),
        traffic=config.getoption("llmsim_traffic"),
        scenario=config.getoption("llmsim_scenario"),
        check_determinism=config.getoption("llmsim_check_determinism"),
    )


def whole(name: str, value: object) -> int:
    """A whole number, also written as text."""
    try:
        if isinstance(value, bool | float):
            raise ValueError
        return int(str(value))
    except ValueError:
        raise pytest.UsageError(f"llmsim: {name} is a whole number, not {value!r}.") from None


def yes_or_no(name: str, value: object) -> bool:
    """True or False."""
    if isinstance(value, bool):
        return value
    raise pytest.UsageError(f"llmsim: {name} is True or False, not {value!r}.")


def one_of(name: str, value: object, allowed: tuple[Choice, ...]) -> Choice:
    """One of the allowed words."""
    for choice in allowed:
        if value == choice:
            return choice
    raise pytest.UsageError(f"llmsim: {name} is {' or '.join(allowed)}, not {value!r}.")


def _value(config: pytest.Config, name: str, built_in: str) -> str:
    option = config.getoption(f"llmsim_{name}")
    ini = config.getini(f"llmsim_{name}")
    return str(option or ini or os.environ.get(f"LLMSIM_{name.upper()}") or built_in)
