"""Every vendor's errors as classes of the decision table, from the live fakes' own bodies."""

import asyncio
import socket

import pytest

from fakeservers import FakeServers, overloaded, rate_limited, raw
from router.clients.anthropic import AnthropicClient
from router.clients.base import ProviderFailure
from router.types import as_request

from .support import Case, by_id, complete, every_client, every_way, failure

HELLO = as_request("Hello")
CLASSES = {
    400: "bad_request",
    401: "auth",
    402: "billing",
    403: "permission",
    404: "not_found",
    408: "server",
    409: "server",
    413: "context_window",
    422: "bad_request",
    429: "rate_limit",
    500: "server",
    502: "server",
    503: "overloaded",
    504: "gateway_timeout",
    529: "overloaded",
}


@every_client
@every_way
@pytest.mark.parametrize("status", sorted(CLASSES))
def test_class_by_status(llmsim: FakeServers, case: Case, streamed: bool, status: int) -> None:
    """Each status is its class, with the vendor's status and nothing asked twice."""
    case.of(llmsim).fails(status)
    failed = failure(case.client(llmsim), HELLO, streamed=streamed)
    assert (failed.error_class, failed.status) == (CLASSES[status], status)
    assert failed.certainty == "response_started" and len(case.of(llmsim).calls) == 1


@every_client
def test_overloaded(llmsim: FakeServers, case: Case) -> None:
    """A vendor without capacity is overloaded, whichever status it says so with."""
    case.of(llmsim).fails(overloaded())
    assert failure(case.client(llmsim), HELLO, streamed=False).error_class == "overloaded"


@every_client
@every_way
def test_retry_after_is_kept(llmsim: FakeServers, case: Case, streamed: bool) -> None:
    """How long to wait survives every SDK, to the fraction of a second."""
    case.of(llmsim).fails(rate_limited(retry_after_s=7.5))
    failed = failure(case.client(llmsim), HELLO, streamed=streamed)
    assert failed.error_class == "rate_limit" and failed.retry_after_s == 7.5


@every_client
@pytest.mark.parametrize(
    ("headers", "waits_s"),
    [
        ({"retry-after-ms": "1500"}, 1.5),
        ({"x-ms-retry-after-ms": "1500"}, 1.5),
        ({"retry-after": "3", "retry-after-ms": "1500"}, 3.0),
    ],
)
def test_retry_after_headers(
    llmsim: FakeServers, case: Case, headers: dict[str, str], waits_s: float
) -> None:
    """The syntaxes of Retry-After are read behind every SDK; the longest wins."""
    case.of(llmsim).fails(429, headers=headers, message="slow down")
    waits = failure(case.client(llmsim), HELLO, streamed=False).retry_after_s
    assert waits is not None and waits >= waits_s


SAID = {
    "claude": [
        (400, "prompt is too long: 213462 tokens > 200000 maximum", None, "context_window"),
        (400, "Your credit balance is too low to access the Anthropic API.", None, "billing"),
        (400, "Output blocked by content filtering policy", None, "content_policy"),
        (429, "You have reached your specified API usage limits.", None, "quota"),
    ],
    "chat": [
        (400, "This model's maximum context length is 128000 tokens.", None, "context_window"),
        (400, "too long", "context_length_exceeded", "context_window"),
        (429, "You exceeded your current quota", "insufficient_quota", "quota"),
        (400, "Your request was rejected", "content_policy_violation", "content_policy"),
        (400, "The model does not exist.", "model_not_found", "not_found"),
    ],
    "gemini": [
        (400, "API key not valid. Please pass a valid API key.", None, "auth"),
        (
            400,
            "The input token count (1196265) exceeds the maximum number of tokens allowed.",
            None,
            "context_window",
        ),
        (400, "User location is not supported for the API use.", None, "permission"),
    ],
    "ollama": [
        (400, '"gemma3" does not support tools', None, "unsupported"),
        (400, "input exceeds the available context size", None, "context_window"),
        (500, "model requires more system memory (9 GiB) than is available", None, "server"),
    ],
}
SAID["responses"] = SAID["http"] = SAID["chat"]


@every_client
def test_class_by_words(llmsim: FakeServers, case: Case) -> None:
    """What a status alone does not tell is told by code or words."""
    for status, message, code, expected in SAID[case.id]:
        case.of(llmsim).fails(status, message=message, code=code, times=1)
        assert failure(case.client(llmsim), HELLO, streamed=False).error_class == expected, message


@every_client
@every_way
def test_unknown_model(llmsim: FakeServers, case: Case, streamed: bool) -> None:
    """A model that the vendor does not have is not found, whatever the status (OpenAI's
    Responses say 400)."""
    failed = failure(case.client(llmsim, "no-such-model-7"), HELLO, streamed=streamed)
    assert failed.error_class == "not_found"


@every_client
def test_html_of_a_proxy(llmsim: FakeServers, case: Case) -> None:
    """A proxy's page is classed by its status, and an HTML page with 200 is bad protocol."""
    page = b"<html><body><h1>502 Bad Gateway</h1></body></html>"
    case.of(llmsim).replies(raw(page, status=502, content_type="text/html"), times=1)
    assert failure(case.client(llmsim), HELLO, streamed=False).error_class == "server"
    case.of(llmsim).replies(raw(page, content_type="text/html"))
    assert failure(case.client(llmsim), HELLO, streamed=False).error_class == "protocol_bad"


@every_client
@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"hello"', b"{}"])
def test_unreadable_answer(llmsim: FakeServers, case: Case, body: bytes) -> None:
    """A 200 that is not the vendor's JSON is bad protocol."""
    case.of(llmsim).replies(raw(body, content_type="application/json"))
    assert failure(case.client(llmsim), HELLO, streamed=False).error_class == "protocol_bad"


@every_client
@every_way
def test_refused_connection(case: Case, streamed: bool) -> None:
    """Nobody listens: "connect", and certainly not sent."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        failed = failure(case.make(url, case.model), HELLO, streamed=streamed)
    assert (failed.error_class, failed.certainty) == ("connect", "not_sent")


@every_client
def test_keys_stay_inside(llmsim: FakeServers, case: Case) -> None:
    """No key is in a client's repr, nor in a failure, even where the vendor echoes it."""
    client = case.client(llmsim)
    case.of(llmsim).fails(400, message="you sent sk-test-123456 and Bearer sk-mine-123456")
    failed = failure(client, HELLO, streamed=False)
    told = f"{client!r} {failed!r} {failed} {vars(failed)} {failed.__cause__}"
    assert "sk-test" not in told and "sk-mine" not in told


@every_client
def test_a_failure_carries_no_body(llmsim: FakeServers, case: Case) -> None:
    """A failure's message is short and on one line, and no exception of an SDK is its cause."""
    case.of(llmsim).fails(400, message="x" * 5000 + "\nSECRET")
    failed = failure(case.client(llmsim), HELLO, streamed=False)
    assert len(str(failed)) < 500 and "\n" not in str(failed)
    assert failed.__suppress_context__ or failed.__context__ is None


@every_client
def test_cancelling_passes_through(llmsim: FakeServers, case: Case) -> None:
    """A cancelled call ends as cancelled, not as a failure of the vendor."""
    client = case.client(llmsim)

    async def cancel() -> None:
        task = asyncio.ensure_future(client.complete(HELLO))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await client.aclose()

    asyncio.run(cancel())


def test_scope_of_a_limit(llmsim: FakeServers) -> None:
    """Which limit closed is read from the vendor's words."""
    said = {
        "requests": "Rate limit reached for gpt-4.1 on requests per min (RPM): Limit 500.",
        "tokens": "Rate limit reached for gpt-4.1 on tokens per min (TPM): Limit 30000.",
        "day": "Rate limit reached for gpt-4.1 on requests per day (RPD): Limit 200.",
    }
    for scope, message in said.items():
        llmsim.openai.fails(429, message=message, times=1)
        failed = failure(by_id("chat").client(llmsim), HELLO, streamed=False)
        assert failed.scope == scope


def test_missing_key_is_told_before_anything_is_sent(
    llmsim: FakeServers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a key nothing is sent, and the variable to set is named."""
    monkeypatch.delenv("MY_CLAUDE_KEY", raising=False)
    client = AnthropicClient("claude-sonnet-4-5", api_key_env="MY_CLAUDE_KEY")
    with pytest.raises(ProviderFailure, match="MY_CLAUDE_KEY") as caught:
        complete(client, HELLO)
    assert (caught.value.error_class, caught.value.certainty) == ("auth", "not_sent")
    assert not client.available and not llmsim.claude.calls
