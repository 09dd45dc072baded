"""OpenAI's errors: the envelope, and what each status and kind fills in. What is wrong with a
body is said in `wording`.

Wording follows recorded answers and the public issue logs of OpenAI's SDKs.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

from ...canonical import ApiError, Limited, Rejected, TokenLimit
from ..base import Answer, HttpRequest, Stamp
from ..framing import json_bytes
from ..retry import go_duration, retry_headers
from .headers import ORGANIZATION, answer
from .wording import INVALID, WORDING, Wording, invalid, place

__all__ = ["WORDING", "Wording", "admit", "error", "invalid", "place"]

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
QUOTA = (
    "You exceeded your current quota, please check your plan and billing details. For more "
    "information on this error, read the docs: "
    "https://platform.openai.com/docs/guides/error-codes/api-errors."
)
FLAGGED = "Your request was rejected as a result of our safety system."
OVERLOADED = "The engine is currently overloaded, please try again later"


DEPRECATIONS = "https://platform.openai.com/docs/deprecations"
_GONE = re.compile(
    r"(?:text|code)-(?:search-|similarity-)?(?:davinci|curie|babbage|ada|cushman)-.*"
    r"|davinci|curie|babbage|ada"
)
"""The models of before 2024; those that went later are still in the listing."""
DAY_S = 86_400


class _Default(NamedTuple):
    type: str
    code: str | None
    message: str


_BY_STATUS: Mapping[int, _Default] = {
    400: _Default(INVALID, None, "Invalid request."),
    401: _Default(INVALID, None, "Incorrect API key provided."),
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
    429: _Default("requests", "rate_limit_exceeded", "Rate limit reached for requests."),
    500: _Default("server_error", None, SERVER_ERROR),
    502: _Default("server_error", None, "Bad gateway."),
    503: _Default("server_error", None, OVERLOADED),
    504: _Default("server_error", None, "The server timed out."),
}


def admit(http: HttpRequest) -> None:
    """Raise `Rejected` when there is no API key. Pictures are looked at without one."""
    if http.method == "GET" and http.path.startswith("/v1/images/content/"):
        return
    kind, _, key = http.headers.get("authorization", "").partition(" ")
    if not (kind.lower() == "bearer" and key.strip()) and not http.headers.get("api-key"):
        raise Rejected(ApiError(status=401, kind="missing_key"))


def error(problem: ApiError, http: HttpRequest, stamp: Stamp) -> Answer:
    """The error in OpenAI's envelope: `{"error": {message, type, param, code}}`."""
    told = _told(problem, http)
    body = {"error": {"message": told[0], "type": told[1], "param": told[2], "code": told[3]}}
    return answer(
        stamp,
        json_bytes(body),
        status=_status(problem, http),
        extra=(*retry_headers(problem, stamp), *problem.headers),
    )


def _status(problem: ApiError, http: HttpRequest) -> int:
    """Recorded: for an unknown model the Responses API answers 400, the others 404."""
    unknown = problem.kind in ("unknown_model", "retired_model") and "/responses" in http.path
    return 400 if unknown else problem.status


def _told(problem: ApiError, http: HttpRequest) -> tuple[str, str, str | None, str | None]:
    """Message, type, param and code."""
    known = _by_kind(problem, http) or _by_status(problem, http)
    if known is not None:
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
        case "unknown_model" | "retired_model":
            retired = problem.kind == "retired_model" or _GONE.fullmatch(subject) is not None
            return _unknown_model(subject, http, retired=retired)
        case "not_found":
            return _not_found(problem, http)
        case "context_window" if problem.tokens:
            return _too_long(problem.tokens, problem.subject, http)
        case "output_limit" if problem.tokens:
            return _too_much(problem.tokens, http)
        case "overloaded":
            return OVERLOADED, "server_error", None, None
        case "quota":
            return QUOTA, "insufficient_quota", None, "insufficient_quota"
        case "content_filter":
            return FLAGGED, INVALID, None, "content_policy_violation"
        case "body_too_large":
            return f"Maximum content size limit ({subject}) exceeded.", INVALID, None, None
        case _:
            return None


def _by_status(
    problem: ApiError, http: HttpRequest
) -> tuple[str, str, str | None, str | None] | None:
    """The words that tell something of the request, where the error brings none of its own."""
    if problem.message or problem.type:
        return None
    match problem.status, problem.code:
        case 401, None:
            return _wrong_key(http), INVALID, None, "invalid_api_key"
        case 429, None:
            counted = _counted(problem.limited)
            return _rate_limit(problem, http), counted, None, "rate_limit_exceeded"
        case 429, "insufficient_quota":
            return QUOTA, "insufficient_quota", None, "insufficient_quota"
        case _:
            return None


def _wrong_key(http: HttpRequest) -> str:
    """Long keys are told by their ends."""
    key = http.headers.get("authorization", "").rpartition(" ")[2]
    if len(key) > 12:
        key = f"{key[:8]}{'*' * (len(key) - 12)}{key[-4:]}"
    return (
        f"Incorrect API key provided: {key}. You can find your API key at "
        f"https://platform.openai.com/account/api-keys."
    )


def _rate_limit(problem: ApiError, http: HttpRequest) -> str:
    """Programs read the wait out of this text, so it agrees with the header."""
    wait_s = problem.retry_after_s
    again = "" if wait_s is None else f" Please try again in {go_duration(wait_s)}."
    hit = problem.limited or Limited(metered="requests", limit=500, used=500, requested=1)
    short = "R" if hit.metered == "requests" else "T"
    per = ("day", "D") if hit.window_s == DAY_S else ("min", "M")
    return (
        f"Rate limit reached for {hit.model or _model_of(http)} in organization {ORGANIZATION} on "
        f"{_counted(hit)} per {per[0]} ({short}P{per[1]}): Limit {hit.limit}, Used {hit.used}, "
        f"Requested {hit.requested}.{again} "
        f"Visit https://platform.openai.com/account/rate-limits to learn more."
    )


def _counted(hit: Limited | None) -> str:
    return "requests" if hit is None or hit.metered == "requests" else "tokens"


def _model_of(http: HttpRequest) -> str:
    try:
        body = http.json()
    except Rejected:
        body = None
    model = body.get("model") if isinstance(body, dict) else None
    return model if isinstance(model, str) and model else "requests"


def _too_long(
    tokens: TokenLimit, model: str, http: HttpRequest
) -> tuple[str, str, str | None, str | None]:
    """The words differ by endpoint and by the generation of the model (client logs, 2023 to
    2026)."""
    asked, answer, most = tokens.input_tokens, tokens.output_tokens, tokens.limit_tokens
    code = "context_length_exceeded"
    if "/responses" in http.path:
        told = "Your input exceeds the context window of this model."
        return f"{told} Please adjust your input and try again.", INVALID, "input", code
    limit = f"This model's maximum context length is {most} tokens"
    if "/chat/" not in http.path:
        told = f"{limit}, however you requested {asked + answer} tokens ({asked} in your prompt; "
        told += f"{answer} for the completion). Please reduce your prompt; or completion length."
        return told, INVALID, None, None
    if model.startswith("gpt-5"):
        told = f"Input tokens exceed the configured limit of {most} tokens. Your messages resulted"
        told += f" in {asked} tokens. Please reduce the length of the messages."
    elif answer:
        told = f"{limit}. However, you requested {asked + answer} tokens ({asked} in the messages,"
        told += f" {answer} in the completion). Please reduce the length of the messages or "
        told += "completion."
    else:
        told = f"{limit}. However, your messages resulted in {asked} tokens. Please reduce the "
        told += "length of the messages."
    return told, INVALID, "messages", code


def _too_much(tokens: TokenLimit, http: HttpRequest) -> tuple[str, str, str | None, str | None]:
    body = http.json()
    key = "max_tokens" if body.get("max_tokens") is not None else "max_completion_tokens"
    told = (
        f"{key} is too large: {tokens.output_tokens}. This model supports at most "
        f"{tokens.limit_tokens} completion tokens, whereas you provided {tokens.output_tokens}."
    )
    return told, INVALID, key, "invalid_value"


def _unknown_model(
    name: str, http: HttpRequest, *, retired: bool
) -> tuple[str, str, str | None, str | None]:
    if "/responses" in http.path:
        return f"The requested model '{name}' does not exist.", INVALID, "model", "model_not_found"
    if http.method != "POST":
        return f"The model '{name}' does not exist", INVALID, "model", "model_not_found"
    if retired:
        told = f"The model `{name}` has been deprecated, learn more here: {DEPRECATIONS}"
        return told, INVALID, None, "model_not_found"
    return (
        f"The model `{name}` does not exist or you do not have access to it.",
        INVALID,
        None,
        "model_not_found",
    )


_RESOURCES: Mapping[str, str] = {
    "/responses": "Response",
    "/chat/completions": "Chat completion",
    "/uploads": "Upload",
}


def _not_found(problem: ApiError, http: HttpRequest) -> tuple[str, str, str | None, str | None]:
    subject = problem.subject
    if problem.code == "previous":
        return (
            f"Previous response with id '{subject}' not found.",
            INVALID,
            "previous_response_id",
            "previous_response_not_found",
        )
    if problem.code == "item":
        return (
            f"Item with id '{subject}' not found. Items are not persisted when `store` is set to "
            "false. Try again with `store` set to true, or remove this item from your input.",
            INVALID,
            "input",
            None,
        )
    if problem.code == "call":
        told = f"No tool call found for function call output with call_id {subject}."
        return told, INVALID, "input", None
    if problem.code == "output":
        return f"No tool output found for function call {subject}.", INVALID, "input", None
    if problem.code == "conversation":
        return f"Conversation with id '{subject}' not found.", INVALID, None, None
    if problem.code == "file" or "/files" in http.path or http.path.endswith("/batches"):
        return f"No such File object: {subject}", INVALID, "id", None
    if "/batches/" in http.path:
        return f"No batch found with id '{subject}'.", INVALID, None, None
    if "/conversations/" in http.path:
        return _unknown_conversation(subject, http)
    what = next((name for part, name in _RESOURCES.items() if part in http.path), "Resource")
    return f"{what} with id '{subject}' not found.", INVALID, None, None


def _unknown_conversation(id: str, http: HttpRequest) -> tuple[str, str, str | None, str | None]:
    """Of a conversation, or of an item in one that there is."""
    kind = "Item" if "/items/" in http.path and not id.startswith("conv_") else "Conversation"
    return f"{kind} with id '{id}' not found.", INVALID, None, None
