"""The OpenAI-compatible API of Gemini: OpenAI's endpoints, with what Google says of their bodies.

A body is decoded as a protobuf message too, so that faults are told in the words of `wording`,
inside an array (client logs, 2025 and 2026).
"""

from collections.abc import Iterator
from typing import Any, Final

from ...canonical import ApiError, Rejected, Request
from ..base import Answer, Endpoint, HttpRequest, Route, Stamp
from ..openai.chat import ChatCompletions
from ..openai.chat_checks import KEYS
from ..openai.embeddings import Embeddings
from ..openai.models import GetModel, ListModels
from .wording import invalid, invalid_value, unknown_names

__all__ = ["Compatible", "compatible_routes"]

NAME: Final = "gemini"
NO_CONTENTS: Final = "* GenerateContentRequest.contents: contents is not specified\n"
NO_MODEL: Final = "model is not specified"

_KEYS: Final = KEYS | {"cached_content", "extra_body", "google", "safety_settings"}


class Compatible:
    """An endpoint of OpenAI's, answered by Google. `known` are the fields of its body, None where
    others are ignored."""

    def __init__(self, endpoint: Endpoint, known: frozenset[str] | None = None) -> None:
        self._endpoint = endpoint
        self._known = known

    def parse(self, http: HttpRequest) -> Request:
        if http.validates and self._known is not None:
            self._check(http.json())
        try:
            return self._endpoint.parse(http)
        except Rejected as rejected:
            raise Rejected(_told(rejected.error)) from rejected

    def render(self, request: Any, result: Any, stamp: Stamp) -> Answer:
        return self._endpoint.render(request, result, stamp)

    def _check(self, body: Any) -> None:
        if not isinstance(body, dict):
            return
        if unknown := [((), name) for name in body if name not in (self._known or ())]:
            raise Rejected(unknown_names(unknown))
        if not body.get("messages") and isinstance(body.get("messages", []), list):
            raise Rejected(invalid(NO_CONTENTS))


def _told(problem: ApiError) -> ApiError:
    """What OpenAI's endpoint says of a body, in Google's words."""
    if problem.kind != "invalid":
        return problem
    match problem.code, problem.param:
        case "invalid_type", str(where):
            return invalid_value(where)
        case "missing_required_parameter", "messages":
            return invalid(NO_CONTENTS)
        case None, None if "model" in (problem.message or ""):
            return invalid(NO_MODEL)
    return invalid(problem.message or "")


def compatible_routes(base: str) -> Iterator[Route]:
    """The routes below `base` (Gemini API documentation, "OpenAI compatibility")."""
    chat = Compatible(ChatCompletions(provider=NAME), frozenset(_KEYS))
    yield Route("POST", f"{base}/chat/completions", chat)
    yield Route("POST", f"{base}/embeddings", Compatible(Embeddings(provider=NAME)))
    yield Route("GET", f"{base}/models", ListModels(provider=NAME, owner="google"))
    yield Route("GET", f"{base}/models/{{model:path}}", GetModel(provider=NAME, owner="google"))
