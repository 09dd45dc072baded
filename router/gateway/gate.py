"""Who may call: the token, and without one only programs of this machine.

The key that a caller sends is compared and forgotten. It is never the key of a provider.
"""

import hmac
from collections.abc import Mapping
from urllib.parse import urlsplit

from .settings import is_loopback

__all__ = ["refusal"]


def refusal(headers: Mapping[str, str], query: Mapping[str, str], token: str) -> str:
    """Why a request is not let in; "" if it is. The token is accepted wherever one of the four
    vendors' SDKs puts its key. Without a token a page in a browser is kept out: it could spend
    money through a person's own gateway, by its address or by a name that leads here."""
    if token:
        given = (_bearer(headers), headers.get("x-api-key"), headers.get("x-goog-api-key"))
        sent = [key.encode() for key in (*given, query.get("key")) if key]
        if any(hmac.compare_digest(key, token.encode()) for key in sent):
            return ""
        return (
            "this is not the gateway's token: send it as your API key"
            if sent
            else "the gateway's token is missing: send it as your API key"
        )
    if not is_loopback(_name(headers.get("host", "localhost"))):
        return "without a token this gateway is asked by its own address: http://127.0.0.1"
    origin = headers.get("origin")
    if origin and not is_loopback(urlsplit(origin).hostname or ""):
        return f"without a token this gateway answers no page of {origin[:100]}"
    return ""


def _bearer(headers: Mapping[str, str]) -> str | None:
    scheme, _, key = headers.get("authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else None


def _name(host: str) -> str:
    return urlsplit(f"//{host}").hostname or ""
