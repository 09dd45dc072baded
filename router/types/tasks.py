"""Tasks: what a program wants done, from which the router chooses the provider."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from ..money import usd_from_pico
from .answers import Answer
from .requests import LLMRequest

__all__ = ["TaskContext", "TaskRequest", "TaskResponse"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskContext:
    """What is known of a task before a model is chosen.

    `complexity` and `quality_requirement` run from 0 to 1; `latency_required_ms` is until the
    first token; `budget_cents` limits this task's cost (0 admits nothing, None everything).
    """

    task_type: str = ""
    domain: str = ""
    complexity: float = 0.5
    quality_requirement: float = 0.0
    latency_required_ms: float | None = None
    budget_cents: int | Decimal | None = None
    tags: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("complexity", "quality_requirement"):
            value = getattr(self, name)
            if not 0 <= value <= 1:
                raise ValueError(f"{name} is {value}; it runs from 0 to 1: write {name}=0.8")
        if self.budget_cents is not None and self.budget_cents < 0:
            raise ValueError(
                f"budget_cents is {self.budget_cents}; a budget is 0 (nothing) or more,"
                " or None for no limit"
            )
        if isinstance(self.budget_cents, float):
            raise TypeError("budget_cents is a float; write an int or a Decimal('0.5')")


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRequest:
    """A task to execute: its prompt or whole request, and its context."""

    prompt: str | LLMRequest
    context: TaskContext = field(default_factory=TaskContext)
    id: str = ""
    timeout_ms: float | None = None
    max_tokens: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskResponse:
    """What became of a task."""

    id: str
    answer: Answer

    @property
    def text(self) -> str:
        """The visible text of the answer."""
        return self.answer.text

    @property
    def provider(self) -> str:
        """Who answered."""
        return self.answer.provider

    @property
    def tokens(self) -> int:
        """Prompt and output of the winning attempt; 0 if its vendor told none."""
        usage = self.answer.usage
        return usage.total if usage else 0

    @property
    def cost(self) -> Decimal:
        """US dollars of all attempts, exact."""
        return self.answer.cost

    @property
    def cost_cents(self) -> Decimal:
        """The same in US cents, exact."""
        return usd_from_pico(100 * self.answer.cost_pico)

    @property
    def latency_ms(self) -> float:
        """From the first attempt's start to the last one's end."""
        return self.answer.latency_ms
