"""The page about the SDKs is what they do."""

import asyncio
from contextlib import closing
from importlib.metadata import version

import pytest

for package in ("anthropic", "google.genai", "ollama", "openai"):
    pytest.importorskip(package)

import fakeservers  # noqa: E402
from fakeservers import FakeServers  # noqa: E402
from fakeservers.behaviour import failures, faults  # noqa: E402
from tools.sdk_calls import ANSWER, SURFACES  # noqa: E402
from tools.what_sdks_do import PAGE, ROWS, Caller, bench, head, script, section  # noqa: E402

HELPERS = {"Fault", "failure", "over", "together"}


@pytest.fixture(autouse=True)
def same_versions():
    """Another version of an SDK may do otherwise: `python tools/what_sdks_do.py` tells."""
    if head() not in PAGE.read_text("utf-8"):
        found = ", ".join(f"{s.dist} {version(s.dist)}" for s in SURFACES)
        pytest.skip(f"the page was written with other versions than {found}")


def test_every_fault_is_on_the_page():
    """Each constructor of an error and of a fault."""
    rows = [fault for faults in ROWS.values() for fault in faults]
    made = {*failures.__all__, *faults.__all__} - HELPERS
    assert made == {fault.partition("(")[0] for fault in rows}
    assert made <= set(fakeservers.__all__)


@pytest.mark.parametrize("surface", SURFACES, ids=lambda s: s.title.partition(",")[2].strip(" `"))
def test_the_page_says_what_a_sdk_does(surface):
    """Every row, streamed and not, with and without the SDK's own retries, with the synchronous
    and the asynchronous client."""
    assert section(surface) in PAGE.read_text("utf-8")


@pytest.mark.parametrize("surface", SURFACES, ids=lambda s: s.title)
def test_without_a_fault_there_is_an_answer(surface):
    """The measure itself: `line_endings("lf")` changes nothing that matters."""
    with bench(surface, is_async=True) as measured:
        outcome = measured.measure('line_endings("lf")', streamed=True)
    assert (outcome.said, outcome.problem, outcome.took_s) == (ANSWER, "", 0.0)


ON_SOCKETS = (
    "http_error(500)",
    "refused()",
    "reset()",
    "reset(after_chunks=1)",
    'cut(ends="answer")',
    "cut(after_chunks=1)",
    'cut(after_chunks=1, ends="stream")',
    "error_event(overloaded(), after_chunks=1)",
)


def real(surface, fault, *, is_async, streamed):
    """What comes of a call over real sockets, without the SDK's own retries."""
    with asyncio.Runner() as runner:
        client = surface.client(is_async, **surface.trying_once)
        caller = Caller(surface=surface, client=client, is_async=is_async, run=runner.run)
        with closing(caller):
            return caller.came_of_it(fault, streamed=streamed)


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize("surface", SURFACES, ids=lambda s: s.title)
def test_real_sockets_agree(surface, is_async):
    """An SDK is told, and raises, the same in virtual time and over real sockets."""
    ways = [(fault, streamed) for fault in ON_SOCKETS for streamed in (False, True)]
    with bench(surface, is_async=is_async, **surface.trying_once) as simulated:
        expected = [simulated.measure(fault, streamed=streamed) for fault, streamed in ways]
    met = []
    with FakeServers() as servers:
        for fault, streamed in ways:
            script(servers[surface.provider], fault)
            met.append(real(surface, fault, is_async=is_async, streamed=streamed))
        servers.reset()
    assert [(o.said, o.given, o.problem) for o in met] == [
        (o.said, o.given, o.problem) for o in expected
    ]
