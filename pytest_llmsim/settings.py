"""What a run is set to: options, ini keys and environment variables, merged once into one value.

An option beats the ini file, the ini file beats the environment, that beats the built-in value;
a test's markers beat them all. What must not be here: what any setting does.
"""

import math
import os
from argparse import Namespace
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from typing import Any, Literal, cast

import pytest

from .words import check_keywords, did_you_mean

__all__ = [
    "BUILT_IN",
    "KEYS",
    "MARKED",
    "PROVIDERS",
    "SETTINGS",
    "Key",
    "Mode",
    "Record",
    "Settings",
    "add_options",
    "is_option_or_variable",
    "marked",
    "settings_of",
]

Mode = Literal["fake", "mock", "real", "record", "replay"]
Record = Literal["none", "once", "new", "all"]
PROVIDERS = ("claude", "openai", "gemini", "ollama")
BUILT_IN = "built-in"
MARKED = "a marker"

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


SETTINGS = pytest.StashKey[Settings]()


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
    """One setting: how it is read, and where it may stand besides options."""

    read: Read
    help: str
    flag: bool = False
    """An option without a value, that is nowhere else."""
    written: bool = True
    """Whether options, ini keys and variables say it."""
    marker: bool = False
    """Whether the marker `llmsim` says it."""


MODE = one_of("fake", "mock", "real", "record", "replay")

KEYS: Mapping[str, Key] = {
    "scenario": Key(
        read=path,
        marker=True,
        help="A file with what the fakes do, TOML or JSON; universes run in the one world of it.",
    ),
    "seed": Key(
        read=whole,
        marker=True,
        help="Seed of everything that is not scripted (a whole number, 0 by default).",
    ),
    "virtual": Key(read=truth, marker=True, written=False, help="Virtual time."),
    "unmatched": Key(
        read=one_of("error", "natural"),
        marker=True,
        help="What a request that no rule is for gets: error (the default) or natural.",
    ),
    "unused": Key(
        read=one_of("error", "allow"),
        marker=True,
        help="Whether rules that no request matched fail the test: error (default) or allow.",
    ),
    "mode": Key(
        read=MODE,
        marker=True,
        help="Who answers: fake (the default), real, mock (the router's own clients), replay "
        "(what was recorded), or record (that too, and the real ones what is missing).",
    ),
    "block_network": Key(
        read=yes_or_no,
        marker=True,
        help="Whether connections to the real providers fail while fakes stand in for them "
        "(true by default).",
    ),
    "validation": Key(
        read=one_of("strict", "off"),
        marker=True,
        help="Whether the fakes refuse what the real services refuse: strict (default) or off.",
    ),
    "models": Key(
        read=one_of("known", "current", "any"),
        marker=True,
        help="Which models the fakes answer to: known (the default), current (those of them that "
        "have not retired) or any.",
    ),
    "impossible": Key(
        read=one_of("error", "allow"),
        marker=True,
        help="Whether scripted replies that no model gives are refused: error (default) or allow.",
    ),
    **{
        name: Key(
            read=MODE, help=f"Who answers for {name}: one of the modes; that of all if unset."
        )
        for name in PROVIDERS
    },
    "stable_urls": Key(
        read=yes_or_no,
        help="Keep the fakes' addresses over the whole run, from before the first import: for "
        "programs that make their clients at import, or keep them.",
    ),
    "max_usd": Key(
        read=usd, help="The most that real providers may cost in this run, in US dollars."
    ),
    "record": Key(
        read=one_of("none", "once", "new", "all"),
        help="What recordings ask the real services for: none (the default in mode replay), once "
        "(all of a test that has no recording), new (what is not recorded, the default in mode "
        "record), all (everything anew).",
    ),
    "recordings": Key(
        read=folder, help="The folder of recordings, beside each test's module (recordings)."
    ),
    "ignored": Key(
        read=texts,
        marker=True,
        help="Fields of requests that do not count where a recorded answer is looked for, such as "
        "metadata.user_id or messages[0].content, with commas between them.",
    ),
    "time_scale": Key(
        read=scale,
        marker=True,
        help="How long recorded answers take: 0 no time (the default), 1 as long as they took.",
    ),
    "drift": Key(
        read=one_of("warn", "error", "off"),
        marker=True,
        help="What becomes of recorded answers that have another shape than the fakes' own: warn "
        "at the end (the default), error or off.",
    ),
    "traffic": Key(
        read=yes_or_no,
        flag=True,
        help="Show the traffic of every test that used the fakes, not only of failed ones.",
    ),
    "report": Key(
        read=yes_or_no,
        flag=True,
        help="Sum up at the end: calls, tokens, what they would have cost, the slowest, faults.",
    ),
    "check_determinism": Key(
        read=yes_or_no,
        flag=True,
        help="Run every test in virtual time twice and compare what the fakes saw, byte by byte.",
    ),
}


def add_options(parser: pytest.Parser) -> None:
    """Register `--llmsim-*` options and `llmsim_*` ini keys."""
    group = parser.getgroup("llmsim", "llmsim: fake LLM providers")
    for name, key in KEYS.items():
        option, dest = f"--llmsim-{name.replace('_', '-')}", f"llmsim_{name}"
        if key.flag:
            group.addoption(option, dest=dest, action="store_true", default=False, help=key.help)
        elif key.written:
            metavar = "FILE" if name == "scenario" else name.upper()
            group.addoption(option, dest=dest, default=None, metavar=metavar, help=key.help)
            parser.addini(dest, key.help)


def settings_of(
    config: pytest.Config,
    environ: Mapping[str, str] = os.environ,
    options: Namespace | None = None,
) -> Settings:
    """Merge the sources; `options` in the place of the config's, which are not there before the
    first conftest is loaded. Raises UsageError that names the allowed values."""
    options = config.option if options is None else options
    values: dict[str, Any] = {}
    said_by: dict[str, str] = {}
    for name, key in KEYS.items():
        if key.flag:
            values[name] = bool(getattr(options, f"llmsim_{name}"))
        elif key.written and (said := _said(config, name, environ, options)) is not None:
            said_by[name], value = said
            values[name] = key.read(name, value)
    return Settings(**values, said_by=said_by)


def marked(item: pytest.Item, settings: Settings) -> Settings:
    """The settings with the test's `llmsim` markers on top, the closest winning. A marker's
    `mode` holds for every provider."""
    known = [name for name, key in KEYS.items() if key.marker]
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
    if (option := getattr(options, f"llmsim_{name}")) is not None:
        return f"--llmsim-{name.replace('_', '-')}", option
    if (ini := config.getini(f"llmsim_{name}")) not in ("", None):
        file = config.inipath.name if config.inipath is not None else "the ini file"
        return f"llmsim_{name} in {file}", ini
    variable = f"LLMSIM_{name.upper()}"
    if value := environ.get(variable):
        return variable, value
    return None


def is_option_or_variable(said: str) -> bool:
    """Whether a setting was said in a way that an option beats."""
    return said.startswith(("--", "LLMSIM_"))
