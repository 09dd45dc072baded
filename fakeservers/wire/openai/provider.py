"""OpenAI as one value: routes, errors, environment."""

from collections.abc import Mapping

from ...canonical import Meter
from ..base import Provider, Route
from ..cors import open_to_all
from .attach import attach
from .audio import Speech, Transcribe, Translate
from .batches import CancelBatch, CreateBatch, ListBatches, RetrieveBatch
from .chat import ChatCompletions
from .chat_stored import (
    DeleteChatCompletion,
    GetChatCompletion,
    ListChatCompletions,
    ListChatMessages,
    UpdateChatCompletion,
)
from .completions import Completions
from .conversations import (
    CreateConversation,
    CreateConversationItems,
    DeleteConversation,
    DeleteConversationItem,
    ListConversationItems,
    RetrieveConversation,
    RetrieveConversationItem,
    UpdateConversation,
)
from .embeddings import Embeddings
from .errors import admit, error
from .files import CreateFile, DeleteFile, FileContent, ListFiles, RetrieveFile
from .images import CreateVariation, EditImage, GenerateImage, ImageContent
from .models import DeleteModel, GetModel, ListModels
from .moderations import Moderations
from .responses.routes import ROUTES as RESPONSES
from .uploads import AddUploadPart, CancelUpload, CompleteUpload, CreateUpload

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
        Route("POST", "/v1/images/generations", GenerateImage()),
        Route("POST", "/v1/images/edits", EditImage()),
        Route("POST", "/v1/images/variations", CreateVariation()),
        Route("GET", "/v1/images/content/{id}.png", ImageContent()),
        Route("POST", "/v1/audio/speech", Speech()),
        Route("POST", "/v1/audio/transcriptions", Transcribe()),
        Route("POST", "/v1/audio/translations", Translate()),
        Route("POST", "/v1/conversations", CreateConversation()),
        Route("GET", "/v1/conversations/{id}", RetrieveConversation()),
        Route("POST", "/v1/conversations/{id}", UpdateConversation()),
        Route("DELETE", "/v1/conversations/{id}", DeleteConversation()),
        Route("POST", "/v1/conversations/{id}/items", CreateConversationItems()),
        Route("GET", "/v1/conversations/{id}/items", ListConversationItems()),
        Route("GET", "/v1/conversations/{id}/items/{item}", RetrieveConversationItem()),
        Route("DELETE", "/v1/conversations/{id}/items/{item}", DeleteConversationItem()),
        Route("POST", "/v1/files", CreateFile()),
        Route("GET", "/v1/files", ListFiles()),
        Route("GET", "/v1/files/{id}", RetrieveFile()),
        Route("DELETE", "/v1/files/{id}", DeleteFile()),
        Route("GET", "/v1/files/{id}/content", FileContent()),
        Route("POST", "/v1/uploads", CreateUpload()),
        Route("POST", "/v1/uploads/{id}/parts", AddUploadPart()),
        Route("POST", "/v1/uploads/{id}/complete", CompleteUpload()),
        Route("POST", "/v1/uploads/{id}/cancel", CancelUpload()),
        Route("POST", "/v1/batches", CreateBatch()),
        Route("GET", "/v1/batches", ListBatches()),
        Route("GET", "/v1/batches/{id}", RetrieveBatch()),
        Route("POST", "/v1/batches/{id}/cancel", CancelBatch()),
    ),
    error=error,
    admit=admit,
    cors=open_to_all,
    env=_env,
    attach=attach,
    secrets=frozenset({"authorization", "api-key", "cookie", "proxy-authorization"}),
)
