"""What a value is likely to be, judged by the name of its property or by its JSON format.

Nothing here reads a schema or a prompt; `schema` decides whether a value fits.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from random import Random
from typing import NamedTuple
from uuid import UUID

from ..corpus import sentences, stocks

__all__ = ["Span", "fits_format", "kind_of", "name_words", "number_span", "of_format", "of_kind"]

_EPOCH = datetime(2024, 1, 1, tzinfo=UTC)
_DAYS = 700


class Span(NamedTuple):
    """The usual range of a number, and how many decimals it has."""

    low: float
    high: float
    decimals: int = 0


_KINDS = {
    "city": "city town capital hometown",
    "code": "sku iban isin",
    "color": "color colour",
    "company": "company organization organisation employer brand vendor publisher",
    "country": "country nation nationality",
    "currency": "currency",
    "date": "date day birthday birthdate deadline due since until dob",
    "datetime": "datetime timestamp at",
    "email": "email mail",
    "first_name": "firstname forename",
    "formula": "expression formula equation calculation",
    "host": "host hostname domain",
    "id": "id identifier key uuid guid number reference token",
    "job": "job occupation profession position",
    "language": "language lang",
    "last_name": "lastname surname",
    "locale": "locale",
    "path": "path file filename filepath directory folder",
    "person": "person name fullname author customer client attendee contact recipient sender owner "
    "user username assignee artist director actor",
    "phone": "phone telephone mobile fax",
    "phrase": "title subject headline heading label slogan",
    "place": "location place address destination origin source target region venue area station",
    "prompt": "query question prompt q search term request input instruction instructions task",
    "prose": "summary description explanation reason reasoning answer content body message note "
    "notes comment details text bio abstract review feedback analysis rationale justification "
    "setup punchline thought thoughts conclusion response result story paragraph",
    "state": "state province",
    "street": "street",
    "symbol": "symbol ticker stock",
    "time": "time",
    "timezone": "timezone tz",
    "unit": "unit units",
    "url": "url uri link website homepage href",
    "word": "tag keyword topic category genre theme",
    "zip": "zip zipcode postcode",
}
_KIND_OF_WORD: Mapping[str, str] = {
    word: kind for kind, words in _KINDS.items() for word in words.split()
}

_VAGUE = {"address": "street", "code": "code", "name": "", "number": "id", "text": "prose"}

_SPANS: Mapping[str, Span] = {
    word: span
    for words, span in (
        ("age", Span(18, 80)),
        ("year", Span(1990, 2030)),
        ("month", Span(1, 12)),
        ("day days week weeks hour hours", Span(1, 7)),
        ("minute minutes second seconds", Span(5, 55)),
        ("count quantity limit size page top k n guests people", Span(1, 10)),
        ("rating stars score_of_five", Span(1, 5)),
        ("price cost amount total subtotal fee balance salary", Span(5, 500, 2)),
        ("confidence probability score ratio similarity relevance", Span(0, 1, 2)),
        ("percent percentage", Span(0, 100, 1)),
        ("temperature temp", Span(-5, 32, 1)),
        ("latitude lat", Span(-60, 60, 4)),
        ("longitude lon lng long", Span(-170, 170, 4)),
        ("population", Span(10_000, 9_000_000)),
    )
    for word in words.split()
}
_SPAN = Span(1, 100)

_NAME_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def name_words(name: str) -> tuple[str, ...]:
    """`userEmail`, `user_email` and `user-email` as `("user", "email")`."""
    return tuple(word.lower() for word in _NAME_WORD.findall(name))


def kind_of(name: str) -> str:
    """What a property of this name holds; empty when the name does not tell.

    The whole name decides, else its last word; a last word that says little (`phone_number`)
    leaves it to the words before.
    """
    words = name_words(name)
    if not words:
        return ""
    whole = _kind_of_word("".join(words))
    if whole or words[-1] not in _VAGUE:
        return whole or _kind_of_word(words[-1])
    before = next(filter(None, map(_kind_of_word, reversed(words[:-1]))), "")
    return before or _VAGUE[words[-1]]


def _kind_of_word(word: str) -> str:
    return _KIND_OF_WORD.get(word) or _KIND_OF_WORD.get(word.removesuffix("s"), "")


def number_span(name: str) -> Span:
    """The usual range of a number of this name."""
    for word in reversed(name_words(name)):
        if word in _SPANS:
            return _SPANS[word]
    return _SPAN


def of_kind(kind: str, random: Random) -> str:
    """A value of a kind that `kind_of` names; some words for any other."""
    of = stocks().of
    if kind in of:
        return random.choice(of[kind])
    if kind in _MADE:
        return _MADE[kind](random)
    if kind == "prose":
        return random.choice(sentences())
    return " ".join(random.choices(of["word"], k=2))


def of_format(format: str, random: Random) -> str | None:
    """A string of a JSON Schema format; None for a format that says nothing about the text."""
    make = _FORMATS.get(format)
    return make(random) if make else None


def fits_format(text: str, format: str) -> bool:
    """Whether a text is of a format, as far as a regular expression can tell."""
    pattern = _FORMAT_PATTERNS.get(format)
    return pattern is None or pattern.fullmatch(text) is not None


# --- values that are put together, not picked -------------------------------------------


def _moment(random: Random) -> datetime:
    return _EPOCH + timedelta(days=random.randrange(_DAYS), minutes=15 * random.randrange(96))


def _date(random: Random) -> str:
    return _moment(random).date().isoformat()


def _datetime(random: Random) -> str:
    return _moment(random).strftime("%Y-%m-%dT%H:%M:%SZ")


def _time(random: Random) -> str:
    return _moment(random).strftime("%H:%M:%SZ")


def _clock(random: Random) -> str:
    return _moment(random).strftime("%H:%M")


def _email(random: Random) -> str:
    of = stocks().of
    first, last = random.choice(of["first_name"]), random.choice(of["last_name"])
    return f"{first}.{last}@example.com".lower()


def _url(random: Random) -> str:
    return f"https://www.example.com/{random.choice(stocks().of['word']).lower()}"


def _host(random: Random) -> str:
    return f"{random.choice(stocks().of['word']).lower()}.example.com"


def _phone(random: Random) -> str:
    return f"+1-555-{random.randrange(100, 1000)}-{random.randrange(10_000):04}"


def _uuid(random: Random) -> str:
    return str(UUID(int=random.getrandbits(128), version=4))


def _ipv4(random: Random) -> str:
    return f"192.0.2.{random.randrange(1, 255)}"


def _ipv6(random: Random) -> str:
    return f"2001:db8::{random.randrange(1, 65_536):x}"


def _place(random: Random) -> str:
    return random.choice(stocks().of["city"])


def _id(random: Random) -> str:
    return f"{random.choice('ABCDEFGH')}{random.randrange(1000, 10_000)}"


def _path(random: Random) -> str:
    return f"/tmp/{random.choice(stocks().of['word']).lower()}.txt"


def _formula(random: Random) -> str:
    return f"{random.randrange(2, 20)} {random.choice('+-*')} {random.randrange(2, 20)}"


_MADE: Mapping[str, Callable[[Random], str]] = {
    "code": _id,
    "date": _date,
    "datetime": _datetime,
    "email": _email,
    "formula": _formula,
    "host": _host,
    "id": _id,
    "path": _path,
    "phone": _phone,
    "place": _place,
    "time": _clock,
    "url": _url,
}

_FORMATS: Mapping[str, Callable[[Random], str]] = {
    "byte": lambda random: random.choice(("aGVsbG8=", "d29ybGQ=", "ZGF0YQ==")),
    "date": _date,
    "date-time": _datetime,
    "duration": lambda random: f"PT{random.randrange(1, 60)}M",
    "email": _email,
    "hostname": _host,
    "idn-email": _email,
    "idn-hostname": _host,
    "ipv4": _ipv4,
    "ipv6": _ipv6,
    "iri": _url,
    "iri-reference": _url,
    "json-pointer": lambda random: f"/{random.choice(stocks().of['word']).lower()}",
    "regex": lambda random: rf"^{random.choice(stocks().of['word']).lower()}\d*$",
    "relative-json-pointer": lambda random: f"{random.randrange(3)}/a",
    "time": _time,
    "uri": _url,
    "uri-reference": _url,
    "uri-template": lambda random: f"{_url(random)}/{{id}}",
    "uuid": _uuid,
}

_URI = re.compile(r"[A-Za-z][\w+.-]*:\S+")
_EMAIL = re.compile(r"[^@\s]+@[\w-]+(?:\.[\w-]+)+")
_DATE = r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"
_TIME = r"(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)"
_FORMAT_PATTERNS: Mapping[str, re.Pattern[str]] = {
    "date": re.compile(_DATE),
    "date-time": re.compile(rf"{_DATE}[Tt ]{_TIME}"),
    "duration": re.compile(r"P(?=.)(?:\d+[YMWD])*(?:T(?:\d+[HMS])+)?"),
    "email": _EMAIL,
    "hostname": re.compile(r"[A-Za-z\d](?:[A-Za-z\d-]*[A-Za-z\d])?(?:\.[A-Za-z\d-]+)*"),
    "idn-email": _EMAIL,
    "ipv4": re.compile(r"(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}"),
    "ipv6": re.compile(r"(?=.*:.*:)[\dA-Fa-f:.]+"),
    "iri": _URI,
    "time": re.compile(_TIME),
    "uri": _URI,
    "url": _URI,
    "uuid": re.compile(r"[\dA-Fa-f]{8}(?:-[\dA-Fa-f]{4}){3}-[\dA-Fa-f]{12}"),
}
