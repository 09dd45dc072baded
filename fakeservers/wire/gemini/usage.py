"""Token counts as Gemini reports them: usageMetadata, by modality.

Counting is done elsewhere; here counts are only put into their fields.
"""

from dataclasses import dataclass
from typing import Any, Final

from ...canonical import Usage
from .traits import Traits

__all__ = ["Metering", "details"]

Modalities = tuple[tuple[str, int], ...]

_MODALITIES: Final = {
    "image": "IMAGE",
    "document": "DOCUMENT",
    "audio": "AUDIO",
    "video": "VIDEO",
}


@dataclass(frozen=True, slots=True)
class Metering:
    """Makes the usageMetadata of one answer, whole or so far."""

    usage: Usage
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
            "promptTokensDetails": details(usage.input_tokens, usage.modalities),
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


def details(tokens: int, modalities: Modalities = ()) -> list[dict[str, Any]]:
    """Tokens by modality, text first; empty for no tokens. Counts that a script set too low for
    what the prompt carries are all text."""
    other = sum(count for _, count in modalities)
    if other > tokens:
        modalities, other = (), 0
    counts = [("TEXT", tokens - other), *((_MODALITIES[name], n) for name, n in modalities)]
    return [{"modality": modality, "tokenCount": count} for modality, count in counts if count]
