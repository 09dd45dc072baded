"""The list of models, page by page, and one model."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Mapping
from typing import Any, Final

from ...canonical import ApiError, Rejected, ResourceRequest, ResourceResult
from ..base import Answer, HttpRequest, Stamp
from .bodies import json_answer
from .request import model_name
from .wording import WORDING, invalid

__all__ = ["GetModel", "ListModels", "UnknownMethod"]

PAGE_SIZE: Final = 50
PAGE_SIZE_MAX: Final = 1000
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
        page = {"pageSize": _page_size(http.query), "pageToken": _token(http.query)}
        return ResourceRequest(
            provider="gemini",
            endpoint="models.list",
            collection=self._collection,
            action="list",
            raw=page,
        )

    def render(self, request: ResourceRequest, result: ResourceResult, stamp: Stamp) -> Answer:
        size, after = request.raw["pageSize"], request.raw["pageToken"]
        names = [_name(item) for item in result.items]
        start = names.index(after) + 1 if after in names else 0
        shown = result.items[start : start + size]
        body: dict[str, Any] = {"models": [_model(item) for item in shown]} if shown else {}
        if shown and start + size < len(names):
            body["nextPageToken"] = _page_token(names[start + size - 1])
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


# --- pages --------------------------------------------------------------------------------


def _page_size(query: Mapping[str, str]) -> int:
    given = query.get("pageSize") or query.get("page_size") or "0"
    if not re.fullmatch(r"-?\d{1,9}", given):
        raise Rejected(WORDING.wrong_type(("pageSize",), ("integer",), given))
    size = int(given)
    if size < 0:
        raise Rejected(invalid("Request contains an invalid argument."))
    return min(size or PAGE_SIZE, PAGE_SIZE_MAX)


def _page_token(name: str) -> str:
    """The last name of the page as the one field of a protobuf message, in base64 (recorded
    2026). Names longer than a length of one byte are cut: no such model is known."""
    data = name.encode()[:127]
    return urlsafe_b64encode(bytes((0x0A, len(data))) + data).decode("ascii")


def _token(query: Mapping[str, str]) -> str | None:
    """The name after which the page begins, None for the first page."""
    given = query.get("pageToken") or query.get("page_token")
    if not given:
        return None
    try:
        data = urlsafe_b64decode(given.encode("ascii"))
        name = data[2:].decode()
    except (Base64Error, ValueError) as problem:
        raise Rejected(invalid("Request contains an invalid argument.")) from problem
    if data[:2] != bytes((0x0A, len(data[2:]) & 0x7F)):
        raise Rejected(invalid("Request contains an invalid argument."))
    return name
