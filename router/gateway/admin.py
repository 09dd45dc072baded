"""What the gateway tells of itself: models, plans, costs, health, metrics. Asks no provider.

Amounts are exact US dollars as text. What a call is answered with is `exchange.py`'s.
"""

import os
from contextlib import suppress
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ..budget import LedgerBudget
from ..budget.policy import EVERYTHING
from ..costs import CostMetric
from ..errors import LedgerUnavailable
from ..ledger.base import Scope
from ..money import usd_from_pico
from ..observation.plans import plan_to_json
from ..router import LLMRouter
from .callers import call_keywords
from .dialects import DIALECTS
from .exchange import body_of
from .gate import refusal
from .listing import listed, model
from .naming import known_names, table_of, target_keywords, target_of_name
from .problems import problem_of
from .settings import GatewaySettings
from .unserved import wire_of_caller
from .values import BadRequest, Incoming, Problem

__all__ = ["Admin"]


class Admin:
    """The handlers of the gateway's own paths. `started_s` is wall time."""

    def __init__(
        self, router: LLMRouter, settings: GatewaySettings, registry: Any, started_s: float
    ) -> None:
        self._router = router
        self._settings = settings
        self._registry = registry
        self._started_s = started_s

    async def models(self, request: Request) -> Response:
        """`GET /v1/models`, `/v1beta/models`, `/api/tags`: every name that may be asked for, in
        the caller's form."""
        wire = wire_of_caller(request.url.path, request.headers)
        return JSONResponse(listed(wire, known_names(self._router.setup), self._started_s))

    async def model(self, request: Request) -> Response:
        """`GET /v1/models/{name}`: one of them."""
        wire = wire_of_caller(request.url.path, request.headers)
        name = request.path_params["call"]
        try:
            target_of_name(self._router.setup, name)
        except BadRequest as error:
            status, told = DIALECTS[wire].error(problem_of(error, self._router), "")
            return JSONResponse(told, status)
        return JSONResponse(model(wire, name, self._started_s))

    async def plan(self, request: Request) -> Response:
        """`POST /v1/plan`: who would be asked for the body of a chat completion, and at what
        cost. Spends nothing."""
        dialect = DIALECTS["openai"]
        setup = self._router.setup
        try:
            body = await body_of(request, self._settings.body_bytes_max)
            headers = {name.lower(): value for name, value in request.headers.items()}
            lenient = table_of(setup).unsupported_fields == "leave_out"
            asked = dialect.read(Incoming(body=body, headers=headers, lenient=lenient))
            keywords = call_keywords(headers)
            keywords |= target_keywords(setup, asked, dialect.wire, keywords)
            plan = self._router.plan(asked.request, **keywords)
        except (BadRequest, ValueError, TypeError) as error:
            status, told = dialect.error(problem_of(error, self._router), "")
            return JSONResponse(told, status)
        return JSONResponse(plan_to_json(plan))

    async def costs(self, request: Request) -> Response:
        """`GET /v1/costs`: what this worker spent and where, and where each budget stands for all
        workers. `?call_id=` tells one call's attempts: while this worker remembers them, and
        any worker's where the ledger outlives them."""
        if call_id := request.query_params.get("call_id"):
            return await self._call(call_id)
        summary = self._router.costs.cost_summary()
        told: dict[str, Any] = {
            "worker": {
                "total": _metric(summary.total),
                "providers": {name: _metric(m) for name, m in summary.providers.items()},
                "models": {name: _metric(m) for name, m in summary.models.items()},
                "tags": {name: _metric(m) for name, m in summary.tags.items()},
                "tasks": {name: _metric(m) for name, m in summary.tasks.items()},
            }
        }
        budget = self._router.budget
        if isinstance(budget, LedgerBudget):
            everything = await budget.ledger.summary(Scope(name=EVERYTHING))
            told["ledger"] = {
                "spent_usd": _usd(everything.posted_pico),
                "held_usd": _usd(everything.held_pico),
                "limits": [
                    {
                        "name": standing.limit.name,
                        "limit_usd": _usd(standing.summary.scope.limit_pico),
                        "spent_usd": _usd(standing.summary.posted_pico),
                        "held_usd": _usd(standing.summary.held_pico),
                    }
                    for standing in await budget.standings()
                ],
            }
        return JSONResponse(told)

    async def _call(self, call_id: str) -> Response:
        budget = self._router.budget
        records = [r for r in self._router.costs.records if r.call_id == call_id]
        if isinstance(budget, LedgerBudget):
            with suppress(LedgerUnavailable):
                records = max(records, await budget.records(call_id), key=len)
        if not records:
            return _unknown_call(call_id)
        attempts = [
            {
                "provider": record.provider,
                "model": record.model,
                "outcome": record.outcome,
                "cost_usd": _usd(record.amount_pico),
                "basis": record.basis,
                "input_tokens": record.usage.input_total if record.usage else None,
                "output_tokens": record.usage.output if record.usage else None,
            }
            for record in records
        ]
        total = _usd(sum(record.amount_pico for record in records))
        body = {"call_id": call_id, "cost_usd": total, "attempts": attempts}
        return JSONResponse(body)

    async def health(self, request: Request) -> Response:
        """`GET /healthz`: 200 while the worker answers. Who may call is told besides which worker
        it is, and whether each target can be asked now."""
        told: dict[str, Any] = {"status": "ok"}
        if not refusal(request.headers, request.query_params, self._settings.token):
            plan = self._router.plan()
            targets = {f"{c.target.provider}/{c.target.model}": "ready" for c in plan.candidates}
            refused = {f"{c.target.provider}/{c.target.model}": c.refused for c in plan.skipped}
            told |= {"worker": os.getpid(), "targets": refused | targets}
        return JSONResponse(told)

    async def metrics(self, request: Request) -> Response:
        """`GET /metrics`: Prometheus' text, of all workers together."""
        if self._registry is None:
            text = "metrics need prometheus-client: pip install 'pytest-llmsim[prometheus]'\n"
            return Response(text, 501, media_type="text/plain")
        from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

        return Response(generate_latest(self._registry), media_type=CONTENT_TYPE_LATEST)


def _unknown_call(call_id: str) -> Response:
    text = (
        f"no attempt of a call {call_id[:100]!r} has ended that this worker knows of, or a ledger"
        " in SQLite or Redis; `python -m router costs LEDGER --records` has all of a ledger"
    )
    problem = Problem(kind="no_call", status=404, message=text)
    status, told = DIALECTS["openai"].error(problem, "")
    return JSONResponse(told, status)


def _metric(metric: CostMetric) -> dict[str, Any]:
    return {
        "cost_usd": f"{metric.cost:f}",
        "calls": metric.calls,
        "attempts": metric.attempts,
        "estimated": metric.estimated,
        "input_tokens": metric.input_tokens,
        "output_tokens": metric.output_tokens,
    }


def _usd(pico: int | None) -> str | None:
    return None if pico is None else f"{usd_from_pico(pico):f}"
