"""Google's errors: the google.rpc.Status envelope, its words, what each status fills in.

Wording follows recorded answers and the public issue logs of clients.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from ...canonical import ApiError, Rejected
from .. import framing
from ..base import Answer, HttpRequest, Stamp
from ..retry import retry_headers
from .bodies import headers, pretty
from .kept_errors import kept
from .quota import quota

__all__ = ["admit", "error"]

ERROR_INFO: Final = "type.googleapis.com/google.rpc.ErrorInfo"
LOCALIZED: Final = "type.googleapis.com/google.rpc.LocalizedMessage"
BAD_KEY_REASON: Final = "API_KEY_INVALID"
OPENAI_PATH: Final = "/openai/"

NO_KEY = (
    "Method doesn't allow unregistered callers (callers without established identity). Please "
    "use API Key or other form of API consumer identity to call this API."
)
NO_HEADER = "Missing or invalid Authorization header."
BAD_KEY = "API key not valid. Please pass a valid API key."
OVERLOADED = "The model is overloaded. Please try again later."
FILTERED = "The request was blocked because it violates the usage policy."
TROUBLESHOOTING = "https://developers.generativeai.google/guide/troubleshooting"
INTERNAL = f"An internal error has occurred. Please retry or report in {TROUBLESHOOTING}"


class _Default(NamedTuple):
    status: str
    message: str


_BY_STATUS: Final[Mapping[int, _Default]] = {
    400: _Default("INVALID_ARGUMENT", "Request contains an invalid argument."),
    401: _Default(
        "UNAUTHENTICATED",
        "Request had invalid authentication credentials. Expected OAuth 2 access token, login "
        "cookie or other valid authentication credential. See "
        "https://developers.google.com/identity/sign-in/web/devconsole-project.",
    ),
    403: _Default("PERMISSION_DENIED", "The caller does not have permission"),
    404: _Default("NOT_FOUND", "Requested entity was not found."),
    408: _Default("DEADLINE_EXCEEDED", "The request timed out."),
    409: _Default("ABORTED", "The operation was aborted."),
    413: _Default("INVALID_ARGUMENT", "Request payload size exceeds the limit."),
    429: _Default("RESOURCE_EXHAUSTED", ""),
    499: _Default("CANCELLED", "The operation was cancelled."),
    500: _Default("INTERNAL", INTERNAL),
    501: _Default("UNIMPLEMENTED", "Operation is not implemented, or supported, or enabled."),
    503: _Default("UNAVAILABLE", OVERLOADED),
    504: _Default("DEADLINE_EXCEEDED", "Deadline expired before operation could complete."),
}

_ABILITIES: Final[Mapping[str, str]] = {
    "json": "JSON mode",
    "thinking": "Thinking",
    "tools": "Function calling",
}

# How HTTP statuses without a code of their own map onto google.rpc.Code.
_OTHER_4XX: Final = _Default("FAILED_PRECONDITION", "Request cannot be executed.")
_OTHER_5XX: Final = _Default("INTERNAL", INTERNAL)


def admit(http: HttpRequest) -> None:
    """Raise `Rejected` when there is neither an API key nor a token. Any key is a good one."""
    if OPENAI_PATH in http.path:
        _admit_compatible(http)
        return
    if http.path.startswith("/upload/") and "upload_id" in http.query:
        # Whoever knows the address of an upload may write to it: the SDK sends no key there.
        return
    given = (
        http.headers.get("x-goog-api-key"),
        http.query.get("key"),
        http.query.get("access_token"),
        http.headers.get("authorization", "").partition(" ")[2].strip(),
    )
    if not any(given):
        raise Rejected(ApiError(status=403, kind="missing_key"))
    key = given[0] or given[1] or ""
    if http.validates and not all("!" <= letter <= "~" for letter in key):
        raise Rejected(ApiError(status=400, kind="invalid", code=BAD_KEY_REASON))


def _admit_compatible(http: HttpRequest) -> None:
    kind, _, key = http.headers.get("authorization", "").partition(" ")
    if not (kind.lower() == "bearer" and key.strip()) and not http.headers.get("x-goog-api-key"):
        raise Rejected(ApiError(status=400, kind="missing_key"))


def error(problem: ApiError, http: HttpRequest, stamp: Stamp) -> Answer:
    """The error in Google's envelope: `{"error": {code, message, status, details?}}`. A stream
    that is no SSE is an array, its error too, as are those of the OpenAI-compatible paths."""
    problem = kept(problem, http)
    body: Any = {"error": _status(problem, http, stamp)}
    streamed = http.path.endswith(":streamGenerateContent") and http.query.get("alt") != "sse"
    if streamed or OPENAI_PATH in http.path:
        body = [body]
    return Answer(
        status=problem.status,
        headers=(
            *headers(stamp),
            *retry_headers(problem, stamp, default=None),
            *problem.headers,
        ),
        body=framing.encode(pretty(body) + "\n"),
    )


def _status(problem: ApiError, http: HttpRequest, stamp: Stamp) -> dict[str, Any]:
    default = _BY_STATUS.get(problem.status) or (_OTHER_4XX if problem.status < 500 else _OTHER_5XX)
    message, details = problem.message, problem.details
    if message is None and problem.status == 429:
        message, quota_details = quota(problem, http, stamp)
        details = quota_details if details is None else details
    status: dict[str, Any] = {
        "code": problem.status,
        "message": message or _by_kind(problem, http) or default.message,
        "status": problem.type or default.status,
    }
    if problem.code == BAD_KEY_REASON:
        status["message"] = message or BAD_KEY
    if details is None and problem.code is not None and problem.kind != "capability":
        details = _info(problem.code)
    if details:
        status["details"] = details
    return status


def _info(reason: str) -> list[dict[str, Any]]:
    """Why, in a form for programs; a key that is none is told again for people."""
    info: dict[str, Any] = {"@type": ERROR_INFO, "reason": reason, "domain": "googleapis.com"}
    if reason != BAD_KEY_REASON:
        return [info]
    info["metadata"] = {"service": "generativelanguage.googleapis.com"}
    return [info, {"@type": LOCALIZED, "locale": "en-US", "message": BAD_KEY}]


def _by_kind(problem: ApiError, http: HttpRequest) -> str | None:
    match problem.kind:
        case "missing_key":
            return NO_HEADER if OPENAI_PATH in http.path else NO_KEY
        case "bad_json":
            return "Invalid JSON payload received."
        case "unknown_route":
            return "Method not found."
        case "wrong_method":
            return f"Request method '{http.method}' not supported."
        case "unknown_model" | "retired_model":
            return _unknown_model(problem.subject, http)
        case "overloaded":
            return OVERLOADED
        case "content_filter":
            return FILTERED
        case "context_window" if tokens := problem.tokens:
            return (
                f"The input token count ({tokens.input_tokens}) exceeds the maximum number of "
                f"tokens allowed ({tokens.limit_tokens})."
            )
        case "capability":
            name = _ABILITIES.get(problem.code or "", problem.code)
            return f"{name} is not enabled for models/{problem.subject}"
        case "body_too_large":
            return f"Request payload size exceeds the limit: {problem.subject} bytes."
        case _:
            return None


_METHODS: Final[Mapping[str, str]] = {
    "batchEmbedContents": "embedContent",
    "completions": "generateContent",
    "embeddings": "embedContent",
}


def _unknown_model(name: str, http: HttpRequest) -> str:
    """Recorded 2025 and 2026, for batchEmbedContents with embedContent as its method. The
    words of `models.get` follow client logs."""
    version = http.path.split("/")[1] if http.path.count("/") > 1 else "v1beta"
    resource = name if name.startswith("tunedModels/") else f"models/{name}"
    if OPENAI_PATH in http.path:
        version = "v1main"
    if http.method != "POST":
        return f"Model is not found: {resource} for api version {version}"
    method = http.path.rpartition(":")[2] if ":" in http.path else "createCachedContent"
    if OPENAI_PATH in http.path:
        method = http.path.rpartition("/")[2]
    method = _METHODS.get(method, method)
    return (
        f"{resource} is not found for API version {version}, or is not supported for {method}. "
        "Call ModelService.ListModels to see the list of available models and their supported "
        "methods."
    )
