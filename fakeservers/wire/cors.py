"""Pages of another origin: what their browser asks first, and what it must be told.

Which origins a provider lets in, and what it says to the others, stands with the provider.
"""

from .base import Answer, Headers, HttpRequest

__all__ = ["is_preflight", "open_to_all"]

METHODS = "GET, POST, PUT, PATCH, DELETE, OPTIONS"
MAX_AGE_S = 86_400


def is_preflight(http: HttpRequest) -> bool:
    """Whether this is the question that a browser asks before the real request (Fetch
    standard, "CORS-preflight request")."""
    return http.method == "OPTIONS" and "access-control-request-method" in http.headers


def open_to_all(http: HttpRequest) -> Answer | Headers:
    """Any origin may call, with any headers."""
    allowed = ("access-control-allow-origin", "*")
    if not is_preflight(http):
        return (allowed,)
    wanted = http.headers.get("access-control-request-headers", "*")
    return Answer(
        headers=(
            allowed,
            ("access-control-allow-methods", METHODS),
            ("access-control-allow-headers", wanted),
            ("access-control-max-age", str(MAX_AGE_S)),
        )
    )
