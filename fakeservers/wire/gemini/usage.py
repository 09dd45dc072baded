"""Token counts as Gemini reports them: usageMetadata, by modality.

Counting is done elsewhere; here counts are only put into their fields.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ...canonical import Media, Message, Usage
from .traits import Traits

__all__ = ["Metering", "details"]

MEDIA_TOKENS: Final = 258
"""What one image or page of a document counts (Gemini API documentation)."""

_MODALITIES: Final = {
    "image": "IMAGE",
    "document": "DOCUMENT",
    "file": "DOCUMENT",
    "audio": "AUDIO",
    "video": "VIDEO",
}


@dataclass(frozen=True, slots=True)
class Metering:
    """Makes the usageMetadata of one answer, whole or so far."""

    usage: Usage
    messages: Sequence[Message]
    traits: Traits

    @property
    def visible(self) -> int:
        """Tokens of the candidates, thoughts not among them."""
        return max(0, self.usage.output_tokens - self.usage.reasoning_tokens)

    def whole(self) -> dict[str, Any]:
        """All counts, in the order of the message's fields; what is 0 is left out."""
        usage = self.usage
        cached = usage.cached_tokens
        counts: dict[str, Any] = {
            **self.so_far(self.visible, usage.reasoning_tokens),
            "cachedContentTokenCount": cached,
            "promptTokensDetails": details(usage.input_tokens, self.messages),
            "cacheTokensDetails": details(cached),
            "candidatesTokensDetails": details(self.visible) if self.traits.old else None,
            "thoughtsTokenCount": usage.reasoning_tokens,
            "serviceTier": None if self.traits.old else "standard",
        }
        return {name: value for name, value in counts.items() if value}

    def so_far(self, visible: int, thoughts: int) -> dict[str, int]:
        """The three counts that grow while an answer is streamed."""
        prompt = self.usage.input_tokens
        counts = {"promptTokenCount": prompt, "candidatesTokenCount": visible}
        if not visible:
            del counts["candidatesTokenCount"]
        # Total is prompt, candidates and thoughts (recorded in every one of 312 answers).
        return {**counts, "totalTokenCount": prompt + visible + thoughts}


def details(tokens: int, messages: Iterable[Message] = ()) -> list[dict[str, Any]]:
    """Tokens by modality, text first; empty for no tokens."""
    counts: dict[str, int] = {"TEXT": tokens}
    for message in messages:
        for part in message.parts:
            if isinstance(part, Media) and counts["TEXT"] > MEDIA_TOKENS:
                modality = _MODALITIES[part.kind]
                counts[modality] = counts.get(modality, 0) + MEDIA_TOKENS
                counts["TEXT"] -= MEDIA_TOKENS
    return [
        {"modality": modality, "tokenCount": count} for modality, count in counts.items() if count
    ]
