"""The Anthropic API as a provider: its routes, its credentials, its environment."""

from collections.abc import Mapping

from ...canonical import ApiError, Rejected
from ..base import HttpRequest, Provider, Route
from .errors import error_answer
from .messages import CountTokens, Messages
from .models import ListModels, RetrieveModel

__all__ = ["PROVIDER"]

DUMMY_KEY = "llmsim-anthropic-key"


def _admit(http: HttpRequest) -> None:
    """A key in `x-api-key`, or as a bearer token since version 2026-10-21, and a version."""
    headers = http.headers
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if not headers.get("x-api-key") and not (scheme.lower() == "bearer" and token.strip()):
        raise Rejected(ApiError(status=401, kind="missing_key"))
    if not headers.get("anthropic-version"):
        message = "anthropic-version: header is required"
        raise Rejected(ApiError(status=400, kind="invalid", message=message))


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
    error=error_answer,
    env=_env,
    # Programs that use it by name would else send a real one.
    hides={"ANTHROPIC_AUTH_TOKEN": DUMMY_KEY},
    secrets=frozenset({"authorization", "cookie", "proxy-authorization", "x-api-key"}),
)
