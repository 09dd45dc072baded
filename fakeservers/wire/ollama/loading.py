"""Endpoints that bring the model they are asked for into memory, and the list of those there."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ...canonical import Request, ResourceRequest, ResourceResult, Use
from ..base import Answer, Endpoint, HttpRequest, Stamp
from .answers import as_json
from .description import running
from .models import tagged
from .settings import keep_alive_s

__all__ = ["ListRunning", "Loading"]


class Loading:
    """An endpoint whose answers leave their model in memory, as long as the request says.

    The compatible APIs have no field for that: there `native` is false.
    """

    def __init__(self, endpoint: Endpoint, *, native: bool = True) -> None:
        self._endpoint = endpoint
        self._native = native

    def parse(self, http: HttpRequest) -> Request:
        return self._endpoint.parse(http)

    def render(self, request: Any, result: Any, stamp: Stamp) -> Answer:
        answer = self._endpoint.render(request, result, stamp)
        asked = request.raw if self._native else {}
        use = Use(
            model=tagged(request.model),
            at_s=stamp.now_s,
            keep_alive_s=keep_alive_s(asked.get("keep_alive")),
            context_length=_context_length(asked.get("options") or {}),
        )
        return replace(answer, uses=use)


def _context_length(options: Mapping[str, Any]) -> int | None:
    length = options.get("num_ctx")
    return length if isinstance(length, int) and length > 0 else None


class ListRunning:
    """`GET /api/ps`: the models in memory, the one that stays longest first."""

    def parse(self, http: HttpRequest) -> ResourceRequest:
        return ResourceRequest(provider="ollama", endpoint="ps", collection="memory", action="list")

    def render(self, request: ResourceRequest, result: ResourceResult, stamp: Stamp) -> Answer:
        there = [item for item in result.items if item[1].until_s > stamp.now_s]
        there.sort(key=lambda item: -item[1].until_s)
        return as_json({"models": [running(model, loaded) for model, loaded in there]})
