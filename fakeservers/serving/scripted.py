"""Answers that a script puts in the place of those that a wire renders."""

from ..canonical import RawReply
from ..wire.base import Answer

__all__ = ["failing", "raw"]


def raw(reply: RawReply) -> Answer:
    """Bytes that no wire has a say in."""
    content_type = reply.content_type or "application/json"
    return Answer(
        status=reply.status,
        headers=(("content-type", content_type), *reply.headers),
        body=reply.body,
    )


def failing(answer: Answer, told: Answer) -> Answer:
    """The stream that will say the error `told`, or, for an answer in one piece, the error
    itself."""
    if isinstance(answer.body, bytes) or not isinstance(told.body, bytes):
        return told
    answer.failure = told.body
    return answer
