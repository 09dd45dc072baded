"""What a provider limits: its meters, and what one of them reads."""

from dataclasses import dataclass
from typing import Literal

from .errors import Metered

__all__ = ["Charge", "Meter", "Reading"]

Charge = Literal["one", "reserved", "input", "uncached_input", "output"]
"""What a request costs a meter: itself; the larger of its `max_tokens` and its estimated prompt;
its prompt; the prompt without what was read from the cache; what was generated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter:
    """One rate limit of a provider, kept for each key and model.

    keyword   what sets it: `limits(rpm=...)`
    metered   what it counts
    charge    what a request costs it
    limit     in `window_s` seconds, unless another is set
    fixed     whether the window begins with the minute or the day (in the provider's time zone,
              `day_offset_s` from UTC) and is then full again; otherwise it fills steadily
    told      whether answers tell what it shows
    """

    keyword: str
    metered: Metered
    charge: Charge
    limit: int
    window_s: int = 60
    fixed: bool = False
    day_offset_s: int = 0
    told: bool = True


@dataclass(slots=True)
class Reading:
    """What a meter shows after a request: so many left, full again in `full_in_s` seconds."""

    metered: Metered
    limit: int
    remaining: int
    full_in_s: float
