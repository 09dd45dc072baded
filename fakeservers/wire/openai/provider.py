"""OpenAI as one value: routes, errors, environment."""

from collections.abc import Mapping

from ...canonical import Meter
from ..base import Provider, Route
from ..cors import open_to_all
from .attach import attach
from .chat import ChatCompletions
from .chat_stored import (
    DeleteChatCompletion,
    GetChatCompletion,
    ListChatCompletions,
    ListChatMessages,
    UpdateChatCompletion,
)
from .completions import Completions
from .embeddings import Embeddings
from .errors import admit, error
from .models import DeleteModel, GetModel, ListModels
from .moderations import Moderations
from .responses.routes import ROUTES as RESPONSES

__all__ = ["PROVIDER"]

DUMMY_KEY = "sk-llmsim-openai-key"


def _env(url: str) -> Mapping[str, str]:
    return {"OPENAI_BASE_URL": url, "OPENAI_API_KEY": DUMMY_KEY}


METERS = (
    Meter(keyword="rpm", metered="requests", charge="one", limit=10_000),
    Meter(keyword="tpm", metered="tokens", charge="reserved", limit=30_000_000),
)
"""Limits as recorded of a tier 5 account (2026); the charging rule as documented."""

PROVIDER = Provider(
    name="openai",
    meters=METERS,
    base="/v1",
    routes=(
        Route("POST", "/v1/chat/completions", ChatCompletions()),
        Route("GET", "/v1/chat/completions", ListChatCompletions()),
        Route("GET", "/v1/chat/completions/{id}", GetChatCompletion()),
        Route("POST", "/v1/chat/completions/{id}", UpdateChatCompletion()),
        Route("DELETE", "/v1/chat/completions/{id}", DeleteChatCompletion()),
        Route("GET", "/v1/chat/completions/{id}/messages", ListChatMessages()),
        Route("POST", "/v1/completions", Completions()),
        Route("POST", "/v1/embeddings", Embeddings()),
        Route("POST", "/v1/moderations", Moderations()),
        Route("GET", "/v1/models", ListModels()),
        Route("GET", "/v1/models/{model:path}", GetModel()),
        Route("DELETE", "/v1/models/{model:path}", DeleteModel()),
        *RESPONSES,
    ),
    error=error,
    admit=admit,
    cors=open_to_all,
    env=_env,
    attach=attach,
    secrets=frozenset({"authorization", "api-key", "cookie", "proxy-authorization"}),
)
