"""The JSON schema of scenario files, for editors and other programs' checks."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from typing import Any, get_args, get_origin

from ..models import KnownModels
from ..pace import Pace
from ..scenario import TokenCounts
from .reading import CONSTRUCTORS, MATCH_KEYS

__all__ = ["scenario_schema"]

TIME = {"anyOf": [{"type": "number", "minimum": 0}, {"type": "string"}]}
WINDOW = {"type": "array", "items": TIME, "minItems": 2, "maxItems": 2}
DELAY = {"anyOf": [*TIME["anyOf"], {"type": "array", "items": TIME}, {"type": "object"}]}
SHARE = {"type": "number", "minimum": 0, "maximum": 1}
COUNT = {"type": "integer", "minimum": 0}


def scenario_schema(providers: Sequence[str], presets: Sequence[str]) -> dict[str, Any]:
    """JSON schema, draft 2020-12, of what `read_scenario` reads."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "llmsim scenario",
        **_table({"seed": {"type": "integer"}, **{name: _script(presets) for name in providers}}),
    }


def _script(presets: Sequence[str]) -> dict[str, Any]:
    return _table(
        {
            "unmatched": {"enum": ["error", "natural"]},
            "impossible": {"enum": ["error", "allow"]},
            "models": {"enum": list(get_args(KnownModels))},
            "limits": {"type": "object", "additionalProperties": {"type": "integer", "minimum": 1}},
            "jobs": _table(
                {
                    "after_s": {"type": "number", "minimum": 0},
                    "polls": {"type": "integer", "minimum": 0},
                    "fails": {"type": "string"},
                }
            ),
            "rules": {"type": "array", "items": _rule(presets)},
        }
    )


def _rule(presets: Sequence[str]) -> dict[str, Any]:
    failure = {"anyOf": [{"type": "integer", "minimum": 400, "maximum": 599}, *_made()]}
    rate = _table({"start": SHARE, "end": SHARE, "over": WINDOW})
    return _table(
        {
            "on": _table({key: _match(key) for key in MATCH_KEYS}),
            "replies": {"anyOf": [_reply(), {"type": "array", "items": _reply()}]},
            "fails": {"anyOf": [failure, {"type": "array", "items": failure}]},
            "paces": {"anyOf": [{"enum": list(presets)}, _pace(presets)]},
            "counts": _table({field.name: COUNT for field in fields(TokenCounts)}),
            "times": {"type": "integer", "minimum": 1},
            "rate": {"anyOf": [SHARE, rate]},
            "between": {"anyOf": [WINDOW, {"type": "array", "items": WINDOW}]},
            "every": {"type": "array", "items": TIME, "minItems": 2, "maxItems": 3},
        }
    )


def _match(key: str) -> dict[str, Any]:
    if key == "turn":
        return {"type": "integer", "minimum": 1}
    if key == "headers":
        return {"type": "object", "additionalProperties": {"type": "string"}}
    return {"type": "string"}


def _reply() -> dict[str, Any]:
    return {"anyOf": [{"type": "string"}, {"type": "object"}]}


def _pace(presets: Sequence[str]) -> dict[str, Any]:
    known: dict[str, Any] = {field.name: {"type": "number"} for field in fields(Pace)}
    return _table(
        known
        | {"preset": {"enum": list(presets)}, "ttft": DELAY, "inter_token": DELAY}
        | {"tokens_per_s": {"type": "number", "exclusiveMinimum": 0}}
    )


def _made() -> list[dict[str, Any]]:
    """The constructors by name, and with their arguments."""
    bare = [name for name, make in CONSTRUCTORS.items() if not _required(make)]
    calls = [
        {"type": "object", "properties": {name: _arguments(make)}, "required": [name]}
        | {"additionalProperties": False}
        for name, make in CONSTRUCTORS.items()
    ]
    return [{"enum": bare}, *calls]


def _required(make: Callable[..., Any]) -> bool:
    parameters = inspect.signature(make).parameters.values()
    return any(parameter.default is parameter.empty for parameter in parameters)


def _arguments(make: Callable[..., Any]) -> dict[str, Any]:
    parameters = inspect.signature(make).parameters
    named = _table({name: _type(p.annotation) for name, p in parameters.items()})
    return {"anyOf": [named, {"type": ["number", "string"]}]} if parameters else named


def _type(annotation: Any) -> dict[str, Any]:
    names: Mapping[Any, str] = {int: "integer", float: "number", str: "string", bool: "boolean"}
    if annotation in names:
        return {"type": names[annotation]}
    arguments = [one for one in get_args(annotation) if one is not type(None)]
    if arguments and all(isinstance(one, str) for one in arguments):
        return {"enum": arguments}
    if len(arguments) == 1 and get_origin(annotation) is not dict:
        return _type(arguments[0])
    return {}


def _table(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": dict(properties), "additionalProperties": False}
