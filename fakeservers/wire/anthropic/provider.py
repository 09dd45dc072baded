"""The Anthropic API as a provider: its routes, its credentials, its environment."""

from collections.abc import Mapping

from ...canonical import ApiError, Rejected
from ..base import Answer, Headers, HttpRequest, Provider, Route
from ..cors import is_preflight, open_to_all
from .errors import error_answer
from .headers import check_headers
from .messages import CountTokens, Messages
from .models import ListModels, RetrieveModel

__all__ = ["PROVIDER"]

DUMMY_KEY = "llmsim-anthropic-key"
OPT_IN = "anthropic-dangerous-direct-browser-access"


def _admit(http: HttpRequest) -> None:
    """A key in `x-api-key`, or as a bearer token since version 2026-10-21, and a version."""
    headers = http.headers
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if not headers.get("x-api-key") and not (scheme.lower() == "bearer" and token.strip()):
        raise Rejected(ApiError(status=401, kind="missing_key"))
    if not headers.get("anthropic-version"):
        message = "anthropic-version: header is required"
        raise Rejected(ApiError(status=400, kind="invalid", message=message))
    if http.validates:
        check_headers(headers)


def _cors(http: HttpRequest) -> Answer | Headers:
    """A page may call when it says that it shows its key to whoever looks (issue reports, 2024
    to 2026)."""
    if is_preflight(http):
        return open_to_all(http)
    if OPT_IN not in http.headers:
        message = f"CORS requests must set '{OPT_IN}' header"
        raise Rejected(ApiError(status=401, kind="invalid", message=message))
    return ("access-control-allow-origin", "*"), ("access-control-expose-headers", "*")


def _env(url: str) -> Mapping[str, str]:
    return {"ANTHROPIC_BASE_URL": url, "ANTHROPIC_API_KEY": DUMMY_KEY}


PROVIDER = Provider(
    name="claude",
    routes=(
        Route("POST", "/v1/messages", Messages()),
        Route("POST", "/v1/messages/count_tokens", CountTokens()),
        Route("GET", "/v1/models", ListModels()),
        Route("GET", "/v1/models/{id}", RetrieveModel()),
    ),
    admit=_admit,
    cors=_cors,
    error=error_answer,
    env=_env,
    reads=("anthropic-version", "anthropic-beta"),
    # Programs that use it by name would else send a real one.
    hides={"ANTHROPIC_AUTH_TOKEN": DUMMY_KEY},
    secrets=frozenset({"authorization", "cookie", "proxy-authorization", "x-api-key"}),
)
