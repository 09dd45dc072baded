"""Paths that the Go server leads elsewhere: with empty segments, or with one slash too many.

`//api/chat` is what a base URL with a slash at its end makes. The answer is a 301, after which
most clients repeat a POST as a GET, and get 405 (reported by users of many clients).
"""

import posixpath
from collections.abc import Callable, Iterable
from urllib.parse import quote, urlencode

from ...canonical import ApiError
from ..base import Answer, HttpRequest, Route, Stamp

__all__ = ["redirecting"]

Error = Callable[[ApiError, HttpRequest, Stamp], Answer]


def redirecting(routes: Iterable[Route], error: Error) -> Error:
    """`error`, but for an unknown path that is close to one of `routes`."""
    known = {(route.method, route.path) for route in routes}

    def answer(problem: ApiError, http: HttpRequest, stamp: Stamp) -> Answer:
        if problem.kind != "unknown_route" or problem.message is not None:
            return error(problem, http, stamp)
        # net/http's ServeMux cleans paths before any route is looked for.
        if (clean := _cleaned(http.path)) != http.path:
            return _moved(http, clean, 301)
        # gin, RedirectTrailingSlash: only to a route of the same method.
        short = http.path.rstrip("/")
        if short != http.path and (http.method, short) in known:
            return _moved(http, short, 301 if http.method == "GET" else 307)
        return error(problem, http, stamp)

    return answer


def _cleaned(path: str) -> str:
    """As Go's `cleanPath`: no empty, `.` or `..` segments; a slash at the end stays."""
    clean = posixpath.normpath("/" + path.lstrip("/"))
    return f"{clean}/" if path.endswith("/") and clean != "/" else clean


def _moved(http: HttpRequest, path: str, status: int) -> Answer:
    query = f"?{urlencode(http.query)}" if http.query else ""
    location = quote(path) + query
    if http.method not in ("GET", "HEAD"):
        return Answer(status=status, headers=(("location", location),))
    words = "Moved Permanently" if status == 301 else "Temporary Redirect"
    return Answer(
        status=status,
        headers=(("content-type", "text/html; charset=utf-8"), ("location", location)),
        body=f'<a href="{location}">{words}</a>.\n\n'.encode(),
    )
