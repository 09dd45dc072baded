"""The fixtures: one a provider, the clock, SDK clients, addresses that stay."""

import os
import ssl

import pytest

from fakeservers import rate_limited


def test_a_fixture_for_each_provider(
    llmsim, llmsim_claude, llmsim_openai, llmsim_gemini, llmsim_ollama
):
    """They are the handles of the test's fakes."""
    handles = (llmsim_claude, llmsim_openai, llmsim_gemini, llmsim_ollama)
    assert handles == tuple(llmsim.providers.values())


def test_once_for_every_provider(pytester):
    """`llmsim_provider` is each of them in turn, or those that one line names."""
    pytester.makepyfile(
        """
        import pytest

        def test_all(llmsim_provider):
            assert llmsim_provider.url

        @pytest.mark.parametrize("llmsim_provider", ["claude", "openai"], indirect=True)
        def test_two(llmsim_provider): pass
        """
    )
    result = pytester.runpytest("-v")
    result.assert_outcomes(passed=6)
    result.stdout.fnmatch_lines(["*::test_all[[]ollama] PASSED*", "*::test_two[[]claude] PASSED*"])


def test_the_clock_leaps_over_a_limit(llmsim, llmsim_router, llmsim_clock):
    """A minute passes for the fakes at once, and the limit's window with it."""
    llmsim.claude.limits(rpm=1)
    ask = lambda: llmsim_router.complete("hello", chain=["claude", "openai"]).provider  # noqa: E731
    assert [ask(), ask()] == ["claude", "openai"]
    llmsim_clock.advance("2m")
    assert llmsim_clock.elapsed_s >= 120
    assert [call.status for call in llmsim.claude.calls] == [200, 429]


def test_the_clock_wakes_an_answer_that_waits(llmsim, llmsim_ollama, llmsim_clock):
    """What a fake waits for comes when the clock has leapt there."""
    from concurrent.futures import ThreadPoolExecutor

    import httpx

    llmsim_ollama.paces(ttft=3600)
    body = {"model": "llama3.2", "messages": [{"role": "user", "content": "x"}], "stream": False}
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(httpx.post, llmsim_ollama.url + "/api/chat", json=body, timeout=60)
        while not llmsim_ollama.calls:
            pass
        while not asked.done():
            llmsim_clock.advance("1h")
    assert asked.result().status_code == 200


@pytest.mark.llmsim(virtual=True)
def test_the_clock_of_a_world_is_the_programs_too(llmsim, llmsim_clock):
    """In virtual time the whole program's time passes."""
    llmsim_clock.advance("1h")
    assert llmsim_clock.elapsed_s == llmsim.now == 3600


CALLS = {
    "anthropic": lambda c: c.messages.create(
        model="claude-haiku-4-5", max_tokens=20, messages=[{"role": "user", "content": "x"}]
    ),
    "openai": lambda c: c.chat.completions.create(
        model="gpt-4o", messages=[{"role": "user", "content": "x"}]
    ),
    "gemini": lambda c: c.models.generate_content(model="gemini-2.5-flash", contents="x"),
    "ollama": lambda c: c.chat("llama3.2", [{"role": "user", "content": "x"}]),
}


@pytest.mark.parametrize("sdk", CALLS)
def test_clients_read_no_certificates(llmsim, llmsim_clients, monkeypatch, sdk):
    """A client of a fake is made without the 30 to 70 ms that certificates take, and works."""
    pytest.importorskip("google.genai" if sdk == "gemini" else sdk)
    read = []
    with monkeypatch.context() as patch:  # undone before the fixtures put theirs back
        patch.setattr(ssl.SSLContext, "load_verify_locations", lambda *a, **k: read.append(a))
        client = getattr(llmsim_clients, sdk)()
        assert CALLS[sdk](client) is not None
    assert len(llmsim.journal) == 1 and read == []


@pytest.mark.parametrize("sdk", ["anthropic", "openai", "ollama"])
def test_clients_are_the_vendors_own(llmsim, llmsim_clients, sdk):
    """Options are the vendor's, and the asynchronous class is there too."""
    made = getattr(llmsim_clients, f"async_{sdk}")(timeout=3)
    assert type(made).__module__.startswith(sdk)
    assert "Async" in type(made).__name__


def test_clients_take_the_vendors_options(llmsim, llmsim_clients):
    """`max_retries` is the SDK's: no second request is made."""
    import openai

    llmsim.openai.fails(rate_limited())
    with pytest.raises(openai.RateLimitError):
        CALLS["openai"](llmsim_clients.openai(max_retries=0))
    assert len(llmsim.openai.calls) == 1


def test_addresses_stay_where_a_program_keeps_its_client(pytester):
    """With llmsim_stable_urls a client of an earlier test meets the fakes of the next, which are
    as new."""
    pytester.makeini("[pytest]\nllmsim_stable_urls = true")
    pytester.makepyfile(
        """
        import pytest

        kept = {}

        @pytest.mark.parametrize("number", range(3))
        def test_it(llmsim, number):
            import openai
            client = kept.setdefault("client", None) or openai.OpenAI()
            kept["client"] = client
            llmsim.openai.replies(f"number {number}")
            said = client.responses.create(model="gpt-4o", input="x").output_text
            assert said == f"number {number}"
            assert len(llmsim.openai.calls) == 1
        """
    )
    pytester.runpytest().assert_outcomes(passed=3)


def test_a_client_of_an_import_finds_the_fakes(pytester, monkeypatch):
    """With llmsim_stable_urls the environment points there before the first conftest, in real
    time and in virtual time, and is as before once the run has ended."""
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    pytester.makeini("[pytest]\nllmsim_stable_urls = true")
    pytester.makeconftest("import openai\nclient = openai.OpenAI()")
    pytester.makepyfile(
        """
        import pytest
        from conftest import client

        @pytest.mark.parametrize("virtual", [False, True, False])
        def test_it(request, virtual):
            request.node.add_marker(pytest.mark.llmsim(virtual=virtual))
            llmsim = request.getfixturevalue("llmsim")
            llmsim.openai.replies("Yes.")
            assert client.responses.create(model="gpt-4o", input="x").output_text == "Yes."
        """
    )
    pytester.runpytest().assert_outcomes(passed=3)
    assert "OPENAI_API_KEY" not in os.environ


def test_kept_addresses_are_not_for_a_test_of_a_real_service(pytester, monkeypatch):
    """Its keys and addresses are those of the environment, as without llmsim_stable_urls."""
    monkeypatch.setenv("OPENAI_API_KEY", "of-the-project")
    pytester.makeini("[pytest]\nllmsim_stable_urls = true")
    pytester.makepyfile(
        """
        import os
        import pytest

        @pytest.mark.llmsim(mode="real")
        def test_it(llmsim):
            assert os.environ["OPENAI_API_KEY"] == "of-the-project"
        """
    )
    pytester.runpytest().assert_outcomes(passed=1)
