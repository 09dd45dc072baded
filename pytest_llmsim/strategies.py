"""Hypothesis strategies of what can go wrong, for `universes` and for tests of one's own.

They draw scenarios, the values that scenario files hold, and shrink towards no fault, and to few,
early, short faults of the first provider and kind.
"""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from hypothesis import strategies as st

from fakeservers import (
    Fault,
    Rule,
    Scenario,
    Script,
    ScriptError,
    between,
    cut,
    http_error,
    overloaded,
    rate_limited,
    refused,
    reset,
    slow_first_byte,
    stall,
)
from fakeservers.behaviour.schedule import Schedule
from fakeservers.canonical import ApiError

__all__ = ["KINDS", "Kind", "scenarios"]

Kind = str | ApiError | Fault
"""A name of KINDS, or an error or a fault as `fails(...)` takes it."""

KINDS: Mapping[str, ApiError | Fault] = MappingProxyType(
    {
        "overloaded": overloaded(),
        "rate_limited": rate_limited(retry_after_s=2),
        "server_error": http_error(500),
        "refused": refused(),
        "reset": reset(),
        "silent": stall(after_chunks=0),
        "slow": slow_first_byte(4),
        "cut": cut(after_chunks=1),
    }
)
"""The faults that a universe may have unless it is told which."""

PROVIDERS = ("claude", "openai", "gemini", "ollama")
TENTHS = 10

Spell = tuple[tuple[str, ApiError | Fault], int, int]
"""Whom what befalls, and in tenths of a second from when and for how long."""


def scenarios(
    providers: Sequence[str] = PROVIDERS,
    *,
    horizon_s: float = 60.0,
    kinds: Sequence[Kind] = tuple(KINDS),
    faults_max: int = 5,
    seed: int = 0,
) -> st.SearchStrategy[Scenario]:
    """Scenarios with up to `faults_max` faults of these providers, each with a window that begins
    and ends within `horizon_s`, at full tenths of a second; they may overlap."""
    last = max(2, int(horizon_s * TENTHS))
    # One choice of both is drawn and shrunk quicker than two.
    troubles = [(provider, fault) for fault in map(_fault, kinds) for provider in providers]
    spell = st.tuples(
        st.sampled_from(troubles),
        st.integers(0, last - 1),
        st.integers(1, max(1, last // 2)),
    )
    return st.lists(spell, max_size=faults_max).map(
        lambda drawn: _scenario(drawn, providers, last, seed)
    )


def _fault(kind: Kind) -> ApiError | Fault:
    if not isinstance(kind, str):
        return kind
    if kind not in KINDS:
        raise ScriptError(
            f"A kind of fault is one of {', '.join(KINDS)}, or a value that fails(...) takes, "
            f"not {kind!r}."
        )
    return KINDS[kind]


def _scenario(spells: Iterable[Spell], providers: Sequence[str], last: int, seed: int) -> Scenario:
    rules: dict[str, tuple[Rule, ...]] = {}
    for (provider, fault), start, length in spells:
        window = between(start / TENTHS, min(start + length, last) / TENTHS)
        earlier = rules.get(provider, ())
        rule = Rule(
            number=len(earlier) + 1,
            error=fault if isinstance(fault, ApiError) else None,
            fault=fault if isinstance(fault, Fault) else None,
            schedule=Schedule(windows=(window,)),
            written_at="drawn",
        )
        rules[provider] = (*earlier, rule)
    scripts = {name: Script(rules=rules[name]) for name in providers if name in rules}
    return Scenario(seed=seed, scripts=scripts)
