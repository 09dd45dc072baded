"""Log probabilities of the tokens of a reply, as chat and plain completions report them."""

import math
from collections.abc import Mapping
from typing import Any

from ...canonical import ChatRequest, Refusal, Reply, Text
from ...rng import Ids
from ..framing import deltas

__all__ = ["TOP_MAX", "choice_logprobs", "plain_logprobs", "tokens"]

TOP_MAX = 20


def choice_logprobs(request: ChatRequest, reply: Reply, ids: Ids) -> dict[str, Any]:
    """The log probabilities of a choice: those of its content and those of its refusal."""
    said = "".join(part.text for part in reply.parts if isinstance(part, Text))
    refused = "".join(part.text for part in reply.parts if isinstance(part, Refusal))
    return {
        "content": tokens(request, said, ids) or None,
        "refusal": tokens(request, refused, ids) or None,
    }


def tokens(request: ChatRequest, text: str, ids: Ids) -> list[dict[str, Any]]:
    """One entry a token, with as many alternatives as `top_logprobs` asks for."""
    wanted = request.raw.get("top_logprobs")
    top = min(wanted, TOP_MAX) if isinstance(wanted, int) and wanted > 0 else 0
    return [_token(piece, top, ids) for piece in deltas(text)]


def plain_logprobs(text: str, top: int, offset: int, ids: Ids) -> dict[str, Any]:
    """The log probabilities of a plain completion: four lists side by side. `offset` is where
    the text begins."""
    found: Mapping[str, list[Any]] = {
        "tokens": [],
        "token_logprobs": [],
        "top_logprobs": [],
        "text_offset": [],
    }
    for piece in deltas(text):
        likely = _likely(piece, max(top, 1), ids)
        found["tokens"].append(piece)
        found["token_logprobs"].append(likely[piece])
        found["top_logprobs"].append(likely if top else None)
        found["text_offset"].append(offset)
        offset += len(piece)
    return {**found, "top_logprobs": found["top_logprobs"] if top else None}


def _token(piece: str, top: int, ids: Ids) -> dict[str, Any]:
    likely = [_entry(token, logprob) for token, logprob in _likely(piece, top, ids).items()]
    return {**likely[0], "top_logprobs": likely if top else []}


def _likely(piece: str, top: int, ids: Ids) -> dict[str, float]:
    """The token and its rivals, the likeliest first; their probabilities stay below 1."""
    chosen = -ids.integer(1, 690_000) / 1e6
    likely = {piece: chosen}
    rest = math.log(-math.expm1(chosen))
    for rank in range(1, top):
        rest -= math.log(2)
        likely[f"{piece}{'~' * rank}"] = round(rest, 6)
    return likely


def _entry(token: str, logprob: float) -> dict[str, Any]:
    return {
        "token": token,
        "logprob": logprob,
        "bytes": list(token.encode("utf-8", "replace")),
    }
