"""The kinds of things that are billed, and which kind is part of which.

What belongs here: names and their inclusion. What must not: prices. The names are those of
genai-prices' units (`genai_prices/data_units.py`), so that its tables, the configuration's and a
bill can be laid side by side; they are built here because importing that package takes a second.
A kind with more dimensions is part of every kind with fewer of the same: `cache_audio_read_tokens`
is part of `cache_read_tokens`, of `input_audio_tokens` and of `input_tokens`.
"""

from collections.abc import Iterable, Iterator, Mapping

from ..types import Usage

__all__ = [
    "FEES",
    "KINDS",
    "REQUESTS",
    "counts_of",
    "fee_name",
    "is_part_of",
    "most_specific_first",
]

REQUESTS = "requests"

_MODALITIES = ("text", "audio", "image", "video")
_CACHE = {
    "read": {"token_type": "cache_read"},
    "write": {"token_type": "cache_write"},
    "write_5m": {"token_type": "cache_write", "cache_ttl": "5m"},
    "write_1h": {"token_type": "cache_write", "cache_ttl": "1h"},
}


def _token_kinds() -> Iterator[tuple[str, frozenset[tuple[str, str]]]]:
    def dimensions(
        direction: str, modality: str, more: Mapping[str, str]
    ) -> frozenset[tuple[str, str]]:
        named = {"direction": direction, **({"modality": modality} if modality else {}), **more}
        return frozenset(named.items())

    for modality in ("", *_MODALITIES):
        of = f"{modality}_" if modality else ""
        yield f"input_{of}tokens", dimensions("input", modality, {})
        yield f"output_{of}tokens", dimensions("output", modality, {})
        yield f"input_{of}tool_tokens", dimensions("input", modality, {"token_type": "tool"})
        for cache, more in _CACHE.items():
            yield f"cache_{of}{cache}_tokens", dimensions("input", modality, more)
        for kind in ("reasoning", "citation"):
            yield f"output_{of}{kind}_tokens", dimensions("output", modality, {"token_type": kind})


KINDS: Mapping[str, frozenset[tuple[str, str]]] = dict(_token_kinds())
"""Kinds of tokens by name, each with its dimensions."""

FEES = ("web_searches", "social_searches", "storage_searches", "code_executions", REQUESTS)
"""What costs something each time, as genai-prices names it."""

# As the vendors' own usage objects and tool types call them.
_FEE_NAMES = {
    "code_execution": "code_executions",
    "code_interpreter": "code_executions",
    "file_search": "storage_searches",
    "google_search": "web_searches",
    "search": "web_searches",
    "web_search": "web_searches",
    "web_search_requests": "web_searches",
    "x_search": "social_searches",
}


def fee_name(tool: str) -> str:
    """The name under which calls of a vendor-run tool are billed; an unknown tool's own name."""
    return _FEE_NAMES.get(tool, tool)


def is_part_of(kind: str, whole: str) -> bool:
    """Whether every token of `kind` is also one of `whole`; a kind is no part of itself."""
    return kind in KINDS and whole in KINDS and KINDS[whole] < KINDS[kind]


def most_specific_first(kinds: Iterable[str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Kinds of tokens, each with those of the others that are part of it, those parts before."""
    known = sorted((k for k in kinds if k in KINDS), key=lambda k: (-len(KINDS[k]), k))
    return tuple((kind, tuple(k for k in known if is_part_of(k, kind))) for kind in known)


def counts_of(usage: Usage) -> dict[str, int]:
    """How many tokens of each kind; a whole includes its parts."""
    written = usage.cache_write_5m + usage.cache_write_1h
    counts = {
        "input_tokens": usage.input + usage.cached_read + written,
        "cache_read_tokens": usage.cached_read,
        "cache_write_tokens": written,
        "cache_write_5m_tokens": usage.cache_write_5m,
        "cache_write_1h_tokens": usage.cache_write_1h,
        "output_tokens": usage.output,
        "output_reasoning_tokens": usage.reasoning,
    }
    counts.update((kind, count) for kind, count in usage.details.items() if kind not in counts)
    return counts
