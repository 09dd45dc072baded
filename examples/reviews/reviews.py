"""Sums up reviews of products, each for a few cents at most, and tells what all of it cost."""

from decimal import Decimal

from router import BudgetExceeded, SyncRouter, TaskContext, TaskRequest

CENTS_MAX = Decimal("0.5")


def sum_up(router: SyncRouter, product: str, reviews: list[str]) -> str:
    """A verdict; the reviews that fit the money, if they do not all."""
    while reviews:
        task = TaskRequest(
            prompt=f"Sum up these reviews of {product} in a sentence:\n" + "\n".join(reviews),
            context=TaskContext(
                task_type="summary", budget_cents=CENTS_MAX, tags={"product": product}
            ),
            max_tokens=100,
        )
        try:
            return router.execute(task).text
        except BudgetExceeded:
            reviews = reviews[: len(reviews) // 2]
    return ""


def report(router: SyncRouter) -> dict[str, Decimal]:
    """US dollars, exact, by product."""
    tags = router.costs.cost_summary().tags
    return {name.removeprefix("product="): metric.cost for name, metric in tags.items()}
