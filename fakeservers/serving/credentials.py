"""What a request's credentials are for: to be let in, to be told apart, never to be seen."""

from hmac import compare_digest

from ..canonical import ApiError, Rejected
from ..evidence.journal import REDACTED
from ..wire.base import HttpRequest, Provider, RequestHeaders

__all__ = ["account", "admit", "redacted"]

WRONG_TOKEN = "llmsim: send the token of this server as the API key."


def account(http: HttpRequest, provider: Provider) -> str:
    """Whose limits and caches count: those of the key, wherever it stands. Kept only as long as
    they are, and shown nowhere."""
    return "\0".join(_given(http, provider))


def admit(http: HttpRequest, provider: Provider, token: str | None) -> None:
    """Raise `Rejected` without credentials, or, where the server has a token, with others."""
    if provider.admit is not None and http.validates:
        provider.admit(http)
    if token is None:
        return
    given = (value.rpartition(" ")[2] for value in _given(http, provider))
    if not any(compare_digest(value.encode(), token.encode()) for value in given):
        raise Rejected(ApiError(status=401, kind="invalid", message=WRONG_TOKEN))


def redacted(http: HttpRequest, provider: Provider) -> HttpRequest:
    """The request as the journal keeps it."""
    secrets, query, headers = provider.secrets, http.query, http.headers
    if query and not secrets.isdisjoint(query):
        query = {name: REDACTED if name in secrets else value for name, value in query.items()}
    if not isinstance(headers, RequestHeaders):
        headers = RequestHeaders(headers)
    return HttpRequest(
        method=http.method,
        path=http.path,
        query=query,
        headers=headers.without(secrets, REDACTED),
        body=http.body,
        validates=http.validates,
    )


def _given(http: HttpRequest, provider: Provider) -> tuple[str, ...]:
    secrets, headers, query = provider.secrets, http.headers, http.query
    if isinstance(headers, RequestHeaders):
        given = headers.credentials(secrets)
    else:
        given = tuple(value for name, value in headers.items() if name in secrets)
    if query and not secrets.isdisjoint(query):
        given += tuple(value for name, value in query.items() if name in secrets)
    return given
