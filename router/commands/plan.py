"""`python -m router plan`: the plan for a prompt or a task, as a table or as JSON."""

import json
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from ..errors import RouterError
from ..money import format_usd
from ..observation.plans import plan_to_json
from ..router import LLMRouter
from ..types import Plan, TaskContext

__all__ = ["command"]


@click.command()
@click.argument("config", required=False, type=click.Path(exists=True, dir_okay=False))
@click.option("--prompt", default="task", help="The prompt; - reads it from standard input.")
@click.option("--max-tokens", type=click.IntRange(min=1), help="The most that may be answered.")
@click.option("--chain", multiple=True, help="A provider or target, in order; again for more.")
@click.option("--strategy", help="order, weighted, cheapest, latency, quality, ...")
@click.option("--task-type", default="", help="What kind of task it is.")
@click.option("--domain", default="", help="What it is about.")
@click.option("--complexity", type=click.FloatRange(0, 1), default=0.5, show_default=True)
@click.option("--quality", type=click.FloatRange(0, 1), default=0.0, show_default=True)
@click.option("--latency-ms", type=click.FloatRange(0, min_open=True), help="To the first token.")
@click.option("--budget-cents", type=Decimal, help="What the task may cost.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def command(
    config: str | None,
    prompt: str,
    max_tokens: int | None,
    chain: tuple[str, ...],
    strategy: str | None,
    task_type: str,
    domain: str,
    complexity: float,
    quality: float,
    latency_ms: float | None,
    budget_cents: Decimal | None,
    as_json: bool,
) -> None:
    """Who would be asked, in which order, why, and at what cost; and who would not.

    CONFIG is a llm-providers.toml; without it the providers are those of the environment.
    """
    keywords: dict[str, Any] = {
        "context": TaskContext(
            task_type=task_type,
            domain=domain,
            complexity=complexity,
            quality_requirement=quality,
            latency_required_ms=latency_ms,
            budget_cents=budget_cents,
        )
    }
    given = {"max_tokens": max_tokens, "chain": list(chain) or None, "strategy": strategy}
    keywords.update((name, value) for name, value in given.items() if value is not None)
    try:
        router = LLMRouter.load_from_config(Path(config)) if config else LLMRouter.from_env()
        plan = router.plan(sys.stdin.read() if prompt == "-" else prompt, **keywords)
    except (RouterError, ValueError, TypeError) as error:
        raise click.ClickException(str(error)) from None
    click.echo(json.dumps(plan_to_json(plan), indent=2) if as_json else _as_text(plan))
    if not plan.candidates:
        sys.exit(1)


def _as_text(plan: Plan) -> str:
    group = f" of {plan.group}" if plan.group else ""
    lines = [f"{plan.strategy}{group}, configuration {plan.version}"]
    width = max((len(c.target.id) for c in (*plan.candidates, *plan.skipped)), default=0)
    for place, candidate in enumerate(plan.candidates, 1):
        cost = f"{_usd(candidate.expected_pico)}, at most {_usd(candidate.bound_pico)}"
        reasons = "; ".join(candidate.reasons)
        lines.append(f"{place:>3}. {candidate.target.id:<{width}}  {cost}  {reasons}")
    lines += [f"  -  {c.target.id:<{width}}  not asked: {c.refused}" for c in plan.skipped]
    return "\n".join(lines)


def _usd(pico: int | None) -> str:
    return "?" if pico is None else format_usd(pico)
