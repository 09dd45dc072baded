"""`GET /models`, `GET /models/{model}` and `DELETE /models/{model}`."""

from typing import Any, Literal

from ...canonical import ResourceRequest, ResourceResult
from ..base import Answer, HttpRequest, Stamp
from ..framing import json_bytes
from .headers import answer

__all__ = ["DeleteModel", "GetModel", "ListModels"]


class _Models:
    action: Literal["list", "get", "delete"]

    def __init__(self, provider: str = "openai", owner: str | None = None) -> None:
        self._provider = provider
        self._owner = owner

    def parse(self, http: HttpRequest) -> ResourceRequest:
        return ResourceRequest(
            provider=self._provider,
            endpoint=f"models.{'retrieve' if self.action == 'get' else self.action}",
            collection="models",
            action=self.action,
            id=http.params.get("model"),
            raw=dict(http.query),
        )

    def _model(self, model: Any) -> dict[str, Any]:
        told = {
            "id": model.id,
            "object": "model",
            "created": model.created_s,
            "owned_by": self._owner or model.extra.get("owned_by", "system"),
        }
        if self._provider == "openai" and model.retires_on:
            told["shutdown_date"] = model.retires_on
        return told


class ListModels(_Models):
    action = "list"

    def render(self, request: ResourceRequest, result: ResourceResult, stamp: Stamp) -> Answer:
        body = {"object": "list", "data": [self._model(model) for model in result.items]}
        return answer(stamp, json_bytes(body))


class GetModel(_Models):
    action = "get"

    def render(self, request: ResourceRequest, result: ResourceResult, stamp: Stamp) -> Answer:
        return answer(stamp, json_bytes(self._model(result.items[0])))


class DeleteModel(_Models):
    action = "delete"

    def render(self, request: ResourceRequest, result: ResourceResult, stamp: Stamp) -> Answer:
        body = {"id": request.id, "object": "model", "deleted": True}
        return answer(stamp, json_bytes(body))
