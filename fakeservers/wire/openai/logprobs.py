"""Log probabilities of the tokens of a reply, as `logprobs: true` asks for them."""

from typing import Any

from ...canonical import ChatRequest, Reply
from ...rng import Ids
from ..framing import deltas

__all__ = ["logprobs"]


def logprobs(request: ChatRequest, reply: Reply, ids: Ids) -> dict[str, Any]:
    """One entry a token, with as many alternatives as `top_logprobs` asks for."""
    wanted = request.raw.get("top_logprobs")
    top = min(wanted, 20) if isinstance(wanted, int) and wanted > 0 else 0
    return {
        "content": [_token(piece, top, ids) for piece in deltas(reply.text)],
        "refusal": None,
    }


def _token(piece: str, top: int, ids: Ids) -> dict[str, Any]:
    chosen = _entry(piece, -ids.integer(0, 900_000) / 1e6)
    others = [
        _entry(f"{piece}{'~' * rank}", chosen["logprob"] - rank * 1.25) for rank in range(1, top)
    ]
    return {**chosen, "top_logprobs": [chosen, *others] if top else []}


def _entry(token: str, logprob: float) -> dict[str, Any]:
    return {
        "token": token,
        "logprob": round(logprob, 6),
        "bytes": list(token.encode("utf-8", "replace")),
    }
