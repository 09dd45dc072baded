"""Ollama's wire as a `values.Dialect`: which of `read` and `write` does what."""

from collections.abc import Mapping
from typing import Any

from ...types import Answer
from ..values import Asked, Head, Incoming, Problem, Writer
from . import write
from .read import read

__all__ = ["OllamaDialect"]


class OllamaDialect:
    wire = "ollama"
    request_id_header = "x-request-id"
    stream_type = "application/x-ndjson"

    def read(self, incoming: Incoming) -> Asked:
        return read(incoming)

    def whole(self, asked: Asked, answer: Answer, head: Head) -> Mapping[str, Any]:
        return write.answer_body(answer, head)

    def writer(self, asked: Asked, head: Head) -> Writer:
        return write.LineWriter(head)

    def error(self, problem: Problem, call_id: str) -> tuple[int, Mapping[str, Any]]:
        return problem.status, write.error_body(problem, call_id)
