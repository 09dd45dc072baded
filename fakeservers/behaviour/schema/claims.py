"""Which mention of a prompt goes into which property: each is used once.

A mention that stands beside the property's own word (`3 days`, `from Paris`) goes there first;
others are taken in the order of the prompt. Whether a value fits its schema is asked of the
caller; nothing here knows a schema.
"""

import re
from collections.abc import Callable, Iterable, Iterator

from ..corpus import stocks
from ..hints import Hints, Mention, MentionKind
from .plausible import kind_of, name_words

__all__ = ["Claims"]

_ACCEPTED: dict[str, tuple[MentionKind, ...]] = {
    "city": ("name", "quoted"),
    "code": ("code", "quoted"),
    "color": ("quoted", "name"),
    "company": ("name", "quoted"),
    "country": ("name", "quoted"),
    "currency": ("name",),
    "date": ("date", "day"),
    "datetime": ("date",),
    "email": ("email",),
    "first_name": ("name",),
    "formula": ("formula", "quoted"),
    "host": ("quoted",),
    "id": ("code", "number", "quoted"),
    "job": ("quoted",),
    "language": ("name", "quoted"),
    "last_name": ("name",),
    "locale": ("quoted",),
    "path": ("path", "quoted"),
    "person": ("name", "quoted"),
    "phone": ("phone",),
    "phrase": ("quoted",),
    "place": ("name", "street", "quoted"),
    "prompt": ("quoted",),
    "prose": ("quoted",),
    "state": ("name",),
    "street": ("street", "quoted"),
    "symbol": ("name", "quoted"),
    "time": ("time",),
    "timezone": ("path", "quoted"),
    "unit": ("quoted",),
    "url": ("url",),
    "word": ("quoted", "name"),
    "zip": ("number", "code"),
}
_ANY: tuple[MentionKind, ...] = ("quoted", "name", "code", "path", "url", "email", "date", "day")

_BESIDE = {
    "from": frozenset(("from", "origin", "source", "departure", "start", "base")),
    "to": frozenset(("to", "destination", "target", "arrival", "end", "recipient")),
    "named": frozenset(("name",)),
    "called": frozenset(("name", "title")),
    "titled": frozenset(("title",)),
}
_LOWER_PLACE = re.compile(
    r"\b(?:in|at|near|for)\s+(?!the\b|an?\b)([a-z]+(?:\s[a-z]+)?)\s*[?.!]*\s*$"
)
_CAPITALS = re.compile(r"[A-Z]{1,5}")

Fits = Callable[[str], bool]


class Claims:
    """The mentions of one prompt that no property has taken yet."""

    def __init__(self, hints: Hints) -> None:
        self.hints = hints
        self._left = list(hints.mentions)

    def mark(self) -> list[Mention]:
        """What is left now, for `back`."""
        return list(self._left)

    def __len__(self) -> int:
        return len(self._left)

    def back(self, mark: list[Mention]) -> None:
        """Give back all that was taken since `mark`."""
        self._left = list(mark)

    def named(self, name: str) -> bool:
        """Whether a mention that is left stands beside the property's own word."""
        return bool(self._left) and any(_beside(mention, name) for mention in self._left)

    def number(
        self, name: str, fits: Callable[[float], bool], *, loose: bool
    ) -> int | float | None:
        """The next number; only one that stands beside the property's word unless `loose`."""
        numbers = [m for m in self._left if m.number is not None]
        for mention in _ordered(numbers, name, loose):
            if mention.number is not None and fits(mention.number):
                self._left.remove(mention)
                return mention.number
        return None

    def text(self, name: str, fits: Fits, *, loose: bool, formatted: bool = False) -> str | None:
        """The next text of the property's kind; of any kind that fits when `formatted`."""
        kind = kind_of(name)
        accepted = _ANY if formatted else _ACCEPTED.get(kind, _ANY)
        mentions = [m for m in self._left if m.kind in accepted]
        mentions.sort(key=lambda m: (m.weak, accepted.index(m.kind)))
        for mention in _ordered(mentions, name, loose):
            text = _as_kind(mention.text, kind)
            if text is not None and fits(text):
                if kind not in ("first_name", "last_name"):
                    self._left.remove(mention)
                return text
        return self._from_prompt(kind, fits) if loose and not formatted else None

    def numbers(self) -> Iterator[int | float]:
        """All numbers that are left."""
        taken = [m for m in self._left if m.number is not None]
        self._left = [m for m in self._left if m.number is None]
        return (m.number for m in taken if m.number is not None)

    def texts(self, name: str) -> list[str]:
        """All texts of the property's kind that are left: the enumeration if there is one."""
        accepted = _ACCEPTED.get(kind_of(name), _ANY)
        series = self.hints.series()
        mentions = [m for m in self._left if m.kind in accepted and (not m.weak or m in series)]
        series = tuple(m for m in series if m in mentions)
        taken = series or [m for m in mentions if m.kind == (mentions and mentions[0].kind)]
        self._left = [m for m in self._left if m not in taken]
        return [m.text for m in taken]

    def choice(self, values: Iterable[str]) -> str | None:
        """The value that the prompt names; the one named first if it names several."""
        named = [(place, value) for value in values if (place := self.hints.place(value)) >= 0]
        return min(named)[1] if named else None

    def _from_prompt(self, kind: str, fits: Fits) -> str | None:
        """The prompt itself for a query, its last words for a place in lower case."""
        text: str | None = None
        if kind == "prompt":
            text = self.hints.prompt.strip()
        elif kind in ("city", "place") and not self.hints.mentions:
            found = _LOWER_PLACE.search(self.hints.prompt[-200:])
            text = found[1] if found else None
        return text if text and fits(text) else None


def _ordered(mentions: list[Mention], name: str, loose: bool) -> list[Mention]:
    """Those beside the property's word, then the others if those may be taken."""
    if not mentions:
        return mentions
    beside = [mention for mention in mentions if _beside(mention, name)]
    return beside + [m for m in mentions if m not in beside] if loose else beside


def _beside(mention: Mention, name: str) -> bool:
    words = name_words(name)
    if not _BESIDE.get(mention.before, frozenset()).isdisjoint(words):
        return True
    singular = {word.removesuffix("s") for word in words} - _BESIDE.keys() - {""}
    return mention.before.removesuffix("s") in singular or (
        mention.after.removesuffix("s") in singular
    )


def _as_kind(text: str, kind: str) -> str | None:
    """A mention in the form that the kind has; None when it cannot be of that kind."""
    if kind in ("currency", "symbol"):
        return text if _CAPITALS.fullmatch(text) and (kind == "symbol" or len(text) == 3) else None
    if kind in ("city", "country"):
        return text if (text in stocks().countries) == (kind == "country") else None
    if kind == "first_name":
        return text.split()[0]
    if kind == "last_name":
        return text.split()[-1]
    return text
