"""Ollama as one value: routes, errors, environment."""

from collections.abc import Mapping

from ..base import Provider, Route
from .attach import attach
from .blobs import HeadBlob, PostBlob
from .chat import Chat
from .compatible import ROUTES as COMPATIBLE
from .cors import cors
from .embed import Embed, Embeddings
from .errors import error
from .generate import Generate
from .loading import ListRunning, Loading
from .models import Copy, Delete, ListModels, Root, Show, Version
from .progress import Create, Pull, Push
from .redirects import redirecting

__all__ = ["PROVIDER"]


def _env(url: str) -> Mapping[str, str]:
    return {"OLLAMA_HOST": url}


ROUTES = (
    Route("POST", "/api/chat", Loading(Chat())),
    Route("POST", "/api/generate", Loading(Generate())),
    Route("POST", "/api/embed", Loading(Embed())),
    Route("POST", "/api/embeddings", Loading(Embeddings())),
    Route("GET", "/api/tags", ListModels()),
    Route("POST", "/api/show", Show()),
    Route("GET", "/api/ps", ListRunning()),
    Route("GET", "/api/version", Version()),
    Route("POST", "/api/pull", Pull()),
    Route("POST", "/api/push", Push()),
    Route("POST", "/api/create", Create()),
    Route("POST", "/api/copy", Copy()),
    Route("DELETE", "/api/delete", Delete()),
    Route("HEAD", "/api/blobs/{digest}", HeadBlob()),
    Route("POST", "/api/blobs/{digest}", PostBlob()),
    Route("GET", "/", Root()),
    *COMPATIBLE,
)

PROVIDER = Provider(
    name="ollama",
    routes=ROUTES,
    error=redirecting(ROUTES, error),
    cors=cors,
    env=_env,
    attach=attach,
    secrets=frozenset({"authorization", "cookie", "x-api-key", "proxy-authorization"}),
)
