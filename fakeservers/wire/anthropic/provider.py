"""The Anthropic API as a provider: its routes, its credentials, its environment."""

from collections.abc import Mapping

from ...canonical import ApiError, Meter, Rejected
from ..base import Answer, Headers, HttpRequest, Provider, Route
from ..cors import is_preflight, open_to_all
from .batches import (
    BatchResults,
    CancelBatch,
    CreateBatch,
    DeleteBatch,
    ListBatches,
    RetrieveBatch,
)
from .errors import error_answer
from .files import DeleteFile, DownloadFile, ListFiles, RetrieveFile, UploadFile
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


METERS = (
    Meter(keyword="rpm", metered="requests", charge="one", limit=4_000),
    Meter(keyword="itpm", metered="input_tokens", charge="uncached_input", limit=2_000_000),
    Meter(keyword="otpm", metered="output_tokens", charge="output", limit=400_000),
)
"""Limits of tier 4 as recorded (2026): input without what is read from the cache, output as it
is produced."""

PROVIDER = Provider(
    name="claude",
    meters=METERS,
    routes=(
        Route("POST", "/v1/messages", Messages()),
        Route("POST", "/v1/messages/count_tokens", CountTokens()),
        Route("GET", "/v1/models", ListModels()),
        Route("GET", "/v1/models/{id}", RetrieveModel()),
        Route("POST", "/v1/messages/batches", CreateBatch()),
        Route("GET", "/v1/messages/batches", ListBatches()),
        Route("GET", "/v1/messages/batches/{id}", RetrieveBatch()),
        Route("DELETE", "/v1/messages/batches/{id}", DeleteBatch()),
        Route("POST", "/v1/messages/batches/{id}/cancel", CancelBatch()),
        Route("GET", "/v1/messages/batches/{id}/results", BatchResults()),
        Route("POST", "/v1/files", UploadFile()),
        Route("GET", "/v1/files", ListFiles()),
        Route("GET", "/v1/files/{id}", RetrieveFile()),
        Route("DELETE", "/v1/files/{id}", DeleteFile()),
        Route("GET", "/v1/files/{id}/content", DownloadFile()),
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
