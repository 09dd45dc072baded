"""Which requests a rule is for. A match is defined by its difference: no difference, a match.

So an explanation of why a rule did not match can never disagree with the decision.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import partial
from typing import Any

from ..canonical import ChatRequest, Request
from ..errors import ScriptError

__all__ = ["Difference", "Match", "TextPattern", "difference"]

TextPattern = str | re.Pattern[str]

MISSING = "nothing"

KEY_HEADERS = ("x-api-key", "x-goog-api-key", "api-key", "authorization")
"""Where the SDKs send the key: Anthropic's, Google's, Azure's, and for others as a bearer token."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One field of a match that the request does not satisfy."""

    field: str
    wanted: str
    got: str

    def __str__(self) -> str:
        return f"{self.field}: wanted {self.wanted}, got {self.got}"


Check = Callable[[Request, Mapping[str, str]], Difference | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """What a rule asks of a request; None asks nothing.

    model        the model's name, `*` and `?` as in file names, or a compiled pattern
    prompt       a part of the last user message, or a compiled pattern found in it
    system       the same for the system text
    tool_result  the same for one of the tool results that the request brings back
    turn         1 for the first call of a conversation, 2 after one answer of the model, ...
    key          the API key that the request was sent with, `*` and `?` as for the model
    headers      names (any case) and their exact values or compiled patterns
    endpoint     the API's name for the operation, such as `chat.completions`
    where        called with the request, true when it is the one
    """

    model: TextPattern | None = None
    prompt: TextPattern | None = None
    system: TextPattern | None = None
    tool_result: TextPattern | None = None
    turn: int | None = None
    key: TextPattern | None = None
    headers: Mapping[str, TextPattern] = field(default_factory=dict)
    endpoint: str | None = None
    where: Callable[[Request], Any] | None = None
    checks: tuple[Check, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for name in ("model", "prompt", "system", "tool_result", "key"):
            value = getattr(self, name)
            if value is not None and not isinstance(value, str | re.Pattern):
                raise ScriptError(
                    f"on({name}=...) takes a text or a compiled pattern, not {value!r}. "
                    f"For anything else write on(where=lambda request: ...)."
                )
        if self.turn is not None and (not isinstance(self.turn, int) or self.turn < 1):
            raise ScriptError(f"on(turn=...) counts from 1, got {self.turn!r}.")
        if self.where is not None and not callable(self.where):
            raise ScriptError(f"on(where=...) takes a function of the request, not {self.where!r}.")
        object.__setattr__(self, "checks", tuple(_checks(self)))

    def __str__(self) -> str:
        """The keywords of the `on(...)` that makes this match."""
        asked = [
            f"{name}={_show(value)}"
            for name in ("model", "prompt", "system", "tool_result", "turn", "key", "endpoint")
            if (value := getattr(self, name)) is not None
        ]
        asked += [f"headers={{{k!r}: {_show(v)}}}" for k, v in self.headers.items()]
        if self.where is not None:
            asked.append(f"where={getattr(self.where, '__qualname__', repr(self.where))}")
        return ", ".join(asked)


def difference(
    match: Match, request: Request, headers: Mapping[str, str]
) -> tuple[Difference, ...]:
    """All fields in which `request` is not what `match` asks for; empty when it matches.
    `headers` has lower-case names."""
    found: tuple[Difference, ...] = ()
    for check in match.checks:
        if (apart := check(request, headers)) is not None:
            found += (apart,)
    return found


def _checks(match: Match) -> Iterator[Check]:
    """A check for each field that asks something, in the order in which they are told."""
    if match.model is not None:
        yield partial(_check_model, match.model)
    if match.prompt is not None:
        yield partial(_check_prompt, match.prompt)
    if match.system is not None:
        yield partial(_check_system, match.system)
    if match.tool_result is not None:
        yield partial(_check_tool_result, match.tool_result)
    if match.turn is not None:
        yield partial(_check_turn, match.turn)
    if match.key is not None:
        yield partial(_check_key, match.key)
    for name, wanted in match.headers.items():
        yield partial(_check_header, name, wanted)
    if match.endpoint is not None:
        yield partial(_check_endpoint, match.endpoint)
    if match.where is not None:
        yield partial(_check_where, match.where)


def _check_model(
    wanted: TextPattern, request: Request, headers: Mapping[str, str]
) -> Difference | None:
    name = request.model
    return None if _named(wanted, name) else Difference("model", _show(wanted), _show(name))


def _check_prompt(
    wanted: TextPattern, request: Request, headers: Mapping[str, str]
) -> Difference | None:
    prompt = request.prompt
    if _contains(wanted, prompt):
        return None
    return Difference("prompt", f"one with {_show(wanted)}", _show(prompt))


def _check_system(
    wanted: TextPattern, request: Request, headers: Mapping[str, str]
) -> Difference | None:
    system = request.system if isinstance(request, ChatRequest) else ""
    if _contains(wanted, system):
        return None
    return Difference("system", f"one with {_show(wanted)}", _show(system))


def _check_tool_result(
    wanted: TextPattern, request: Request, headers: Mapping[str, str]
) -> Difference | None:
    results = request.tool_results if isinstance(request, ChatRequest) else ()
    if any(_contains(wanted, result.text) for result in results):
        return None
    got = " and ".join(_show(result.text) for result in results) or MISSING
    return Difference("tool_result", f"one with {_show(wanted)}", got)


def _check_turn(wanted: int, request: Request, headers: Mapping[str, str]) -> Difference | None:
    turn = request.turn if isinstance(request, ChatRequest) else None
    return None if turn == wanted else Difference("turn", str(wanted), str(turn or MISSING))


def _check_key(
    wanted: TextPattern, request: Request, headers: Mapping[str, str]
) -> Difference | None:
    sent = [headers[name].rpartition(" ")[2] for name in KEY_HEADERS if name in headers]
    if any(_named(wanted, key) for key in sent):
        return None
    return Difference("key", "its value", "another value" if sent else MISSING)


def _check_header(
    name: str, wanted: TextPattern, request: Request, headers: Mapping[str, str]
) -> Difference | None:
    value = headers.get(name.lower())
    if value is not None and (
        value == wanted if isinstance(wanted, str) else wanted.search(value) is not None
    ):
        return None
    # The value itself is left out: a header may be a credential.
    got = MISSING if value is None else "another value"
    return Difference(f"headers[{name!r}]", "its value", got)


def _check_endpoint(wanted: str, request: Request, headers: Mapping[str, str]) -> Difference | None:
    got = request.endpoint
    return None if got == wanted else Difference("endpoint", _show(wanted), _show(got))


def _check_where(
    wanted: Callable[[Request], Any], request: Request, headers: Mapping[str, str]
) -> Difference | None:
    return None if wanted(request) else Difference("where", "a true value", "a false one")


def _named(wanted: TextPattern, name: str) -> bool:
    if isinstance(wanted, re.Pattern):
        return wanted.search(name) is not None
    return wanted == name or fnmatchcase(name, wanted)


def _contains(wanted: TextPattern, text: str) -> bool:
    return wanted in text if isinstance(wanted, str) else wanted.search(text) is not None


def _show(value: Any, limit: int = 120) -> str:
    if isinstance(value, re.Pattern):
        return f"/{value.pattern}/"
    text = repr(value)
    return text if len(text) <= limit else f"{text[:limit]}...' ({len(value)} characters)"
