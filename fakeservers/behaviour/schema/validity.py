"""Whether a JSON value satisfies a JSON schema, as the fakes need to know it.

Draft 2020-12 without remote references, `unevaluated*` and format assertions; OpenAPI's
upper-case types and `nullable` too. A keyword that makes no sense is passed over, so no schema
raises. Nothing here makes values.
"""

from collections.abc import Callable, Hashable, Iterator, Mapping
from typing import Any, TypeGuard
from urllib.parse import unquote

from .patterns import searched

__all__ = ["canonical", "difference", "referred", "types_of"]

DEPTH_MAX = 64
STEPS_MAX = 50_000

Schema = Any


def difference(value: Any, schema: Schema, root: Schema = None) -> str | None:
    """The first way in which `value` breaks `schema`, as `$.path: what`; None when it fits.

    `root` is the document in which `$ref` is looked up, the schema itself when None.
    """
    checker = _Checker(schema if root is None else root)
    return next(checker.differences(value, schema, "$", 0), None)


def referred(ref: Any, root: Schema) -> Schema | None:
    """The schema to which a local `$ref` points; None when it points nowhere.

    A pointer that lacks its `#` is read as it is meant, as a model would: litellm writes
    `/$defs/Home` into Claude's tools.
    """
    if not isinstance(ref, str) or not ref.startswith(("#", "/")):
        return None
    found = root
    for quoted in ref.removeprefix("#").split("/")[1:]:
        step = unquote(quoted).replace("~1", "/").replace("~0", "~")
        if isinstance(found, Mapping) and step in found:
            found = found[step]
        elif isinstance(found, list) and step.isdecimal() and int(step) < len(found):
            found = found[int(step)]
        else:
            return None
    return found if isinstance(found, Mapping | bool) else None


def types_of(schema: Mapping[str, Any]) -> tuple[str, ...]:
    """The types that a schema names, in lower case; empty when it names none."""
    given = schema.get("type")
    names = given if isinstance(given, list) else [given]
    found = [name.lower() for name in names if isinstance(name, str) and name.lower() in _TYPES]
    if found and schema.get("nullable") is True and "null" not in found:
        found.append("null")
    return tuple(found)


def canonical(value: Any) -> Hashable:
    """Equal for equal JSON values: 1 is 1.0 and is not true, objects have no order."""
    if isinstance(value, Mapping):
        return ("object", frozenset((key, canonical(item)) for key, item in value.items()))
    if isinstance(value, list | tuple):
        return ("array", tuple(map(canonical, value)))
    if isinstance(value, bool) or value is None:
        return ("constant", value)
    return value if isinstance(value, int | float | str) else repr(value)


def _is_number(value: Any) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


_TYPES: Mapping[str, Callable[[Any], bool]] = {
    "array": lambda value: isinstance(value, list | tuple),
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: _is_number(value) and (isinstance(value, int) or value.is_integer()),
    "null": lambda value: value is None,
    "number": _is_number,
    "object": lambda value: isinstance(value, Mapping),
    "string": lambda value: isinstance(value, str),
}


class _Checker:
    """Walks a value and a schema together, for `STEPS_MAX` steps at most."""

    def __init__(self, root: Schema) -> None:
        self._root = root
        self._steps = 0

    def differences(self, value: Any, schema: Schema, path: str, depth: int) -> Iterator[str]:
        if schema is False:
            yield f"{path}: no value is allowed here"
        self._steps += 1
        if not isinstance(schema, Mapping) or depth > DEPTH_MAX or self._steps > STEPS_MAX:
            return
        types = types_of(schema)
        if value is None and schema.get("nullable") is True:
            return
        if types and not any(_TYPES[name](value) for name in types):
            yield f"{path}: {_shown(value)} is not of type {' or '.join(types)}"
            return
        yield from _of_choices(value, schema, path)
        if isinstance(value, str):
            yield from _of_string(value, schema, path)
        elif _is_number(value):
            yield from _of_number(value, schema, path)
        elif isinstance(value, Mapping):
            yield from self._of_object(value, schema, path, depth)
        elif isinstance(value, list | tuple):
            yield from self._of_array(value, schema, path, depth)
        yield from self._of_combination(value, schema, path, depth)

    def _of_object(
        self, value: Mapping[str, Any], schema: Mapping[str, Any], path: str, depth: int
    ) -> Iterator[str]:
        yield from _of_size(len(value), schema, "Properties", path)
        for name in _strings(schema.get("required")):
            if name not in value:
                yield f"{path}: {name!r} is missing"
        for trigger, names in _mapping(schema.get("dependentRequired")).items():
            if trigger in value and any(name not in value for name in _strings(names)):
                yield f"{path}: {trigger!r} requires {', '.join(_strings(names))}"
        for trigger, dependent in _mapping(schema.get("dependentSchemas")).items():
            if trigger in value:
                yield from self.differences(value, dependent, path, depth + 1)
        properties = _mapping(schema.get("properties"))
        patterns = _mapping(schema.get("patternProperties"))
        for name, item in value.items():
            inner = f"{path}.{name}"
            found = [properties[name]] if name in properties else []
            found += [sub for pattern, sub in patterns.items() if searched(pattern, name)]
            for sub in found or [schema.get("additionalProperties")]:
                yield from self.differences(item, sub, inner, depth + 1)
            yield from self.differences(name, schema.get("propertyNames"), inner, depth + 1)

    def _of_array(
        self, value: Any, schema: Mapping[str, Any], path: str, depth: int
    ) -> Iterator[str]:
        yield from _of_size(len(value), schema, "Items", path)
        prefix = schema.get("prefixItems")
        prefix = prefix if isinstance(prefix, list) else []
        for index, item in enumerate(value):
            sub = prefix[index] if index < len(prefix) else schema.get("items")
            yield from self.differences(item, sub, f"{path}[{index}]", depth + 1)
        if schema.get("uniqueItems") is True and len(set(map(canonical, value))) < len(value):
            yield f"{path}: an item is there twice"
        if "contains" in schema:
            yield from self._of_contains(value, schema, path, depth)

    def _of_contains(
        self, value: Any, schema: Mapping[str, Any], path: str, depth: int
    ) -> Iterator[str]:
        wanted = schema["contains"]
        count = sum(next(self.differences(v, wanted, path, depth + 1), None) is None for v in value)
        low, high = schema.get("minContains", 1), schema.get("maxContains")
        if _is_number(low) and count < low:
            yield f"{path}: {count} items are as `contains` asks, {low} are needed"
        if _is_number(high) and count > high:
            yield f"{path}: {count} items are as `contains` asks, {high} are allowed"

    def _of_combination(
        self, value: Any, schema: Mapping[str, Any], path: str, depth: int
    ) -> Iterator[str]:
        def fits(sub: Schema) -> bool:
            return next(self.differences(value, sub, path, depth + 1), None) is None

        if "$ref" in schema:
            target = referred(schema["$ref"], self._root)
            yield from self.differences(value, target, path, depth + 1)
        for sub in _schemas(schema.get("allOf")):
            yield from self.differences(value, sub, path, depth + 1)
        if (any_of := _schemas(schema.get("anyOf"))) and not any(map(fits, any_of)):
            yield f"{path}: {_shown(value)} fits none of anyOf"
        if (one_of := _schemas(schema.get("oneOf"))) and (count := sum(map(fits, one_of))) != 1:
            yield f"{path}: {_shown(value)} fits {count} of oneOf, not one"
        if "not" in schema and isinstance(schema["not"], Mapping | bool) and fits(schema["not"]):
            yield f"{path}: {_shown(value)} fits what `not` excludes"
        if "if" in schema:
            branch = schema.get("then" if fits(schema["if"]) else "else")
            yield from self.differences(value, branch, path, depth + 1)


def _of_choices(value: Any, schema: Mapping[str, Any], path: str) -> Iterator[str]:
    if "const" in schema and canonical(value) != canonical(schema["const"]):
        yield f"{path}: {_shown(value)} is not {_shown(schema['const'])}"
    allowed = schema.get("enum")
    if isinstance(allowed, list) and canonical(value) not in map(canonical, allowed):
        yield f"{path}: {_shown(value)} is not one of {_shown(allowed)}"


def _of_string(value: str, schema: Mapping[str, Any], path: str) -> Iterator[str]:
    yield from _of_size(len(value), schema, "Length", path)
    pattern = schema.get("pattern")
    if isinstance(pattern, str) and searched(pattern, value) is False:
        yield f"{path}: {_shown(value)} does not match {pattern!r}"


def _of_size(size: int, schema: Mapping[str, Any], of: str, path: str) -> Iterator[str]:
    low, high = schema.get(f"min{of}"), schema.get(f"max{of}")
    if _is_number(low) and size < low:
        yield f"{path}: {size} is below min{of} {low}"
    if _is_number(high) and size > high:
        yield f"{path}: {size} is above max{of} {high}"


def _of_number(value: float, schema: Mapping[str, Any], path: str) -> Iterator[str]:
    for keyword, broken in _BOUNDS.items():
        bound = schema.get(keyword)
        if _is_number(bound) and broken(value, bound):
            yield f"{path}: {value} breaks {keyword} {bound}"
    step = schema.get("multipleOf")
    if _is_number(step) and step > 0 and not _is_multiple(value, step):
        yield f"{path}: {value} is not a multiple of {step}"


_BOUNDS: Mapping[str, Callable[[float, Any], bool]] = {
    "minimum": lambda value, bound: value < bound,
    "maximum": lambda value, bound: value > bound,
    "exclusiveMinimum": lambda value, bound: value <= bound,
    "exclusiveMaximum": lambda value, bound: value >= bound,
}


def _is_multiple(value: float, step: float) -> bool:
    if isinstance(value, int) and isinstance(step, int):
        return value % step == 0
    try:
        quotient = value / step
        return quotient == int(quotient)
    except (OverflowError, ValueError):
        return False


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _strings(value: Any) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _schemas(value: Any) -> list[Schema]:
    return value if isinstance(value, list) else []
