"""The client that `openai.chat.completions.create(...)`, called on the module, builds on first
use and keeps: it must be built anew for another base URL."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["attach"]


@contextmanager
def attach(url: str) -> Iterator[None]:
    """Have the module's client built from the environment, and forgotten at the end."""
    _forget()
    try:
        yield
    finally:
        _forget()


def _forget() -> None:
    module = sys.modules.get("openai")
    reset = getattr(module, "_reset_client", None)
    if reset is not None:
        reset()
