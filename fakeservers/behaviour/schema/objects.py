"""Objects for `schema`: all required properties, most of the others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .patterns import matching, searched
from .plausible import of_kind
from .validity import types_of

if TYPE_CHECKING:
    from .example import Maker

__all__ = ["object_"]

OPTIONAL_SHARE = 0.75
PROPERTIES_MAX = 200
NAMES_TRIED_MAX = 400


def object_(maker: Maker, flat: Mapping[str, Any], depth: int) -> dict[str, Any]:
    """An object for a schema without combinations; its properties in the schema's order."""
    properties = _mapping(flat.get("properties"))
    required = _required(flat)
    made: dict[str, Any] = {}
    # What is required has first claim on what the prompt mentions, and an array on what it lists.
    wanted = {name: properties.get(name, _schema_of(flat, name)) for name in required}
    listed = bool(maker.claims.hints.series())
    for name in sorted(
        wanted,
        key=lambda name: not (maker.claims.named(name) or (listed and _is_array(wanted[name]))),
    ):
        made[name] = maker.make(wanted[name], name, depth + 1)
    for name, schema in properties.items():
        if name not in made and _is_wanted(maker, flat, schema, depth, len(made)):
            made[name] = maker.make(schema, name, depth + 1, required=False)
    if not made and not maker.minimal(depth) and _limit(flat, "maxProperties", 1):
        # An object that says nothing satisfies a schema that requires nothing, and helps nobody.
        for name, schema in _first(properties):
            made[name] = maker.make(schema, name, depth + 1, required=False)
    _depend(maker, flat, made, depth)
    _fill(maker, flat, made, depth)
    first = [name for name in properties if name in made]
    return {name: made[name] for name in dict.fromkeys((*first, *made))}


def _is_array(schema: Any) -> bool:
    return isinstance(schema, Mapping) and "array" in types_of(schema)


def _first(properties: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [pair for pair in properties.items() if pair[1] is not False][:1]


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _strings(value: Any) -> list[str]:
    found = [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
    return found[:PROPERTIES_MAX]


def _required(flat: Mapping[str, Any]) -> list[str]:
    return list(dict.fromkeys(_strings(flat.get("required"))))


def _limit(flat: Mapping[str, Any], keyword: str, otherwise: int) -> int:
    value = flat.get(keyword)
    is_count = isinstance(value, int) and not isinstance(value, bool)
    return min(max(value or 0, 0), PROPERTIES_MAX) if is_count else otherwise


def _is_wanted(maker: Maker, flat: Mapping[str, Any], schema: Any, depth: int, size: int) -> bool:
    """Whether to include an optional property."""
    if schema is False or maker.minimal(depth) or size >= _limit(flat, "maxProperties", 10**6):
        return False
    return maker.random.random() < OPTIONAL_SHARE


def _schema_of(flat: Mapping[str, Any], name: str) -> Any:
    """What holds for a property that `properties` does not list."""
    patterns = _mapping(flat.get("patternProperties"))
    found = [schema for pattern, schema in patterns.items() if searched(pattern, name)]
    if found:
        return found[0] if len(found) == 1 else {"allOf": found}
    rest = flat.get("additionalProperties")
    return rest if isinstance(rest, Mapping) else True


def _depend(maker: Maker, flat: Mapping[str, Any], made: dict[str, Any], depth: int) -> None:
    """Add what `dependentRequired` asks for beside the properties that are there."""
    properties = _mapping(flat.get("properties"))
    dependent = _mapping(flat.get("dependentRequired"))
    waiting = [name for name in made if name in dependent]
    while waiting:
        for name in _strings(dependent[waiting.pop()]):
            if name not in made:
                schema = properties.get(name, _schema_of(flat, name))
                made[name] = maker.make(schema, name, depth + 1)
                waiting.extend([name] if name in dependent else [])


def _fill(maker: Maker, flat: Mapping[str, Any], made: dict[str, Any], depth: int) -> None:
    """Reach `minProperties`; give a map of values an entry or two."""
    least = _limit(flat, "minProperties", 0)
    is_map = not flat.get("properties") and (
        isinstance(flat.get("additionalProperties"), Mapping) or flat.get("patternProperties")
    )
    if is_map and not maker.minimal(depth):
        least = max(least, min(2, _limit(flat, "maxProperties", 2)))
    properties = _mapping(flat.get("properties"))
    for name, schema in properties.items():
        if len(made) < least and name not in made and schema is not False:
            made[name] = maker.make(schema, name, depth + 1)
    for _ in range(NAMES_TRIED_MAX):
        if len(made) >= least:
            break
        name = _free_name(maker, flat, depth)
        if name not in made and name not in properties:
            made[name] = maker.make(_schema_of(flat, name), name, depth + 1)


def _free_name(maker: Maker, flat: Mapping[str, Any], depth: int) -> str:
    """A name for a property of which the schema does not say the name."""
    patterns = [name for name in _mapping(flat.get("patternProperties")) if isinstance(name, str)]
    if patterns:
        pattern, length = maker.random.choice(patterns), maker.random.randrange(4, 10)
        found = matching(pattern, maker.random, low=length) or matching(pattern, maker.random)
        if found is not None:
            return found
    if isinstance(flat.get("propertyNames"), Mapping):
        name = maker.make({"type": "string", **flat["propertyNames"]}, "", depth + 1)
        if isinstance(name, str):
            return name
    word = of_kind("word", maker.random).lower()
    return word if maker.random.random() < 0.9 else f"{word}_{maker.random.randrange(100)}"
