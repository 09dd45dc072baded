"""Which tools a prompt plainly asks for, judged by the words it shares with them.

Words are compared by their stems; words that say nothing about a tool (`get`, `the`) do not
count. Nothing here decides whether to call, or with which arguments.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from ...canonical import Tool
from ..schema.plausible import name_words

__all__ = ["Asked", "asked_for", "clause", "ends", "finals", "tool_use"]

PROMPT_CHARS_MAX = 4_000
DESCRIPTION_CHARS_MAX = 400
DESCRIPTION_WORDS_NEEDED = 2

_STOP_TEXT = """
    a about all also an and any api are as at be by call can check could data details do does fetch
    find for from function get give handler have helper how i in info information into is it its
    let list look lookup make me my name new of on one only or our output perform please provide
    query read request result results retrieve return returns run search set should show some tell
    text that the their then there these this to tool tools use user using value was we what when
    where which who will with would you your
"""
_STOP = frozenset(_STOP_TEXT.split())
_FINAL = frozenset(
    ("answer", "done", "final", "finish", "output", "respond", "response", "result", "submit")
)
_BESIDE_FINAL = frozenset(("to", "user"))

_WORD = re.compile(r"[^\W_]+")
_SUFFIX = re.compile(r"(?<=\w{3})(?:ations?|ators?|ates?|ings?|ers?|ors?|ies|ied|ed|es|s|e|y)$")
_CLAUSE = re.compile(r"[.,:;?!]\s+|\n|\bthen\b|\band\b(?!\s+\d)", re.IGNORECASE)
_USE = re.compile(
    r"\b(?P<no>don['’]?t|do not|without|never|not|avoid)?\s*"
    r"\b(?:(?:use|using|call|calling|invoke|run)\b[^.?!\n]{0,30}\b(?:tools?|functions?)"
    r"|(?:in|with) an? (?:tool|function) call)\b",
    re.IGNORECASE,
)


_ONLY = re.compile(r"\bonly\b[^.?!\n]{0,20}\b(?:tool|function) calls?\b", re.IGNORECASE)
_ENDS = re.compile(
    r"(?<!not )(?<!n['’]t )(?<!never )\b(?:call|use|invoke) this (?:tool|function)\b"
    r"[^.?!\n]{0,60}\byour final (?:answer|output|reply|response|result)\b"
    r"|\blast and final (?:tool|function)\b"
    r"|\bends? (?:this|the) (?:conversation|run|agent loop)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A tool that a prompt asks for. `place` is where in the prompt it is first mentioned;
    `named` is true when its whole name stands there."""

    tool: Tool
    place: int
    named: bool = False


@dataclass(frozen=True, slots=True)
class _Words:
    """The words of a prompt: their places by stem, and all of them in lower case."""

    text: str
    places: dict[str, int]


def asked_for(prompt: str, tools: Sequence[Tool]) -> tuple[Asked, ...]:
    """The tools that the prompt asks for, in the order in which it does.

    A tool whose name stands in the prompt is asked for. Otherwise it takes a word of its name,
    or two of its description; of tools that share the same words the best match counts.
    """
    words = _words(prompt[:PROMPT_CHARS_MAX])
    named = [asked for tool in tools if (asked := _named(words, tool))]
    taken = {stem for asked in named for stem in _stems(asked.tool.name)}
    ranked = sorted(
        ((*_matches(words, tool), -index) for index, tool in enumerate(tools)), reverse=True
    )
    found = list(named)
    for name_share, described, index in ranked:
        tool = tools[-index]
        if any(asked.tool is tool for asked in found):
            continue
        hits = [stem for stem in _stems(tool.name) if stem in words.places]
        fresh = [stem for stem in hits if stem not in taken]
        if fresh and (name_share == 1 or not found):
            taken.update(hits)
            found.append(Asked(tool=tool, place=-1))
        elif not found and described >= DESCRIPTION_WORDS_NEEDED:
            found.append(Asked(tool=tool, place=0))
    placed = [_placed(asked, found, words) if asked.place < 0 else asked for asked in found]
    return tuple(sorted(placed, key=lambda asked: asked.place))


def _placed(asked: Asked, found: Sequence[Asked], words: _Words) -> Asked:
    """With the place of the first word that is the tool's alone, else of any of its words."""
    others = {stem for other in found if other is not asked for stem in _stems(other.tool.name)}
    hits = [stem for stem in _stems(asked.tool.name) if stem in words.places]
    own = [stem for stem in hits if stem not in others] or hits
    return replace(asked, place=min(words.places[stem] for stem in own))


def tool_use(prompt: str, system: str = "") -> bool | None:
    """True when the prompt says to use a tool, False when it says not to, None otherwise.

    A system text tells of tools at any rate; it counts when it wants nothing but a call.
    """
    found = _USE.search(prompt[:PROMPT_CHARS_MAX])
    if found is not None:
        return not found["no"]
    return True if _ONLY.search(system[:PROMPT_CHARS_MAX]) else None


def finals(tools: Sequence[Tool]) -> tuple[Tool, ...]:
    """The tools that take the outcome of an agent's run, which a call of them ends.

    They are named so (`final_result`, `submit_answer`) or described so (litellm's
    `json_tool_call`), or, among tools that are named as functions are, like a type
    (`WeatherReport`).
    """
    mixed = any(tool.name[:1].islower() for tool in tools)
    return tuple(tool for tool in tools if ends(tool) or (mixed and tool.name[:1].isupper()))


def ends(tool: Tool) -> bool:
    """Whether the tool's name or description says that a call of it ends the run."""
    return _is_final(tool.name) or _is_told_final(tool.description[:DESCRIPTION_CHARS_MAX])


@lru_cache(maxsize=1_024)
def _is_final(name: str) -> bool:
    words = name_words(name)
    told = _FINAL.intersection(words)
    return "final" in words or (bool(told) and told.union(_BESIDE_FINAL).issuperset(words))


@lru_cache(maxsize=1_024)
def _is_told_final(description: str) -> bool:
    return _ENDS.search(description) is not None


def clause(prompt: str, start: int, end: int) -> int | None:
    """Where the clause begins that stands at `end`; None when it has begun before `start`."""
    begun = [match.end() for match in _CLAUSE.finditer(prompt, start, end)]
    return begun[-1] if begun else None


def _words(prompt: str) -> _Words:
    places: dict[str, int] = {}
    for match in _WORD.finditer(prompt):
        word = match[0].lower()
        if word not in _STOP:
            places.setdefault(_stem(word), match.start())
    return _Words(text=prompt.lower(), places=places)


def _named(words: _Words, tool: Tool) -> Asked | None:
    pattern = _name_pattern(tool.name)
    found = pattern.search(words.text) if pattern else None
    return Asked(tool=tool, place=found.start(), named=True) if found else None


def _matches(words: _Words, tool: Tool) -> tuple[float, int]:
    """The share of the name's words, and the number of the description's, that stand there."""
    stems = _stems(tool.name)
    share = sum(stem in words.places for stem in stems) / len(stems) if stems else 0.0
    return share, sum(stem in words.places for stem in _stems(tool.description))


@lru_cache(maxsize=1_024)
def _name_pattern(name: str) -> re.Pattern[str] | None:
    """The name as it may be written in a sentence: `get_weather`, `getWeather`, `get weather`."""
    words = name_words(name)
    if not words:
        return None
    written = r"[\s_-]?".join(map(re.escape, words))
    return re.compile(rf"(?<![^\W_]){written}(?![^\W_])")


@lru_cache(maxsize=1_024)
def _stems(text: str) -> frozenset[str]:
    """The stems of the words of a tool's name or description that say something."""
    words = [word for name in _WORD.findall(text[:DESCRIPTION_CHARS_MAX]) for word in _split(name)]
    return frozenset(_stem(word) for word in words if word not in _STOP and len(word) > 1)


def _split(name: str) -> tuple[str, ...]:
    return name_words(name) or (name.lower(),)


@lru_cache(maxsize=4_096)
def _stem(word: str) -> str:
    return _SUFFIX.sub("", word)
