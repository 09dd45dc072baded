"""The client that `ollama.chat(...)`, called on the module, has had since the import: it read
OLLAMA_HOST then, and must be told of another address."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["attach"]


@contextmanager
def attach(url: str) -> Iterator[None]:
    """Have the module's client speak to `url`, and to where it spoke before at the end."""
    client = _http_client()
    if client is None:
        yield
        return
    before, client.base_url = client.base_url, url
    try:
        yield
    finally:
        client.base_url = before


def _http_client() -> Any:
    """The HTTP client behind the module's functions (ollama SDK 0.6.3)."""
    bound = getattr(sys.modules.get("ollama"), "chat", None)
    client = getattr(getattr(bound, "__self__", None), "_client", None)
    return client if hasattr(client, "base_url") else None
