"""Tests in virtual time, in projects of their own, by pytester."""

import pytest

ASK = """
    import asyncio
    import pytest

    virtual = pytest.mark.llmsim(virtual=True)
    HOUR_S = 3600.0

    async def hour():
        await asyncio.sleep(3600)
        return asyncio.get_running_loop().time()
"""


@pytest.fixture
def project(pytester):
    """A project with a program that sleeps for an hour."""
    pytester.makepyfile(program=ASK)
    return pytester


HANDLERS = {
    "neither": ("", ("-p", "no:asyncio", "-p", "no:anyio")),
    "asyncio": ("@pytest.mark.asyncio", ()),
    "asyncio auto": ("", ("--asyncio-mode=auto",)),
    "anyio": ("@pytest.mark.anyio", ("-p", "no:asyncio")),
}


@pytest.mark.parametrize("handler", HANDLERS)
def test_async_tests_run_in_virtual_time(project, handler):
    """Beside pytest-asyncio, anyio or neither, with the fixture handing over the world."""
    mark, options = HANDLERS[handler]
    project.makepyfile(
        f"""
        import pytest
        from program import hour, virtual

        @pytest.fixture
        def anyio_backend():
            return "asyncio"

        {mark}
        @virtual
        async def test_it(llmsim):
            assert await hour() == llmsim.now == 3600.0

        {mark}
        @virtual
        async def test_it_without_the_fixture():
            assert await hour() == 3600.0
        """
    )
    project.runpytest(*options).assert_outcomes(passed=2)


FIXTURES = {
    "asyncio": ("@pytest_asyncio.fixture", "", "@pytest.mark.asyncio", ()),
    "anyio": ("@pytest.fixture", "anyio_backend", "@pytest.mark.anyio", ("-p", "no:asyncio")),
}


@pytest.mark.parametrize("handler", FIXTURES)
def test_async_fixtures_live_in_the_world(project, handler):
    """Their setup and teardown run in the same loop as the test, before and after it."""
    fixture, argument, mark, options = FIXTURES[handler]
    project.makepyfile(
        f"""
        import asyncio, pytest, pytest_asyncio
        from program import hour, virtual

        @pytest.fixture
        def anyio_backend():
            return "asyncio"

        {fixture}
        async def later({argument}):
            yield await hour()
            assert await hour() == 3 * 3600.0

        {mark}
        @virtual
        async def test_it(later, llmsim):
            await hour()
            assert (later, llmsim.now) == (3600.0, 7200.0)
        """
    )
    project.runpytest(*options).assert_outcomes(passed=1)


def test_plain_tests_run_in_virtual_time(project):
    """A blocking test sleeps, and runs asyncio programs, in the world; a class can be marked."""
    project.makepyfile(
        """
        import asyncio, time
        from program import HOUR_S, hour, virtual

        @virtual
        class TestIt:
            def test_it(self, llmsim):
                time.sleep(HOUR_S)
                assert asyncio.run(hour()) == 7200.0
                assert asyncio.run(hour()) == llmsim.now == 10800.0

        def test_real(llmsim):
            assert not hasattr(llmsim, "now")
        """
    )
    project.runpytest().assert_outcomes(passed=2)


def test_a_scripted_fault_passes_in_no_time(project):
    """The SDK waits as long as it is told to, in virtual time, and the report shows the traffic."""
    pytest.importorskip("openai")
    project.makepyfile(
        """
        import openai
        from fakeservers import rate_limited
        from program import virtual

        @virtual
        def test_it(llmsim):
            llmsim.openai.fails(rate_limited(retry_after_s=100), times=2)
            llmsim.openai.replies("Hi!")
            ask = openai.OpenAI().responses.create
            assert ask(model="gpt-5", input="Hello").output_text == "Hi!"
            assert llmsim.now == 200.0
        """
    )
    result = project.runpytest("--llmsim-traffic")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["+200.000s openai #3 POST /v1/responses gpt-5 -> 200, 0 ms"])


def test_a_loop_of_a_wider_scope_is_refused(project):
    """A world is one test's, and so is its loop."""
    project.makepyfile(
        """
        import pytest
        from program import hour, virtual

        @pytest.mark.asyncio(loop_scope="module")
        @virtual
        async def test_it(llmsim):
            await hour()
        """
    )
    result = project.runpytest()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(['*is to last for the module. Write *loop_scope="function"*'])


def test_trio_is_refused(project):
    """Virtual time is asyncio's, and says so."""
    project.makepyfile(
        """
        import pytest
        from program import virtual

        @pytest.mark.anyio
        @pytest.mark.parametrize("anyio_backend", ["trio"])
        @virtual
        async def test_it(llmsim):
            pass
        """
    )
    result = project.runpytest("-p", "no:asyncio")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["llmsim: virtual time is asyncio's; 'trio' has a loop*"])


def test_the_world_of_a_failed_test_ends_too(project):
    """After a failure the next test has its own time, and real tests real time."""
    project.makepyfile(
        """
        import time
        from program import HOUR_S, virtual

        @virtual
        def test_fails(llmsim):
            time.sleep(HOUR_S)
            assert llmsim.now == 0

        @virtual
        def test_next(llmsim):
            assert llmsim.now == 0

        def test_real():
            assert time.monotonic() > 0 and time.sleep.__module__ == "time"
        """
    )
    project.runpytest().assert_outcomes(failed=1, passed=2)


def test_virtual_is_true_or_false(project):
    """Another value is an error that says so."""
    project.makepyfile(
        """
        import pytest

        @pytest.mark.llmsim(virtual="yes")
        def test_it(llmsim):
            pass
        """
    )
    result = project.runpytest()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*virtual is True or False, not 'yes'."])


ASKING = """
    import httpx2

    def ask(llmsim, prompt):
        body = {"model": "gpt-5", "input": prompt}
        return httpx2.post(llmsim.openai.url + "/responses", json=body)
"""


def test_a_test_that_depends_on_its_seed_alone_passes_twice(project):
    """With --llmsim-check-determinism it runs twice, and counts once."""
    project.makepyfile(
        asking=ASKING,
        test_it="""
        import pathlib, random, uuid
        from asking import ask
        from program import virtual

        @virtual
        def test_it(llmsim):
            ask(llmsim, f"{random.random()} {uuid.uuid4()}")
            with pathlib.Path("runs").open("a") as runs:
                runs.write("x")
        """,
    )
    project.runpytest("--llmsim-check-determinism").assert_outcomes(passed=1)
    assert (project.path / "runs").read_text() == "xx"


def test_a_test_that_depends_on_something_else_fails(project):
    """The first difference between the two runs is shown."""
    project.makepyfile(
        asking=ASKING,
        test_it="""
        import itertools
        from asking import ask
        from program import virtual

        numbers = itertools.count(1)

        @virtual
        def test_it(llmsim):
            ask(llmsim, "Hello")
            ask(llmsim, f"Question {next(numbers)}")
        """,
    )
    result = project.runpytest("--llmsim-check-determinism")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["*differ at exchange 2:", "*first:*Question 1*", "*second:*Question 2*"]
    )
    project.runpytest().assert_outcomes(passed=1)
