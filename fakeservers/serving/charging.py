"""What an answer uses: for the meters of rate limits and the pace, and for the bill.

Which limits there are, and what anything costs, is decided elsewhere.
"""

from dataclasses import replace

from ..canonical import (
    CompletionResult,
    EmbedResult,
    ImageResult,
    RawReply,
    Result,
    SpeechResult,
    Usage,
)

__all__ = ["metered", "spent"]


def metered(result: Result | RawReply) -> Usage:
    """What the rate limits and the pace of generated content go by."""
    if isinstance(result, CompletionResult):
        return result.usage
    return Usage(input_tokens=result.input_tokens if isinstance(result, EmbedResult) else 0)


def spent(result: Result) -> Usage | None:
    """What is billed by the token; None for what is not."""
    match result:
        case CompletionResult(usage=usage) | SpeechResult(usage=usage):
            return usage
        case EmbedResult(input_tokens=tokens):
            return Usage(input_tokens=tokens)
        case ImageResult(usage=usage, image_tokens=tokens):
            return replace(usage, modalities=(("image", tokens),) if tokens else ())
    return None
