"""Plain data into a scenario."""

import base64
import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from functools import partial
from typing import Any, TypeVar, get_args

from ...canonical import ApiError, Part, RawReply, Refusal, Reply, Text, ToolCall
from ...errors import ScriptError, did_you_mean
from .. import failures, faults, replies
from ..faults import Fault
from ..jobs import job_timing
from ..matching import Match
from ..models import KnownModels
from ..pace import Delay, Pace, delay, lognormal, pace
from ..scenario import Impossible, Rule, Scenario, Script, TokenCounts, Unmatched
from ..schedule import Schedule, ramp, schedule
from .checking import PlainError, PlainErrors, array, at, known, only, table

__all__ = ["MATCH_KEYS", "read_scenario"]

T = TypeVar("T")

RULE_KEYS = ("on", "replies", "fails", "paces", "counts", "times", "rate", "between", "every")
SCRIPT_KEYS = ("unmatched", "impossible", "models", "limits", "jobs", "rules")
JOB_KEYS = ("after_s", "polls", "fails")
MATCH_KEYS = ("model", "prompt", "system", "tool_result", "turn", "key", "headers", "endpoint")
BESIDE = ("chunks", "arguments", "id")
PACE_KEYS = ("preset", *(field.name for field in fields(Pace)), "tokens_per_s")
PART_KEYS = ("text", "tool_call", "thinking", "refusal", "structured", "raw", "parts")

ERRORS: Mapping[str, Callable[..., Any]] = {
    name: getattr(failures, name)
    for name in ("content_filtered", "http_error", "overloaded", "quota_exhausted", "rate_limited")
}
FAULTS: Mapping[str, Callable[..., Any]] = {
    name: getattr(faults, name)
    for name in faults.__all__
    if name not in ("Fault", "Twist", "over", "together")
}
CONSTRUCTORS = {**ERRORS, **FAULTS}


def read_scenario(data: Any, providers: Sequence[str], presets: Mapping[str, Pace]) -> Scenario:
    """The scenario that plain data says. Raises PlainErrors, with all that is wrong."""
    reading = _Reading(presets)
    scenario = reading.tried(partial(reading.scenario, data, providers))
    if reading.problems or scenario is None:
        raise PlainErrors(reading.problems)
    return scenario


class _Reading:
    """Reads on where something is wrong, and keeps what it was."""

    def __init__(self, presets: Mapping[str, Pace]) -> None:
        self._presets = presets
        self.problems: list[PlainError] = []

    def tried(self, read: Callable[[], T]) -> T | None:
        """What `read` returns, None where it raises PlainError."""
        try:
            return read()
        except PlainError as problem:
            self.problems.append(problem)
            return None

    def _known(self, data: Any, path: str, keys: Sequence[str]) -> Mapping[str, Any]:
        """A table whose known keys are read, whatever else stands in it."""
        given = table(data, path, None)
        self.tried(partial(table, given, path, keys))
        return given

    def scenario(self, data: Any, providers: Sequence[str]) -> Scenario:
        data = self._known(data, "", ("seed", *providers))
        scripts = {name: self._script(data[name], name) for name in providers if name in data}
        seed = data.get("seed", 0)
        if isinstance(seed, bool) or not isinstance(seed, int):
            raise PlainError("seed", f"a seed is a whole number, not {seed!r}.")
        return Scenario(seed=seed, scripts=scripts)

    def _script(self, data: Any, path: str) -> Script:
        return self.tried(partial(self._read_script, data, path)) or Script()

    def _read_script(self, data: Any, path: str) -> Script:
        given = self._known(data, path, SCRIPT_KEYS)
        rules = [
            self.tried(partial(self._rule, rule, number + 1, f"{path}.rules[{number}]"))
            for number, rule in enumerate(array(given.get("rules", []), f"{path}.rules"))
        ]
        jobs = table(given.get("jobs", {}), f"{path}.jobs", JOB_KEYS)
        return Script(
            rules=tuple(rule for rule in rules if rule is not None),
            unmatched=_one_of(get_args(Unmatched), given, "unmatched", path),
            impossible=_one_of(get_args(Impossible), given, "impossible", path),
            models=_one_of(get_args(KnownModels), given, "models", path)
            if "models" in given
            else None,
            limits=dict(table(given.get("limits", {}), f"{path}.limits", None)),
            jobs=at(f"{path}.jobs", lambda: job_timing(**jobs)),
        )

    def _rule(self, data: Any, number: int, path: str) -> Rule:
        given = table(data, path, RULE_KEYS)
        if not given.keys() & {"replies", "fails", "paces", "counts"}:
            raise PlainError(path, "a rule has replies, fails, paces or counts.")
        error, fault = at(f"{path}.fails", lambda: _failure(given.get("fails", []), path))
        return Rule(
            number=number,
            match=at(f"{path}.on", lambda: _match(given.get("on", {}), f"{path}.on")),
            replies=at(f"{path}.replies", lambda: _replies(given.get("replies", []), path)),
            error=error,
            fault=fault,
            pace=self._pace(given["paces"], f"{path}.paces") if "paces" in given else None,
            counts=_counts(given["counts"], f"{path}.counts") if "counts" in given else None,
            times=_times(given.get("times"), f"{path}.times"),
            schedule=_schedule(given, path),
            written_at=path,
        )

    def _pace(self, data: Any, path: str) -> Pace:
        if isinstance(data, str):
            data = {"preset": data}
        given = dict(table(data, path, PACE_KEYS))
        preset = None
        if (name := given.pop("preset", None)) is not None:
            preset = known(self._presets, name, f"{path}.preset")
        for name in ("ttft", "inter_token"):
            if name in given:
                given[name] = at(f"{path}.{name}", partial(_delay, given[name]))
        made: Pace = at(path, lambda: pace(preset, **given))
        return made


def _one_of(words: Sequence[str], given: Mapping[str, Any], key: str, path: str) -> Any:
    """The word that stands there; the first one where none does."""
    word = given.get(key, words[0])
    if word not in words:
        raise PlainError(f"{path}.{key}", f"it is {' or '.join(words)}, not {word!r}.")
    return word


def _failure(data: Any, path: str) -> tuple[ApiError | None, Fault | None]:
    values = data if isinstance(data, list) else [data]
    if not values:
        return None, None
    made = [_made(value, f"{path}.fails") for value in values]
    return failures.failure(made, {})


def _made(value: Any, path: str) -> Any:
    """A status, the name of a constructor, or a name and its arguments."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    name, arguments = (value, {}) if isinstance(value, str) else only(value, path)
    make = known(CONSTRUCTORS, name, path)
    if not isinstance(arguments, Mapping):
        first = next(iter(inspect.signature(make).parameters))
        arguments = {first: arguments}
    taken = list(inspect.signature(make).parameters)
    for key in arguments:
        if key not in taken:
            takes = ", ".join(taken) or "nothing"
            meant = did_you_mean(key, taken)
            raise PlainError(path, f"{name} has no {key!r}; it takes {takes}.{meant}")
    arguments = {
        key: _made(given, path) if key == "error" else given for key, given in arguments.items()
    }
    return make(**arguments)


def _match(data: Any, path: str) -> Match:
    given = table(data, path, MATCH_KEYS)
    asked: dict[str, Any] = {key: _pattern(value) for key, value in given.items()}
    if "headers" in given:
        headers = table(given["headers"], f"{path}.headers", None)
        asked["headers"] = {name: _pattern(text) for name, text in headers.items()}
    return Match(**asked)


def _pattern(value: Any) -> Any:
    """`/x.*/` is a pattern, anything else what it is."""
    if isinstance(value, str) and len(value) > 2 and value[0] == value[-1] == "/":
        try:
            return re.compile(value[1:-1])
        except re.error as problem:
            raise ScriptError(f"{value} is no pattern: {problem}.") from problem
    return value


def _replies(data: Any, path: str) -> tuple[Any, ...]:
    values = data if isinstance(data, list) else [data]
    return tuple(_reply(value, f"{path}.replies[{at}]") for at, value in enumerate(values))


def _reply(value: Any, path: str) -> Reply | RawReply:
    if isinstance(value, Mapping) and "raw" in value:
        return _raw(value["raw"], path)
    if isinstance(value, Mapping) and "parts" in value:
        given = table(value, path, ("parts", "finish", "stop_sequence"))
        parts = [_part(part, path) for part in array(given["parts"], f"{path}.parts")]
        return replies.reply(
            *parts, finish=given.get("finish"), stop_sequence=given.get("stop_sequence")
        )
    return replies.reply(_part(value, path))


def _part(value: Any, path: str) -> Part:
    if isinstance(value, str):
        return Text(value)
    named = {key: said for key, said in table(value, path, None).items() if key not in BESIDE}
    name, given = only(named, path)
    match name:
        case "text":
            return replies.text(given, chunks=tuple(value.get("chunks", ())))
        case "thinking":
            return replies.thinking(given)
        case "refusal":
            return Refusal(given)
        case "structured":
            return replies.structured(given)
        case "tool_call":
            return ToolCall(given, value.get("arguments", {}), value.get("id", ""))
    raise PlainError(path, f"{name!r} is no part of a reply; there are {', '.join(PART_KEYS)}.")


def _raw(data: Any, path: str) -> RawReply:
    given = table(data, path, ("body", "base64", "status", "content_type", "headers"))
    body = base64.b64decode(given["base64"]) if "base64" in given else given.get("body", "")
    return replies.raw(
        body,
        status=given.get("status", 200),
        content_type=given.get("content_type"),
        headers=given.get("headers"),
    )


def _counts(data: Any, path: str) -> TokenCounts:
    return TokenCounts(**table(data, path, [f.name for f in fields(TokenCounts)]))


def _times(value: Any, path: str) -> int | None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
        raise PlainError(path, f"it is a whole number from 1, not {value!r}.")
    return value


def _schedule(given: Mapping[str, Any], path: str) -> Schedule:
    windows = at(f"{path}.between", lambda: schedule(windows=given.get("between", ())))
    wave = at(f"{path}.every", lambda: schedule(wave=given.get("every")))
    share = at(f"{path}.rate", lambda: schedule(rate=_rate(given.get("rate", 1.0), path)))
    return Schedule(windows=windows.windows, every=wave.every, rate=share.rate)


def _rate(rate: Any, path: str) -> Any:
    if not isinstance(rate, Mapping):
        return rate
    line = table(rate, f"{path}.rate", ("start", "end", "over"))
    return ramp(line.get("start", 0.0), line.get("end", 1.0), line.get("over"))


def _delay(value: Any) -> Delay:
    if isinstance(value, Mapping):
        keys = tuple(inspect.signature(lognormal).parameters)
        given = dict(table(value, "", keys))
        return lognormal(given.pop("median", 0.0), **given)
    return delay(value)
