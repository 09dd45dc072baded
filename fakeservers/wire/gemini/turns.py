"""The order in which Gemini wants function calls and their responses in a conversation.

Words of the real service as in public issue reports from 2024 to 2026.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from ...canonical import Rejected
from ..reading import Reader
from .traits import traits
from .wording import invalid

__all__ = ["check_turns"]

SIGNED_SINCE: Final = 3.0
"""The generation from which on calls go back with the signature of the thought behind them."""


class _Turn(NamedTuple):
    """Contents in a row with one role, as the service joins them; `position` is that of the first
    one, counted from 1."""

    position: int
    is_model: bool
    parts: list[Any]

    def holding(self, key: str) -> list[Any]:
        return [part for part in self.parts if key in part]


def check_turns(body: Reader, model: str) -> None:
    """Raise `Rejected` for the first call or response that is out of place."""
    turns = list(_turns(body))
    _check_order(turns)
    if traits(model).generation >= SIGNED_SINCE:
        _check_signatures(turns)


def _turns(body: Reader) -> Iterator[_Turn]:
    turn = None
    for index, content in enumerate(body.objects("contents")):
        is_model = content.raw("role") == "model"
        if turn is None or turn.is_model != is_model:
            if turn is not None:
                yield turn
            turn = _Turn(index + 1, is_model, [])
        turn.parts.extend(content.raw("parts"))
    if turn is not None:
        yield turn


def _check_order(turns: Sequence[_Turn]) -> None:
    asked = 0
    for turn in turns:
        calls, responses = turn.holding("functionCall"), turn.holding("functionResponse")
        if calls and turn.position == 1:
            raise _refused(
                "Please ensure that function call turn comes immediately after a user turn or "
                "after a function response turn."
            )
        if responses and not asked:
            raise _refused(
                "Please ensure that function response turn comes immediately after a function "
                "call turn."
            )
        if asked and len(responses) != asked:
            raise _refused(
                "Please ensure that the number of function response parts is equal to the number "
                "of function call parts of the function call turn."
            )
        asked = len(calls)


def _check_signatures(turns: Sequence[_Turn]) -> None:
    """Documented: in the turn under way, the first call of each step brings its signature."""
    started = [
        index for index, turn in enumerate(turns) if not turn.is_model and turn.holding("text")
    ]
    for turn in turns[started[-1] + 1 if started else 0 :]:
        calls = turn.holding("functionCall")
        if calls and turn.is_model and not calls[0].get("thoughtSignature"):
            name = calls[0]["functionCall"].get("name", "")
            raise _refused(
                "Function call is missing a thought_signature in functionCall parts. This is "
                "required for tools to work correctly, and missing thought_signature may lead to "
                f"degraded model performance. Additional data, function call `default_api:{name}` "
                f", position {turn.position}. Please refer to "
                "https://ai.google.dev/gemini-api/docs/thought-signatures for more details."
            )


def _refused(message: str) -> Rejected:
    return Rejected(invalid(message))
