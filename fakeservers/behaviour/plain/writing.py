"""A scenario into plain data."""

import base64
import math
import re
from dataclasses import fields
from typing import Any

from ...canonical import ApiError, Part, RawReply, Refusal, Reply, Text, Thinking, ToolCall
from ...errors import ScriptError
from .. import failures, replies
from ..faults import Fault
from ..jobs import INSTANT
from ..pace import Delay, Pace
from ..scenario import Rule, Scenario
from ..schedule import Every, Ramp, Schedule, Window
from .reading import MATCH_KEYS

__all__ = ["failure_words", "write_scenario"]


def write_scenario(scenario: Scenario) -> dict[str, Any]:
    """The plain data that says this scenario. Raises ScriptError for what only Python can say:
    functions in `where` and in replies."""
    data: dict[str, Any] = {"seed": scenario.seed}
    for name, script in scenario.scripts.items():
        told: dict[str, Any] = {}
        if script.unmatched != "error":
            told["unmatched"] = script.unmatched
        if script.impossible != "error":
            told["impossible"] = script.impossible
        if script.models is not None:
            told["models"] = script.models
        if script.limits:
            told["limits"] = dict(script.limits)
        if script.jobs != INSTANT:
            told["jobs"] = _changed(script.jobs)
        told["rules"] = [_rule_data(rule, name) for rule in script.rules]
        data[name] = told
    return data


def failure_words(rule: Rule) -> str:
    """What `fails(...)` of this rule takes, as one would write it: `overloaded, cut(...)`."""
    return ", ".join(_words(said) for said in _failure_data(rule))


def _words(said: Any) -> str:
    if not isinstance(said, dict):
        return str(said)
    ((name, given),) = said.items()
    if not isinstance(given, dict):
        return f"{name}({given!r})"
    told = (f"{k}={_words(v) if isinstance(v, dict) else repr(v)}" for k, v in given.items())
    return f"{name}({', '.join(told)})"


def _failure_data(rule: Rule) -> list[Any]:
    error = [_error_data(rule.error)] if rule.error is not None else []
    return error + (_fault_data(rule.fault) if rule.fault is not None else [])


def _rule_data(rule: Rule, provider: str) -> dict[str, Any]:
    data: dict[str, Any] = {}
    if (match := _match_data(rule, provider)) != {}:
        data["on"] = match
    if rule.replies:
        data["replies"] = [_reply_data(reply, provider) for reply in rule.replies]
    if wrong := _failure_data(rule):
        # A table of its own would stand apart from its rule, so it stays in a list.
        bare = len(wrong) == 1 and not isinstance(wrong[0], dict)
        data["fails"] = wrong[0] if bare else wrong
    if rule.pace is not None:
        data["paces"] = _pace_data(rule.pace)
    if rule.counts is not None:
        data["counts"] = _changed(rule.counts)
    if rule.times is not None:
        data["times"] = rule.times
    return data | _schedule_data(rule.schedule)


def _match_data(rule: Rule, provider: str) -> dict[str, Any]:
    if rule.match.where is not None:
        raise ScriptError(f"on(where=...) of {provider} is a function: a file cannot hold it.")
    told = {}
    for key in MATCH_KEYS:
        value = getattr(rule.match, key)
        if key == "headers":
            value = {name: _pattern_data(text) for name, text in value.items()}
        if value:
            told[key] = _pattern_data(value)
    return told


def _pattern_data(value: Any) -> Any:
    return f"/{value.pattern}/" if isinstance(value, re.Pattern) else value


def _reply_data(reply: Any, provider: str) -> Any:
    if isinstance(reply, RawReply):
        told: dict[str, Any] = {"status": reply.status}
        try:
            told["body"] = reply.body.decode()
        except UnicodeDecodeError:
            told["base64"] = base64.b64encode(reply.body).decode()
        if reply.content_type is not None:
            told["content_type"] = reply.content_type
        if reply.headers:
            told["headers"] = dict(reply.headers)
        return {"raw": told}
    if not isinstance(reply, Reply):
        raise ScriptError(f"A reply of {provider} is a function: a file cannot hold it.")
    parts = [_part_data(part) for part in reply.parts]
    if len(parts) == 1 and reply == replies.reply(*reply.parts):
        return parts[0]
    told = {"parts": parts, "finish": reply.finish}
    return told | ({"stop_sequence": reply.stop_sequence} if reply.stop_sequence else {})


def _part_data(part: Part) -> Any:
    match part:
        case Text(text=text, chunks=chunks):
            return {"text": text, "chunks": list(chunks)} if chunks else text
        case Thinking(text=text):
            return {"thinking": text}
        case Refusal(text=text):
            return {"refusal": text}
        case ToolCall(name=name, arguments=arguments, id=id):
            told: dict[str, Any] = {"tool_call": name, "arguments": arguments}
            return told | ({"id": id} if id else {})
    raise ScriptError(f"{part!r} is no part that a file can hold.")


def _error_data(error: ApiError) -> Any:
    for make in (failures.overloaded, failures.quota_exhausted, failures.content_filtered):
        if error == make():
            return make.__name__
    if error.kind == "rate_limited":
        given = {"retry_after_s": error.retry_after_s, "syntax": error.retry_syntax}
        return {"rate_limited": {k: v for k, v in given.items() if v is not None}}
    told: dict[str, Any] = {
        name: getattr(error, name)
        for name in ("status", "message", "type", "code", "param", "retry_after_s")
        if getattr(error, name) is not None
    }
    if error.headers:
        told["headers"] = dict(error.headers)
    return error.status if set(told) == {"status"} else {"http_error": told}


def _fault_data(fault: Fault) -> list[Any]:
    """The constructors that together make this fault."""
    told: list[Any] = []
    if fault.refused:
        told.append("refused")
    if fault.first_byte_delay_s:
        told.append({"slow_first_byte": {"delay_s": fault.first_byte_delay_s}})
    if fault.stall_after_chunks is not None:
        lasts = {"for_s": fault.stall_s} if math.isfinite(fault.stall_s) else {}
        told.append({"stall": {"after_chunks": fault.stall_after_chunks, **lasts}})
    if fault.trickle_bytes:
        told.append(
            {"trickle": {"chunk_bytes": fault.trickle_bytes, "every_s": fault.trickle_every_s}}
        )
    if fault.ending is not None:
        told.append(_ending_data(fault))
    if fault.error_event is not None:
        error = _error_data(fault.error_event)
        told.append({"error_event": {"error": error, "after_chunks": fault.error_after_chunks}})
    if fault.garbage is not None:
        given = {"kind": fault.garbage, "after_chunks": fault.garbage_after_chunks}
        told.append({"garbage": given})
    for name, value in (
        ("duplicate_chunk", fault.duplicate_chunk),
        ("missing_chunk", fault.missing_chunk),
        ("wrong_length", fault.length_off or None),
        ("closes_connection", fault.requests_max),
        ("line_endings", fault.line_ending),
    ):
        if value is not None:
            told.append({name: value})
    if fault.splits_utf8:
        told.append("split_utf8")
    if fault.twist is not None:
        told.append("finish_by_length" if fault.twist == "length" else fault.twist)
    return told + _body_data(fault)


def _ending_data(fault: Fault) -> Any:
    after = fault.ends_after_chunks
    if fault.ending == "reset":
        return "reset" if after is None else {"reset": {"after_chunks": after}}
    if after is None:
        return {"cut": {"ends": "answer"}}
    ends = {"close": {}, "finish": {"ends": "stream"}, "skip": {"ends": "content"}}
    return {"cut": {"after_chunks": after, **ends[str(fault.ending)]}}


def _body_data(fault: Fault) -> list[Any]:
    if fault.body:
        return [{"html_page": {"status": fault.status}}]
    told: list[Any] = []
    if fault.body == b"":
        told.append({"empty_body": {"status": fault.status}} if fault.status else "empty_body")
    if fault.content_type is not None:
        told.append({"wrong_content_type": fault.content_type})
    return told


def _pace_data(pace: Pace) -> dict[str, Any]:
    told = _changed(pace)
    for name in ("ttft", "inter_token"):
        if name in told:
            told[name] = _delay_data(told[name])
    return told


def _delay_data(delay: Delay) -> Any:
    if delay.script:
        return list(delay.script)
    if not delay.sigma and not delay.spike_rate:
        return delay.median_s
    told: dict[str, Any] = {"median": delay.median_s, "sigma": delay.sigma}
    if delay.spike_rate:
        told |= {"spike_rate": delay.spike_rate, "spike_factor": delay.spike_factor}
    return told


def _schedule_data(schedule: Schedule) -> dict[str, Any]:
    told: dict[str, Any] = {}
    if isinstance(schedule.rate, Ramp):
        line = schedule.rate
        told["rate"] = {"start": line.start, "end": line.end, "over": _window_data(line.window)}
    elif schedule.rate != 1.0:
        told["rate"] = schedule.rate
    if schedule.windows:
        windows = [_window_data(window) for window in schedule.windows]
        told["between"] = windows[0] if len(windows) == 1 else windows
    if schedule.every is not None:
        told["every"] = _every_data(schedule.every)
    return told


def _window_data(window: Window) -> list[float]:
    return [window.start_s, window.end_s]


def _every_data(wave: Every) -> list[float]:
    return [wave.period_s, wave.for_s, *([wave.start_s] if wave.start_s else [])]


def _changed(value: Any) -> dict[str, Any]:
    """The fields of a dataclass that are not what they are by default."""
    plain = type(value)()
    return {
        f.name: getattr(value, f.name)
        for f in fields(value)
        if getattr(value, f.name) != getattr(plain, f.name)
    }
