"""Recording and replaying tests, where a second set of fakes stands in for the real services."""

import sys
import tomllib

import pytest

from fakeservers import FakeServers, rate_limited

ASK = """
    import openai

    def ask(prompt="Hello", **options):
        with openai.OpenAI(max_retries=0) as client:
            answer = client.chat.completions.create(
                model="gpt-4o", messages=[{"role": "user", "content": prompt}], **options
            )
            return answer.choices[0].message.content
"""

TEST = """
    from program import ask

    def test_it(llmsim):
        assert ask() == "I am real."
"""

FILE = "recordings/test_recorded/test_it.toml"
KEY = "sk-of-mine-0123456789abcdef"


@pytest.fixture
def real(monkeypatch):
    """What stands in for the real services: the environment leads there."""
    with FakeServers(seed=99) as servers:
        for variable, value in servers.env().items():
            monkeypatch.setenv(variable, value)
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        for handle in servers.providers.values():
            handle.unused = "allow"
        yield servers


@pytest.fixture
def project(pytester, monkeypatch):
    """A program, and a test of it in a file that is named like its folder of recordings."""
    pytester.makepyfile(program=ASK, test_recorded=TEST)
    return pytester


def run(project, *options, passed=1, **outcomes):
    result = project.runpytest("-q", *options)
    result.assert_outcomes(passed=passed, **outcomes)
    return result


def exchanges(project, file=FILE):
    return tomllib.loads((project.path / file).read_text("utf-8"))["exchange"]


def test_what_is_recorded_is_replayed_without_a_network(project, real):
    """The same test, once with the real service and then without: the same answer."""
    real.openai.replies("I am real.", "not twice")
    result = run(project, "--llmsim-mode=record")
    result.stdout.fnmatch_lines(["*llmsim: real calls*", "1 calls, *"])
    (exchange,) = exchanges(project)
    assert exchange["request"]["path"] == "/v1/chat/completions"
    assert KEY not in (project.path / FILE).read_text("utf-8")
    real.stop()
    run(project, "--llmsim-mode=replay").stdout.no_fnmatch_line("*drift*")


def test_what_is_recorded_is_not_asked_again(project, real):
    """Recording asks for what is missing; `all` asks for everything anew."""
    real.openai.replies("I am real.")
    run(project, "--llmsim-mode=record")
    run(project, "--llmsim-mode=record")
    assert len(real.openai.calls) == 1
    run(project, "--llmsim-mode=record", "--llmsim-record=all")
    assert (len(real.openai.calls), len(exchanges(project))) == (2, 1)


def test_a_changed_request_is_told_and_recorded_by_the_line_that_is_told(project, real):
    """The nearest recording, what is different, and what to run; the old one goes."""
    real.openai.replies("I am real.")
    run(project, "--llmsim-mode=record")
    project.makepyfile(test_recorded=TEST.replace("ask()", "ask('Good morning')"))
    result = run(project, "--llmsim-mode=replay", passed=0, failed=1)
    result.stdout.fnmatch_lines(
        [
            f"*{FILE} has no answer of openai for this request (POST /v1/chat/completions, model "
            "'gpt-4o', prompt 'Good morning').",
            f"*The nearest is {FILE}:4:",
            "*  messages[[]0].content: recorded 'Hello', asked now 'Good morning'",
            "*To record it: pytest --llmsim-mode=record 'test_recorded.py::test_it'",
        ]
    )
    run(project, "--llmsim-mode=record", "test_recorded.py::test_it")
    (exchange,) = exchanges(project)
    assert "Good morning" in exchange["request"]["json"]


def test_a_marker_says_replay_and_an_option_records(project, real):
    """The marker names tests with recordings, `--llmsim-record` has them recorded; told so."""
    marked = TEST.replace(
        "def test_it", "import pytest\n    @pytest.mark.llmsim(mode='replay')\n    def test_it"
    )
    project.makepyfile(test_recorded=marked)
    real.openai.replies("I am real.")
    result = run(project, passed=0, failed=1)
    result.stdout.fnmatch_lines(
        ["*Nothing is recorded of openai there.", "*pytest --llmsim-record=new 'test_recorded*"]
    )
    run(project, "--llmsim-record=new")
    run(project)


def test_once_records_where_there_is_no_file(project, real):
    """And asks nobody where there is one."""
    real.openai.replies("I am real.")
    run(project, "--llmsim-mode=record", "--llmsim-record=once")
    project.makepyfile(test_recorded=TEST.replace("ask()", "ask('Good morning')"))
    run(project, "--llmsim-mode=record", "--llmsim-record=once", passed=0, failed=1)
    assert len(real.openai.calls) == 1


def test_one_provider_alone_is_recorded(project, real, monkeypatch):
    """The others stay fakes."""
    monkeypatch.setenv("LLMSIM_OPENAI", "record")
    real.openai.replies("I am real.")
    project.makepyfile(
        test_recorded=TEST
        + """
        import anthropic
        with anthropic.Anthropic() as claude:
            claude.messages.create(model="claude-haiku-4-5", max_tokens=9,
                messages=[{"role": "user", "content": "Hi"}])
        assert len(llmsim.claude.calls) == 1
        """
    )
    run(project)
    assert len(real.claude.calls) == 0


def test_the_cap_holds_while_recording(project, real):
    """What could exceed it is not asked, and the refusal is no recording."""
    result = run(project, "--llmsim-mode=record", "--llmsim-max-usd=0.0000001", passed=0, failed=1)
    result.stdout.fnmatch_lines(["*LLMSIM_MAX_USD is used up*"])
    assert (len(real.openai.calls), (project.path / FILE).exists()) == (0, False)


def test_a_service_that_is_not_there_is_told(project, monkeypatch):
    """Nothing is recorded."""
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    result = run(project, "--llmsim-mode=record", passed=0, failed=1)
    result.stdout.fnmatch_lines(["*http://127.0.0.1:9/v1 could not be asked*"])
    assert not (project.path / FILE).exists()


def test_rules_come_before_recordings(project, real):
    """A failure that a test scripts happens, and what it leaves open is recorded."""
    real.openai.replies("I am real.")
    project.makepyfile(
        test_recorded="""
        import openai, pytest
        from fakeservers import overloaded
        from program import ask

        def test_it(llmsim):
            llmsim.openai.fails(503, times=1)
            with pytest.raises(openai.InternalServerError):
                ask()
            assert ask() == "I am real."
        """
    )
    run(project, "--llmsim-mode=record")
    assert len(real.openai.calls) == 1
    run(project, "--llmsim-mode=replay")


def test_a_recording_that_nothing_asks_for_fails_the_test(project, real):
    """As a rule does that no request met; both are allowed in the same way."""
    real.openai.replies("I am real.")
    run(project, "--llmsim-mode=record")
    project.makepyfile(test_recorded="def test_it(llmsim): pass")
    result = run(project, "--llmsim-mode=replay", passed=0, failed=1)
    result.stdout.fnmatch_lines(
        ["*nothing asked openai for what is recorded here:", f"*  {FILE}:4: POST /v1/chat/*"]
    )
    run(project, "--llmsim-mode=replay", "--llmsim-unused=allow")
    run(project, "--llmsim-mode=record")
    assert not (project.path / FILE).exists()


def test_virtual_time_replays(project, real):
    """In its own time, and the wait that a recorded 429 asks for passes at once."""
    project.makepyfile(
        test_recorded="""
        import openai, pytest

        @pytest.mark.llmsim(virtual=VIRTUAL)
        async def test_it(llmsim):
            client = openai.AsyncOpenAI(max_retries=1)
            answer = await client.chat.completions.create(
                model="gpt-4o", messages=[{"role": "user", "content": "Hello"}])
            assert answer.choices[0].message.content == "I am real."
            assert [call.status for call in llmsim.openai.calls] == [429, 200]
            if VIRTUAL:
                assert 30 <= llmsim.now < 31
            await client.close()
        """.replace("VIRTUAL", "False").replace("async def", "async def")
    )
    real.openai.fails(rate_limited(retry_after_s=0), times=1)
    real.openai.replies("I am real.")
    async_run = ("-o", "asyncio_mode=auto")
    run(project, "--llmsim-mode=record", *async_run)
    file = project.path / FILE
    file.write_text(file.read_text("utf-8").replace('"retry-after" = "0"', '"retry-after" = "30"'))
    module = project.path / "test_recorded.py"
    module.write_text(module.read_text("utf-8").replace("False", "True"))
    run(project, "--llmsim-mode=replay", *async_run)


def test_drift_is_told_and_may_be_an_error(project, real):
    """Where the real answer has another shape than the fake's own: a warning, until asked."""
    real.openai.replies("I am real.")
    run(project, "--llmsim-mode=record").stdout.no_fnmatch_line("*drift*")
    file = project.path / FILE
    text = file.read_text("utf-8")
    text = text.replace('"service_tier": "default"', '"service_tier": 1, "mood": "good"')
    file.write_text(text)
    result = run(project, "--llmsim-mode=replay")
    result.stdout.fnmatch_lines(
        [
            "*llmsim: drift between recorded answers and fakes*",
            f"openai POST /v1/chat/completions ({FILE}:4), in test_recorded.py::test_it",
            "  mood is text, the fake has none",
            "  service_tier is number, the fake's own is text",
        ]
    )
    result = run(project, "--llmsim-mode=replay", "--llmsim-report")
    result.stdout.fnmatch_lines(["drift   1 recorded answer has another shape than the fakes' own"])
    run(project, "--llmsim-mode=replay", "--llmsim-drift=off").stdout.no_fnmatch_line("*drift*")
    result = run(project, "--llmsim-mode=replay", "--llmsim-drift=error", passed=0, failed=1)
    result.stdout.fnmatch_lines(["*recorded answers have another shape than the fakes' own:*"])


def test_a_field_that_changes_is_ignored(project, real):
    """By a marker; what else changes is told as ever."""
    real.openai.replies("I am real.")
    test = """
        import pytest
        from program import ask

        @pytest.mark.llmsim(ignored="user, seed")
        def test_it(llmsim):
            assert ask(user="NOW", seed=1) == "I am real."
        """
    project.makepyfile(test_recorded=test)
    run(project, "--llmsim-mode=record")
    project.makepyfile(test_recorded=test.replace("NOW", "later").replace("seed=1", "seed=2"))
    run(project, "--llmsim-mode=replay")


def test_every_test_has_a_file_of_its_own(project, real):
    """In classes, and with parameters that no file can be named like."""
    project.makepyfile(
        test_recorded="""
        import pytest
        from program import ask

        class TestAll:
            @pytest.mark.parametrize("name", ["a/b", "a:b", "a b"])
            def test_it(self, llmsim, name):
                ask(name)
        """
    )
    run(project, "--llmsim-mode=record", passed=3)
    names = sorted(path.name for path in (project.path / "recordings/test_recorded").iterdir())
    assert len(names) == 3 and all(name.startswith("TestAll.test_it[a-b]") for name in names)
    real.stop()
    run(project, "--llmsim-mode=replay", passed=3)


def test_the_network_is_open_to_who_is_recorded_and_to_nobody_else(project, real, monkeypatch):
    """A program that goes past its fake is caught, but where the real service is asked."""
    project.makepyfile(
        test_recorded="""
        import socket, ssl, pytest

        def goes_to(host):
            socket.getaddrinfo(host, 443, flags=socket.AI_NUMERICHOST)

        def test_it(llmsim):
            for host in ("api.openai.com", "api.anthropic.com"):
                with pytest.raises(BaseException) as problem:
                    goes_to(host)
                print(host, type(problem.value).__name__)
        """
    )
    monkeypatch.setenv("LLMSIM_OPENAI", "record")
    result = run(project, "-s", passed=0, failed=1)
    result.stdout.fnmatch_lines(["api.openai.com gaierror", "api.anthropic.com Failed"])
    monkeypatch.setenv("LLMSIM_OPENAI", "replay")
    result = run(project, "-s", passed=0, failed=1)
    result.stdout.fnmatch_lines(["api.openai.com Failed", "api.anthropic.com Failed"])


def test_the_router_is_recorded_with_its_own_keys(project, real):
    """It is told that the service is real, and replays as over a fake."""
    real.openai.replies("I am real.")
    project.makepyfile(
        test_recorded="""
        import pytest

        @pytest.mark.llmsim_chain("openai")
        def test_it(llmsim, llmsim_router):
            answer = llmsim_router.complete("Hello")
            assert answer.text == "I am real."
            assert answer.cost == llmsim.bill.total > 0
        """
    )
    run(project, "--llmsim-mode=record")
    assert len(real.openai.calls) == 1
    run(project, "--llmsim-mode=replay")


def test_what_is_in_force_names_who_is_recorded(project, real):
    """Where it leads, and with which key."""
    llmsim = (sys.executable, "-c", "from pytest_llmsim.cli import main; main()")
    result = project.run(*llmsim, "env", "--llmsim-openai=record")
    result.stdout.fnmatch_lines(
        ["*openai * record * --llmsim-openai", f"*at {real.openai.url}, key in OPENAI_API_KEY"]
    )


def test_a_client_that_is_made_at_an_import_is_recorded(project, real):
    """Where addresses are stable it has the fake's, and keeps the program's own key."""
    real.openai.replies("I am real.")
    project.makeini("[pytest]\nllmsim_stable_urls = true")
    project.makepyfile(
        test_recorded="""
        import openai

        CLIENT = openai.OpenAI()

        def test_it(llmsim):
            answer = CLIENT.responses.create(model="gpt-4o", input="Hello")
            assert answer.output_text == "I am real."
            assert len(llmsim.openai.calls) == 1
        """
    )
    options = ("-p", "no:cacheprovider", "-W", "ignore::ResourceWarning")
    project.runpytest_subprocess("--llmsim-mode=record", *options).assert_outcomes(passed=1)
    assert len(exchanges(project)) == len(real.openai.calls) == 1
    real.stop()
    project.runpytest_subprocess("--llmsim-mode=replay", *options).assert_outcomes(passed=1)


def test_workers_record_and_replay(project, real):
    """Each test has a file of its own."""
    project.makepyfile(
        test_recorded="""
        import pytest
        from program import ask

        @pytest.mark.parametrize("n", range(4))
        def test_it(llmsim, n):
            assert ask(f"Hello {n}") == "I am real."
        """
    )
    real.openai.replies("I am real.")
    run(project, "--llmsim-mode=record", "-n2", passed=4)
    assert len(exchanges(project, FILE.replace("test_it", "test_it[3]"))) == 1
    real.stop()
    run(project, "--llmsim-mode=replay", "-n2", passed=4)
