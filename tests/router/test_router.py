"""The loop: who is asked after what, and what the caller gets."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from router.errors import (
    ERROR_CLASSES,
    AllAttemptsFailed,
    ConfigError,
    NoTarget,
    UnknownProvider,
)
from router.policy import RetryPolicy, RouterPolicy
from router.types import Capabilities, Message, Tool

from .world import FakeClient, Say, World, ask, fails, failure, read, run

OK = Say()
# How often the first of two targets is asked when it always fails so, and the second, which works.
ASKED = {
    "connect": (3, 1),
    "reset_early": (2, 1),
    "timeout_ttft": (1, 1),
    "timeout_total": (1, 1),
    "timeout_idle": (2, 1),
    "stream_cut": (2, 1),
    "stream_inband": (2, 1),
    "protocol_bad": (2, 1),
    "rate_limit": (1, 1),
    "quota": (1, 1),
    "billing": (1, 1),
    "overloaded": (2, 1),
    "server": (3, 1),
    "gateway_timeout": (3, 1),
    "auth": (1, 1),
    "permission": (1, 1),
    "not_found": (1, 1),
    "context_window": (1, 1),
    "content_policy": (1, 0),
    "bad_request": (1, 0),
    "unsupported": (1, 1),
}


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("name", ASKED)
def test_decision_table(name: str, streamed: bool) -> None:
    """Each class of failure asks the same target again and the next one as its line says."""
    world = World(FakeClient("a", failure(name)), FakeClient("b", OK))
    first, second = ASKED[name]
    if second:
        assert (read(world) if streamed else ask(world)).provider == "b"
    else:
        with pytest.raises(AllAttemptsFailed, match=name):
            _ = read(world) if streamed else ask(world)
    assert world.asked() == {"a": first, "b": second}


def test_decision_table_is_whole() -> None:
    """Every class that a client can raise stands in the table above."""
    of_answers = {"refusal", "content_filter", "length", "empty"}
    assert set(ASKED) == set(ERROR_CLASSES) - of_answers


@pytest.mark.parametrize("name", ASKED)
def test_costs_of_failures(name: str) -> None:
    """A failure costs nothing, or its prompt as an estimate, as its line says."""
    world = World(FakeClient("a", failure(name)))
    fails(world, AllAttemptsFailed)
    expected = {"void": ("void", 0), "input": ("estimated", 22), "seen": ("estimated", 22)}
    record = world.costs.records[0]
    assert (record.basis, record.amount_pico) == expected[ERROR_CLASSES[name].settle]


def test_every_target_gets_its_turn() -> None:
    """Of four attempts over three targets none is spent on a retry that would cost the last
    target its only one."""
    down = failure("server")
    world = World(FakeClient("a", down), FakeClient("b", down), FakeClient("c", OK))
    assert ask(world).provider == "c"
    assert world.asked() == {"a": 2, "b": 1, "c": 1}


def test_attempts_are_counted_over_the_chain() -> None:
    """Four attempts in all, however many targets there are."""
    world = World(*(FakeClient(name, failure("server")) for name in "abcdef"))
    error = fails(world, AllAttemptsFailed)
    assert [a.provider for a in error.attempts] == ["a", "b", "c", "d"]


def test_the_cause_is_the_best_targets() -> None:
    """The error's cause is the last failure of the target that was ranked best."""
    world = World(
        FakeClient("a", failure("overloaded", status=529)), FakeClient("b", failure("auth"))
    )
    error = fails(world, AllAttemptsFailed)
    assert (error.cause_class, error.__cause__.status) == ("overloaded", 529)
    assert "b/b-model: auth" in str(error)


def test_nothing_is_waited_for_after_the_last() -> None:
    """R3: when no attempt is left the error comes at once."""
    world = World(
        FakeClient("a", failure("server")), policy=RouterPolicy(retry=RetryPolicy(max_attempts=1))
    )

    async def main() -> float:
        with pytest.raises(AllAttemptsFailed):
            await world.router.complete("x")
        return asyncio.get_running_loop().time()

    assert run(main()) == 0.0


def test_retry_after_is_waited_for_where_nothing_else_is() -> None:
    """R2: a single target is asked again when its time has come, not before and not much later."""
    limited = failure("rate_limit", retry_after_s=7.5, scope="tokens")
    world = World(FakeClient("a", limited, OK))
    ask(world)
    assert 7.5 <= world.clients["a"].asked_s[1] <= 7.5 + 0.25


def test_a_long_retry_after_is_not_waited_for() -> None:
    """Beyond wait_s_max the call fails at once, and says when the limit opens."""
    world = World(FakeClient("a", failure("rate_limit", retry_after_s=3600.0)))
    error = fails(world, AllAttemptsFailed)
    assert error.attempts[0].not_before_s == 3600.0
    assert world.asked() == {"a": 1}


def test_other_calls_keep_off_a_limited_target() -> None:
    """What one call was told of a limit holds for all."""
    world = World(
        FakeClient("a", failure("rate_limit", retry_after_s=60.0), OK), FakeClient("b", OK)
    )

    async def main() -> list[str]:
        answers = [await world.router.complete("x") for _ in range(3)]
        await asyncio.sleep(60.0)
        answers.append(await world.router.complete("x"))
        return [answer.provider for answer in answers]

    assert run(main()) == ["b", "b", "b", "a"]


def test_another_key_first() -> None:
    """When a key is refused, the same model behind another key comes before other models."""
    keys = {"one": {"key_id": "1"}, "two": {"key_id": "2"}}
    one, other, two = FakeClient("one", failure("auth")), FakeClient("other"), FakeClient("two")
    world = World(one, other, two, targets=keys)
    same = [
        replace(e, target=replace(e.target, provider="p", model="m")) if e.target.key_id else e
        for e in world.setup.endpoints
    ]
    world.router.reload(replace(world.setup, endpoints=tuple(same)))
    assert ask(world).provider == "p"
    assert world.asked() == {"one": 1, "other": 0, "two": 1}


def test_larger_windows_only() -> None:
    """After a prompt was too long only targets with a larger window are asked."""
    windows = {
        "a": {"context_tokens_max": 50},
        "b": {"context_tokens_max": 40},
        "c": {"context_tokens_max": 90},
    }
    clients = [FakeClient(name, failure("context_window") if name == "a" else OK) for name in "abc"]
    world = World(*clients, targets=windows)
    assert ask(world).provider == "c"
    assert world.asked()["b"] == 0


def test_refusals_fall_back_where_opted_in() -> None:
    """A refusal is the answer, unless refusals are to fall back; then both are paid for."""
    refusing = Say(text="I cannot.", finish="refusal")
    plain = World(FakeClient("a", refusing), FakeClient("b", OK))
    assert ask(plain).finish_reason == "refusal"
    opted = World(
        FakeClient("a", refusing),
        FakeClient("b", OK),
        policy=RouterPolicy(opt_in=frozenset({"refusal"})),
    )
    answer = ask(opted)
    assert (answer.provider, answer.cost_pico) == ("b", 88)


def test_a_refusal_is_better_than_nothing() -> None:
    """When what a refusal fell back to fails, the refusal is the answer."""
    policy = RouterPolicy(opt_in=frozenset({"refusal"}))
    world = World(
        FakeClient("a", Say(finish="refusal")), FakeClient("b", failure("auth")), policy=policy
    )
    answer = ask(world)
    assert (answer.provider, answer.finish_reason, len(answer.attempts)) == ("a", "refusal", 2)


def test_fallbacks_of_a_class() -> None:
    """A class with fallbacks of its own goes there first."""
    policy = RouterPolicy(fallbacks={"content_policy": ("c",)})
    world = World(
        FakeClient("a", failure("content_policy")), FakeClient("b"), FakeClient("c"), policy=policy
    )
    assert ask(world).provider == "c"


def test_empty_answers_are_failures() -> None:
    """A 200 without content is asked for once more, then elsewhere; each is paid for."""
    world = World(FakeClient("a", Say(text="")), FakeClient("b", OK))
    answer = ask(world)
    assert [a.outcome for a in answer.attempts] == ["empty", "empty", "ok"]
    assert answer.cost_pico == 3 * 44


def test_a_client_that_breaks_is_a_failure() -> None:
    """An exception that no client may raise is a failure like another; the next target answers."""

    async def broken() -> Say:
        raise KeyError("choices")

    answer = ask(World(FakeClient("a", broken), FakeClient("b", OK)))
    assert [a.outcome for a in answer.attempts] == ["protocol_bad", "protocol_bad", "ok"]


def test_chain_is_the_order() -> None:
    """route_with_fallback asks those named, in that order, and no other."""
    world = World(FakeClient("a"), FakeClient("b", failure("auth")), FakeClient("c"))
    answer = run(world.router.route_with_fallback(["b", "c"], "x"))
    assert [a.provider for a in answer.attempts] == ["b", "c"]


def test_unknown_names_are_told() -> None:
    """A name that no provider has is an error that names the nearest, before anything is asked."""
    world = World(FakeClient("claude"), FakeClient("openai"))
    with pytest.raises(UnknownProvider, match="did you mean 'claude'"):
        ask(world, chain=["cluade"])


@pytest.mark.parametrize(
    ("keywords", "says"),
    [
        ({"stop": "END"}, r"stop is a string; write stop=\['END'\]"),
        ({"max_tokens": "100"}, "max_tokens is '100'; it is a whole number"),
        ({"max_tokens": -1}, "max_tokens is -1"),
        ({"chain": "a"}, r"write chain=\['a'\]"),
        ({"chain": []}, "the chain is empty"),
        ({"deadline_s": 0}, "deadline_s is 0"),
    ],
)
def test_values_that_cannot_be(keywords: Any, says: str) -> None:
    """A value that no provider would take, or that means another thing, is told beforehand."""
    world = World(FakeClient("a"))
    with pytest.raises(ConfigError, match=says):
        ask(world, **keywords)
    assert world.asked() == {"a": 0}


@pytest.mark.parametrize("prompt", [None, 5, [], ["text"]])
def test_what_is_no_prompt(prompt: Any) -> None:
    """Anything but words, messages or a request is told, with what to write."""
    with pytest.raises(TypeError, match="a prompt is a string, an LLMRequest, or one or more"):
        run(World(FakeClient("a")).router.complete(prompt))


def test_what_no_target_can_do() -> None:
    """A request that no target can take says of each why not."""
    world = World(FakeClient("a"), targets={"a": {"capabilities": Capabilities(tools=False)}})
    error = fails(world, NoTarget, tools=[Tool(name="f")])
    assert "a/a-model cannot do tools" in str(error)


def test_prompts_of_any_kind() -> None:
    """A string, a message and a list of messages ask the same."""
    world = World(FakeClient("a"))
    for prompt in ("Hi?", Message.user("Hi?"), [Message.user("Hi?")]):
        run(world.router.complete(prompt))  # type: ignore[arg-type]
    texts = {request.messages[0].text for request in world.clients["a"].asked}
    assert (texts, len(world.clients["a"].asked)) == ({"Hi?"}, 3)


def test_reload_keeps_state() -> None:
    """After a reload an open breaker is still open, and the version has grown."""
    world = World(FakeClient("a", failure("connect", certainty="not_sent")), FakeClient("b"))

    async def main() -> tuple[str, int]:
        for _ in range(3):
            await world.router.complete("x")
        world.router.reload(world.setup)
        plan = world.router.plan("x")
        return plan.skipped[0].refused, plan.version

    refused, version = run(main())
    assert ("breaker is open" in refused, version) == (True, 2)


def test_asked_to_wait_is_left_for_others() -> None:
    """An overloaded target that names a time is not waited for while another can answer."""
    world = World(FakeClient("a", failure("overloaded", retry_after_s=20.0)), FakeClient("b"))

    async def main() -> tuple[str, float]:
        answer = await world.router.complete("x")
        return answer.provider, asyncio.get_running_loop().time()

    assert run(main()) == ("b", 0.0)


def test_fallbacks_must_be_suited() -> None:
    """A target named for a class of failure is not asked for what it cannot do."""
    policy = RouterPolicy(fallbacks={"content_policy": ("b", "c")})
    cannot = {"capabilities": Capabilities(tools=False)}
    clients = FakeClient("a", failure("content_policy")), FakeClient("b"), FakeClient("c")
    world = World(*clients, policy=policy, targets={"b": cannot})
    assert ask(world, tools=[Tool(name="f")]).provider == "c"
