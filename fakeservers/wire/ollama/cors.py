"""The origins whose pages may call: those of this machine, as without OLLAMA_ORIGINS.

Origins from the Go server's `envconfig`, headers from its `routes.go` and from gin-contrib/cors.
"""

import re
from typing import Final

from ..base import Answer, Headers, HttpRequest

__all__ = ["cors"]

_ALLOWED = re.compile(
    r"https?://(?:localhost|127\.0\.0\.1|0\.0\.0\.0)(?::.*)?"
    r"|(?:app|file|tauri|vscode-webview|vscode-file)://.*"
)

_STAINLESS = (
    "Arch", "Async", "Custom-Poll-Interval", "Helper-Method", "Lang", "Os", "Package-Version",
    "Poll-Helper", "Retry-Count", "Runtime", "Runtime-Version", "Timeout",
)  # fmt: skip

_PREFLIGHT: Final[Headers] = (
    (
        "access-control-allow-headers",
        "Authorization,Content-Type,User-Agent,Accept,X-Requested-With,Openai-Beta,"
        + ",".join(f"X-Stainless-{name}" for name in _STAINLESS),
    ),
    ("access-control-allow-methods", "GET,POST,PUT,PATCH,DELETE,HEAD,OPTIONS"),
    ("access-control-max-age", "43200"),
    ("vary", "Origin"),
    ("vary", "Access-Control-Request-Method"),
    ("vary", "Access-Control-Request-Headers"),
)


def cors(http: HttpRequest) -> Answer | Headers:
    """A page of another machine gets 403 and no word; one of this server is like no page."""
    origin = http.headers["origin"]
    if origin.partition("://")[2] == http.headers.get("host"):
        return ()
    if not _ALLOWED.fullmatch(origin.lower()):
        return Answer(status=403)
    allowed = ("access-control-allow-origin", origin)
    if http.method == "OPTIONS":
        return Answer(status=204, headers=(allowed, *_PREFLIGHT))
    return allowed, ("vary", "Origin")
