"""What a caller may say about one call besides the request itself. Values only."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from .errors import ConfigError
from .policy import StrategyName
from .types import LLMResponse, TaskContext

__all__ = ["CallOptions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallOptions:
    """`chain` names providers or targets in order, and nothing else is asked; `group` names a
    group. `deadline_s` is from now. `budget_pico` limits this call's cost, all attempts together
    (0 admits nothing); `cost_max_pico` leaves out targets whose one attempt could cost more.
    `required_tags` must all be on a target. `accept` may refuse an unstreamed response, which
    then falls back as a refusal does where that is opted in.
    """

    chain: tuple[str, ...] | None = None
    group: str | None = None
    strategy: StrategyName | str | None = None
    deadline_s: float | None = None
    attempts_max: int | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    task: str = ""
    context: TaskContext | None = None
    budget_pico: int | None = None
    cost_max_pico: int | None = None
    required_tags: frozenset[str] = frozenset()
    hedge: bool | None = None
    sticky: bool | None = None
    accept: Callable[[LLMResponse], bool] | None = None

    def __post_init__(self) -> None:
        if self.chain is not None and not self.chain:
            raise ConfigError("the chain is empty; name a provider in it: chain=['claude']")
        for name in ("deadline_s", "attempts_max"):
            value = getattr(self, name)
            if value is not None and value <= 0:
                raise ConfigError(f"{name} is {value}; it must be more than 0")
        if self.budget_pico is not None and self.budget_pico < 0:
            raise ConfigError("the call's budget is negative; 0 admits nothing, None everything")

    def but(self, **changes: Any) -> "CallOptions":
        """These options with what is not None replaced."""
        return replace(self, **{k: v for k, v in changes.items() if v is not None})
