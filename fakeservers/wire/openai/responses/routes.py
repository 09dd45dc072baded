"""The routes of the Responses API."""

from ...base import Route
from .compact import CompactResponse
from .count import CountInputTokens
from .create import CreateResponse
from .resources import (
    CancelResponse,
    DeleteResponse,
    ListInputItems,
    RetrieveResponse,
)

__all__ = ["ROUTES", "routes"]


def routes(provider: str = "openai", base: str = "/v1") -> tuple[Route, ...]:
    """The routes under a base path, for OpenAI or for a provider with a compatible API."""
    one = f"{base}/responses/{{id}}"
    return (
        Route("POST", f"{base}/responses", CreateResponse(provider)),
        Route("POST", f"{base}/responses/input_tokens", CountInputTokens(provider)),
        Route("POST", f"{base}/responses/compact", CompactResponse(provider)),
        Route("GET", one, RetrieveResponse(provider)),
        Route("DELETE", one, DeleteResponse(provider)),
        Route("POST", f"{one}/cancel", CancelResponse(provider)),
        Route("GET", f"{one}/input_items", ListInputItems(provider)),
    )


ROUTES = routes()
