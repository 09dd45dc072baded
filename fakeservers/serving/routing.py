"""Which endpoint a method and a path name, within one provider."""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

from starlette.routing import compile_path

from ..canonical import ApiError, Rejected
from ..wire.base import Endpoint, Provider, Route

__all__ = ["RouteTable", "route_table"]

TEMPLATES_REMEMBERED_MAX = 256
PROVIDERS_REMEMBERED_MAX = 16

NOTHING: Mapping[str, str] = {}


@lru_cache(maxsize=TEMPLATES_REMEMBERED_MAX)
def _pattern(path: str) -> re.Pattern[str]:
    """The same templates come again with every fake that is made."""
    return compile_path(path)[0]


@lru_cache(maxsize=PROVIDERS_REMEMBERED_MAX)
def route_table(provider: Provider) -> "RouteTable":
    """The table of a provider's routes, made once: every test has fakes of its own."""
    return RouteTable(provider.routes)


class RouteTable:
    """Finds the endpoint of a request, and never changes. Fixed paths are looked up, templates
    tried in order."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._fixed: dict[str, dict[str, Endpoint]] = {}
        self._templates: list[tuple[re.Pattern[str], dict[str, Endpoint]]] = []
        templates: dict[str, dict[str, Endpoint]] = {}
        for route in routes:
            table = templates if "{" in route.path else self._fixed
            table.setdefault(route.path, {})[route.method] = route.endpoint
        self._templates = [(_pattern(path), methods) for path, methods in templates.items()]

    def find(self, method: str, path: str) -> tuple[Endpoint, Mapping[str, str]]:
        """The endpoint and what its template captured. Raises `Rejected` with kind
        `unknown_route` or `wrong_method`."""
        # Most requests are for a fixed path.
        if (fixed := self._fixed.get(path)) is not None and method in fixed:
            return fixed[method], NOTHING
        known = False
        for methods, params in self._candidates(path):
            known = True
            # A HEAD request is answered like GET, without the body.
            endpoint = methods.get(method) or (methods.get("GET") if method == "HEAD" else None)
            if endpoint is not None:
                return endpoint, params
        if known:
            raise Rejected(ApiError(status=405, kind="wrong_method", subject=f"{method} {path}"))
        raise Rejected(ApiError(status=404, kind="unknown_route", subject=f"{method} {path}"))

    def _candidates(self, path: str) -> Iterable[tuple[Mapping[str, Endpoint], Mapping[str, str]]]:
        if (fixed := self._fixed.get(path)) is not None:
            yield fixed, {}
        for pattern, methods in self._templates:
            if (match := pattern.match(path)) is not None:
                yield methods, match.groupdict()
