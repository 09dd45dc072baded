"""OpenAI's errors: the envelope, the words, what each status and kind fills in.

Wording follows recorded answers and the public issue logs of OpenAI's SDKs.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from ...canonical import ApiError, Rejected
from ..base import Answer, HttpRequest, Stamp
from ..framing import json_bytes
from ..reading import JsonType, Path, json_type
from .headers import answer

__all__ = ["WORDING", "Wording", "admit", "error", "invalid", "place"]

INVALID = "invalid_request_error"

NO_KEY = (
    "You didn't provide an API key. You need to provide your API key in an Authorization header "
    "using Bearer auth (i.e. Authorization: Bearer YOUR_KEY), or as the password field (with "
    "blank username) if you're accessing the API from your browser and are prompted for a "
    "username and password. You can obtain an API key from "
    "https://platform.openai.com/account/api-keys."
)
BAD_JSON = (
    "We could not parse the JSON body of your request. (HINT: This likely means you aren't using "
    "your HTTP library correctly. The OpenAI API expects a JSON payload, but what was sent was "
    "not valid JSON. If you have trouble figuring out how to fix this, please contact us through "
    "our help center at help.openai.com.)"
)
SERVER_ERROR = "The server had an error while processing your request. Sorry about that!"
OVERLOADED = "The engine is currently overloaded, please try again later"


class _Default(NamedTuple):
    type: str
    code: str | None
    message: str


_BY_STATUS: Mapping[int, _Default] = {
    400: _Default(INVALID, None, "Invalid request."),
    401: _Default(INVALID, "invalid_api_key", "Incorrect API key provided."),
    403: _Default(
        INVALID,
        "unsupported_country_region_territory",
        "Country, region, or territory not supported",
    ),
    404: _Default(INVALID, None, "Not found."),
    408: _Default("server_error", None, "Request timed out."),
    409: _Default(INVALID, None, "The resource was changed by another request."),
    413: _Default(INVALID, None, "Maximum content size limit exceeded."),
    422: _Default(INVALID, None, "The request could not be processed."),
    429: _Default(
        "requests",
        "rate_limit_exceeded",
        "Rate limit reached for requests. Visit https://platform.openai.com/account/rate-limits "
        "to learn more.",
    ),
    500: _Default("server_error", None, SERVER_ERROR),
    502: _Default("server_error", None, "Bad gateway."),
    503: _Default("server_error", None, OVERLOADED),
    504: _Default("server_error", None, "The server timed out."),
}


class Wording:
    """What OpenAI says of a body with a missing or mistyped field."""

    def missing(self, path: Path) -> ApiError:
        name = place(path)
        return invalid(
            f"Missing required parameter: '{name}'.", param=name, code="missing_required_parameter"
        )

    def wrong_type(self, path: Path, wanted: tuple[JsonType, ...], value: Any) -> ApiError:
        if not path:
            return ApiError(status=400, kind="bad_json", subject=json_type(value))
        name = place(path)
        expected = _either([_WANTED[kind] for kind in wanted])
        return invalid(
            f"Invalid type for '{name}': expected {expected}, "
            f"but got {_WANTED[json_type(value)]} instead.",
            param=name,
            code="invalid_type",
        )


WORDING = Wording()

_WANTED: Mapping[JsonType, str] = {
    "string": "a string",
    "integer": "an integer",
    "number": "a decimal",
    "boolean": "a boolean",
    "object": "an object",
    "array": "an array",
    "null": "null",
}


def place(path: Path) -> str:
    """A path as OpenAI writes it: `messages[0].content`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def invalid(message: str, *, param: str | None = None, code: str | None = None) -> ApiError:
    """A 400 with these words."""
    return ApiError(
        status=400, kind="invalid", type=INVALID, message=message, param=param, code=code
    )


def admit(http: HttpRequest) -> None:
    """Raise `Rejected` when there is no API key."""
    kind, _, key = http.headers.get("authorization", "").partition(" ")
    if not (kind.lower() == "bearer" and key.strip()) and not http.headers.get("api-key"):
        raise Rejected(ApiError(status=401, kind="missing_key"))


def error(problem: ApiError, http: HttpRequest, stamp: Stamp) -> Answer:
    """The error in OpenAI's envelope: `{"error": {message, type, param, code}}`."""
    told = _told(problem, http)
    body = {"error": {"message": told[0], "type": told[1], "param": told[2], "code": told[3]}}
    return answer(
        stamp, json_bytes(body), status=_status(problem, http), extra=tuple(problem.headers)
    )


def _status(problem: ApiError, http: HttpRequest) -> int:
    """Recorded: for an unknown model the Responses API answers 400, the others 404."""
    unknown = problem.kind == "unknown_model" and "/responses" in http.path
    return 400 if unknown else problem.status


def _told(problem: ApiError, http: HttpRequest) -> tuple[str, str, str | None, str | None]:
    """Message, type, param and code."""
    if (known := _by_kind(problem, http)) is not None:
        return known
    default = _BY_STATUS.get(problem.status) or _BY_STATUS[400 if problem.status < 500 else 500]
    # An error with words of its own carries its own code, or none.
    code = problem.code if problem.message or problem.code else default.code
    return (
        problem.message or default.message,
        problem.type or default.type,
        problem.param,
        code,
    )


def _by_kind(
    problem: ApiError, http: HttpRequest
) -> tuple[str, str, str | None, str | None] | None:
    subject = problem.subject
    match problem.kind:
        case "missing_key":
            return NO_KEY, INVALID, None, None
        case "bad_json":
            return BAD_JSON, INVALID, None, None
        case "unknown_route":
            return f"Invalid URL ({subject})", INVALID, None, None
        case "wrong_method":
            method, _, path = subject.partition(" ")
            hint = "(HINT: Perhaps you meant to use a different HTTP method?)"
            return f"Not allowed to {method} on {path}. {hint}", INVALID, None, None
        case "unknown_model":
            return _unknown_model(subject, http)
        case "not_found":
            return _not_found(problem, http)
        case "overloaded":
            return OVERLOADED, "server_error", None, None
        case "body_too_large":
            return f"Maximum content size limit ({subject}) exceeded.", INVALID, None, None
        case _:
            return None


def _unknown_model(name: str, http: HttpRequest) -> tuple[str, str, str | None, str | None]:
    if "/responses" in http.path:
        return f"The requested model '{name}' does not exist.", INVALID, "model", "model_not_found"
    if http.method != "POST":
        return f"The model '{name}' does not exist", INVALID, "model", "model_not_found"
    return (
        f"The model `{name}` does not exist or you do not have access to it.",
        INVALID,
        None,
        "model_not_found",
    )


def _not_found(problem: ApiError, http: HttpRequest) -> tuple[str, str, str | None, str | None]:
    subject = problem.subject
    if problem.code == "previous":
        return (
            f"Previous response with id '{subject}' not found.",
            INVALID,
            "previous_response_id",
            "previous_response_not_found",
        )
    what = "Response" if "/responses" in http.path else "Resource"
    return f"{what} with id '{subject}' not found.", INVALID, None, None


def _either(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"one of {', '.join(words[:-1])} or {words[-1]}"
