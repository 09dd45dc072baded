"""Which models are in memory, until when: what Ollama's `ps` tells.

Nothing here reads a clock: the moments come with what is remembered.
"""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass

from ..canonical import Use

__all__ = ["KEEP_ALIVE_S", "LOADED_MAX", "Loaded", "Memory"]

KEEP_ALIVE_S = 300.0
"""How long a model stays when no use of it has said."""

LOADED_MAX = 256
"""Models remembered; the one used longest ago makes room."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A model, by the name in full, that is in memory until `until_s` (epoch seconds)."""

    name: str
    until_s: float
    keep_alive_s: float
    context_length: int | None = None


class Memory:
    """What the uses of models so far left in memory."""

    def __init__(self) -> None:
        self._loaded: OrderedDict[str, Loaded] = OrderedDict()

    def use(self, use: Use) -> None:
        """Load a model, or have it stay from now on as long as this use, or an earlier one
        since it was loaded, says."""
        before = self._loaded.pop(use.model, None)
        if before is not None and before.until_s <= use.at_s:
            before = None
        keep_alive_s = use.keep_alive_s
        if keep_alive_s is None:
            keep_alive_s = before.keep_alive_s if before else KEEP_ALIVE_S
        self._loaded[use.model] = Loaded(
            name=use.model,
            until_s=use.at_s + keep_alive_s,
            keep_alive_s=keep_alive_s,
            context_length=use.context_length,
        )
        if len(self._loaded) > LOADED_MAX:
            self._loaded.popitem(last=False)

    def holds(self, model: str, at_s: float) -> bool:
        """Whether a model, by its name with or without `:latest`, is in memory."""
        return any(
            loaded.until_s > at_s
            for name in (model, f"{model}:latest")
            if (loaded := self._loaded.get(name)) is not None
        )

    def __iter__(self) -> Iterator[Loaded]:
        """All that is remembered, expired or not."""
        return iter(tuple(self._loaded.values()))
