"""Who answers: fakes or real services, for which a second set of fakes stands in."""

import pytest

from fakeservers import FakeServers

ASK = """
    import os
    import pytest

    def ask(prompt="Hello", max_tokens=20):
        import openai
        client = openai.OpenAI(max_retries=0)
        answer = client.chat.completions.create(
            model="gpt-4o", max_tokens=max_tokens, messages=[{"role": "user", "content": prompt}]
        )
        client.close()
        return answer.choices[0].message.content
"""


@pytest.fixture
def real(monkeypatch):
    """What stands in for the real services: the environment leads there."""
    with FakeServers(seed=99) as servers:
        for variable, value in servers.env().items():
            monkeypatch.setenv(variable, value)
        for handle in servers.providers.values():
            handle.unused = "allow"
        yield servers


@pytest.fixture
def project(pytester):
    pytester.makepyfile(program=ASK)
    return pytester


@pytest.mark.parametrize("variable", ["LLMSIM_MODE", "LLMSIM_OPENAI"])
def test_the_environment_alone_makes_it_real(project, monkeypatch, real, variable):
    """The same test asks the real service, with the key of the environment, and is told what it
    cost."""
    monkeypatch.setenv(variable, "real")
    monkeypatch.setenv("OPENAI_API_KEY", "my-own-key")
    real.openai.replies("I am real.")
    project.makepyfile(
        """
        from program import ask

        def test_it(llmsim):
            assert ask() == "I am real."
        """
    )
    result = project.runpytest("-q")
    result.assert_outcomes(passed=1)
    assert len(real.openai.calls) == 1
    result.stdout.fnmatch_lines(
        ["*llmsim: real calls*", f"1 calls, 8 tokens in, * out, ${real.bill.total:f}"]
    )


def test_a_test_that_scripts_a_real_provider_is_skipped(project, monkeypatch, real):
    """With the reason and what said so; others go on."""
    monkeypatch.setenv("LLMSIM_OPENAI", "real")
    project.makepyfile(
        """
        import pytest
        from program import ask

        def test_scripts(llmsim): llmsim.openai.on(prompt="x").replies("y")
        def test_fails(llmsim): llmsim.openai.fails(500)
        def test_looks(llmsim): llmsim.openai.calls
        def test_charges(llmsim): assert llmsim.openai.bill.total == 0
        @pytest.mark.llmsim_fault("openai", 500)
        def test_marked(llmsim): pass
        @pytest.mark.llmsim(virtual=True)
        def test_virtual(llmsim): pass
        def test_another(llmsim): llmsim.claude.unused = "allow"; llmsim.claude.replies("y")
        @pytest.mark.llmsim(mode="fake")
        def test_always_fake(llmsim): llmsim.openai.replies("fake"); assert ask() == "fake"
        """
    )
    result = project.runpytest("-rs", "-q")
    result.assert_outcomes(skipped=6, passed=2)
    told = "llmsim: openai is real in this run (LLMSIM_OPENAI), and this test scripts it: "
    looks = "llmsim: openai is real in this run (LLMSIM_OPENAI), and this test looks into its fake"
    result.stdout.fnmatch_lines_random(
        [
            f"SKIPPED*{told}llmsim.openai.on(...)",
            f"SKIPPED*{told}@pytest.mark.llmsim_fault('openai', ...)",
            f"SKIPPED*{looks}: llmsim.openai.calls",
            "SKIPPED*llmsim: this test lives in virtual time, in which nobody real answers",
        ]
    )


def test_a_test_that_scripts_a_mock_is_skipped(project):
    """A router's own mocks answer, so its fake is asked nothing; what needs no fake goes on."""
    project.makepyfile(
        """
        import pytest

        def test_scripts(llmsim): llmsim.claude.replies("y")
        def test_looks(llmsim): assert llmsim.bill.total == 0
        @pytest.mark.llmsim_fault("claude", 500)
        def test_marked(llmsim): pass
        def test_any(llmsim_router): assert "mock" in llmsim_router.complete("Hello").text
        @pytest.mark.llmsim(virtual=True)
        async def test_virtual(llmsim_async_router):
            assert "mock" in (await llmsim_async_router.complete("Hello")).text
        """
    )
    result = project.runpytest("-rs", "-q", "-p", "no:asyncio", "--llmsim-mode=mock")
    result.assert_outcomes(skipped=3, passed=2)
    told = "llmsim: claude is a mock in this run (--llmsim-mode), and this test"
    result.stdout.fnmatch_lines_random(
        [
            f"SKIPPED*{told} scripts it: llmsim.claude.on(...)",
            f"SKIPPED*{told} looks into its fake: llmsim.claude.calls",
            f"SKIPPED*{told} scripts it: @pytest.mark.llmsim_fault('claude', ...)",
        ]
    )


@pytest.mark.parametrize(
    ("marker", "mode", "told"),
    [
        ("llmsim_real('openai')", "fake", "this test is for the real openai: run with "
         "LLMSIM_OPENAI=real"),
        ("llmsim_real", "fake", "this test is for the real some provider: run with "
         "LLMSIM_MODE=real"),
        ("llmsim_real('openai')", "real", None),
        ("llmsim_real", "real", None),
    ],
)  # fmt: skip
def test_some_tests_are_for_real_services_only(project, real, marker, mode, told):
    """`llmsim_real` skips them elsewhere, and says how to run them."""
    project.makepyfile(f"import pytest\n@pytest.mark.{marker}\ndef test_it(): pass")
    result = project.runpytest("-rs", f"--llmsim-mode={mode}")
    result.assert_outcomes(passed=told is None, skipped=told is not None)
    if told:
        result.stdout.fnmatch_lines([f"SKIPPED*llmsim: {told}"])


def test_the_cap_ends_the_run_before_it_is_exceeded(project, monkeypatch, real):
    """What could exceed it is not sent; the test is told why, and no further one runs."""
    monkeypatch.setenv("LLMSIM_MODE", "real")
    monkeypatch.setenv("LLMSIM_MAX_USD", "0.001")
    project.makepyfile(
        """
        import pytest
        from program import ask

        def test_cheap(llmsim): ask()
        def test_dear(llmsim): ask(max_tokens=5000)
        def test_never(llmsim): ask()
        """
    )
    result = project.runpytest("-q")
    result.assert_outcomes(passed=1, failed=1)
    assert len(real.openai.calls) == 1
    result.stdout.fnmatch_lines(
        [
            "*llmsim: this call of openai 'gpt-4o' can cost up to $0.0*, and of max_usd=0.001 "
            "$0.000* is spent or held: the run ends here, before it is exceeded. Bound the answer "
            "(max_tokens), or raise LLMSIM_MAX_USD.*",
            "1 calls, * of $0.001",
            "*LLMSIM_MAX_USD is used up*",
        ]
    )


CALLS = {
    "claude": """import anthropic
    with anthropic.Anthropic().messages.stream(model="claude-haiku-4-5", max_tokens=99,
            messages=[{"role": "user", "content": "Hello"}]) as s: s.get_final_message()""",
    "openai": """import openai
    openai.OpenAI().responses.create(model="gpt-5", input="Hello", max_output_tokens=99)""",
    "gemini": """from google import genai
    client = genai.Client()
    for _ in client.models.generate_content_stream(
            model="gemini-2.5-flash", contents="Hello"): pass""",
    "ollama": """import ollama
    ollama.Client().chat("llama3.2", [{"role": "user", "content": "Hello"}])""",
}


@pytest.mark.parametrize("provider", CALLS)
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_what_is_measured_is_the_bill(project, real, provider):
    """Whole and streamed, at every provider: what the proxy counted is what the other side
    charges."""
    project.makepyfile(f"def test_it(llmsim):\n    {CALLS[provider]}\n")
    result = project.runpytest("-q", "--llmsim-mode=real", "--llmsim-max-usd=1", "-W", "ignore")
    result.assert_outcomes(passed=1)
    cost = f"{real.bill.total:f}" if real.bill.total else "0.00"
    result.stdout.fnmatch_lines([f"1 calls, * tokens in, * out, ${cost} of $1"])
