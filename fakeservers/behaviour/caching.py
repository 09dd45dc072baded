"""Prompt caches: how much of a prompt was read from one, and how much was written to it.

Claude caches where the request says, OpenAI and Gemini cache the beginning of every long prompt.
The state comes from the requests in their order and from the moments that are handed in: the same
requests at the same moments have the same usage. Nothing here reads a clock or knows a price.
"""

import math
import re
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Final

from ..canonical import ChatRequest, Usage
from .tokens import Segment, compact, segments

__all__ = ["Asker", "PromptCaches"]

PREFIXES_MAX: Final = 16_384
"""Prefixes remembered by one fake; the one used longest ago makes room."""

LOOKBACK_BLOCKS: Final = 20
"""Claude looks for an earlier prefix at most this many blocks before a breakpoint (prompt caching
guide)."""

BREAKPOINTS_MAX: Final = 4

OPENAI_TOKENS_MIN: Final = 1024
OPENAI_TOKENS_STEP: Final = 128
"""Prompts from 1,024 tokens on are cached in steps of 128 (prompt caching guide)."""
OPENAI_TTL_S: Final = 600.0
OPENAI_LONG_TTL_S: Final = 86_400.0
GEMINI_TTL_S: Final = 3600.0

WINDOW_CHARS: Final = 256
"""An automatic cache knows a prefix by windows of this many characters, some 64 tokens."""

# The shortest prefix that Claude caches, by the start of the model's name (guide, July 2026).
_CLAUDE_MIN: Final = (
    (re.compile(r"claude-(?:opus-4-[5-7]|haiku-4-5|mythos)"), 4096),
    (re.compile(r"claude-3-(?:5-)?haiku"), 2048),
    (re.compile(r""), 1024),
)
# The shortest prompt of which Gemini caches the beginning; older models do not (guide, 2026).
_GEMINI_MIN: Final = (
    (re.compile(r"gemini-(?:1|2\.0)"), math.inf),
    (re.compile(r"gemini-2\.5"), 2048),
    (re.compile(r"gemini-3-flash-preview"), 1024),
    (re.compile(r""), 4096),
)
# Models that keep prefixes for a day unless they are told otherwise (recorded).
_LONG: Final = re.compile(r"gpt-5\.[2-9]")


@dataclass(slots=True)
class Asker:
    """Whose caches a request uses, and when (seconds on the clock of the fake)."""

    account: str
    now_s: float


@dataclass(slots=True)
class _Prefix:
    until_s: float
    ttl_s: float


class PromptCaches:
    """The prefixes that the prompts so far left with one provider."""

    def __init__(self) -> None:
        self._kept: OrderedDict[bytes, _Prefix] = OrderedDict()

    def __len__(self) -> int:
        """Prefixes that are remembered, expired or not."""
        return len(self._kept)

    def charged(self, request: ChatRequest, usage: Usage, asker: Asker) -> Usage:
        """The usage with what was read from a cache and what was written to it."""
        match request.provider:
            case "claude" if request.breakpoints:
                return self._claude(request, usage, asker)
            case "openai" if usage.input_tokens >= OPENAI_TOKENS_MIN and _chats(request):
                return self._openai(request, usage, asker)
            case "gemini" if usage.input_tokens >= _least(_GEMINI_MIN, request.model):
                return self._gemini(request, usage, asker)
        return usage

    # --- where the request says ---------------------------------------------------------

    def _claude(self, request: ChatRequest, usage: Usage, asker: Asker) -> Usage:
        found = segments(request)
        ends = list(_chain(found, request, asker))
        last = len(ends) - 2  # what opens the reply is never cached
        least = _least(_CLAUDE_MIN, request.model)
        marks = {
            mark.blocks: mark.ttl_s
            for mark in request.breakpoints[:BREAKPOINTS_MAX]
            if 0 < mark.blocks <= last and ends[mark.blocks].tokens >= least
        }
        read = max((self._longest(ends, at, asker.now_s) for at in marks), default=0)
        if read:
            self._refresh(ends[read].digest, asker.now_s)
        for at, ttl_s in sorted(marks.items()):
            self._keep(ends[at].digest, ttl_s, asker.now_s)
        cached = round(ends[read].tokens) if read else 0
        top = max((at for at in marks if at > read), default=0)
        hour = max((at for at, ttl_s in marks.items() if at > read and ttl_s >= 3600), default=0)
        written = max(0, round(ends[top].tokens) - cached) if top else 0
        written_1h = max(0, round(ends[hour].tokens) - cached) if hour else 0
        return replace(
            usage,
            cached_tokens=cached,
            cache_write_tokens=written,
            cache_write_1h_tokens=written_1h,
        )

    def _longest(self, ends: "Sequence[_End]", at: int, now_s: float) -> int:
        """The longest kept prefix that ends at a breakpoint or within the lookback; 0 for none."""
        for place in range(at, max(0, at - LOOKBACK_BLOCKS), -1):
            if self._is_kept(ends[place].digest, now_s):
                return place
        return 0

    # --- the beginning of every long prompt ---------------------------------------------

    def _openai(self, request: ChatRequest, usage: Usage, asker: Asker) -> Usage:
        raw = request.raw if isinstance(request.raw, dict) else {}
        retention = raw.get("prompt_cache_retention")
        long = retention == "24h" or (retention is None and _LONG.match(request.model))
        ttl_s = OPENAI_LONG_TTL_S if long else OPENAI_TTL_S
        matched = self._automatic(request, asker, ttl_s, str(raw.get("prompt_cache_key") or ""))
        cached = int(matched) // OPENAI_TOKENS_STEP * OPENAI_TOKENS_STEP
        return replace(usage, cached_tokens=cached if cached >= OPENAI_TOKENS_MIN else 0)

    def _gemini(self, request: ChatRequest, usage: Usage, asker: Asker) -> Usage:
        matched = self._automatic(request, asker, GEMINI_TTL_S, "")
        least = _least(_GEMINI_MIN, request.model)
        cached = min(int(matched), usage.input_tokens - 1)
        return replace(usage, cached_tokens=cached if matched >= least else 0)

    def _automatic(self, request: ChatRequest, asker: Asker, ttl_s: float, key: str) -> float:
        """Tokens of the longest known beginning of the prompt, all of which is known from now."""
        matched, known = 0.0, True
        for end in _chain(_windows(segments(request)), request, asker, key):
            known = known and self._is_kept(end.digest, asker.now_s)
            if known:
                matched = end.tokens
            self._keep(end.digest, ttl_s, asker.now_s)
        return matched

    # --- what is kept -------------------------------------------------------------------

    def _is_kept(self, digest: bytes, now_s: float) -> bool:
        prefix = self._kept.get(digest)
        return prefix is not None and now_s < prefix.until_s

    def _refresh(self, digest: bytes, now_s: float) -> None:
        prefix = self._kept[digest]
        prefix.until_s = now_s + prefix.ttl_s
        self._kept.move_to_end(digest)

    def _keep(self, digest: bytes, ttl_s: float, now_s: float) -> None:
        self._kept[digest] = _Prefix(now_s + ttl_s, ttl_s)
        self._kept.move_to_end(digest)
        if len(self._kept) > PREFIXES_MAX:
            self._kept.popitem(last=False)


@dataclass(slots=True)
class _End:
    """Where a prefix of the prompt ends: what it is known by, and its tokens."""

    digest: bytes
    tokens: float


def _chain(
    found: Sequence[Segment] | Iterator[Segment], request: ChatRequest, asker: Asker, key: str = ""
) -> Iterator[_End]:
    """The end after each segment; a prefix is known by all that stands in it."""
    start = "\0".join((asker.account, request.model, key))
    digest, tokens = blake2b(start.encode("utf-8", "replace"), digest_size=16).digest(), 0.0
    for segment in found:
        content = compact(segment.content).encode("utf-8", "replace")
        digest = blake2b(digest + content, digest_size=16).digest()
        tokens += segment.tokens
        yield _End(digest, tokens)


def _windows(found: Sequence[Segment]) -> Iterator[Segment]:
    """The segments cut into windows of text, so that half of a message may be known."""
    for segment in found:
        text = segment.content if isinstance(segment.content, str) else None
        if text is None or len(text) <= WINDOW_CHARS:
            yield segment
            continue
        each = segment.tokens / len(text)
        for at in range(0, len(text), WINDOW_CHARS):
            window = text[at : at + WINDOW_CHARS]
            yield Segment(each * len(window), window, segment.modality)


def _chats(request: ChatRequest) -> bool:
    return request.endpoint != "completions.create"


def _least(table: tuple[tuple[re.Pattern[str], float], ...], model: str) -> float:
    return next(least for names, least in table if names.match(model))
