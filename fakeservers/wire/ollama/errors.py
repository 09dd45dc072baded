"""Ollama's errors: `{"error": "..."}`, and the envelopes of the compatible APIs under `/v1`.

Words from the Go server's `routes.go` (2026); unknown paths and methods are answered by its
web framework in plain text.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from ...canonical import ApiError, Rejected
from ..base import Answer, HttpRequest, Stamp
from ..framing import encode
from ..retry import retry_headers
from .answers import JSON
from .gojson import decode, dumps, literal

__all__ = ["error"]

PLAIN_JSON = "application/json"

SERVER_BUSY = "server busy, please try again.  maximum pending requests exceeded"
RUNNER_FAILED = "an error was encountered while running the model"

_MESSAGES: Mapping[int, str] = {
    401: "unauthorized",
    413: "http: request body too large",
    429: "too many requests, please try again later",
    499: "request canceled",
    500: RUNNER_FAILED,
    502: "remote model is unavailable",
    503: SERVER_BUSY,
}

_OPENAI_TYPES: Mapping[int, str] = {400: "invalid_request_error", 404: "not_found_error"}

_ANTHROPIC_TYPES: Mapping[int, str] = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
    503: "overloaded_error",
    529: "overloaded_error",
}


def error(problem: ApiError, http: HttpRequest, stamp: Stamp) -> Answer:
    """The error in the form of the API that the path belongs to."""
    if problem.kind in ("unknown_route", "wrong_method") and problem.message is None:
        words = "404 page not found" if problem.status == 404 else "405 method not allowed"
        return _answer(problem, problem.status, "text/plain", words, stamp)
    status = 503 if problem.kind == "overloaded" else problem.status
    message = _message(problem, status, http)
    if http.path.startswith("/v1/messages"):
        body = _anthropic(problem, status, message, stamp)
    elif http.path.startswith("/v1/"):
        body = _openai(problem, status, message)
    else:
        return _answer(problem, status, JSON, dumps(_native(problem, status, message)), stamp)
    # The compatible APIs write with Go's Encoder, which ends a value with a newline.
    return _answer(problem, status, PLAIN_JSON, dumps(body) + "\n", stamp)


def _answer(problem: ApiError, status: int, content_type: str, body: str, stamp: Stamp) -> Answer:
    headers = (("content-type", content_type), *retry_headers(problem, stamp), *problem.headers)
    return Answer(status=status, headers=headers, body=encode(body))


def _native(problem: ApiError, status: int, message: str) -> dict[str, Any]:
    body = {"error": message}
    if status == 401 and problem.message is None:
        body["signin_url"] = "https://ollama.com/connect?name=llmsim&key=bGxtc2lt"
    return body


def _openai(problem: ApiError, status: int, message: str) -> dict[str, Any]:
    said = {
        "message": message,
        "type": problem.type or _OPENAI_TYPES.get(status, "api_error"),
        "param": problem.param,
        "code": None if problem.kind == "capability" else problem.code,
    }
    return {"error": said}


def _anthropic(problem: ApiError, status: int, message: str, stamp: Stamp) -> dict[str, Any]:
    kind = problem.type or _ANTHROPIC_TYPES.get(status, "api_error")
    return {
        "type": "error",
        "error": {"type": kind, "message": message},
        "request_id": f"req_{stamp.ids.hex(24)}",
    }


def _message(problem: ApiError, status: int, http: HttpRequest) -> str:
    if problem.message is not None:
        return problem.message
    match problem.kind:
        case "unknown_model" | "retired_model":
            return _unknown_model(problem.subject, http)
        case "not_found" if http.path.startswith("/api/blobs/"):
            return f"blob {literal(problem.subject)} not found"
        case "bad_json":
            return _bad_json(http)
        case "context_window":
            return "the input length exceeds the context length"
        case "capability":
            return _incapable(problem)
    return _MESSAGES.get(status) or _phrase(status)


def _unknown_model(name: str, http: HttpRequest) -> str:
    match http.path:
        case "/api/copy":
            return f"model {literal(name)} not found"
        case "/api/embeddings":
            return f"model {literal(name)} not found, try pulling it first"
    return f"model '{name}' not found"


def _incapable(problem: ApiError) -> str:
    """Tools are checked when the model is loaded, by its full name; the rest before."""
    if problem.code != "tools":
        return f"{literal(problem.subject)} does not support {problem.code}"
    name = problem.subject if ":" in problem.subject else f"{problem.subject}:latest"
    library = "" if "/" in name else "library/"
    host = "" if name.count("/") > 1 else f"registry.ollama.ai/{library}"
    return f"{host}{name} does not support tools"


def _bad_json(http: HttpRequest) -> str:
    """What Go's decoder says of the body that another reader refused."""
    try:
        decode(http.body)
    except Rejected as rejected:
        return rejected.error.message or ""
    return "invalid JSON"


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase.lower()
    except ValueError:
        return RUNNER_FAILED if status >= 500 else "bad request"
