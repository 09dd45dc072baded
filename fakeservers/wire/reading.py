"""Reading a parsed JSON body field by field, with the provider's own words for what is wrong.

A Reader knows where in the body it stands; a Wording turns that place and what was found there
into the provider's error. Nothing here knows a provider.
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


class Reader:
    """One JSON object of a body. A null field reads as an absent one."""

    # Not a frozen dataclass: several are made for every request, and those cost thrice as much.
    __slots__ = ("path", "value", "wording")

    def __init__(self, value: Mapping[str, Any], wording: Wording, path: Path = ()) -> None:
        self.value = value
        self.wording = wording
        self.path = path

    @classmethod
    def of(cls, value: Any, wording: Wording) -> "Reader":
        """The body itself, which must be an object."""
        if not isinstance(value, dict):
            raise Rejected(wording.wrong_type((), ("object",), value))
        return cls(value, wording)

    def has(self, key: str) -> bool:
        return self.value.get(key) is not None

    def raw(self, key: str) -> Any:
        """The field as it is; None when absent."""
        return self.value.get(key)

    def require(self, *keys: str) -> None:
        """Raise `Rejected` for the first of `keys` that is absent."""
        for key in keys:
            if not self.has(key):
                raise Rejected(self.wording.missing((*self.path, key)))

    def reject(self, key: str, *wanted: JsonType) -> Rejected:
        """The error for a field that is none of the wanted types: `raise reader.reject(...)`."""
        return Rejected(self.wording.wrong_type((*self.path, key), wanted, self.value.get(key)))

    def text(self, key: str) -> str | None:
        value = self.value.get(key)
        if value is not None and not isinstance(value, str):
            raise self.reject(key, "string")
        return value

    def flag(self, key: str) -> bool | None:
        value = self.value.get(key)
        if value is not None and not isinstance(value, bool):
            raise self.reject(key, "boolean")
        return value

    def integer(self, key: str) -> int | None:
        value = self.value.get(key)
        if isinstance(value, float) and value.is_integer():
            return int(value)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
            raise self.reject(key, "integer")
        return value

    def number(self, key: str) -> float | None:
        value = self.value.get(key)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise self.reject(key, "number")
        return value

    def array(self, key: str) -> list[Any] | None:
        value = self.value.get(key)
        if value is not None and not isinstance(value, list):
            raise self.reject(key, "array")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """An array of strings; empty when absent."""
        values = self.array(key) or []
        for index, value in enumerate(values):
            if not isinstance(value, str):
                place = (*self.path, key, index)
                raise Rejected(self.wording.wrong_type(place, ("string",), value))
        return tuple(values)

    def object(self, key: str) -> "Reader | None":
        value = self.value.get(key)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise self.reject(key, "object")
        return Reader(value, self.wording, (*self.path, key))

    def objects(self, key: str) -> Iterator["Reader"]:
        """The objects of an array; none when it is absent."""
        for index, value in enumerate(self.array(key) or ()):
            yield self.element(key, index, value)

    def element(self, key: str, index: int, value: Any) -> "Reader":
        """The object `value`, which is the array's element at `index`."""
        place = (*self.path, key, index)
        if not isinstance(value, dict):
            raise Rejected(self.wording.wrong_type(place, ("object",), value))
        return Reader(value, self.wording, place)
