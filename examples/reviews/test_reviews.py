"""Budgets and costs: nothing is asked that could cost more, and the report is the bill."""

import pytest
from reviews import report, sum_up

from router import BudgetExceeded

REVIEW = "I have had this kettle for a year, and it still boils water as on the first day. "


def test_the_report_is_the_bill(llmsim, llmsim_router):
    """To the last digit, product by product."""
    sum_up(llmsim_router, "kettle", [REVIEW] * 3)
    kettle = llmsim.bill.total
    sum_up(llmsim_router, "toaster", ["It burns."])
    assert report(llmsim_router) == {"kettle": kettle, "toaster": llmsim.bill.total - kettle}


def test_what_could_cost_too_much_is_not_asked(llmsim, llmsim_router):
    """Half of the reviews, and half of those, until what is left fits the budget."""
    llmsim.claude.replies("It boils.")
    assert sum_up(llmsim_router, "kettle", [REVIEW] * 200) == "It boils."
    assert llmsim.claude.last.prompt.count("kettle for a year") == 12
    assert llmsim.bill.total * 100 < 1


@pytest.mark.llmsim_budget(daily_usd="0.004")
def test_the_day_has_a_limit_too(llmsim, llmsim_router):
    """The program's own loop would go on for ever; the day's budget ends it."""
    with pytest.raises(BudgetExceeded, match="daily"):
        for number in range(100):
            llmsim_router.complete(f"Sum up review {number}.", max_tokens=100)
    assert llmsim.bill.total == llmsim_router.costs.total <= 0.004
