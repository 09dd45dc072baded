"""Which of OpenAI's endpoints serves a model, by the model's name; and the errors of the others.

Words as in the public issue logs of OpenAI's SDKs. Which models there are does not belong here.
"""

import re
from functools import lru_cache
from typing import Final

from ...canonical import ApiError
from .wording import INVALID

__all__ = ["chat_fault", "completion_fault", "embedding_fault", "response_fault"]

REMEMBERED_MAX: Final = 256
"""A program asks for few models, over and over."""

_ONLY: Final = "This model is only supported in v1/responses and not in"

_TUNED: Final = r"(?:ft:)?"
_COMPLETES: Final = re.compile(
    _TUNED
    + r"(?:gpt-3\.5-turbo-instruct|davinci-002|babbage-002|text-(?:davinci|curie|babbage|ada)-)"
)
_EMBEDS: Final = re.compile(r"text-embedding-")
_NO_CHAT: Final = re.compile(r"(?:omni|text)-moderation|whisper|tts-|dall-e|gpt-image|sora")
_CHATS: Final = re.compile(
    _TUNED + r"(?:gpt-3\.5-turbo(?!-instruct)|gpt-[4-9](?!.*(?:transcribe|tts))|chatgpt-|o\d)"
)
_NEVER_RESPONDS: Final = re.compile(
    r"o1-(?:mini|preview)|gpt-[\w.-]*-(?:audio|search)-preview|gpt-audio|gpt-5-search-api"
)
_RESPONDS_ONLY: Final = re.compile(
    r"(?:codex-mini|computer-use|gpt-5(?:\.\d+)?-(?:codex|pro)|o\d(?:-mini)?-(?:pro|deep-research))"
)


@lru_cache(maxsize=REMEMBERED_MAX)
def chat_fault(model: str) -> ApiError | None:
    """The error of `/chat/completions` for a model that it does not serve."""
    if _RESPONDS_ONLY.match(model):
        return _elsewhere(f"{_ONLY} v1/chat/completions.")
    if _COMPLETES.match(model) or _EMBEDS.match(model) or _NO_CHAT.match(model):
        return _elsewhere(
            "This is not a chat model and thus not supported in the v1/chat/completions endpoint. "
            "Did you mean to use v1/completions?"
        )
    return None


def completion_fault(model: str) -> ApiError | None:
    """The error of `/completions` for a model that it does not serve."""
    if _RESPONDS_ONLY.match(model):
        return _elsewhere(f"{_ONLY} v1/completions.")
    if _CHATS.match(model):
        return _elsewhere(
            "This is a chat model and not supported in the v1/completions endpoint. Did you mean "
            "to use v1/chat/completions?"
        )
    return None


def response_fault(model: str) -> ApiError | None:
    """The error of `/responses` for a model that it does not serve."""
    if (
        not _NEVER_RESPONDS.match(model)
        and not _COMPLETES.match(model)
        and not _EMBEDS.match(model)
    ):
        return None
    return ApiError(
        status=400,
        kind="invalid",
        type=INVALID,
        message=f"The requested model '{model}' is not supported with the Responses API.",
        param="model",
        code="model_not_found",
    )


def embedding_fault(model: str) -> ApiError | None:
    """The error of `/embeddings` for a model that it does not serve."""
    if not _CHATS.match(model) and not _COMPLETES.match(model):
        return None
    message = "You are not allowed to generate embeddings from this model"
    return ApiError(status=403, kind="invalid", type=INVALID, message=message)


def _elsewhere(message: str) -> ApiError:
    return ApiError(status=404, kind="invalid", type=INVALID, message=message, param="model")
