"""JSON values that satisfy a JSON schema and look like what a model would have written.

Draft 2020-12 as tool definitions use it, and Gemini's variant of OpenAPI. `validity` judges
values, `merging` takes combinations apart, `claims` deals out what the prompt mentions;
this module makes the value. No schema raises: where one makes no sense the value is a guess.
"""

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from ..hints import Hints
from .arrays import array
from .claims import Claims
from .described import described
from .merging import flattened, height
from .objects import object_
from .scalars import number, string
from .validity import canonical, difference, referred, types_of

__all__ = ["Maker", "example"]

DEPTH_SOFT = 5
"""Below this depth only what is required is made, and recursion takes its way out."""
DEPTH_MAX = 24
VALUES_SOFT = 400
VALUES_MAX = 8_000
ATTEMPTS_MAX = 16
LOOKAHEAD_MAX = 4

# A value for a schema with one of these may come out wrong, so it is checked and made again.
_CHECKED = frozenset(
    (
        "allOf", "contains", "dependentRequired", "dependentSchemas", "if", "maxProperties",
        "multipleOf", "not", "oneOf", "pattern", "patternProperties", "propertyNames",
    )
)  # fmt: skip
# A choice or a reference with only these beside it adds nothing to what it leads to.
_ALONE = frozenset(
    (
        "$defs", "$ref", "anyOf", "default", "definitions", "deprecated", "description",
        "examples", "nullable", "title",
    )
)  # fmt: skip
_NO_HINTS = Hints()


def example(schema: Any, random: Random, hints: Hints = _NO_HINTS) -> Any:
    """A JSON value that satisfies `schema`, filled from what a prompt mentions where that fits.

    The same random state gives the same value. A schema that nothing satisfies, or that is no
    schema, gives a value all the same; `validity.difference` tells what is wrong with it.
    """
    try:
        return Maker(schema, random, Claims(hints)).make(schema)
    except RecursionError:  # a constant nested deeper than Python walks
        return {}


class Maker:
    """Makes one value: holds what is common to all its parts."""

    def __init__(self, root: Any, random: Random, claims: Claims) -> None:
        self.random = random
        self.claims = claims
        self._root = root
        self._made = 0
        self._forced = 0

    def make(self, schema: Any, name: str = "", depth: int = 0, *, required: bool = True) -> Any:
        """A value for `schema`, which stands at the property `name`."""
        self._made += 1
        if schema is False or depth > DEPTH_MAX or self._made > VALUES_MAX:
            return None
        if not isinstance(schema, Mapping):
            schema = {}
        if not required and "default" in schema and not self.claims.named(name):
            default = schema["default"]
            if self.fits(default, schema):
                return default
        if not self._is_checked(schema, LOOKAHEAD_MAX):
            return self._attempt(schema, name, depth, required)
        return self._checked(schema, name, depth, required)

    def fits(self, value: Any, schema: Any) -> bool:
        """Whether `value` satisfies `schema`, its references looked up in the whole document."""
        return difference(value, schema, self._root) is None

    def minimal(self, depth: int) -> bool:
        """Whether to make no more than is required here."""
        return depth >= DEPTH_SOFT or self._made > VALUES_SOFT or self._forced > 0

    def _is_checked(self, schema: Any, lookahead: int) -> bool:
        """Whether a value for `schema`, or for what it refers to, may come out wrong."""
        if not isinstance(schema, Mapping):
            return schema is False
        if not _CHECKED.isdisjoint(schema) or lookahead == 0:
            return True
        branches = schema.get("anyOf")
        if "$ref" not in schema and not isinstance(branches, list):
            return False
        if not _ALONE.issuperset(schema):
            return True
        targets = list(branches) if isinstance(branches, list) else []
        if "$ref" in schema:
            targets.append(referred(schema["$ref"], self._root))
        return any(self._is_checked(target, lookahead - 1) for target in targets)

    def _checked(self, schema: Mapping[str, Any], name: str, depth: int, required: bool) -> Any:
        """Attempts until one fits; the later ones make no more than is required."""
        value = None
        mark = self.claims.mark()
        for attempt in range(ATTEMPTS_MAX):
            self.claims.back(mark)
            forced = attempt >= ATTEMPTS_MAX // 2
            self._forced += forced
            value = self._attempt(schema, name, depth, required)
            self._forced -= forced
            if self._made > VALUES_MAX or self.fits(value, schema):
                break
        return value

    def _attempt(self, schema: Mapping[str, Any], name: str, depth: int, required: bool) -> Any:
        flat = flattened(schema, self._root, lambda branches: self._branch(branches, depth))
        if flat is None:
            return None
        flat = described(flat)
        if "const" in flat:
            return flat["const"]
        if isinstance(flat.get("enum"), list) and flat["enum"]:
            return self._listed(flat)
        match self._type(flat):
            case "object":
                return self._given(flat) or object_(self, flat, depth)
            case "array":
                return self._given(flat) or array(self, flat, name, depth)
            case "string":
                return string(self, flat, name, required)
            case "boolean":
                default = flat.get("default")
                return default if isinstance(default, bool) else self.random.random() < 0.5
            case "null":
                return None
            case kind:
                return number(self, flat, name, required, whole=kind == "integer")

    def _branch(self, branches: Sequence[Any], depth: int) -> Any:
        """One of the branches: any but null, or the shallowest when little is to be made."""
        if self.minimal(depth) and not self._forced:
            return min(branches, key=lambda branch: height(branch, self._root))
        filled = [branch for branch in branches if not _is_null(branch)]
        return self.random.choice(filled or branches)

    def _type(self, flat: Mapping[str, Any]) -> str:
        types = types_of(flat)
        filled = [name for name in types if name != "null"]
        if filled:
            return self.random.choice(filled) if len(filled) > 1 else filled[0]
        return "null" if types else _implied(flat)

    def _listed(self, flat: Mapping[str, Any]) -> Any:
        """The member of `enum` that the prompt names, else the default, else any that fits."""
        rest = {key: value for key, value in flat.items() if key != "enum"}
        members = flat["enum"]
        fitting = [value for value in members if self.fits(value, rest)] if rest else members
        members = fitting or members
        chosen = self.claims.choice(value for value in members if isinstance(value, str))
        if chosen is not None:
            return chosen
        default = flat.get("default")
        if default is not None and canonical(default) in map(canonical, members):
            return default
        return self.random.choice([value for value in members if value is not None] or members)

    def _given(self, flat: Mapping[str, Any]) -> Any:
        """A default or example of an object or array that is not empty and fits."""
        examples = flat.get("examples")
        offered = [flat.get("default"), *(examples if isinstance(examples, list) else ())]
        if self.claims.hints.mentions:
            offered = offered[:1]
        return next(
            (v for v in offered if v and isinstance(v, Mapping | list) and self.fits(v, flat)), None
        )


def _is_null(schema: Any) -> bool:
    return isinstance(schema, Mapping) and (
        types_of(schema) == ("null",) or schema.get("const", "") is None
    )


_IMPLIED = {
    "properties": "object",
    "required": "object",
    "additionalProperties": "object",
    "patternProperties": "object",
    "propertyNames": "object",
    "minProperties": "object",
    "items": "array",
    "prefixItems": "array",
    "contains": "array",
    "minItems": "array",
    "minimum": "number",
    "maximum": "number",
    "exclusiveMinimum": "number",
    "exclusiveMaximum": "number",
    "multipleOf": "number",
}


def _implied(flat: Mapping[str, Any]) -> str:
    """The type that the keywords of a schema without a type are about; text by default."""
    return next((kind for keyword, kind in _IMPLIED.items() if keyword in flat), "string")
