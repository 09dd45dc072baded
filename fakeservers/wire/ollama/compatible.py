"""The compatible APIs under `/v1`: OpenAI's and Anthropic's endpoints, with this server's headers.

Shapes and wording of requests and answers are theirs; only what would mislead is changed.
"""

from dataclasses import replace
from typing import Any

from ...canonical import ChatRequest, Request, ResourceRequest, ResourceResult
from ..anthropic.messages import Messages
from ..base import Answer, Endpoint, HttpRequest, Route, Stamp
from ..openai.chat import ChatCompletions
from ..openai.completions import Completions
from ..openai.embeddings import Embeddings
from ..openai.models import GetModel, ListModels
from ..openai.responses.create import CreateResponse
from .answers import as_json
from .loading import Loading

__all__ = ["ROUTES", "Compatible", "Models"]

JSON = "application/json"
EVENT_STREAM = "text/event-stream"


class Compatible:
    """An endpoint of another provider's, answered by a server on one's own machine."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    def parse(self, http: HttpRequest) -> Request:
        request = self._endpoint.parse(http)
        if (
            isinstance(request, ChatRequest)
            and request.endpoint == "completions.create"
            and request.raw.get("max_tokens") is None
        ):
            # OpenAI stops plain completions after 16 tokens, Ollama when the model is done.
            return replace(request, max_tokens=None)
        return request

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


def _loading(endpoint: Endpoint) -> Loading:
    return Loading(Compatible(endpoint), native=False)


ROUTES = (
    Route("POST", "/v1/chat/completions", _loading(ChatCompletions(provider="ollama"))),
    Route("POST", "/v1/completions", _loading(Completions(provider="ollama"))),
    Route("POST", "/v1/embeddings", _loading(Embeddings(provider="ollama"))),
    Route("POST", "/v1/responses", _loading(CreateResponse(provider="ollama"))),
    Route("POST", "/v1/messages", _loading(Messages(provider="ollama"))),
    Route("GET", "/v1/models", Models(ListModels(provider="ollama"))),
    Route("GET", "/v1/models/{model:path}", Models(GetModel(provider="ollama"))),
)
