"""What answers of a model look like, told from its generation, as recorded 2025 and 2026."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

__all__ = ["Traits", "traits"]

_GENERATION: Final = re.compile(r"(?:^|/)gemini-(\d{1,3}(?:\.\d{1,3})?)(?:-|$)")
NEWEST: Final = 99.0


@dataclass(frozen=True, slots=True)
class Traits:
    """generation: 2.5 for `gemini-2.5-flash`; the newest for a name without one."""

    generation: float

    @property
    def old(self) -> bool:
        """Before 2.5: no index, no service tier; log probabilities and details instead."""
        return self.generation < 2.5

    @property
    def signs_calls(self) -> bool:
        """The first function call carries a signature of the thoughts that led to it."""
        return self.generation >= 2.5

    @property
    def signs_text(self) -> bool:
        """The last text carries one too."""
        return self.generation >= 3

    @property
    def names_calls(self) -> bool:
        """Function calls have ids."""
        return self.generation >= 3


@lru_cache(maxsize=256)
def traits(model: str) -> Traits:
    """The traits of the model of this name."""
    found = _GENERATION.search(model)
    return Traits(float(found[1]) if found else NEWEST)
