"""Embedding vectors: the same for the same text, nearer for texts that share words.

Each word, and each three letters of it, adds to a few places of the vector that its hash
chooses. Nothing here knows a provider or a model.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from hashlib import blake2b
from struct import Struct

from ..rng import derive

__all__ = ["embed"]

WORDS_MAX = 2_000
TRIGRAM_WEIGHT = 0.8
SHORT_WORD_WEIGHT = 0.4
TEXT_SHARE = 0.1
"""Length of the part that is the text's own beside the part that its words make."""

_WORD = re.compile(r"\w+")
_WORD_PLACES = Struct("<16I")
_TRIGRAM_PLACES = Struct("<4I")


def embed(text: str, dimensions: int) -> tuple[float, ...]:
    """A vector of length 1. Texts without a common word are nearly at right angles."""
    size = max(1, dimensions)
    vector = [0.0] * size
    for places, weight in _features(text):
        for place in places:
            # The lowest bit is the sign, the others the place.
            vector[(place >> 1) % size] += weight if place & 1 else -weight
    norm = math.sqrt(math.fsum(value * value for value in vector))
    scale = 1 / norm if norm else 0.0
    # Bytes are the quickest source of many small numbers; a byte's variance is near 74 squared.
    own = derive("embedding", text).randbytes(size)
    share = TEXT_SHARE / (74 * math.sqrt(size))
    mixed = [
        value * scale + (byte - 127.5) * share for value, byte in zip(vector, own, strict=True)
    ]
    length = math.sqrt(math.fsum(value * value for value in mixed))
    return tuple([value / length for value in mixed])


def _features(text: str) -> Iterator[tuple[tuple[int, ...], float]]:
    """The places and the weight of all that the text is made of."""
    words = _WORD.findall(text.lower())[:WORDS_MAX]
    for word, count in Counter(words).items():
        weight = math.sqrt(count) * (1.0 if len(word) > 3 else SHORT_WORD_WEIGHT)
        yield _places(word, _WORD_PLACES), weight
        for start in range(len(word) - 2):
            places = _places(f"#{word[start : start + 3]}", _TRIGRAM_PLACES)
            yield places, weight * TRIGRAM_WEIGHT


@lru_cache(maxsize=8_192)
def _places(feature: str, layout: Struct) -> tuple[int, ...]:
    return layout.unpack(blake2b(feature.encode(), digest_size=layout.size).digest())
