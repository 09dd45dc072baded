"""Where a request can go: one model behind one key at one address, and what is known of it."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["Candidate", "Capabilities", "Plan", "Target", "Timeouts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a model can do. A request that needs more is never sent to it."""

    tools: bool = True
    images: bool = True
    structured_output: bool = True
    thinking: bool = True
    streaming: bool = True
    prefill: bool = False
    n: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Limits of one attempt, in seconds; None is no limit but the call's deadline.

    `connect_s` is given to the client when it is made; the router enforces the others:
    `ttft_s` until the first visible delta of a stream, `idle_s` between events of a stream,
    `total_s` for the whole attempt.
    """

    connect_s: float | None = 5.0
    ttft_s: float | None = None
    idle_s: float | None = 60.0
    total_s: float | None = 600.0


@dataclass(frozen=True, kw_only=True)
class Target:
    """(provider, model, key, address). `key_id` names the key (its variable), never holds it.

    `weight`, `quality` (0 worst to 1 best), `domains`, `task_types` and `tags` serve routing;
    tags also answer a call's `required_tags` (data policy: "eu", "no-training"). `rpm_max` and
    `tpm_max` are the account's limits per minute, where known. `group` names keys that share a
    limit ("" means: this key alone).
    """

    provider: str
    model: str
    key_id: str = ""
    base_url: str = ""
    weight: float = 1.0
    quality: float = 0.5
    latency_ms: float | None = None
    context_tokens_max: int | None = None
    output_tokens_max: int | None = None
    rpm_max: int | None = None
    tpm_max: int | None = None
    domains: frozenset[str] = frozenset()
    task_types: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    capabilities: Capabilities = field(default_factory=Capabilities)
    timeouts: Timeouts = field(default_factory=Timeouts)
    fallback: bool = False  # used only when nothing else is left

    @cached_property
    def id(self) -> str:
        """Stable over reloads: breaker and ledger state belong to it."""
        key = f"#{self.key_id}" if self.key_id else ""
        address = f"@{self.base_url}" if self.base_url else ""
        return f"{self.provider}/{self.model}{key}{address}"

    @cached_property
    def key_scope(self) -> str:
        """What a rate limit or a dead key applies to: the key at its provider."""
        return f"{self.provider}#{self.key_id}@{self.base_url}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A target as the plan saw it. `refused` says why it cannot serve now, "" if it can;
    `reasons` say what ranked it; `bound_pico` is the most that it could cost."""

    target: Target
    refused: str = ""
    reasons: tuple[str, ...] = ()
    bound_pico: int | None = None
    expected_pico: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Which targets would be asked, in order, and why; and why the others would not."""

    candidates: tuple[Candidate, ...]
    skipped: tuple[Candidate, ...] = ()
    group: str = ""
    strategy: str = "order"
    version: int = 1

    @property
    def targets(self) -> tuple[Target, ...]:
        """Who would be asked, first to last."""
        return tuple(candidate.target for candidate in self.candidates)

    def __rich__(self) -> "Table":
        from ..observation.trace import plan_table

        return plan_table(self)
