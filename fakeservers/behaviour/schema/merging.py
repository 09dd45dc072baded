"""A JSON schema without its references and combinations: one choice made of every `anyOf`.

What comes out holds `type`, `enum`, bounds, properties and items only, so that a value can be
made from it directly. Nothing here makes or checks values.
"""

from collections.abc import Callable, Mapping, Sequence
from math import gcd
from typing import Any

from .validity import canonical, referred, types_of

__all__ = ["flattened", "height"]

MERGES_MAX = 64
HEIGHT_MAX = 24
HEIGHT_STEPS_MAX = 2_000

Schema = Any
Pick = Callable[[Sequence[Schema]], Schema]

_COMBINATIONS = frozenset(("$ref", "allOf", "anyOf", "oneOf", "if", "then", "else", "not"))


def flattened(schema: Schema, root: Schema, pick: Pick) -> Mapping[str, Any] | None:
    """`schema` with its references followed and its parts merged; `pick` chooses branches.

    None when the parts contradict each other, which another choice may not.
    """
    if isinstance(schema, Mapping) and not _COMBINATIONS.intersection(schema):
        return schema
    result: Mapping[str, Any] = {}
    pending = [schema]
    for _ in range(MERGES_MAX):
        if not pending:
            break
        part = pending.pop(0)
        if part is False:
            return None
        if isinstance(part, Mapping):
            own = {key: value for key, value in part.items() if key not in _COMBINATIONS}
            merged = _merged(result, own) if result else own
            if merged is None:
                return None
            result = merged
            pending.extend(_combined(part, root, pick))
    return result


def _combined(part: Mapping[str, Any], root: Schema, pick: Pick) -> list[Schema]:
    """The schemas that hold beside the part's own keywords."""
    found: list[Schema] = []
    if "$ref" in part:
        found.append(referred(part["$ref"], root))
    if isinstance(part.get("allOf"), list):
        found.extend(part["allOf"])
    for keyword in ("anyOf", "oneOf"):
        branches = part.get(keyword)
        if isinstance(branches, list) and branches:
            found.append(pick(branches))
    if "if" in part:
        met = {"allOf": [part["if"], part.get("then", True)]}
        found.append(pick([met, part.get("else", True)]))
    return found


def _merged(a: Mapping[str, Any], b: Mapping[str, Any]) -> dict[str, Any] | None:
    """A schema that asks for both; None when no value could satisfy it."""
    out = {**a}
    for key, value in b.items():
        if key not in a:
            out[key] = value
        elif key in _MERGE:
            out[key] = _MERGE[key](a[key], value)
    types = _common_types(a, b)
    if types is not None:
        if not types:
            return None
        out["type"] = list(types)
    if out.get("enum") == [] or ("const" in a and canonical(a["const"]) != canonical(out["const"])):
        return None
    return out


def _common_types(a: Mapping[str, Any], b: Mapping[str, Any]) -> tuple[str, ...] | None:
    """The types that both allow, an integer being a number too; None when one allows all."""
    first, second = types_of(a), types_of(b)
    if not first or not second:
        return None
    common = [name for name in first if name in second]
    if "integer" not in common and (
        ("integer" in first and "number" in second) or ("number" in first and "integer" in second)
    ):
        common.append("integer")
    return tuple(common)


def _both(a: Any, b: Any) -> Any:
    return {"allOf": [a, b]}


def _each(a: Any, b: Any) -> Any:
    if not isinstance(a, Mapping) or not isinstance(b, Mapping):
        return a
    return {**a, **{key: _both(a[key], value) if key in a else value for key, value in b.items()}}


def _pairs(a: Any, b: Any) -> Any:
    if not isinstance(a, list) or not isinstance(b, list):
        return a
    longer = a if len(a) >= len(b) else b
    return [_both(x, y) for x, y in zip(a, b, strict=False)] + longer[min(len(a), len(b)) :]


def _union(a: Any, b: Any) -> Any:
    return [*a, *b] if isinstance(a, list) and isinstance(b, list) else a


def _common(a: Any, b: Any) -> Any:
    if not isinstance(a, list) or not isinstance(b, list):
        return a
    allowed = set(map(canonical, b))
    return [value for value in a if canonical(value) in allowed]


def _highest(a: Any, b: Any) -> Any:
    return max(a, b) if isinstance(a, int | float) and isinstance(b, int | float) else a


def _lowest(a: Any, b: Any) -> Any:
    return min(a, b) if isinstance(a, int | float) and isinstance(b, int | float) else a


def _multiple(a: Any, b: Any) -> Any:
    if isinstance(a, int) and isinstance(b, int) and a > 0 and b > 0:
        return a * b // gcd(a, b)
    return b


_MERGE: Mapping[str, Callable[[Any, Any], Any]] = {
    "additionalProperties": _both,
    "contains": _both,
    "enum": _common,
    "items": _both,
    "multipleOf": _multiple,
    "pattern": lambda a, b: b,
    "patternProperties": _each,
    "prefixItems": _pairs,
    "properties": _each,
    "propertyNames": _both,
    "required": _union,
    "uniqueItems": lambda a, b: a is True or b is True,
    **dict.fromkeys(
        ("exclusiveMinimum", "minContains", "minItems", "minLength", "minProperties", "minimum"),
        _highest,
    ),
    **dict.fromkeys(
        ("exclusiveMaximum", "maxContains", "maxItems", "maxLength", "maxProperties", "maximum"),
        _lowest,
    ),
}


def height(schema: Schema, root: Schema) -> int:
    """How deep the shallowest value of a schema is: 0 for a scalar, `HEIGHT_MAX` for a schema
    that never ends. Tells the branch at which a recursive schema can stop."""
    return _Heights(root).of(schema, 0)


class _Heights:
    """Counts its steps, so that no web of references takes long."""

    def __init__(self, root: Schema) -> None:
        self._root = root
        self._steps = 0

    def of(self, schema: Schema, depth: int) -> int:
        self._steps += 1
        if depth >= HEIGHT_MAX or self._steps > HEIGHT_STEPS_MAX or schema is False:
            return HEIGHT_MAX
        if not isinstance(schema, Mapping):
            return 0
        needed = [0]
        if "$ref" in schema:
            needed.append(self.of(referred(schema["$ref"], self._root), depth + 1))
        for keyword in ("anyOf", "oneOf"):
            branches = schema.get(keyword)
            if isinstance(branches, list) and branches:
                needed.append(min(self.of(branch, depth + 1) for branch in branches))
        for part in schema["allOf"] if isinstance(schema.get("allOf"), list) else ():
            needed.append(self.of(part, depth + 1))
        needed.extend(self.of(inner, depth + 1) + 1 for inner in _needed(schema))
        return min(max(needed), HEIGHT_MAX)


def _needed(schema: Mapping[str, Any]) -> list[Schema]:
    """The schemas of the properties and items that every value has."""
    required, properties = schema.get("required"), schema.get("properties")
    found: list[Schema] = []
    if isinstance(required, list) and isinstance(properties, Mapping):
        found = [properties[key] for key in required if isinstance(key, str) and key in properties]
    if isinstance(schema.get("minItems"), int) and schema["minItems"] > 0 and "items" in schema:
        found.append(schema["items"])
    return found
