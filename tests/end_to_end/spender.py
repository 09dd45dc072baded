"""A program that spends: several of them run at once as processes of their own, over one ledger.

    python -m tests.end_to_end.spender LEDGER CALLS AT_ONCE LIMIT_USD

LEDGER is the path of a SQLite file, or `URL|NAME` of a Redis. It prints what it spent in
pico-dollars, and how many calls the budget refused.
"""

import asyncio
import sys

from router import CostManagementPolicy, LLMRouter
from router.budget import LedgerBudget, Limit
from router.clients.openai import OpenAIClient
from router.errors import BudgetExceeded
from router.ledger.redis import RedisLedger
from router.ledger.sqlite import SqliteLedger
from router.ledger.store import Store
from router.pricing import PriceBook
from router.setup import Endpoint, RouterSetup
from router.types import Target

LIMIT_NAME = "everything"


def opened(ledger: str) -> Store:
    if "|" in ledger:
        url, _, name = ledger.partition("|")
        return RedisLedger(url, name=name)
    return SqliteLedger(ledger, busy_s=60)


async def main(ledger: str, calls: int, at_once: int, limit_usd: str) -> None:
    store = opened(ledger)
    policy = CostManagementPolicy(limits=(Limit(name=LIMIT_NAME, usd=limit_usd),))
    target = Target(provider="openai", model="gpt-4.1")
    setup = RouterSetup(
        endpoints=(Endpoint(target=target, client=OpenAIClient(target.model)),),
        prices=PriceBook(),
        budget=LedgerBudget(policy, store),
    )
    spent = refused = 0
    async with LLMRouter(setup) as router:
        left = iter(range(calls))

        async def caller() -> None:
            nonlocal spent, refused
            for number in left:
                try:
                    answer = await router.complete(f"Question {number}?", max_tokens=60)
                    spent += answer.cost_pico
                except BudgetExceeded:
                    refused += 1
                print("called", flush=True)

        await asyncio.gather(*(caller() for _ in range(at_once)))
        await store.aclose()
    print(spent, refused, flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]))
