"""What a prompt mentions that could be an argument: numbers, names, dates, quoted text.

A prompt is read once, into plain values. What they are used for is decided in `schema` and
`tooluse`; nothing here knows a tool or a JSON schema.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

__all__ = ["Hints", "Mention", "MentionKind"]

MentionKind = Literal[
    "code", "date", "day", "email", "formula", "name", "number", "path", "phone", "quoted",
    "street", "time", "url",
]  # fmt: skip

PROMPT_CHARS_MAX = 4_000
MENTIONS_MAX = 64
NEIGHBOUR_CHARS = 24

_MONTH_WORDS = (
    "january february march april may june july august september october november december"
)
_DAY_WORDS = "monday tuesday wednesday thursday friday saturday sunday"
_MONTHS = _MONTH_WORDS.split()
_MONTH = "|".join(f"{name[:3]}(?:{name[3:]})?" for name in _MONTHS)
_DAYS = frozenset((*_MONTHS, *_DAY_WORDS.split()))
_CAPITAL = r"[A-ZÀ-ÖØ-Þ](?:[^\W\d_]|['’](?!s\b))*(?:-[^\W\d_]+)*"
_STREETS = "Avenue|Ave|Boulevard|Blvd|Drive|Lane|Place|Road|Rd|Square|Street|St|Way"

_MENTION = re.compile(
    rf"""
    (?:[a-z]+[\ ,;:?!\n]+)+  # plain words, passed over at once: a long prompt is mostly these
    |(?P<quoted>"[^"\n]{{1,500}}"|“[^”\n]{{1,500}}”|`[^`\n]{{1,500}}`
        |(?<!\w)'[^'\n]{{1,500}}'(?!\w))
    |(?P<url>\bhttps?://[^\s"'<>)]+[^\s"'<>).,;:!?])
    |(?P<email>\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+)
    |(?P<date>\b\d{{4}}-\d\d-\d\d(?:T[\d:.]+(?:Z|[+-]\d\d:\d\d)?)?\b
        |\b(?i:{_MONTH})\.?\ \d{{1,2}}(?:st|nd|rd|th)?,?\ \d{{4}}\b
        |\b\d{{1,2}}(?:st|nd|rd|th)?\ (?i:{_MONTH})\.?,?\ \d{{4}}\b)
    |(?P<time>\b\d{{1,2}}:\d\d(?::\d\d)?\b)
    |(?P<phone>(?<!\w)\+\d[\d\ ().-]{{6,18}}\d\b|(?<!\w)\(?\d{{3}}\)?[-.\ ]\d{{3}}[-.]\d{{4}}\b)
    |(?P<path>(?<![\w/])(?:~|\.{{1,2}})?(?:/[\w.-]+)+|\b(?![A-Z]{{3}}/[A-Z]{{3}}\b)[\w-]+(?:/[\w.-]+)+
        |\b[\w-]+\.(?:csv|docx?|html?|jpe?g|js|json|md|pdf|png|py|toml|txt|xlsx?|xml|ya?ml)\b)
    |(?P<street>\b\d+[A-Za-z]?\ (?:{_CAPITAL}\ )+(?:{_STREETS})\b)
    |(?P<code>\b[0-9a-f]{{8}}-[0-9a-f]{{4}}-[0-9a-f]{{4}}-[0-9a-f]{{4}}-[0-9a-f]{{12}}\b
        |\b[A-Za-z][A-Za-z_]*(?=[\w-]*\d)[\w]*(?:-\w+)*)
    |(?P<formula>\(*\b\d[\d.]*\)*(?:\s*(?:[-+*/^%]|\*\*)\s*\(*\d[\d.]*\)*)+)
    |(?P<number>(?:(?<![\w)\]])-)?\d+(?:,\d{{3}}(?!\d))*(?:\.\d+)?)
    |(?P<name>\b(?:(?:St|Mt|Dr|Mr|Mrs|Ms|[A-Z])\.\ ?)*{_CAPITAL}
        (?:\ (?:(?:da|de|del|der|di|du|la|le|of|the|van|von)\ )?{_CAPITAL})*(?:,\ [A-Z]{{2}}\b)?)
    """,
    re.VERBOSE,
)
_WORD = re.compile(r"[^\W_]+")
_NUMBER_OF_FORMULA = re.compile(r"\d+(?:\.\d+)?")
_JOINT = re.compile(
    r"\)?\s*(?P<and>,?\s*(?:and|or|&|plus|versus|vs\.?)|,)\s*"
    r"(?:(?:also|as well as|then|in|for|at|of|the|with|from|on)\s+)*(?:\w+\()?"
)

# Words that stand with a capital at the start of a sentence, or for emphasis, and name nothing.
_NAMELESS_WORDS = """
    a about according add after all always am an and any api are as ask at based be before book
    briefly build but by calculate call can check combine compare compute consult convert could
    count create css define delete describe did do does don draft each evaluate every execute
    explain extract fetch fill find first follow for from generate get give go good greetings guess
    has have hello help hey hi how html http i identify if imagine in invoke is it its json just
    keep let list load look make may me might mention multiply must my name never next no not note
    now of ok okay on once only open or our output play please print provide put question
    quickly read record remember remind repeat reply report respond return run save say schedule
    search select send set she should show so solve some sort sql start stop subtract sum summarise
    summarize suppose system take tell thank thanks that the their then there these they think
    this those to today tomorrow tonight tool tools translate true try turn update url use user
    using very view we what when where which who whose why will with without would write yes
    yesterday yet you your
"""
_NAMELESS = frozenset(_NAMELESS_WORDS.split())
_SAID_OF_NAMES = frozenset(("has", "is", "lives", "was", "works"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """One value that stands in a prompt, from `start` to `end`.

    `text` is the value as a string (without its quotes, a date in ISO form), `number` the value
    of a number; `before` and `after` are the words beside it, in lower case. `weak` marks a
    capitalised word that may only be capitalised because it starts a sentence.
    """

    kind: MentionKind
    text: str
    start: int
    end: int
    number: int | float | None = None
    before: str = ""
    after: str = ""
    weak: bool = False


@dataclass(frozen=True, kw_only=True)
class Hints:
    """All that a prompt mentions, in the order in which it stands there."""

    prompt: str = ""
    mentions: tuple[Mention, ...] = ()

    @classmethod
    def of(cls, prompt: str) -> "Hints":
        """Read the start of a prompt, at most `PROMPT_CHARS_MAX` characters of it."""
        text = prompt[:PROMPT_CHARS_MAX]
        found: list[Mention] = []
        for match in _MENTION.finditer(text):
            if match.lastgroup is not None:
                found.extend(_mentions(match))
            if len(found) >= MENTIONS_MAX:
                break
        return cls(prompt=prompt, mentions=tuple(found))

    @cached_property
    def words(self) -> str:
        """The prompt's words in lower case, one space around each: for whole-word search."""
        return f" {' '.join(_WORD.findall(self.prompt[:PROMPT_CHARS_MAX].lower()))} "

    def says(self, phrase: str) -> bool:
        """Whether the words of `phrase` stand in the prompt, whole and in this order."""
        return self.place(phrase) >= 0

    def place(self, phrase: str) -> int:
        """Where in `words` the words of `phrase` stand; -1 when they do not."""
        wanted = " ".join(_WORD.findall(phrase.lower()))
        return self.words.find(f" {wanted} ") if wanted else -1

    def between(self, start: int, end: int) -> "Hints":
        """Only what stands between two positions of the prompt."""
        inside = tuple(m for m in self.mentions if start <= m.start < end)
        return replace(self, mentions=inside)

    def without(self, dropped: tuple[Mention, ...]) -> "Hints":
        """The same prompt with some mentions ignored."""
        return replace(self, mentions=tuple(m for m in self.mentions if m not in dropped))

    def series(self) -> tuple[Mention, ...]:
        """The longest enumeration of like things (`Paris, Rome and Oslo`); empty without one.

        `Paris, France` is a place in a country, not an enumeration: an `and` or a third member
        makes one.
        """
        best: tuple[Mention, ...] = ()
        run: list[Mention] = []
        joined = False
        for mention in self.mentions:
            joint = _JOINT.fullmatch(self.prompt[run[-1].end : mention.start]) if run else None
            if joint is None or run[-1].kind != mention.kind:
                run, joined = [mention], False
                continue
            run.append(mention)
            joined = joined or joint["and"] != ","
            if (joined or len(run) > 2) and len(run) > len(best):
                best = tuple(run)
        return best


def _mentions(match: re.Match[str]) -> Iterator[Mention]:
    """What one match of the big pattern stands for."""
    kind: MentionKind = match.lastgroup  # type: ignore[assignment]
    if kind == "name":
        yield from _names(match)
        return
    if kind == "formula":
        yield _mention(match, "formula", match[0])
        yield from _operands(match)
        return
    text = match[0]
    if kind == "quoted":
        text = text[1:-1]
    elif kind == "date":
        text = _iso_date(text)
    yield _mention(match, kind, text)


def _mention(match: re.Match[str], kind: MentionKind, text: str, skipped: int = 0) -> Mention:
    start = match.start() + skipped
    source, end = match.string, match.end()
    before = _WORD.findall(source[max(0, start - NEIGHBOUR_CHARS) : start])
    after = _WORD.search(source[end : end + NEIGHBOUR_CHARS])
    return Mention(
        kind=kind,
        text=text,
        start=start,
        end=end,
        number=_number(text) if kind == "number" else None,
        before=before[-1].lower() if before else "",
        after=after[0].lower() if after else "",
    )


def _operands(match: re.Match[str]) -> Iterator[Mention]:
    for inner in _NUMBER_OF_FORMULA.finditer(match[0]):
        start = match.start() + inner.start()
        yield Mention(
            kind="number",
            text=inner[0],
            start=start,
            end=start + len(inner[0]),
            number=_number(inner[0]),
        )


def _number(text: str) -> int | float:
    digits = text.replace(",", "")
    return float(digits) if "." in digits else int(digits[:300])


def _names(match: re.Match[str]) -> Iterator[Mention]:
    """The capitalised phrase without the words before it that name nothing."""
    words = match[0].split(" ")
    skipped = 0
    while words and re.split(r"['’-]", words[0].lower())[0] in _NAMELESS:
        skipped += len(words.pop(0)) + 1
    text = " ".join(words)
    if not text or len(text) < 2:
        return
    if text.lower() in _DAYS:
        yield _mention(match, "day", text, skipped)
        return
    mention = _mention(match, "name", text, skipped)
    starts_sentence = not match.string[: mention.start].strip() or (
        match.string[: mention.start].rstrip()[-1] in ".!?:"
    )
    weak = starts_sentence and len(words) == 1 and mention.after not in _SAID_OF_NAMES
    yield replace(mention, weak=weak)


def _iso_date(text: str) -> str:
    """`March 5, 2024` and `5 Mar 2024` as `2024-03-05`; an ISO date as it is."""
    if text[:4].isdigit():
        return text
    numbers = [int(digits) for digits in re.findall(r"\d+", text)]
    letters = re.findall(r"[A-Za-z]{3,}", text)[0][:3].lower()
    month = next(index for index, name in enumerate(_MONTHS, 1) if name.startswith(letters))
    return f"{numbers[1]:04}-{month:02}-{min(numbers[0], 31):02}"
