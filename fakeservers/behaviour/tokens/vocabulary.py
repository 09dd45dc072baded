"""OpenAI's vocabularies, where the `tokens` extra is installed; the estimator where it is not.

quicktok brings the vocabularies in its wheel, so nothing is fetched. It is imported when the
first text is counted: loading a vocabulary takes a tenth of a second and up to 90 MB.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from importlib import import_module, util
from typing import Any, Final

from .shapes import estimate

__all__ = ["REMEMBERED_MODELS_MAX", "Count", "counter", "encoding_name", "exact", "is_installed"]

Count = Callable[[str], float]
"""How many tokens a text has; an estimate need not be whole."""

REMEMBERED_TEXTS_MAX: Final = 512
REMEMBERED_CHARS_MAX: Final = 16_384
"""Instructions and histories come again with every call, and a scripted answer with every
request; both bounds together keep what is remembered under 8 MB a vocabulary."""

REMEMBERED_MODELS_MAX: Final = 256
"""Names of models whose vocabulary and manners are looked up once."""

# The models of before May 2024 (openai/tiktoken `model.py`).
_CL100K: Final = re.compile(
    r"gpt-4(?![\w.])(?!-?(?:o|5))|gpt-4-|gpt-3\.5|davinci|babbage|text-embedding"
)


@lru_cache(maxsize=REMEMBERED_MODELS_MAX)
def encoding_name(model: str) -> str:
    """The vocabulary that an OpenAI model uses; unknown models have the newest."""
    return "cl100k_base" if _CL100K.match(model) else "o200k_base"


@lru_cache(maxsize=4)
def counter(encoding: str | None) -> Count:
    """A function that counts tokens in `encoding`, or by shape where that is None or absent."""
    found = exact(encoding) if encoding else None
    return _remembering(found or estimate)


def is_installed() -> bool:
    """Whether the `tokens` extra is."""
    return util.find_spec("quicktok") is not None


def exact(encoding: str) -> Count | None:
    """Counts by the vocabulary itself; None where it is not at hand."""
    if not is_installed():
        return None
    try:
        found: Any = import_module("quicktok").get_encoding(encoding)
    except (ImportError, OSError, ValueError):
        return None
    encode = found.encode_ordinary

    def count(text: str) -> float:
        try:
            return len(encode(text))
        except (TypeError, UnicodeError):
            # JSON may bring lone surrogates, which are no text in UTF-8.
            return len(encode(text.encode("utf-8", "replace").decode()))

    return count


def _remembering(count: Count) -> Count:
    remembered = lru_cache(maxsize=REMEMBERED_TEXTS_MAX)(count)

    def counted(text: str) -> float:
        return remembered(text) if len(text) <= REMEMBERED_CHARS_MAX else count(text)

    return counted
