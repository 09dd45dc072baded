"""What a model's name tells of how OpenAI answers for it: reasoning, and the defaults it echoes.

Read off the answers recorded from June 2025 to August 2026. Which models there are does not
belong here.
"""

import re
from dataclasses import dataclass

__all__ = ["Family", "family"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """The traits of a model's family.

    reasoning         it may think before it answers
    effort            how hard, when the request does not say; None for the others
    context           which reasoning of earlier turns it sees, when the request does not say
    top_p             the default that it echoes
    cache_retention   how long it keeps prompts by default
    phases            its messages say whether they are commentary or the final answer
    efforts           how hard it may be told to think; empty where that is not known, None where
                      it cannot be told
    sees              it takes pictures
    verbosities       how wordy it may be told to be; empty where any will do
    choices_max       how many answers it gives to one question
    """

    reasoning: bool = False
    effort: str | None = None
    context: str | None = None
    top_p: float = 1.0
    cache_retention: str = "in_memory"
    phases: bool = False
    efforts: tuple[str, ...] | None = ()
    sees: bool = True
    verbosities: tuple[str, ...] = ()
    choices_max: int = 128


_GPT = re.compile(r"(?:ft:)?gpt-(\d+)(?:\.(\d+))?(?![\da-z])")
_REASONING = re.compile(r"(?:ft:)?(?:o\d|codex-mini|computer-use)")

_BEFORE_5 = re.compile(r"(?:ft:)?(?:chatgpt-4o|gpt-(?:3\.5|4))")
_BLIND = re.compile(
    r"(?:ft:)?(?:gpt-3\.5|gpt-4(?:$|-0|-32k|-1106|-turbo-preview)|o1-(?:mini|preview)|o3-mini)"
)

_LOW_TO_HIGH = ("low", "medium", "high")

_PLAIN = Family()
_GPT_3_5_OR_4 = Family(efforts=None, verbosities=("medium",))
_BLIND_GPT = Family(efforts=None, verbosities=("medium",), sees=False)
_SERIES_O = Family(reasoning=True, effort="medium", context="current_turn", efforts=_LOW_TO_HIGH)
_BLIND_SERIES_O = Family(
    reasoning=True, effort="medium", context="current_turn", efforts=_LOW_TO_HIGH, sees=False
)


def family(model: str) -> Family:
    """The family of the model of this name; an unknown one does not reason."""
    blind = _BLIND.match(model) is not None
    if _REASONING.match(model):
        return _BLIND_SERIES_O if blind else _SERIES_O
    if _BEFORE_5.match(model):
        return _BLIND_GPT if blind else _GPT_3_5_OR_4
    match = _GPT.match(model)
    if match is None:
        return _PLAIN
    version = int(match[1]), int(match[2] or 0)
    reasoning = "-chat" not in model
    return Family(
        reasoning=reasoning,
        effort=_effort(version, model) if reasoning else None,
        context=("all_turns" if version >= (5, 6) else "current_turn") if reasoning else None,
        top_p=0.98 if version >= (5, 2) else 1.0,
        cache_retention="24h" if version >= (5, 2) else "in_memory",
        phases=version >= (5, 3),
        efforts=_efforts(version, model) if reasoning else ("medium",),
        verbosities=() if reasoning else ("medium",),
        choices_max=8 if version >= (5, 6) else 128,
    )


def _effort(version: tuple[int, int], model: str) -> str:
    """5.1 to 5.4 do not reason unless asked to; their codex and pro variants do."""
    if (5, 1) <= version <= (5, 4):
        return "medium" if "codex" in model or "pro" in model else "none"
    return "high" if model.startswith("gpt-5-pro") else "medium"


def _efforts(version: tuple[int, int], model: str) -> tuple[str, ...]:
    """As the guide to reasoning tells them, and for 5.6 as its refusals do. 5 thinks at least a
    little, 5.1 may do without, and later ones may try harder; of variants less is known."""
    if any(name in model for name in ("codex", "pro", "search", "cyber", "latest")):
        return ()
    if version == (5, 0):
        return ("minimal", *_LOW_TO_HIGH)
    if version == (5, 1):
        return ("none", *_LOW_TO_HIGH)
    if version <= (5, 5):
        return ("none", *_LOW_TO_HIGH, "xhigh")
    return ("none", *_LOW_TO_HIGH, "xhigh", "max") if version == (5, 6) else ()
