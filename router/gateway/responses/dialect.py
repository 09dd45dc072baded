"""OpenAI's Responses API as a `values.Dialect`: which of the modules beside does what."""

from collections.abc import Mapping
from typing import Any

from ...types import Answer
from ..openai.write import error_body
from ..values import Asked, Head, Incoming, Problem, Writer
from .events import EventWriter
from .read import read
from .write import response

__all__ = ["ResponsesDialect"]


class ResponsesDialect:
    wire = "responses"
    request_id_header = "x-request-id"
    stream_type = "text/event-stream; charset=utf-8"

    def read(self, incoming: Incoming) -> Asked:
        return read(incoming)

    def whole(self, asked: Asked, answer: Answer, head: Head) -> Mapping[str, Any]:
        return response(asked, answer, head)

    def writer(self, asked: Asked, head: Head) -> Writer:
        return EventWriter(asked, head)

    def error(self, problem: Problem, call_id: str) -> tuple[int, Mapping[str, Any]]:
        return problem.status, error_body(problem, call_id)
