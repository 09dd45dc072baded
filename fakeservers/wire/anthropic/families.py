"""What a model's name tells of the parameters that it takes: thinking, effort, sampling, prefill.

Read off error answers in public issue reports from 2025 and 2026 and the vendor's migration
guides. A name that fits no pattern takes everything; which models there are is not said here.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

__all__ = ["Family", "family"]

Version = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """The traits of a model's family.

    thinking     the types of `thinking` that it takes, of `enabled` and `adaptive`
    shows        its thoughts are shown unless the request says otherwise
    efforts      the values of `output_config.effort` that it takes
    rests        `thinking` can be disabled
    prefills     the conversation may end with words put into the assistant's mouth
    samples      `temperature`, `top_p` and `top_k` have an effect
    samples_once `temperature` and `top_p` may not both be given
    """

    thinking: tuple[str, ...] = ("enabled", "adaptive")
    shows: bool = True
    efforts: tuple[str, ...] = ("low", "medium", "high", "xhigh", "max")
    rests: bool = True
    prefills: bool = True
    samples: bool = True
    samples_once: bool = False


UNKNOWN: Final = Family()

_NAME: Final = re.compile(
    r"claude-(?:(?P<old>\d(?:-\d)?)-)?(?P<line>opus|sonnet|haiku|fable|mythos)"
    r"(?:-(?P<new>\d(?:-\d{1,2})?))?(?:-(?:\d{8}|latest|preview))?"
)
_MYTHOS_PREVIEW: Final[Version] = (4, 6)
_ALWAYS_THINK: Final = ("fable", "mythos")


@lru_cache(maxsize=256)
def family(model: str) -> Family:
    """The family of the model of this name."""
    found = _NAME.fullmatch(model)
    if found is None:
        return UNKNOWN
    version, line = _version(found["old"] or found["new"] or ""), found["line"]
    return Family(
        thinking=_thinking(version),
        shows=version < (4, 7),
        efforts=_efforts(version, line),
        rests=not (line in _ALWAYS_THINK and version >= (5, 0)),
        prefills=version < (4, 6),
        samples=version < (4, 7),
        samples_once=version >= (4, 1),
    )


def _version(digits: str) -> Version:
    """`3-5` is (3, 5), `4` is (4, 0)."""
    if not digits:
        return _MYTHOS_PREVIEW
    major, _, minor = digits.partition("-")
    return int(major), int(minor or 0)


def _thinking(version: Version) -> tuple[str, ...]:
    if version < (3, 7):
        return ()
    if version < (4, 6):
        return ("enabled",)
    return ("enabled", "adaptive") if version == (4, 6) else ("adaptive",)


def _efforts(version: Version, line: str) -> tuple[str, ...]:
    if version == (4, 5) and line == "opus":
        return ("low", "medium", "high")
    if version < (4, 6):
        return ()
    return ("low", "medium", "high", "max") if version == (4, 6) else UNKNOWN.efforts
