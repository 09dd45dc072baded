"""Reading a JSON object field by field, so that nothing of it is overlooked.

Every field is taken by name; `done` refuses what nobody took. What a field means is its reader's.
"""

import base64
import binascii
import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from ..types import Image
from .values import BadRequest

__all__ = ["Fields", "Notes", "decoded", "image_of_url", "late_system"]

_T = TypeVar("_T")
_NAMES = {
    str: "a string", bool: "a boolean", int: "a whole number", float: "a number",
    list: "an array", dict: "an object",
}  # fmt: skip
_EMPTY: tuple[Any, ...] = (None, [], {}, "")
_DATA_URL = re.compile(r"data:([\w.+-]+/[\w.+-]+);base64,(.*)", re.S)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notes:
    """What of a request nobody is sent: `left_out` are paths. Without `lenient` only what changes
    no answer is left out, and the rest refused."""

    lenient: bool = False
    left_out: list[str] = field(default_factory=list)


class Fields:
    """One object of a request. null counts as absent, as the vendors' SDKs send it so."""

    def __init__(self, value: Any, where: str = "", *, notes: Notes) -> None:
        if not isinstance(value, dict):
            raise BadRequest(f"{where or 'the body'} must be an object", param=where)
        self._value: Mapping[str, Any] = value
        self._where = where
        self._taken: set[str] = set()
        self._notes = notes

    def path(self, name: str) -> str:
        return f"{self._where}.{name}" if self._where else name

    def take(self, name: str, *kinds: type, also: str = "") -> Any:
        """The value if it is there and of one of these kinds; None if it is absent. `also` is
        another spelling. Raises BadRequest for another kind."""
        self._taken |= {name, also}
        value = self._value.get(name)
        if value is None and also:
            value = self._value.get(also)
        if value is None or not kinds:
            return value
        accepted = (*kinds, int) if float in kinds else kinds
        is_right = isinstance(value, accepted) and (bool in kinds or not isinstance(value, bool))
        if not is_right:
            wanted = " or ".join(_NAMES[kind] for kind in kinds)
            raise BadRequest(f"{self.path(name)} must be {wanted}", param=self.path(name))
        return value

    def need(self, name: str, *kinds: type, also: str = "") -> Any:
        """As `take`; raises BadRequest if it is absent."""
        value = self.take(name, *kinds, also=also)
        if value is None:
            raise BadRequest(f"{self.path(name)} is missing", param=self.path(name))
        return value

    def take_all(self, names: tuple[str, ...]) -> dict[str, Any]:
        """Those of the names that are there, unchecked."""
        found = {name: self.take(name) for name in names}
        return {name: value for name, value in found.items() if value not in _EMPTY}

    def number(self, name: str, least: float, most: float, *, also: str = "") -> Any:
        value = self.take(name, float, also=also)
        if value is not None and not least <= value <= most:
            text = f"{self.path(name)} is {value}; it is from {least:g} to {most:g}"
            raise BadRequest(text, param=self.path(name))
        return value

    def whole(self, name: str, *, least: int = 0, also: str = "") -> int | None:
        value = self.take(name, int, also=also)
        if value is not None and value < least:
            raise BadRequest(
                f"{self.path(name)} is {value}; it is at least {least}", param=self.path(name)
            )
        return value if value is None else int(value)

    def word(self, name: str, allowed: Mapping[str, _T], *, also: str = "") -> _T | None:
        """The meaning of one of these words; None if the field is absent."""
        value = self.take(name, str, also=also)
        if value is not None and value not in allowed:
            self.refuse(name, f"is {value!r}; it is one of {', '.join(allowed)}")
        return None if value is None else allowed.get(value)

    def each(self, name: str, *, also: str = "") -> list["Fields"]:
        """The objects of a list, [] if it is absent."""
        values = self.take(name, list, also=also) or []
        return [self.child(value, f"{name}[{n}]") for n, value in enumerate(values)]

    def child(self, value: Any, name: str) -> "Fields":
        return Fields(value, self.path(name), notes=self._notes)

    def inner(self, name: str, *, also: str = "") -> "Fields | None":
        value = self.take(name, dict, also=also)
        return None if value is None else self.child(value, name)

    def refuse(self, name: str, why: str = "cannot be carried by the router") -> None:
        """Raise BadRequest for this field, or note it where fields may be left out."""
        if not self._notes.lenient:
            raise BadRequest(
                f"{self.path(name)} {why}. Leave it out, or set [gateway] unsupported_fields ="
                ' "leave_out" in the configuration',
                param=self.path(name),
                kind="unsupported",
            )
        self.leave_out(name)

    def leave_out(self, name: str) -> None:
        """Note that this field is sent to nobody."""
        self._taken.add(name)
        self._notes.left_out.append(re.sub(r"\[\d+\]", "[]", self.path(name)))

    def done(self, *known: str) -> None:
        """Refuse every field that nobody took and that says anything."""
        for name, value in self._value.items():
            if name not in self._taken and value not in _EMPTY:
                near = difflib.get_close_matches(name, [*self._taken, *known], n=1, cutoff=0.8)
                hint = f" (did you mean {near[0]!r}?)" if near else ""
                self.refuse(name, f"cannot be carried by the router{hint}")


def late_system(message: Fields) -> BadRequest:
    """The refusal of a system or developer message that is not among the first."""
    return BadRequest(
        f"{message.path('role')} is {message.take('role')!r} behind other messages: the router has"
        " one system prompt; put it first",
        param=message.path("role"),
        kind="unsupported",
    )


def image_of_url(url: str, where: str) -> Image:
    """An image by its address, or by a data URL. Raises BadRequest."""
    if not url.startswith("data:"):
        return Image(url=url)
    match = _DATA_URL.fullmatch(url)
    if match is None:
        raise BadRequest(f"{where} is no base64 data URL", param=where)
    return Image(data=decoded(match[2], where), media_type=match[1])


def decoded(text: str, where: str) -> bytes:
    """The bytes of base64. Raises BadRequest."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise BadRequest(f"{where} is not base64", param=where) from None
