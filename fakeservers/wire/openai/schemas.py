"""What OpenAI refuses in the JSON schemas of functions and of structured output.

Any function's schema is an object's, with properties, and its arrays have items; a strict one is
closed, requires all of its properties, and holds no keyword that generation cannot follow (guide
to structured outputs). Words as in the public issue logs of OpenAI's SDKs.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ...canonical import ApiError, Rejected
from .wording import invalid

__all__ = ["function_fault", "output_fault", "refuse_function", "refuse_output"]

Context = tuple[str, ...]

NOT_PERMITTED: Final = (
    "allOf",
    "contains",
    "dependentRequired",
    "dependentSchemas",
    "else",
    "if",
    "not",
    "oneOf",
    "patternProperties",
    "prefixItems",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
    "uniqueItems",
)
TYPED_BY: Final = ("$ref", "anyOf", "const", "enum")
"""What may stand in the place of a strict schema's `type`."""


def refuse_function(name: str, schema: Any, *, strict: bool, param: str) -> None:
    """Raise `Rejected` for the parameters of a function, None being none."""
    if schema is not None and (fault := function_fault(schema, strict=strict)) is not None:
        raise Rejected(_invalid("function", name, fault, param, "invalid_function_parameters"))


def refuse_output(name: str, schema: Any, *, strict: bool, param: str, code: str | None) -> None:
    """Raise `Rejected` for the schema of structured output."""
    if schema is not None and (fault := output_fault(schema, strict=strict)) is not None:
        raise Rejected(_invalid("response_format", name, fault, param, code))


def function_fault(schema: Any, *, strict: bool) -> str | None:
    """What is wrong with the parameters of a function, None when nothing is."""
    if (fault := _root_fault(schema)) is not None:
        return fault
    if "properties" not in schema and not strict:
        return "In context=(), object schema missing properties."
    return _first_fault(schema, strict=strict)


def output_fault(schema: Any, *, strict: bool) -> str | None:
    """What is wrong with the schema of structured output, None when nothing is."""
    if not strict:
        return None
    return _root_fault(schema) or _first_fault(schema, strict=True)


def _root_fault(schema: Any) -> str | None:
    if not isinstance(schema, dict):
        return f"{schema!r} is not of type 'object', 'boolean'."
    kind = schema.get("type")
    if kind == "object":
        return None
    return f"schema must be a JSON Schema of 'type: \"object\"', got 'type: \"{kind}\"'."


def _first_fault(schema: Mapping[str, Any], *, strict: bool) -> str | None:
    for context, found in _walked(schema):
        fault = _fault(found, strict)
        if fault is not None:
            shown = repr(context) if context else "()"
            return f"In context={shown}, {fault}"
    return None


def _walked(schema: Any) -> Iterator[tuple[Context, Any]]:
    """The schema and all below it, each before what it holds."""
    waiting: list[tuple[Context, Any]] = [((), schema)]
    while waiting:
        context, found = waiting.pop()
        yield context, found
        if isinstance(found, dict):
            waiting.extend(reversed(list(_held(context, found))))


def _held(context: Context, schema: Mapping[str, Any]) -> Iterator[tuple[Context, Any]]:
    for key in ("properties", "$defs", "definitions"):
        if isinstance(named := schema.get(key), dict):
            yield from (((*context, key, name), held) for name, held in named.items())
    if isinstance(schema.get("items"), dict):
        yield (*context, "items"), schema["items"]
    for key in ("anyOf", "oneOf", "allOf"):
        if isinstance(many := schema.get(key), list):
            yield from (((*context, key, str(nth)), held) for nth, held in enumerate(many))


def _fault(schema: Any, strict: bool) -> str | None:
    if not isinstance(schema, dict):
        return (
            None if isinstance(schema, bool) else f"{schema!r} is not of type 'object', 'boolean'."
        )
    kinds = schema.get("type")
    kinds = kinds if isinstance(kinds, list) else [kinds]
    if "array" in kinds and "items" not in schema:
        return "array schema missing items."
    return _strict_fault(schema, kinds) if strict else None


def _strict_fault(schema: Mapping[str, Any], kinds: list[Any]) -> str | None:
    for key in NOT_PERMITTED:
        if key in schema:
            return f"'{key}' is not permitted."
    if kinds == [None] and not any(key in schema for key in TYPED_BY):
        return "schema must have a 'type' key."
    if "object" not in kinds:
        return None
    if schema.get("additionalProperties") is not False:
        return "'additionalProperties' is required to be supplied and to be false."
    return _required_fault(schema)


def _required_fault(schema: Mapping[str, Any]) -> str | None:
    properties = schema.get("properties")
    properties = properties if isinstance(properties, dict) else {}
    required = schema.get("required")
    told = (
        "'required' is required to be supplied and to be an array including every key in "
        "properties."
    )
    if not isinstance(required, list):
        return f"{told} Missing '{next(iter(properties))}'." if properties else None
    for name in properties:
        if name not in required:
            return f"{told} Missing '{name}'."
    for name in required:
        if name not in properties:
            return f"{told} Extra required key '{name}' supplied."
    return None


def _invalid(what: str, name: str, fault: str, param: str, code: str | None) -> ApiError:
    return invalid(f"Invalid schema for {what} '{name}': {fault}", param=param, code=code)
