"""Assertions about what the fakes saw and what a router did. pytest rewrites them, so a failure
shows the values; each says besides what came closest.

    from pytest_llmsim.assertions import assert_called_with, assert_fallback_order

What must not be here: anything that changes what is asserted about.
"""

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from itertools import groupby
from typing import Any

from fakeservers import Exchange, FakeProvider, FakeServers, Match
from fakeservers.behaviour.matching import difference
from fakeservers.canonical import ToolCall
from fakeservers.errors import ScriptError, did_you_mean

__all__ = [
    "assert_called_with",
    "assert_cost_at_most",
    "assert_fallback_order",
    "assert_tokens_at_most",
    "assert_tool_called",
]

Seen = FakeProvider | FakeServers


def assert_called_with(seen: Seen, *, times: int | None = None, **match: Any) -> None:
    """Some request, or exactly `times` of them, were all of this: `prompt`, `model`, `system`,
    `tool_result`, `turn`, `headers`, `endpoint`, `where`, as `on(...)` takes them."""
    known = [name for name, field in Match.__dataclass_fields__.items() if field.init]
    if unknown := [name for name in match if name not in known]:
        raise ScriptError(
            f"assert_called_with({', '.join(unknown)}=...): it takes times, {', '.join(known)}."
            + did_you_mean(unknown[0], ["times", *known])
        )
    wanted = Match(**{**match, "headers": match.get("headers") or {}})
    apart = [
        (call, difference(wanted, call.request, call.headers))
        for call in _calls(seen)
        if call.request is not None
    ]
    matching = [call for call, differences in apart if not differences]
    if times is not None:
        assert len(matching) == times, f"{len(matching)} of {len(apart)} requests are {wanted}"
        return
    if matching:
        return
    near = min(apart, key=lambda pair: len(pair[1]), default=None)
    assert near is not None, f"no request was made; wanted one of {wanted}"
    call, differences = near
    told = "\n".join(f"  {one}" for one in differences)
    assert not differences, (
        f"none of {len(apart)} requests is {wanted}; the nearest is {call.provider} "
        f"#{call.number}:\n{told}"
    )


def assert_fallback_order(made: Any, providers: Iterable[str]) -> None:
    """These providers were asked in this order, each once or several times in a row: by a
    router's answer or its error (its `attempts`), or as the fakes saw it."""
    if isinstance(made, FakeProvider | FakeServers):
        asked = [call.provider for call in _calls(made)]
    else:
        asked = [attempt.provider for attempt in made.attempts]
    order = [provider for provider, _ in groupby(asked)]
    assert order == list(providers)


def assert_cost_at_most(spent: Any, usd: Decimal | int | str) -> None:
    """It cost at most so many US dollars: a router's answer, its costs, the fakes' bill, or the
    fakes, whose bill is taken. `usd` is exact: "0.05", never a float."""
    if isinstance(usd, float):
        raise TypeError(f'money is exact: write "{usd}", not {usd}')
    if isinstance(spent, FakeProvider | FakeServers):
        spent = spent.bill
    cost = spent.total if hasattr(spent, "total") else spent.cost
    assert cost <= Decimal(usd)


def assert_tokens_at_most(
    seen: Seen, total: int | None = None, *, input: int | None = None, output: int | None = None
) -> None:
    """All answers together used at most so many tokens: in all, read, written."""
    usages = [call.usage for call in _calls(seen) if call.usage is not None]
    input_tokens = sum(usage.input_tokens for usage in usages)
    output_tokens = sum(usage.output_tokens for usage in usages)
    if total is not None:
        assert input_tokens + output_tokens <= total
    if input is not None:
        assert input_tokens <= input
    if output is not None:
        assert output_tokens <= output


def assert_tool_called(
    seen: Seen, name: str, arguments: Mapping[str, Any] | None = None, *, times: int | None = None
) -> None:
    """A model called this tool, with at least these arguments, once or more, or exactly `times`
    times."""
    calls = [
        part
        for call in _calls(seen)
        for reply in call.replies
        for part in reply.parts
        if isinstance(part, ToolCall)
    ]
    named = [_arguments(call) for call in calls if call.name == name]
    assert named, f"{name} was not called; called were: {_names(calls)}"
    wanted = dict(arguments or {})
    found = [given for given in named if wanted.items() <= given.items()]
    if times is not None:
        assert len(found) == times, f"{name} was called {len(found)} times with {wanted}: {named}"
    else:
        assert found, f"{name} was called, never with {wanted}: {named}"


def _calls(seen: Seen) -> tuple[Exchange, ...]:
    return seen.journal if isinstance(seen, FakeServers) else seen.calls


def _arguments(call: ToolCall) -> Mapping[str, Any]:
    """A call's arguments; none where they were scripted as text that is no object."""
    if not isinstance(call.arguments, str):
        return dict(call.arguments)
    try:
        read = json.loads(call.arguments)
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}


def _names(calls: list[ToolCall]) -> str:
    return ", ".join(dict.fromkeys(call.name for call in calls)) or "none"
