"""What a run is set to: options, ini keys and environment variables, merged once into one value.

An option beats the ini file, the ini file beats the environment, that beats the built-in value;
a test's markers beat them all. What must not be here: what any setting does, and what pytest is
told of settings (`registered`).
"""

import math
import os
from argparse import Namespace
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from typing import Any, Literal, cast

import pytest

from .registered import FLAGS, OPTIONS, PROVIDERS, VARIABLES, key, option, variable
from .words import check_keywords, did_you_mean

__all__ = [
    "BUILT_IN",
    "KEYS",
    "MARKED",
    "Key",
    "Mode",
    "Record",
    "Settings",
    "is_option_or_variable",
    "marked",
    "merge",
    "settings_of",
    "unknown_variables",
]

Mode = Literal["fake", "mock", "real", "record", "replay"]
Record = Literal["none", "once", "new", "all"]
BUILT_IN = "built-in"
MARKED = "a marker"
OF_COMMANDS = ("LLMSIM_GATEWAY_TOKEN", "LLMSIM_TOKEN")
NEAR = 0.9
"""How alike a variable must be to one of ours to be taken for it misspelt: the ratio of difflib.
`LLMSIM_SEDE` and `LLMSIM_OPENIA` are; `LLMSIM_OPENAI_EU`, a provider of a router's, is not."""

Read = Callable[[str, object], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One field a setting; see KEYS for what they mean. `said_by` tells where those came from
    that are not built-in: an option, an ini key, a variable, a marker."""

    seed: int = 0
    unmatched: Literal["error", "natural"] = "error"
    unused: Literal["error", "allow"] = "error"
    impossible: Literal["error", "allow"] = "error"
    validation: Literal["strict", "off"] = "strict"
    models: Literal["known", "current", "any"] = "known"
    scenario: Any = ""
    virtual: bool = False
    mode: Mode = "fake"
    claude: Mode | None = None
    openai: Mode | None = None
    gemini: Mode | None = None
    ollama: Mode | None = None
    block_network: bool = True
    stable_urls: bool = False
    max_usd: Decimal | None = None
    record: Record = "none"
    recordings: str = "recordings"
    ignored: tuple[str, ...] = ()
    time_scale: float = 0.0
    drift: Literal["warn", "error", "off"] = "warn"
    traffic: bool = False
    report: bool = False
    check_determinism: bool = False
    said_by: Mapping[str, str] = field(default_factory=dict)

    def mode_of(self, provider: str) -> Mode:
        """A provider's own mode, else that of all."""
        return cast(Mode, getattr(self, provider, None) or self.mode)

    def record_of(self, provider: str) -> Record:
        """What a provider's recording asks for: in mode `record` what is new, if nothing else is
        said."""
        asks = self.mode_of(provider) == "record" and self.record == "none"
        return "new" if asks else self.record

    def why_mode(self, provider: str) -> str:
        """Where a provider's mode was said."""
        return self.why("mode" if getattr(self, provider) is None else provider)

    def why(self, name: str) -> str:
        """Where a setting was said."""
        return self.said_by.get(name, BUILT_IN)


MERGED = pytest.StashKey[Settings]()


def whole(name: str, value: object) -> int:
    """A whole number, also written as text."""
    try:
        if isinstance(value, bool | float):
            raise ValueError
        return int(str(value))
    except ValueError:
        raise pytest.UsageError(f"llmsim: {name} is a whole number, not {value!r}.") from None


def truth(name: str, value: object) -> bool:
    """True or False."""
    if isinstance(value, bool):
        return value
    raise pytest.UsageError(f"llmsim: {name} is True or False, not {value!r}.")


def yes_or_no(name: str, value: object) -> bool:
    """True or False, also written as text."""
    words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
    if isinstance(value, str) and value.lower() in words:
        return words[value.lower()]
    return truth(name, value)


def usd(name: str, value: object) -> Decimal | None:
    """An exact amount; a binary float is none."""
    if value is None or value == "":
        return None
    try:
        if isinstance(value, bool | float):
            raise ValueError
        amount = Decimal(str(value).strip().removeprefix("$"))
        if not amount.is_finite() or amount < 0:
            raise ValueError
        return amount
    except (ValueError, InvalidOperation):
        raise pytest.UsageError(
            f'llmsim: {name} is an amount in US dollars such as "0.50", not {value!r}.'
        ) from None


def scale(name: str, value: object) -> float:
    """How much of a time passes: 0 none, 1 all of it."""
    try:
        if isinstance(value, bool) or not 0 <= (factor := float(str(value))) < math.inf:
            raise ValueError
        return factor
    except ValueError:
        raise pytest.UsageError(f"llmsim: {name} is a number from 0, not {value!r}.") from None


def folder(name: str, value: object) -> str:
    """The name of a folder that there may be in many places."""
    if isinstance(value, str) and value and not os.path.isabs(value):
        return value
    raise pytest.UsageError(
        f"llmsim: {name} is a folder beside each test's module, such as recordings, not {value!r}."
    )


def texts(name: str, value: object) -> tuple[str, ...]:
    """Several texts, with commas or line breaks between them where they are written as one."""
    if isinstance(value, str):
        return tuple(part for said in value.splitlines() for part in _parts(said))
    if isinstance(value, list | tuple) and all(isinstance(one, str) for one in value):
        return tuple(value)
    raise pytest.UsageError(f"llmsim: {name} is a text or several, not {value!r}.")


def _parts(line: str) -> list[str]:
    return [part.strip() for part in line.split(",") if part.strip()]


def one_of(*allowed: str) -> Read:
    """One of the allowed words."""

    def read(name: str, value: object) -> str:
        for choice in allowed:
            if value == choice:
                return choice
        meant = did_you_mean(value, allowed)
        raise pytest.UsageError(f"llmsim: {name} is {' or '.join(allowed)}, not {value!r}.{meant}")

    return read


def path(name: str, value: object) -> object:
    """A file's path; in a marker also a Scenario, which the fakes know."""
    if isinstance(value, str | os.PathLike) or type(value).__name__ == "Scenario":
        return value
    raise pytest.UsageError(f"llmsim: {name} is a file's path or a Scenario, not {value!r}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """How a setting is read, and whether the marker `llmsim` says it."""

    read: Read
    marker: bool = False


MODE = one_of("fake", "mock", "real", "record", "replay")

KEYS: Mapping[str, Key] = {
    "scenario": Key(read=path, marker=True),
    "seed": Key(read=whole, marker=True),
    "virtual": Key(read=truth, marker=True),
    "unmatched": Key(read=one_of("error", "natural"), marker=True),
    "unused": Key(read=one_of("error", "allow"), marker=True),
    "mode": Key(read=MODE, marker=True),
    "block_network": Key(read=yes_or_no, marker=True),
    "validation": Key(read=one_of("strict", "off"), marker=True),
    "models": Key(read=one_of("known", "current", "any"), marker=True),
    "impossible": Key(read=one_of("error", "allow"), marker=True),
    **{name: Key(read=MODE) for name in PROVIDERS},
    "stable_urls": Key(read=yes_or_no),
    "max_usd": Key(read=usd),
    "record": Key(read=one_of("none", "once", "new", "all")),
    "recordings": Key(read=folder),
    "ignored": Key(read=texts, marker=True),
    "time_scale": Key(read=scale, marker=True),
    "drift": Key(read=one_of("warn", "error", "off"), marker=True),
    "traffic": Key(read=yes_or_no),
    "report": Key(read=yes_or_no),
    "check_determinism": Key(read=yes_or_no),
}


def merged(
    config: pytest.Config, options: Namespace, environ: Mapping[str, str] = os.environ
) -> Settings:
    """The sources in one. Raises UsageError that names the allowed values.

    options  of the config, or those that it knows before the first conftest is loaded
    """
    values: dict[str, Any] = {name: bool(getattr(options, key(name))) for name in FLAGS}
    said_by: dict[str, str] = {}
    for name in OPTIONS:
        if (said := _said(config, name, environ, options)) is not None:
            said_by[name], value = said
            values[name] = KEYS[name].read(name, value)
    return Settings(**values, said_by=said_by)


def merge(config: pytest.Config) -> None:
    """Keep what a run is set to, and warn of a variable that is nearly one."""
    config.stash[MERGED] = merged(config, config.option)
    for name, meant in unknown_variables(os.environ).items():
        if meant:
            told = f"llmsim: the environment variable {name} changes nothing.{meant}"
            config.issue_config_time_warning(pytest.PytestConfigWarning(told), stacklevel=2)


def settings_of(config: pytest.Config) -> Settings:
    """What a run is set to; what is built in, where nothing was said."""
    return config.stash.get(MERGED, None) or Settings()


def unknown_variables(environ: Mapping[str, str]) -> Mapping[str, str]:
    """Variables that begin like ours and are none of a test's, each with the nearest one that is.
    Those of the commands and of providers in a router's file look so too."""
    known = [variable(name) for name in OPTIONS]
    names = (n for n in sorted(environ) if n.startswith(VARIABLES) and n not in known)
    return {name: did_you_mean(name, known, NEAR) for name in names if name not in OF_COMMANDS}


def marked(item: pytest.Item, settings: Settings) -> Settings:
    """The settings with the test's `llmsim` markers on top, the closest winning. A marker's
    `mode` holds for every provider."""
    known = [name for name, one in KEYS.items() if one.marker]
    given: dict[str, object] = {}
    for marker in item.iter_markers("llmsim"):
        if marker.args:
            raise pytest.UsageError(f"{item.nodeid}: llmsim(...) takes keywords only.")
        check_keywords(item, marker, known, marker.kwargs)
        given = {**marker.kwargs, **given}
    values: dict[str, Any] = {name: KEYS[name].read(name, given[name]) for name in given}
    if "mode" in given:
        values |= dict.fromkeys(PROVIDERS)
    return replace(settings, **values, said_by={**settings.said_by, **dict.fromkeys(given, MARKED)})


def _said(
    config: pytest.Config, name: str, environ: Mapping[str, str], options: Namespace
) -> tuple[str, str] | None:
    """Where a setting stands, and what it says there; None where nothing says it."""
    if (value := getattr(options, key(name))) is not None:
        return option(name), value
    if (value := config.getini(key(name))) not in ("", None):
        file = config.inipath.name if config.inipath is not None else "the ini file"
        return f"{key(name)} in {file}", value
    if value := environ.get(variable(name)):
        return variable(name), value
    return None


def is_option_or_variable(said: str) -> bool:
    """Whether a setting was said in a way that an option beats."""
    return said.startswith(("--", "LLMSIM_"))
