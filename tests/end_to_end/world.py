"""The real router over the real fakes, and the comparison of what both say was spent."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fakeservers import BillLine, FakeServers, Simulation
from router import CostManagementPolicy, CostTracker, LLMRouter
from router.accounting import CostRecord
from router.budget import LedgerBudget, Limit
from router.clients.registry import create_provider
from router.clients.sdk import Connections
from router.ledger.base import Scope
from router.ledger.memory import MemoryLedger
from router.ledger.store import Store
from router.policy import RouterPolicy
from router.pricing import PriceBook
from router.setup import Endpoint, RouterSetup
from router.types import Target, Timeouts

MODELS = {
    "claude": "claude-haiku-4-5",
    "openai": "gpt-4.1",
    "openai-responses": "gpt-4.1",
    "gemini": "gemini-2.5-flash",
    "ollama": "llama3.2",
}
"""Every client of the router that speaks to a fake, with a model that has a price."""

LIMIT = Limit(name="everything", usd=1000)
CONNECTIONS = Connections()
PRICES = PriceBook()
# Certificates and prices are read once.

WHOLE = Scope(name="everything", limit_pico=LIMIT.limit_pico)


def fake_of(client: str) -> str:
    """The fake that a client speaks to."""
    return client.removesuffix("-responses")


@dataclass(kw_only=True)
class World:
    """Fakes, a router over them, and its books."""

    fakes: FakeServers
    router: LLMRouter
    ledger: Store
    costs: CostTracker


def wired(
    fakes: FakeServers,
    *clients: str,
    timeouts: Timeouts | None = None,
    targets: Mapping[str, Any] | None = None,
    models: Mapping[str, str] | None = None,
    ledger: Store | None = None,
    limit: Limit = LIMIT,
    money: Mapping[str, Any] | None = None,
    **policies: Any,
) -> World:
    """A router over these clients in their order, for fakes that are running. `policies` are
    fields of RouterPolicy, `money` of CostManagementPolicy."""
    for fake in fakes.providers.values():
        fake.unused = "allow"
    endpoints = tuple(
        Endpoint(
            client=create_provider(name, connections=CONNECTIONS),
            target=Target(
                provider=fake_of(name),
                model={**MODELS, **(models or {})}[name],
                # Two clients of one fake are told apart by their key.
                key_id=name if name != fake_of(name) else "",
                timeouts=timeouts or Timeouts(),
                **(targets or {}),
            ),
        )
        for name in clients
    )
    ledger = ledger or MemoryLedger()
    costs = CostTracker()
    setup = RouterSetup(
        endpoints=endpoints,
        prices=PRICES,
        policy=RouterPolicy(**policies),
        budget=LedgerBudget(CostManagementPolicy(limits=(limit,), **(money or {})), ledger),
        costs=costs,
    )
    router = LLMRouter(setup, seed=fakes.seed)
    return World(fakes=fakes, router=router, ledger=ledger, costs=costs)


def lines_of(world: World) -> dict[str, list[BillLine]]:
    """What each fake billed, in the order in which it was asked."""
    return {name: list(fake.bill.lines) for name, fake in world.fakes.providers.items()}


def records_of(world: World) -> dict[str, list[CostRecord]]:
    """What the router booked for each provider, of attempts that reached it."""
    records: dict[str, list[CostRecord]] = {name: [] for name in world.fakes.providers}
    for record in world.costs.records:
        if record.certainty != "not_sent":
            records[record.provider].append(record)
    return records


def agreed(world: World) -> None:
    """After calls one after another: R1, C1, C2, C3, B3, B4, B7.

    Every request that a fake saw is one attempt, in the same order, and an amount that the
    router calls exact is the fake's, to the pico-dollar. An estimate is no guess out of the blue:
    the provider's price is within what was held.
    """
    lines, records = lines_of(world), records_of(world)
    for name, booked in records.items():
        billed = lines[name]
        assert len(billed) == len(booked), (name, [r.outcome for r in booked], billed)
        for line, record in zip(billed, booked, strict=True):
            assert_same(line, record)
    balanced(world)


def assert_same(line: BillLine, record: CostRecord) -> None:
    """One attempt in both books."""
    assert line.pico is not None
    told = f"{record.outcome}: {record.amount_pico} ({record.basis}), billed {line}"
    if record.basis in ("exact", "void"):
        assert record.amount_pico == line.pico, told
    assert line.pico <= record.hold_pico, told
    assert record.amount_pico <= record.hold_pico, told


def balanced(world: World) -> None:
    """The ledger adds up by itself and with the records, and holds nothing. The clocks of a
    simulated world have to be running."""

    async def look() -> None:
        summary = await world.ledger.summary(WHOLE)
        rows = await world.ledger.rows(WHOLE)
        assert summary.held_pico == 0
        assert summary.posted_pico == sum(row.amount_pico for row in rows)
        assert summary.posted_pico == sum(record.amount_pico for record in world.costs.records)
        assert len(rows) == len({row.hold_id for row in rows})
        assert await world.ledger.audit() == ()

    run_in(world.fakes, look())


def run_in(fakes: FakeServers, work: Any) -> Any:
    """Run a coroutine in the world of the fakes, or in real time."""
    return fakes.run(work) if isinstance(fakes, Simulation) else asyncio.run(work)
