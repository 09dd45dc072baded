"""A whole day with its outages, in virtual time: less than a second, once the SDKs are loaded."""

import pytest
from ticker import run

from fakeservers import overloaded, refused, reset

HOUR_S = 3600.0


@pytest.mark.llmsim(virtual=True)
async def test_a_day_of_outages(llmsim):
    """Claude is away in the morning, the network to OpenAI at noon, and both for an hour at night:
    only then are headlines missing."""
    llmsim.claude.fails(overloaded(), between=("8h", "11h"))
    llmsim.openai.fails(refused(), between=("12h", "14h"))
    llmsim.claude.fails(reset(), between=("22h", "23h"))
    llmsim.openai.fails(500, between=("22h", "23h"))
    headlines = await run(hours=24)
    print(llmsim.timeline())
    assert len(headlines) == 48
    assert headlines.count("") == 2
    assert llmsim.now > 24 * HOUR_S
