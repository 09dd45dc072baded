"""The Gemini API as one `Provider` value: its routes, credentials and environment.

What an operation reads and writes stands in its own module.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from ...canonical import Meter
from ..base import Endpoint, Provider, Route
from ..cors import open_to_all
from .batches import BatchGenerateContent, CancelBatch, DeleteBatch, GetBatch, ListBatches
from .caches import (
    CreateCachedContent,
    DeleteCachedContent,
    GetCachedContent,
    ListCachedContents,
    UpdateCachedContent,
)
from .compatible import compatible_routes
from .counting import CountTokens
from .embeddings import BatchEmbedContents, EmbedContent
from .errors import admit, error
from .files import DeleteFile, DownloadFile, GetFile, ListFiles
from .generate import GenerateContent, StreamGenerateContent
from .models import GetModel, ListModels, UnknownMethod
from .uploads import Upload

__all__ = ["PROVIDER"]

NAME: Final = "gemini"
DUMMY_KEY = "llmsim-gemini-key"
VERSIONS: Final = ("v1beta", "v1", "v1alpha")

_METHODS: Final[Mapping[str, Endpoint]] = {
    "generateContent": GenerateContent(),
    "streamGenerateContent": StreamGenerateContent(),
    "countTokens": CountTokens(),
    "batchEmbedContents": BatchEmbedContents(),
    "embedContent": EmbedContent(),
    "batchGenerateContent": BatchGenerateContent(),
}


def _routes() -> Iterator[Route]:
    """Templates are tried in this order: what is asked for most stands first. A model's name
    may hold slashes, and may repeat its collection: `models/models/x` is `x`."""
    for collection in ("models", "tunedModels"):
        for method, endpoint in _METHODS.items():
            for version in VERSIONS:
                yield Route("POST", f"/{version}/{collection}/{{model:path}}:{method}", endpoint)
    for version in VERSIONS:
        for collection in ("models", "tunedModels"):
            yield Route("GET", f"/{version}/{collection}", ListModels(collection))
            yield Route("GET", f"/{version}/{collection}/{{model:path}}", GetModel())
            yield Route("POST", f"/{version}/{collection}/{{model:path}}", UnknownMethod())
        yield from _kept_routes(f"/{version}")
        yield Route("POST", f"/upload/{version}/files", Upload())
        yield from compatible_routes(f"/{version}/openai")


def _kept_routes(base: str) -> Iterator[Route]:
    """Files, cached contents and batches."""
    yield Route("GET", f"{base}/files", ListFiles())
    yield Route("GET", f"{base}/files/{{file}}:download", DownloadFile())
    yield Route("GET", f"{base}/files/{{file}}", GetFile())
    yield Route("DELETE", f"{base}/files/{{file}}", DeleteFile())
    yield Route("POST", f"{base}/cachedContents", CreateCachedContent())
    yield Route("GET", f"{base}/cachedContents", ListCachedContents())
    yield Route("GET", f"{base}/cachedContents/{{id}}", GetCachedContent())
    yield Route("PATCH", f"{base}/cachedContents/{{id}}", UpdateCachedContent())
    yield Route("DELETE", f"{base}/cachedContents/{{id}}", DeleteCachedContent())
    yield Route("GET", f"{base}/batches", ListBatches())
    yield Route("GET", f"{base}/batches/{{id}}", GetBatch())
    yield Route("DELETE", f"{base}/batches/{{id}}", DeleteBatch())
    yield Route("POST", f"{base}/batches/{{id}}:cancel", CancelBatch())


HIDES = {
    "GOOGLE_API_KEY": DUMMY_KEY,
    "GOOGLE_GENAI_USE_ENTERPRISE": None,
    "GOOGLE_GENAI_USE_VERTEXAI": None,
}
"""The first one wins over GEMINI_API_KEY, the others lead to another service (google-genai 3.4,
`_api_client`)."""


def _env(url: str) -> Mapping[str, str]:
    return {"GOOGLE_GEMINI_BASE_URL": url, "GEMINI_API_KEY": DUMMY_KEY}


PACIFIC_S = -8 * 3600
DAY_S = 86_400

METERS = (
    Meter(keyword="rpm", metered="requests", charge="one", limit=1_000, fixed=True, told=False),
    Meter(keyword="tpm", metered="tokens", charge="input", limit=4_000_000, fixed=True, told=False),
    Meter(
        keyword="rpd",
        metered="requests",
        charge="one",
        limit=1_000_000,
        window_s=DAY_S,
        fixed=True,
        day_offset_s=PACIFIC_S,
        told=False,
    ),
)
"""Documented 2026: per project and model, minutes from second 0, days from midnight Pacific
(standard time here, all the year). No header tells them."""

PROVIDER = Provider(
    name=NAME,
    meters=METERS,
    routes=tuple(_routes()),
    error=error,
    env=_env,
    hides=HIDES,
    admit=admit,
    cors=open_to_all,
    secrets=frozenset({"x-goog-api-key", "key", "access_token", "authorization", "cookie"}),
)
