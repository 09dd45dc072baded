"""What a server that does not validate answers with in the place of what it has never stored.

Sound bodies with nothing in them, for clients that ask for the ids of their documentation.
"""

from typing import Any

from ...canonical import ChatRequest, CompletionResult, Reply, Text, Usage
from ...rng import Seed
from ..base import HttpRequest, Stamp
from .responses.body import response

__all__ = ["completion_for", "response_for"]

MODEL = "gpt-4.1"
CREATED_S = 1_744_316_542
"""14 April 2025, when the model came out."""


def completion_for(http: HttpRequest) -> dict[str, Any] | None:
    """A stored chat completion, None from a server that validates."""
    if http.validates:
        return None
    return {
        "id": http.params["id"],
        "object": "chat.completion",
        "created": CREATED_S,
        "model": MODEL,
        "choices": [],
        "metadata": {},
    }


def response_for(http: HttpRequest) -> dict[str, Any] | None:
    """A stored response that ran in the background, None from a server that validates."""
    if http.validates:
        return None
    request = ChatRequest(
        provider="openai",
        endpoint="responses.create",
        model=MODEL,
        messages=(),
        raw={"background": True},
    )
    result = CompletionResult(replies=(Reply(parts=(Text(""),)),), usage=Usage(), model=MODEL)
    stamp = Stamp(ids=Seed(http.params["id"]).ids(), now_s=CREATED_S)
    return response(request, result, [], http.params["id"], stamp)
