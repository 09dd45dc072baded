"""The journal as bytes, a line of JSON an exchange: what two runs are compared by."""

from collections.abc import Iterable

import orjson

from .journal import Exchange

__all__ = ["record"]

OPTIONS = orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS


def record(exchanges: Iterable[Exchange]) -> bytes:
    """Everything of the exchanges that a run decides: times, requests, answers, outcomes."""
    return b"".join(_line(exchange) + b"\n" for exchange in exchanges)


def _line(exchange: Exchange) -> bytes:
    told = {
        "number": exchange.number,
        "provider": exchange.provider,
        "started_s": exchange.started_s,
        "ended_s": exchange.ended_s,
        "method": exchange.method,
        "path": exchange.path,
        "query": dict(exchange.query),
        "headers": list(exchange.headers.items()),
        "body": exchange.http.body.decode("utf-8", "backslashreplace"),
        "rule": exchange.rule.number if exchange.rule is not None else None,
        "replies": exchange.replies,
        "usage": exchange.usage,
        "error": exchange.error,
        "status": exchange.status,
        "sent_bytes": exchange.sent_bytes,
        "outcome": exchange.outcome,
    }
    return orjson.dumps(told, default=repr, option=OPTIONS)
