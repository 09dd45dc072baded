"""How a test states what OpenAI answers to a body that it refuses."""

import json
from typing import NamedTuple

from fakeservers.wire.base import Answer


class Refusal(NamedTuple):
    """What identifies the error, and words that its message holds."""

    code: str | None
    param: str | None
    words: str
    status: int = 400


def refusal(answer: Answer, expected: Refusal) -> Refusal:
    """The refusal that an answer is: with the expected words if it holds them, else with all."""
    assert isinstance(answer.body, bytes)
    error = json.loads(answer.body)["error"]
    said = expected.words if expected.words in error["message"] else error["message"]
    return Refusal(error["code"], error["param"], said, answer.status)
