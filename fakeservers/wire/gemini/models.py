"""The list of models, page by page, and one model."""

from collections.abc import Mapping
from typing import Any, Final

from ...canonical import ApiError, Rejected, ResourceRequest, ResourceResult
from ..base import Answer, HttpRequest, Stamp
from .bodies import json_answer
from .paging import Paging
from .request import model_name

__all__ = ["GetModel", "ListModels", "UnknownMethod"]

PAGING: Final = Paging(size=50, size_max=1000)
"""models.list in the Gemini API documentation."""

_SAMPLING: Final = ("temperature", "topP", "topK", "maxTemperature")
_METHODS: Final[Mapping[str, tuple[str, ...]]] = {
    "chat": ("generateContent", "countTokens", "createCachedContent", "batchGenerateContent"),
    "embedding": ("embedContent", "countTextTokens", "countTokens", "asyncBatchEmbedContent"),
}


class ListModels:
    """GET {version}/models?pageSize=&pageToken=."""

    def __init__(self, collection: str = "models") -> None:
        self._collection = collection

    def parse(self, http: HttpRequest) -> ResourceRequest:
        PAGING.check(http.query)
        return ResourceRequest(
            provider="gemini",
            endpoint="models.list",
            collection=self._collection,
            action="list",
            raw=dict(http.query),
        )

    def render(self, request: ResourceRequest, result: ResourceResult, stamp: Stamp) -> Answer:
        shown, token = PAGING.page(result.items, request.raw, _name)
        body: dict[str, Any] = {"models": [_model(item) for item in shown]} if shown else {}
        if token:
            body["nextPageToken"] = token
        return json_answer(stamp, body)


class GetModel:
    """GET {version}/models/{model}."""

    def parse(self, http: HttpRequest) -> ResourceRequest:
        name = model_name(http)
        if ":" in name:  # a method of the model, all of which are POST
            subject = f"{http.method} {http.path}"
            raise Rejected(ApiError(status=405, kind="wrong_method", subject=subject))
        return ResourceRequest(
            provider="gemini",
            endpoint="models.get",
            collection="models",
            action="get",
            id=name,
        )

    def render(self, request: ResourceRequest, result: ResourceResult, stamp: Stamp) -> Answer:
        return json_answer(stamp, _model(result.items[0]))


class UnknownMethod:
    """POST {version}/models/{model}:{method} for a method that there is not."""

    def parse(self, http: HttpRequest) -> ResourceRequest:
        subject = f"{http.method} {http.path}"
        raise Rejected(ApiError(status=404, kind="unknown_route", subject=subject))

    def render(self, request: ResourceRequest, result: ResourceResult, stamp: Stamp) -> Answer:
        raise NotImplementedError("parse never returns")


def _name(item: Any) -> str:
    return item.id if item.id.startswith("tunedModels/") else f"models/{item.id}"


def _model(item: Any) -> dict[str, Any]:
    """A model of the catalogue in the order of the message's fields (recorded 2026)."""
    extra = item.extra
    kind = item.kind if item.kind in _METHODS else "chat"
    body: dict[str, Any] = {
        "name": _name(item),
        "version": extra.get("version", "001"),
        "displayName": item.display_name,
        "description": extra.get("description", item.display_name),
        "inputTokenLimit": item.context_window,
        "outputTokenLimit": item.max_output_tokens,
        "supportedGenerationMethods": list(extra.get("supportedGenerationMethods", _METHODS[kind])),
    }
    body |= {name: extra[name] for name in _SAMPLING if extra.get(name) is not None}
    if item.thinking and kind == "chat":
        body["thinking"] = True
    return body
