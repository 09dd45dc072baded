"""The network guard, library by library; no test here would reach a host if it failed."""

import socket
from contextlib import suppress

import pytest

from pytest_llmsim.guard import Guard

with suppress(ImportError):
    import requests  # noqa: F401 - to be imported anew, as pytester would have it, breaks it

LIBRARIES = {
    "httpx": 'import httpx; httpx.get("https://api.openai.com/v1/models")',
    "httpx2": 'import httpx2; httpx2.get("https://api.openai.com/v1/models")',
    "requests": 'import requests; requests.get("https://api.openai.com/v1/models")',
    "urllib": 'import urllib.request; urllib.request.urlopen("https://api.openai.com/v1/models")',
    "socket": 'import socket; socket.create_connection(("api.openai.com", 443))',
    "openai": """import openai
    openai.OpenAI(base_url="https://api.openai.com/v1").models.list()""",
    "async_openai": """import asyncio, openai
    asyncio.run(openai.AsyncOpenAI(base_url="https://api.openai.com/v1").models.retrieve("gpt-4o"))""",
    "aiohttp": """import aiohttp, asyncio
    async def get():
        async with aiohttp.ClientSession() as session:
            await session.get("https://api.openai.com/v1/models")
    asyncio.run(get())""",
}


@pytest.fixture
def no_network(monkeypatch):
    """Whoever gets past the guard fails in another way."""
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: pytest.fail("looked up for real"))


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_call_of_the_real_service_fails_at_once(pytester, no_network, library):
    """Whatever the library: what was called from where, and the ways out; no SDK tries again."""
    pytest.importorskip("openai" if library == "async_openai" else library.partition(".")[0])
    pytester.makepyfile(f"def test_it(llmsim):\n    {LIBRARIES[library]}\n")
    result = pytester.runpytest("-q")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "llmsim: api.openai.com is the real openai, and was about to be called* In this run "
            "a fake stands in for openai.",
            "Take the base URL from the environment, as the SDKs do, or from llmsim.openai.url. A "
            "client that is made before the test, such as one at the import of a module, finds it "
            "there with llmsim_stable_urls = true in the ini file.",
            "To call the real service, run with LLMSIM_OPENAI=real; to let a single test through, "
            "mark it @pytest.mark.llmsim(block_network=False).",
        ]
    )
    if library != "aiohttp":  # it looks names up in a task of its own
        result.stdout.fnmatch_lines(["*called at *test_a_call_of_*.py:* (test_it). In*"])


def test_what_the_program_caught_still_fails_the_test(pytester, no_network):
    """The attempt is remembered, whoever swallows the failure."""
    pytester.makepyfile(
        """
        import socket

        def test_it(llmsim):
            try:
                socket.getaddrinfo("api.anthropic.com", 443)
            except BaseException:
                pass
        """
    )
    result = pytester.runpytest("-q")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["llmsim: api.anthropic.com is the real claude, *"])


@pytest.mark.parametrize(
    ("marker", "option"),
    [("@pytest.mark.llmsim(block_network=False)", ()), ("", ("--llmsim-block-network=no",))],
)
def test_it_can_be_switched_off(pytester, monkeypatch, marker, option):
    """By a marker for one test, by a setting for a run."""
    pytester.makepyfile(
        f"""
        import pytest, socket

        {marker}
        def test_it(llmsim, monkeypatch):
            assert "watched" not in socket.getaddrinfo.__qualname__
        """
    )
    pytester.runpytest(*option).assert_outcomes(passed=1)


def test_it_watches_only_while_the_fakes_are_in_use(pytester):
    """A test without them is left alone, before and after."""
    pytester.makepyfile(
        """
        import socket

        def watched(): return "watched" in socket.getaddrinfo.__qualname__

        def test_before(): assert not watched()
        def test_during(llmsim): assert watched()
        def test_after(): assert not watched()
        """
    )
    pytester.runpytest().assert_outcomes(passed=3)


@pytest.mark.parametrize(
    ("host", "is_blocked"),
    [
        ("api.openai.com", True),
        ("API.OpenAI.com.", True),
        ("eu.api.openai.com", True),
        ("europe-west1-aiplatform.googleapis.com", True),
        (b"generativelanguage.googleapis.com", True),
        ("myopenai.com", False),
        ("openai.com.example.org", False),
        ("127.0.0.1", False),
        (None, False),
    ],
)
def test_which_hosts_are_real(host, is_blocked):
    """A domain and what is below it, however it is written."""
    guard = Guard(("openai", "gemini"))
    if is_blocked:
        with pytest.raises(pytest.fail.Exception):
            guard._check(host)
    else:
        guard._check(host)
    assert bool(guard.blocked) == is_blocked


def test_tls_names_the_host_behind_a_proxy():
    """Through a proxy no name is looked up here, but TLS names it all the same."""
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    with Guard(("claude",)).on_watch(), pytest.raises(pytest.fail.Exception):
        context.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname="api.anthropic.com")
