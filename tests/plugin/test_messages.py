"""What users read when something is wrong, word for word, as far as no other module has it."""

import sys

import pytest

ASKED = {
    "claude": """client = anthropic.Anthropic(max_retries=0)
                client.messages.create(model="claude-haiku-4-5", max_tokens=9,
                    messages=[{"role": "user", "content": "Spain?"}])""",
    "openai": """client = openai.OpenAI(max_retries=0)
                client.responses.create(model="gpt-4o", input="Spain?")""",
    "gemini": """client = google.genai.Client()
                client.models.generate_content(model="gemini-2.5-flash", contents="Spain?")""",
    "ollama": """ollama.chat("llama3.2", [{"role": "user", "content": "Spain?"}])""",
}
MODELS = {
    "claude": ("anthropic", "claude-haiku-4-5"),
    "openai": ("openai", "gpt-4o"),
    "gemini": ("google.genai", "gemini-2.5-flash"),
    "ollama": ("ollama", "llama3.2"),
}


@pytest.mark.parametrize("provider", ASKED)
def test_the_sdks_error_says_what_the_test_is_told(pytester, provider):
    """The program sees, in the error that its SDK raises, the very text that fails the test."""
    sdk, model = MODELS[provider]
    pytest.importorskip(sdk)
    pytester.makepyfile(
        test_it=f"""
        import {sdk}

        def test_it(llmsim):
            llmsim.{provider}.unused = "allow"
            llmsim.{provider}.on(prompt="France").replies("Paris.")
            try:
                {ASKED[provider]}
            except Exception as error:
                print(getattr(error, "message", None) or error)
        """
    )
    result = pytester.runpytest("-q", "-W", "ignore")
    result.assert_outcomes(failed=1)
    told = [
        f"llmsim: no rule of {provider} is for this request (model '{model}', prompt 'Spain?').",
        f"The nearest is llmsim.{provider}.on(prompt='France') (test_it.py:5):",
        "  prompt: wanted one with 'France', got 'Spain?'",
        f"To answer it, write llmsim.{provider}.on(prompt='Spain?').replies(...); to let "
        f'{provider} answer naturally, set llmsim.{provider}.unmatched = "natural".',
    ]
    result.stdout.fnmatch_lines([*told, "*Captured stdout*"])
    printed = result.stdout.str().partition("Captured stdout")[2].replace("\\n", "\n")
    printed = printed.replace("\\'", "'").replace('\\"', '"')
    assert [line for line in told if line not in printed] == []


def test_a_rule_that_was_used_up_is_told(pytester):
    """It matched, and had been used as often as it may."""
    pytester.makepyfile(
        test_it="""
        import ollama

        def test_it(llmsim):
            llmsim.ollama.on(prompt="Hi").replies("Ho.", times=2)
            for _ in range(2):
                ollama.generate("llama3.2", "Hi")
            try:
                ollama.generate("llama3.2", "Hi")
            except ollama.ResponseError:
                pass
        """
    )
    pytester.runpytest("-q").stdout.fnmatch_lines(
        [
            "llmsim: no rule of ollama is for this request (model 'llama3.2', prompt 'Hi').",
            "The nearest is llmsim.ollama.on(prompt='Hi') (test_it.py:4):",
            "  it matches, but was used up after 2 uses",
        ]
    )


def test_every_problem_of_a_test_is_told_at_once(pytester):
    """Unmatched, impossible and unused: one F, and a paragraph for each."""
    pytester.makepyfile(
        test_it="""
        import ollama, pytest

        def test_it(llmsim):
            llmsim.ollama.on(prompt="Hi").replies("one two three four five")
            llmsim.claude.replies("never")
            for prompt in ("Hi", "Bye"):
                with pytest.raises(ollama.ResponseError):
                    ollama.generate("llama3.2", prompt, options={"num_predict": 2})
        """
    )
    result = pytester.runpytest("-q")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "llmsim: claude saw no request, and none matched these rules:",
            "  llmsim.claude.on() (test_it.py:5)",
            'Take them out, or set llmsim.claude.unused = "allow".',
            "",
            "llmsim: the reply of llmsim.ollama.on(prompt='Hi') (test_it.py:4) is none that a "
            "model gives: it has about 5 tokens, and the request allows 2: shorten it, or write "
            'reply(..., finish="length").',
            'To send it all the same, set llmsim.ollama.impossible = "allow".',
            "",
            "llmsim: no rule of ollama is for this request (model 'llama3.2', prompt 'Bye').",
            "The nearest is llmsim.ollama.on(prompt='Hi') (test_it.py:4):",
            "  prompt: wanted one with 'Hi', got 'Bye'",
            "To answer it, write llmsim.ollama.on(prompt='Bye').replies(...); to let ollama answer "
            'naturally, set llmsim.ollama.unmatched = "natural".',
            "*- llmsim traffic -*",
        ],
        consecutive=True,
    )


def test_a_straggler_hears_why_it_is_too_late(pytester):
    """Whose address it is, and both ways out."""
    pytester.makepyfile(
        test_it="""
        import ollama, pytest

        kept = {}

        def test_first(llmsim):
            kept["client"] = ollama.Client()

        def test_second(llmsim):
            with pytest.raises(ollama.ResponseError) as caught:
                kept["client"].generate("llama3.2", "Hi")
            print(caught.value.error)
            raise ValueError
        """
    )
    pytester.runpytest("-q").stdout.fnmatch_lines(
        [
            "llmsim: this address belongs to the fakes of a test that has ended "
            "(test_it.py::test_first). A client that outlives a test must be built anew: do not "
            "keep it in a module or a cache, or clear that cache between tests. A program that "
            "must keep it finds the same addresses in every test with llmsim_stable_urls = true "
            "in the ini file."
        ]
    )


def test_a_package_that_hides_the_fakes_is_named(pytester):
    """With what to do about it."""
    pytester.makepyfile(fakeservers="NAME = 'mine'")
    pytester.makepyfile("def test_it(llmsim): pass")
    result = pytester.runpytest_subprocess("-q")
    result.stdout.fnmatch_lines(
        [
            f"llmsim: `import fakeservers` found {pytester.path / 'fakeservers.py'}, which hides "
            "the one that pytest-llmsim brings. Rename that folder, or take its parent off "
            "sys.path."
        ]
    )


def test_an_sdk_that_is_missing_is_told(pytester, monkeypatch):
    """With the line that installs it."""
    monkeypatch.setitem(sys.modules, "openai", None)
    pytester.makepyfile("def test_it(llmsim_clients): llmsim_clients.openai()")
    pytester.runpytest("-q").stdout.fnmatch_lines(
        ["llmsim: the package 'openai' is not installed: run pip install 'pytest-llmsim[[]openai]'"]
    )


def test_a_provider_that_there_is_not_is_told(pytester):
    """Of the parametrized fixture, too."""
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.parametrize("llmsim_provider", ["opnai"], indirect=True)
        def test_it(llmsim_provider): pass
        """
    )
    pytester.runpytest("-q").stdout.fnmatch_lines(
        [
            "llmsim_provider: No provider 'opnai': there are claude, openai, gemini, ollama. Did "
            "you mean 'openai'?"
        ]
    )


@pytest.mark.parametrize(
    ("option", "told"),
    [
        ("seed=x", "seed is a whole number, not 'x'."),
        ("unmatched=x", "unmatched is error or natural, not 'x'."),
        ("unused=x", "unused is error or allow, not 'x'."),
        (
            "mode=rel",
            "mode is fake or mock or real or record or replay, not 'rel'. Did you mean 'real'?",
        ),
        ("claude=on", "claude is fake or mock or real or record or replay, not 'on'."),
        ("max-usd=much", "max_usd is an amount in US dollars such as \"0.50\", not 'much'."),
        ("max-usd=-1", "max_usd is an amount in US dollars such as \"0.50\", not '-1'."),
        ("block-network=perhaps", "block_network is True or False, not 'perhaps'."),
        ("stable-urls=2", "stable_urls is True or False, not '2'."),
        ("validation=of", "validation is strict or off, not 'of'. Did you mean 'off'?"),
        ("models=al", "models is known or current or any, not 'al'."),
        ("impossible=eror", "impossible is error or allow, not 'eror'. Did you mean 'error'?"),
        ("record=nwe", "record is none or once or new or all, not 'nwe'. Did you mean 'new'?"),
        ("drift=eror", "drift is warn or error or off, not 'eror'. Did you mean 'error'?"),
        ("time-scale=-1", "time_scale is a number from 0, not '-1'."),
        (
            "recordings=/somewhere",
            "recordings is a folder beside each test's module, such as recordings, not "
            "'/somewhere'.",
        ),
    ],
)
def test_a_wrong_option_ends_the_run(pytester, option, told):
    """Before anything is collected."""
    with pytest.raises(pytest.UsageError) as caught:
        pytester.parseconfigure(f"--llmsim-{option}")
    assert str(caught.value) == f"llmsim: {told}"


@pytest.mark.parametrize("way", ["ini", "variable"])
def test_a_wrong_value_ends_the_run_wherever_it_stands(pytester, monkeypatch, way):
    """The ini file and the environment are read like options."""
    if way == "ini":
        pytester.makeini("[pytest]\nllmsim_seed = x")
    else:
        monkeypatch.setenv("LLMSIM_SEED", "x")
    with pytest.raises(pytest.UsageError) as caught:
        pytester.parseconfigure()
    assert str(caught.value) == "llmsim: seed is a whole number, not 'x'."


def test_what_is_in_force_needs_the_plugin(pytester):
    """`llmsim env` says so where it was switched off."""
    result = pytester.run(
        sys.executable, "-c", "from pytest_llmsim.cli import main; main()", "env", "-pno:llmsim"
    )
    result.stderr.fnmatch_lines(["*llmsim: the plugin is switched off here (-p no:llmsim)."])


def test_a_waiting_router_inside_of_a_world_is_told(pytester):
    """Nobody could answer it; the fixture to take is named."""
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.llmsim(virtual=True)
        async def test_it(llmsim_router):
            llmsim_router.complete("Hello")
        """
    )
    pytester.runpytest("-q", "-p", "no:asyncio").stdout.fnmatch_lines(
        [
            "E *RuntimeError: llmsim_router waits inside of a coroutine in virtual time, where "
            "nobody could answer: take the fixture llmsim_async_router and await its calls."
        ]
    )


def test_a_loop_that_was_made_past_asyncio_is_told(pytester):
    """As pytest-asyncio makes it before 1.1: the test would wait for ever."""
    pytester.makepyfile(
        """
        import asyncio, pytest

        @pytest.fixture
        def own_loop():
            loop = asyncio.SelectorEventLoop()
            yield loop
            loop.close()

        @pytest.mark.llmsim(virtual=True)
        def test_it(llmsim, own_loop): pass
        """
    )
    pytester.runpytest("-q", "-p", "no:asyncio").stdout.fnmatch_lines(
        [
            "llmsim: this test runs in an event loop that its plugin made past asyncio, so time "
            "would be real: pytest-asyncio does that before 1.1. Install a later one, or run "
            "without virtual=True."
        ]
    )


def test_a_loop_that_was_made_too_early_is_told(pytester):
    """Time would be real in it."""
    pytester.makepyfile(
        """
        import asyncio, pytest

        @pytest.fixture(scope="module", autouse=True)
        def early():
            with asyncio.Runner() as runner:
                runner.get_loop()
                yield runner

        @pytest.mark.llmsim(virtual=True)
        def test_it(llmsim, early): pass
        """
    )
    result = pytester.runpytest("-q", "-p", "no:asyncio")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "llmsim: the event loop of this test was made before its simulated world was entered, "
            "so time would be real. Let async fixtures that are autouse ask for `llmsim`."
        ]
    )


def test_a_fixture_of_a_wider_scope_hears_what_to_write(pytester):
    """Below pytest's own message."""
    pytester.makepyfile(
        """
        import pytest

        @pytest.fixture(scope="session")
        def service(llmsim):
            return llmsim

        def test_it(service):
            pass
        """
    )
    pytester.runpytest("-q").stdout.fnmatch_lines(
        ["ScopeMismatch: *", "*- llmsim -*", "*has fakes of its own:", "  with FakeServers() as *"]
    )


def test_what_a_thread_was_told_stands_below_the_failure_that_it_caused(pytester):
    """Its error is seen by nobody else; one that the test failed by is not said twice."""
    pytester.makepyfile(
        """
        import threading
        from concurrent.futures import ThreadPoolExecutor

        import ollama
        import pytest

        pytestmark = pytest.mark.llmsim(virtual=True)

        def ask():
            ollama.Client().generate("llama3.2", "Hi")

        def test_unseen(llmsim):
            thread = threading.Thread(target=ask)
            thread.start()
            thread.join()
            assert len(llmsim.ollama.calls) == 1

        def test_seen(llmsim):
            with ThreadPoolExecutor() as pool:
                pool.submit(ask).result()
        """
    )
    result = pytester.runpytest("-q", "-rN", "-W", "ignore")
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["*assert 0 == 1", "*- llmsim -*", "Thread * calls a fake of *"])
    assert result.stdout.str().count("calls a fake of a simulated world") == 2


def test_a_request_that_no_rule_is_for_is_shown_where_it_was_made(pytester):
    """In the program's own line, then the message; none of the SDK's hundred lines."""
    pytester.makepyfile(
        test_it="""
        from openai import OpenAI

        def ask():
            return OpenAI().responses.create(model="gpt-5", input="Hi")

        def test_it(llmsim):
            llmsim.openai.on(prompt="Bye").replies("x")
            ask()
        """
    )
    result = pytester.runpytest("-q")
    result.stdout.fnmatch_lines(
        [
            ">       ask()",
            ">       return OpenAI().responses.create(*",
            "E       openai.BadRequestError: * llmsim: no rule of openai is for this request *",
        ]
    )
    result.stdout.no_fnmatch_line("*_base_client.py*")
    pytester.runpytest("-q", "--full-trace").stdout.fnmatch_lines(["*_base_client.py:*"])
