"""The file that a batch is made of: a line of JSON for each request, and what is wrong with them.

Codes as in the batch guide; words of `invalid_json_line` from answers in public issue logs.
"""

import json
from dataclasses import dataclass
from typing import Any

from ...canonical import BatchItem
from ..framing import json_bytes

__all__ = ["Input", "read_input"]

REQUESTS_MAX = 50_000
ERRORS_MAX = 100
"""Errors told of one file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """The requests of a file, or the errors that keep it from being worked on: a BatchError
    each. `model` is the one that all requests name."""

    items: tuple[BatchItem, ...] = ()
    errors: tuple[dict[str, Any], ...] = ()
    model: str | None = None


def read_input(data: bytes, endpoint: str) -> Input:
    """What a batch for `endpoint` finds in a file."""
    lines = [line for line in data.decode("utf-8", "replace").splitlines() if line.strip()]
    if not lines:
        return Input(errors=(_error("empty_file", "The input file is empty.", None, None),))
    if len(lines) > REQUESTS_MAX:
        message = f"The input file has {len(lines)} requests; at most {REQUESTS_MAX} are allowed."
        return Input(errors=(_error("too_many_tasks", message, None, None),))
    reading = _Reading(endpoint)
    for number, line in enumerate(lines, start=1):
        reading.line(number, line)
    errors = tuple(reading.errors[:ERRORS_MAX])
    return Input(items=() if errors else tuple(reading.items), errors=errors, model=reading.model)


class _Reading:
    def __init__(self, endpoint: str) -> None:
        self.items: list[BatchItem] = []
        self.errors: list[dict[str, Any]] = []
        self.model: str | None = None
        self._endpoint = endpoint
        self._ids: set[str] = set()

    def line(self, number: int, text: str) -> None:
        try:
            given = json.loads(text)
        except (ValueError, RecursionError):
            given = None
        if not isinstance(given, dict):
            message = "This line is not parseable as valid JSON."
            self.errors.append(_error("invalid_json_line", message, None, number))
            return
        fault = self._fault(given)
        if fault is not None:
            code, message, param = fault
            self.errors.append(_error(code, message, param, number))
            return
        self._ids.add(given["custom_id"])
        body = json_bytes(given["body"])
        self.items.append(BatchItem(custom_id=given["custom_id"], path=self._endpoint, body=body))

    def _fault(self, given: dict[str, Any]) -> tuple[str, str, str | None] | None:
        """What is wrong with one request: code, words, parameter."""
        for key, kind in (("custom_id", str), ("method", str), ("url", str), ("body", dict)):
            if not isinstance(given.get(key), kind):
                message = f"Missing required parameter: '{key}'."
                return "missing_required_parameter", message, key
        if given["method"] != "POST":
            return "invalid_method", "The HTTP method of a request must be 'POST'.", "method"
        if given["url"] != self._endpoint:
            message = "The URL provided for this request does not match the batch endpoint."
            return "url_mismatch", message, "url"
        if given["custom_id"] in self._ids:
            message = (
                "The custom_id for this request is a duplicate of another request. The custom_id "
                "parameter must be unique for each request in a batch."
            )
            return "duplicate_custom_id", message, "custom_id"
        return self._body_fault(given["body"])

    def _body_fault(self, body: dict[str, Any]) -> tuple[str, str, str | None] | None:
        model = body.get("model")
        if isinstance(model, str):
            self.model = self.model or model
            if model != self.model:
                message = (
                    f"The model '{model}' of this request does not match the other requests "
                    f"in the batch, which are for '{self.model}'."
                )
                return "model_mismatch", message, "body.model"
        if body.get("stream"):
            return "invalid_request", "Streaming is not supported in a batch.", "body.stream"
        return None


def _error(code: str, message: str, param: str | None, line: int | None) -> dict[str, Any]:
    return {"code": code, "line": line, "message": message, "param": param}
