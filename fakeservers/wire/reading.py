"""Reading a parsed JSON body field by field, with the provider's own words for what is wrong.

A Reader knows where in the body it stands; a Wording turns that place and what was found there
into the provider's error. Nothing here knows a provider.

A Reader that is not strict refuses nothing: a field of the wrong type is taken out of the body, and
then reads as absent. What a caller refuses besides, it refuses only where `reader.strict` is true.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Literal, Protocol

from ..canonical import ApiError, Rejected

__all__ = ["JsonType", "Path", "Reader", "Wording", "json_type"]

Path = tuple[str | int, ...]
JsonType = Literal["string", "integer", "number", "boolean", "object", "array", "null"]


class Wording(Protocol):
    """How a provider says that a body is wrong; `path` is the place, from the body's root."""

    def missing(self, path: Path) -> ApiError:
        """A required field is absent."""
        ...

    def wrong_type(self, path: Path, wanted: tuple[JsonType, ...], value: Any) -> ApiError:
        """The field holds `value`, which is none of `wanted`."""
        ...


def json_type(value: Any) -> JsonType:
    """The JSON name of a parsed value's type."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer"
    if isinstance(value, float):
        return "number"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "object"


class _Unsaid:
    """In the place of words that are not to be said."""

    __slots__ = ("words",)

    def __init__(self, words: Wording) -> None:
        self.words = words

    def missing(self, path: Path) -> ApiError:
        return self.words.missing(path)

    def wrong_type(self, path: Path, wanted: tuple[JsonType, ...], value: Any) -> ApiError:
        return self.words.wrong_type(path, wanted, value)


class Reader:
    """One JSON object of a body. A null field reads as an absent one."""

    # Not a frozen dataclass: several are made for every request, and those cost thrice as much.
    __slots__ = ("path", "value", "wording")

    def __init__(self, value: Mapping[str, Any], wording: Wording, path: Path = ()) -> None:
        self.value = value
        self.wording = wording
        self.path = path

    @classmethod
    def of(cls, value: Any, wording: Wording, *, strict: bool = True) -> "Reader":
        """The body itself, which must be an object; unless `strict`, anything else reads as an
        empty one."""
        if not strict:
            return cls(value if isinstance(value, dict) else {}, _Unsaid(wording))
        if not isinstance(value, dict):
            raise Rejected(wording.wrong_type((), ("object",), value))
        return cls(value, wording)

    @property
    def strict(self) -> bool:
        """Whether what is wrong is refused. The readers inside this one, and those that are made
        with its wording, are as strict."""
        return not isinstance(self.wording, _Unsaid)

    def has(self, key: str) -> bool:
        return self.value.get(key) is not None

    def raw(self, key: str) -> Any:
        """The field as it is; None when absent."""
        return self.value.get(key)

    def require(self, *keys: str) -> None:
        """Raise `Rejected` for the first of `keys` that is absent, if strict."""
        for key in keys:
            if self.value.get(key) is None and self.strict:
                raise Rejected(self.wording.missing((*self.path, key)))

    def reject(self, key: str, *wanted: JsonType) -> Rejected:
        """The error for a field that is none of the wanted types: `raise reader.reject(...)`."""
        return Rejected(self.wording.wrong_type((*self.path, key), wanted, self.value.get(key)))

    def text(self, key: str) -> str | None:
        value = self.value.get(key)
        if value is None or isinstance(value, str):
            return value
        self._odd(key, "string")
        return None

    def flag(self, key: str) -> bool | None:
        value = self.value.get(key)
        if value is None or isinstance(value, bool):
            return value
        self._odd(key, "boolean")
        return None

    def integer(self, key: str) -> int | None:
        value = self.value.get(key)
        if value is None or type(value) is int:
            return value
        if isinstance(value, float) and value.is_integer():
            return int(value)
        self._odd(key, "integer")
        return None

    def number(self, key: str) -> float | None:
        value = self.value.get(key)
        if value is None or type(value) is float or type(value) is int:
            return value
        self._odd(key, "number")
        return None

    def array(self, key: str) -> list[Any] | None:
        value = self.value.get(key)
        if value is None or isinstance(value, list):
            return value
        self._odd(key, "array")
        return None

    def texts(self, key: str) -> tuple[str, ...]:
        """An array of strings; empty when absent."""
        values = self.array(key) or []
        for index, value in enumerate(values):
            if not isinstance(value, str):
                if not self.strict:
                    return tuple(self._kept(key, values, str))
                place = (*self.path, key, index)
                raise Rejected(self.wording.wrong_type(place, ("string",), value))
        return tuple(values)

    def object(self, key: str) -> "Reader | None":
        value = self.value.get(key)
        if value is None:
            return None
        if not isinstance(value, dict):
            self._odd(key, "object")
            return None
        return Reader(value, self.wording, (*self.path, key))

    def objects(self, key: str) -> Iterator["Reader"]:
        """The objects of an array; none when it is absent."""
        values = self.array(key) or []
        if not self.strict:
            values = self._kept(key, values, dict)
        for index, value in enumerate(values):
            yield self.element(key, index, value)

    def element(self, key: str, index: int, value: Any) -> "Reader":
        """The object `value`, which is the array's element at `index`."""
        place = (*self.path, key, index)
        if not isinstance(value, dict):
            if self.strict:
                raise Rejected(self.wording.wrong_type(place, ("object",), value))
            value = {}
        return Reader(value, self.wording, place)

    def drop(self, key: str) -> None:
        """Take a field out of the body, which only this request has."""
        if isinstance(self.value, dict):
            self.value.pop(key, None)

    def _odd(self, key: str, wanted: JsonType) -> None:
        """Refuse a field of the wrong type, or take it out."""
        if self.strict:
            raise self.reject(key, wanted)
        self.drop(key)

    def _kept(self, key: str, values: list[Any], kind: type) -> list[Any]:
        """An array without its elements of other types, which the body loses too."""
        kept = [value for value in values if isinstance(value, kind)]
        if len(kept) < len(values) and isinstance(self.value, dict):
            self.value[key] = kept
        return kept
