"""The compatible APIs under `/v1`: OpenAI's and Anthropic's endpoints, with this server's headers.

Shapes and wording of requests and answers are theirs; only what would mislead is changed.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ...canonical import ChatRequest, EmbedRequest, Request, ResourceRequest, ResourceResult
from ..anthropic.messages import Messages
from ..base import Answer, Endpoint, HttpRequest, Route, Stamp
from ..openai.chat import ChatCompletions
from ..openai.completions import Completions
from ..openai.embeddings import Embeddings
from ..openai.models import GetModel, ListModels
from ..openai.responses.create import CreateResponse
from .answers import as_json
from .compatible_checks import check_chat, check_completion, check_embeddings, check_messages
from .loading import Loading

__all__ = ["ROUTES", "Compatible", "Models"]

JSON = "application/json"
EVENT_STREAM = "text/event-stream"


class Compatible:
    """An endpoint of another provider's, answered by a server on one's own machine. `check`
    raises `Rejected` for what that server refuses."""

    def __init__(
        self, endpoint: Endpoint, check: Callable[[HttpRequest], None] | None = None
    ) -> None:
        self._endpoint = endpoint
        self._check = check

    def parse(self, http: HttpRequest) -> Request:
        if self._check is not None and http.validates:
            self._check(http)
        request = self._endpoint.parse(http)
        if isinstance(request, EmbedRequest):
            return replace(request, truncates=True)
        if not isinstance(request, ChatRequest):
            return request
        most = request.max_tokens
        if request.endpoint == "completions.create" and request.raw.get("max_tokens") is None:
            # OpenAI stops plain completions after 16 tokens, Ollama when the model is done.
            most = None
        return replace(request, max_tokens=most, truncates=True)

    def render(self, request: Any, result: Any, stamp: Stamp) -> Answer:
        answer = self._endpoint.render(request, result, stamp)
        content_type = JSON if isinstance(answer.body, bytes) else EVENT_STREAM
        return replace(answer, headers=(("content-type", content_type),))


class Models:
    """The models as OpenAI lists them, each owned by the namespace of its name."""

    def __init__(self, endpoint: GetModel | ListModels) -> None:
        self._endpoint = endpoint

    def parse(self, http: HttpRequest) -> ResourceRequest:
        return self._endpoint.parse(http)

    def render(self, request: ResourceRequest, result: ResourceResult, stamp: Stamp) -> Answer:
        if request.id is not None:
            return as_json(_model(result.items[0], request.id, stamp), content_type=JSON)
        models = [_model(model, model.id, stamp) for model in result.items]
        return as_json({"object": "list", "data": models}, content_type=JSON)


def _model(model: Any, name: str, stamp: Stamp) -> dict[str, Any]:
    namespace, slash, _ = name.rpartition("/")
    return {
        "id": name,
        "object": "model",
        "created": int(model.created_s or stamp.now_s),
        "owned_by": namespace.rpartition("/")[2] if slash else "library",
    }


def _loading(endpoint: Endpoint, check: Callable[[HttpRequest], None] | None = None) -> Loading:
    return Loading(Compatible(endpoint, check), native=False)


ROUTES = (
    Route("POST", "/v1/chat/completions", _loading(ChatCompletions(provider="ollama"), check_chat)),
    Route("POST", "/v1/completions", _loading(Completions(provider="ollama"), check_completion)),
    Route("POST", "/v1/embeddings", _loading(Embeddings(provider="ollama"), check_embeddings)),
    Route("POST", "/v1/responses", _loading(CreateResponse(provider="ollama"))),
    Route("POST", "/v1/messages", _loading(Messages(provider="ollama"), check_messages)),
    Route("GET", "/v1/models", Models(ListModels(provider="ollama"))),
    Route("GET", "/v1/models/{model:path}", Models(GetModel(provider="ollama"))),
)
