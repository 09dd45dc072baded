"""What a cooperative model says in plain words, by seed.

Text that the prompt asks for is given; a tool's result is passed on; all else is Faker prose.
Nothing here knows tools, schemas or limits.
"""

import re
from collections.abc import Sequence
from random import Random

from ...canonical import ToolResult
from ..corpus import sentences

__all__ = ["answer", "literal", "paragraph", "reasoning"]

RESULT_CHARS_MAX = 200
LITERAL_PROMPT_CHARS_MAX = 4_000
SENTENCES_WEIGHED = (1, 2, 2, 3, 3, 3, 4)
"""How many sentences an answer has; what stands more often is more likely."""

_QUOTED = r"""(?:"(?P<q1>[^"]+)"|'(?P<q2>[^'\n]+)'(?!\w)|“(?P<q3>[^”]+)”|`(?P<q4>[^`\n]+)`)"""
_GLUE = (
    r"(?:[\s,]+(?:with|only|just|exactly|precisely|verbatim|the|a|single|following|exact|this|word"
    r"|words|text|phrase|string|message|sentence|back|me|to|after|nothing|but|literally|as))*"
)
_END = r"(?:\s+and\s+nothing\s+(?:else|more))?\s*[.!]?\s*(?:$|\n)"

_VERB = re.compile(
    r"\b(?:reply|respond|answer|say|repeat|echo|print|output|return|write|type)\b", re.IGNORECASE
)
# What has to stand before the verb for it to be an order: nothing, a stop, or one of these words.
_ORDER = re.compile(
    r"(?:[.!?;:\n]|\b(?:please|just|now|then|always|must|should|only|and|can\s+you|could\s+you"
    r"|you\s+to))\s*$",
    re.IGNORECASE,
)
_LITERAL = re.compile(
    rf"""
    \w+{_GLUE}\s*:?\s*{_QUOTED}
    |(?:repeat|echo)(?:\s+after\s+me|\s+this|\s+exactly)?\s*:\s*(?P<rest>\S[^\n]*)
    |\w+(?={_GLUE}[\s,]+(?:only|exactly|just|verbatim)\b){_GLUE}\s*:\s*(?P<only>\S[^\n]*?){_END}
    |\w+{_GLUE}\s+(?:the\s+word|exactly)\s+(?P<word>[\w'’-]+){_END}
    |\w+{_GLUE}\s+the\s+word\s+(?P<named>[\w'’-]+)
    |say\s+(?!something|anything|what|why|how|that|more|if|whether|a\b|an\b|the\b|it\b|so\b)
        (?P<said>[\w'’-]+(?:\s+[\w'’-]+){{0,2}}){_END}
    """,
    re.IGNORECASE | re.VERBOSE,
)
_BEFORE_CHARS = 24

_RESULT_OPENINGS = ("The result is", "Here is the result:", "According to the tool:")
_THOUGHT_OPENINGS = (
    "The user asks about {topic}.",
    "Let me think about {topic}.",
    "First, what is meant by {topic}?",
)
_TOPIC_WORDS_MAX = 8


def answer(prompt: str, results: Sequence[ToolResult], random: Random) -> str:
    """What to say to a prompt, or to the tool results that came in after it."""
    if results:
        return _report(results, random)
    asked = literal(prompt)
    return asked if asked is not None else paragraph(random)


def literal(prompt: str) -> str | None:
    """The text that the prompt plainly asks to be said (`Reply with exactly "pong"`)."""
    text = prompt[:LITERAL_PROMPT_CHARS_MAX]
    for verb in _VERB.finditer(text):
        before = text[max(0, verb.start() - _BEFORE_CHARS) : verb.start()]
        if before.strip() and not _ORDER.search(before):
            continue
        found = _LITERAL.match(text, verb.start())
        if found is not None:
            return next((value.strip() for value in found.groups() if value), None)
    return None


def paragraph(random: Random) -> str:
    """One to four sentences."""
    stock = sentences()
    draw = random.random
    count = SENTENCES_WEIGHED[int(draw() * len(SENTENCES_WEIGHED))]
    return " ".join([stock[int(draw() * len(stock))] for _ in range(count)])


def reasoning(prompt: str, random: Random) -> str:
    """A short thought about the prompt."""
    topic = " ".join(prompt[:200].split()[:_TOPIC_WORDS_MAX]).rstrip(".,;:!?") or "this"
    opening = random.choice(_THOUGHT_OPENINGS).format(topic=f"“{topic}”")
    return f"{opening} {paragraph(random)}"


def _report(results: Sequence[ToolResult], random: Random) -> str:
    """A sentence that carries each result's text, shortened when long."""
    opening = random.choice(_RESULT_OPENINGS)
    told = []
    for result in results:
        text = " ".join(result.text.split())
        if len(text) > RESULT_CHARS_MAX:
            text = f"{text[:RESULT_CHARS_MAX].rstrip()}..."
        start = "The tool reported an error:" if result.is_error else opening
        told.append(f"{start} {text or 'empty'}{'' if text[-1:] in '.!?' and text else '.'}")
    return " ".join(told)
