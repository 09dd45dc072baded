"""How much thinking each of Gemini's models can be told to do.

Ranges and levels as documented ("Gemini thinking"), words as in public issue reports.
"""

from typing import Any, Final, NamedTuple

from ...canonical import Rejected
from ..reading import Reader
from .traits import traits
from .wording import WORDING, invalid

__all__ = ["check_thinking"]

LEVELS_SINCE: Final = 3.0
BUDGETS_SINCE: Final = 2.5

_LEVELS: Final = ("THINKING_LEVEL_UNSPECIFIED", "MINIMAL", "LOW", "MEDIUM", "HIGH", "XHIGH")


class _Range(NamedTuple):
    low: int
    high: int
    can_rest: bool = True


_LITE: Final = _Range(512, 24576)
_FLASH: Final = _Range(0, 24576)
_PRO: Final = _Range(128, 32768, can_rest=False)


def check_thinking(config: Reader, model: str) -> None:
    """Raise `Rejected` for a `thinkingConfig` that the model does not take."""
    given = config.object("thinkingConfig")
    if given is None:
        return
    budget, level = given.integer("thinkingBudget"), _level(given)
    if budget is not None and level is not None:
        raise _refused("You can only set only one of thinking budget and thinking level.")
    generation = traits(model).generation
    if level is not None:
        _check_level(level, model, generation)
    if budget is not None and generation == BUDGETS_SINCE:
        _check_budget(budget, model)


def _level(given: Reader) -> str | None:
    """Levels are an enum of protobuf's: a name or a number."""
    value: Any = given.raw("thinkingLevel")
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < len(_LEVELS):
        value = _LEVELS[value]
    if value is None:
        return None
    level = value.upper() if isinstance(value, str) else ""
    if level not in _LEVELS:
        raise Rejected(WORDING.wrong_type((*given.path, "thinkingLevel"), (), value))
    return level if level != _LEVELS[0] else None


def _check_level(level: str, model: str, generation: float) -> None:
    if generation < LEVELS_SINCE:
        raise _refused("Thinking level is not supported for this model.")
    pro = "-pro" in model
    refused = {"MINIMAL"} if pro or generation == 3.7 else set()
    if pro and generation == LEVELS_SINCE:
        refused.add("MEDIUM")
    if level in refused:
        told = f"Thinking level {level} is not supported for this model."
        raise _refused(f"{told} Please retry with other thinking level.")


def _check_budget(budget: int, model: str) -> None:
    """-1 leaves the budget to the model, 0 turns thinking off where that is possible."""
    limits = _PRO if "-pro" in model else _LITE if "flash-lite" in model else _FLASH
    if budget == -1 or (budget == 0 and limits.can_rest):
        return
    if budget == 0:
        raise _refused("Budget 0 is invalid. This model only works in thinking mode.")
    if not limits.low <= budget <= limits.high:
        told = f"The thinking budget {budget} is invalid."
        raise _refused(f"{told} Please choose a value between {limits.low} and {limits.high}.")


def _refused(message: str) -> Rejected:
    return Rejected(invalid(message))
