"""The gateway's ASGI application: which path is whose, who is let in, what begins and ends with it.

What an exchange does is `exchange.py`'s; sockets and processes are `serving.py`'s.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from ..router import LLMRouter
from .admin import Admin
from .counting import Counting, prometheus
from .dialects import DIALECTS
from .exchange import Exchange
from .gate import refusal
from .seen import Witness
from .settings import GatewaySettings
from .unserved import not_allowed, unserved, wire_of_caller
from .values import Problem

__all__ = ["MULTIPROCESS", "create_app", "warm_up"]

MULTIPROCESS = "PROMETHEUS_MULTIPROC_DIR"
"""prometheus-client's variable: the folder in which several processes keep their counts."""

_OPEN_PATHS = ("/healthz",)


def create_app(
    router: LLMRouter, settings: GatewaySettings | None = None, *, config: Path | None = None
) -> ASGIApp:
    """The application. It closes the router when it is shut down, and looks after `config`, the
    file that the router was made from, while it runs."""
    settings = settings or GatewaySettings()
    router.add_hook(Witness())
    _ = router.costs  # made when it is first asked for; it shall know every call
    registry = _registry(router)
    counting = Counting(None if registry is None else prometheus(registry))
    shown = _shown(registry)
    admin = Admin(router, settings, shown, time.time())

    def answering(path: str, wire: str) -> Route:
        exchange = Exchange(router, settings, DIALECTS[wire], counting)
        return Route(path, exchange, methods=["POST"])

    routes = [
        answering("/v1/chat/completions", "openai"),
        answering("/v1/responses", "responses"),
        answering("/v1/messages", "anthropic"),
        answering("/v1/models/{call:path}", "gemini"),
        answering("/v1beta/models/{call:path}", "gemini"),
        answering("/api/chat", "ollama"),
        *(Route(path, admin.models) for path in ("/v1/models", "/v1beta/models", "/api/tags")),
        *(Route(f"{path}/{{call:path}}", admin.model) for path in ("/v1/models", "/v1beta/models")),
        Route("/v1/plan", admin.plan, methods=["POST"]),
        Route("/v1/costs", admin.costs),
        Route("/healthz", admin.health),
        Route("/metrics", admin.metrics),
    ]
    app = Starlette(routes=routes, lifespan=_lifespan(router, config))
    return Gate(app, settings)


class Gate:
    """Lets in who may call, and answers the others, and paths that are none, in the wire's form."""

    def __init__(self, app: Starlette, settings: GatewaySettings) -> None:
        self._app = app
        self._settings = settings
        self._routes = [route for route in app.routes if isinstance(route, Route)]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (response := self._refused(Request(scope))) is not None:
            await response(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _refused(self, request: Request) -> JSONResponse | None:
        path, wire = request.url.path, wire_of_caller(request.url.path, request.headers)
        if path in _OPEN_PATHS:
            return None
        methods = self._methods(path)
        headers = {"x-should-retry": "false"}
        if why := refusal(request.headers, request.query_params, self._settings.token):
            problem = Problem(kind="token", status=401, message=why)
        elif not methods:
            problem = unserved(wire, request.method, path)
        elif request.method not in methods:
            problem = not_allowed(request.method, path, methods)
            headers["allow"] = ", ".join(methods)
        else:
            return None
        status, body = DIALECTS[wire].error(problem, "")
        return JSONResponse(body, status, headers)

    def _methods(self, path: str) -> list[str]:
        """Those with which a path is served."""
        routes = [route for route in self._routes if route.path_regex.match(path)]
        return sorted({method for route in routes for method in route.methods or ()})


def warm_up(router: LLMRouter) -> None:
    """Import the SDKs of its targets now: it takes seconds, which are no call's."""
    for endpoint in router.setup.endpoints:
        warm = getattr(endpoint.client, "warm_up", None)
        if warm is not None:
            warm()


def _lifespan(
    router: LLMRouter, config: Path | None
) -> Callable[[Any], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[None]:
        warm_up(router)
        watching = asyncio.create_task(_watch(router, config)) if config else None
        try:
            yield
        finally:
            if watching is not None:
                watching.cancel()
                with suppress(asyncio.CancelledError):
                    await watching
            await router.aclose()

    return lifespan


async def _watch(router: LLMRouter, config: Path) -> None:
    from ..config import ConfigWatcher

    await ConfigWatcher(router, config).run()


def _registry(router: LLMRouter) -> Any:
    """The registry in which this process counts; None without prometheus-client."""
    if find_spec("prometheus_client") is None:
        return None
    from prometheus_client import CollectorRegistry

    from ..observation.prometheus import PrometheusHook

    registry = CollectorRegistry()
    router.add_hook(PrometheusHook(registry))
    return registry


def _shown(own: Any) -> Any:
    """The registry that `/metrics` shows: of all processes where there are several."""
    if own is None or MULTIPROCESS not in os.environ:
        return own
    from prometheus_client import CollectorRegistry
    from prometheus_client.multiprocess import MultiProcessCollector

    shared = CollectorRegistry()
    MultiProcessCollector(shared)  # type: ignore[no-untyped-call]
    return shared
