"""A whole day with its outages, in virtual time: the test takes about a second."""

import pytest
from ticker import run

from fakeservers import FaultWindow

HOUR_S = 3600.0


@pytest.mark.llmsim(virtual=True)
async def test_a_day_of_outages(llmsim):
    """Claude is away in the morning, the network to OpenAI at noon, and both for an hour at night:
    only then a headline is missing."""
    llmsim.faults(
        FaultWindow(provider="claude", kind="overloaded", start_s=8 * HOUR_S, for_s=3 * HOUR_S),
        FaultWindow(provider="openai", kind="refused", start_s=12 * HOUR_S, for_s=2 * HOUR_S),
        FaultWindow(provider="claude", kind="reset", start_s=22 * HOUR_S, for_s=HOUR_S),
        FaultWindow(provider="openai", kind="server_error", start_s=22 * HOUR_S, for_s=HOUR_S),
    )
    headlines = await run(hours=24)
    print(llmsim.timeline())
    assert len(headlines) == 144
    assert headlines.count("") == 6
    assert llmsim.now > 24 * HOUR_S
