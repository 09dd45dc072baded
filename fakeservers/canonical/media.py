"""Pictures and sound that a client asks for, and what is made of that."""

from dataclasses import dataclass
from typing import Any

from .results import Usage

__all__ = ["ImageRequest", "ImageResult", "SpeechRequest", "SpeechResult"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRequest:
    """Paint `count` pictures of `width` by `height` pixels; `partials` unfinished ones before
    each. `sources` are the width and height of the pictures that it starts from."""

    provider: str
    endpoint: str
    model: str
    prompt: str
    width: int
    height: int
    quality: str
    count: int = 1
    partials: int = 0
    sources: tuple[tuple[int, int], ...] = ()
    stream: bool = False
    raw: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageResult:
    """Each picture, and the unfinished ones that lead to it, as PNG. `image_tokens` of the input
    tokens are those of the sources."""

    images: tuple[bytes, ...]
    partials: tuple[tuple[bytes, ...], ...]
    usage: Usage
    image_tokens: int
    model: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechRequest:
    """Speak `prompt`, `speed` times as fast as usual."""

    provider: str
    endpoint: str
    model: str
    prompt: str
    speed: float = 1.0
    raw: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechResult:
    """Sound of one channel: `samples` of 16 bits, little-endian, `rate_hz` of them a second."""

    samples: bytes
    rate_hz: int
    usage: Usage
    model: str

    @property
    def seconds(self) -> float:
        return len(self.samples) / 2 / self.rate_hz
