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
from .anthropic import AnthropicDialect
from .counting import Counting, prometheus
from .exchange import Exchange
from .gate import refusal
from .gemini import GeminiDialect
from .ollama import OllamaDialect
from .openai import OpenAIDialect
from .seen import Witness
from .settings import GatewaySettings
from .values import Dialect, Problem

__all__ = ["create_app"]

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

    def answering(path: str, dialect: Dialect) -> Route:
        return Route(path, Exchange(router, settings, dialect, counting), methods=["POST"])

    routes = [
        answering("/v1/chat/completions", OpenAIDialect()),
        answering("/v1/messages", AnthropicDialect()),
        answering("/v1/models/{call:path}", GeminiDialect()),
        answering("/v1beta/models/{call:path}", GeminiDialect()),
        answering("/api/chat", OllamaDialect()),
        Route("/v1/models", admin.models),
        Route("/v1/plan", admin.plan, methods=["POST"]),
        Route("/v1/costs", admin.costs),
        Route("/healthz", admin.health),
        Route("/metrics", admin.metrics),
    ]
    app = Starlette(routes=routes, lifespan=_lifespan(router, config))
    return Gate(app, settings, _by_path)


def _by_path(path: str) -> Dialect:
    """Whose form an error has that no route answers."""
    if path.startswith("/v1/messages"):
        return AnthropicDialect()
    if path.startswith(("/v1beta/", "/v1/models/")):
        return GeminiDialect()
    return OllamaDialect() if path.startswith("/api/") else OpenAIDialect()


class Gate:
    """Lets in who may call, and answers the others, and paths that are none, in the wire's form."""

    def __init__(
        self, app: Starlette, settings: GatewaySettings, dialect_of: Callable[[str], Dialect]
    ) -> None:
        self._app = app
        self._settings = settings
        self._dialect_of = dialect_of
        self._routes = [route for route in app.routes if isinstance(route, Route)]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (response := self._refused(Request(scope))) is not None:
            await response(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _refused(self, request: Request) -> JSONResponse | None:
        path = request.url.path
        if path in _OPEN_PATHS:
            return None
        why = refusal(request.headers, request.query_params, self._settings.token)
        if why:
            problem = Problem(kind="token", status=401, message=why)
        elif not any(route.path_regex.match(path) for route in self._routes):
            there_are = ", ".join(route.path for route in self._routes)
            text = f"there is no path {path}; there are {there_are}"
            problem = Problem(kind="no_path", status=404, message=text)
        else:
            return None
        status, body = self._dialect_of(path).error(problem, "")
        return JSONResponse(body, status, {"x-should-retry": "false"})


def _lifespan(
    router: LLMRouter, config: Path | None
) -> Callable[[Any], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[None]:
        for endpoint in router.setup.endpoints:
            warm_up = getattr(endpoint.client, "warm_up", None)
            if warm_up is not None:
                warm_up()
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
