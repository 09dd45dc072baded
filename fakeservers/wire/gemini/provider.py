"""The Gemini API as one `Provider` value: its routes, credentials and environment.

What an operation reads and writes stands in its own module.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from ..base import Endpoint, Provider, Route
from ..cors import open_to_all
from .compatible import compatible_routes
from .counting import CountTokens
from .embeddings import BatchEmbedContents, EmbedContent
from .errors import admit, error
from .generate import GenerateContent, StreamGenerateContent
from .models import GetModel, ListModels, UnknownMethod

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
        yield from compatible_routes(f"/{version}/openai")


HIDES = {
    "GOOGLE_API_KEY": DUMMY_KEY,
    "GOOGLE_GENAI_USE_ENTERPRISE": None,
    "GOOGLE_GENAI_USE_VERTEXAI": None,
}
"""The first one wins over GEMINI_API_KEY, the others lead to another service (google-genai 3.4,
`_api_client`)."""


def _env(url: str) -> Mapping[str, str]:
    return {"GOOGLE_GEMINI_BASE_URL": url, "GEMINI_API_KEY": DUMMY_KEY}


PROVIDER = Provider(
    name=NAME,
    routes=tuple(_routes()),
    error=error,
    env=_env,
    hides=HIDES,
    admit=admit,
    cors=open_to_all,
    secrets=frozenset({"x-goog-api-key", "key", "access_token", "authorization", "cookie"}),
)
