"""Errors: envelope, words, details."""

from typing import Any

import pytest

from fakeservers.behaviour.failures import http_error, overloaded, rate_limited
from fakeservers.behaviour.scenario import Rule, Script
from fakeservers.canonical import ApiError
from fakeservers.serving.exchange import Fake

HI = {"contents": [{"parts": [{"text": "Hi"}]}]}
STREAM = "/v1beta/models/gemini-2.5-flash:streamGenerateContent"


def fail(fake: Fake, error: ApiError) -> None:
    fake.script = Script(rules=(Rule(number=1, error=error),))


@pytest.mark.parametrize("status", range(400, 600))
def test_every_status_has_a_body(fake: Fake, ask: Any, status: int) -> None:
    """Any error has its status as the code, words, and the name of a google.rpc.Code."""
    fail(fake, http_error(status))
    heard = ask(body=HI)
    assert (heard.status, heard.error["code"]) == (status, status)
    assert heard.error["message"] and heard.error["status"].isupper()


@pytest.mark.parametrize(
    ("error", "status", "name", "message"),
    [
        (overloaded(), 503, "UNAVAILABLE", "The model is overloaded. Please try again later."),
        (http_error(504), 504, "DEADLINE_EXCEEDED", None),
        (http_error(400, "Bad thing."), 400, "INVALID_ARGUMENT", "Bad thing."),
        (http_error(400, type="FAILED_PRECONDITION"), 400, "FAILED_PRECONDITION", None),
    ],
)
def test_names(
    fake: Fake, ask: Any, error: ApiError, status: int, name: str, message: str | None
) -> None:
    """What the script leaves out is filled in, what it says stays."""
    fail(fake, error)
    heard = ask(body=HI)
    assert (heard.status, heard.error["status"]) == (status, name)
    assert message is None or heard.error["message"] == message


def test_a_code_is_a_reason(fake: Fake, ask: Any) -> None:
    """The code of a scripted error stands in ErrorInfo, where Google has its reasons."""
    fail(fake, http_error(403, "No.", code="SERVICE_DISABLED"))
    (info,) = ask(body=HI).error["details"]
    assert (info["@type"], info["reason"]) == (
        "type.googleapis.com/google.rpc.ErrorInfo",
        "SERVICE_DISABLED",
    )


def test_quota(fake: Fake, ask: Any) -> None:
    """A 429 says when to come back in its text and in RetryInfo, and names the model."""
    fail(fake, rate_limited(retry_after_s=42))
    heard = ask(body=HI)
    link, failure, retry = heard.error["details"]
    assert link["@type"].endswith("Help")
    assert failure["violations"][0]["quotaDimensions"]["model"] == "gemini-2.5-flash"
    assert retry == {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "42s"}
    assert heard.error["message"].endswith("\nPlease retry in 42s.")


@pytest.mark.parametrize(
    "given",
    [
        {"headers": {"x-goog-api-key": "k"}},
        {"headers": {}, "query": {"key": "k"}},
        {"headers": {"authorization": "Bearer k"}},
    ],
    ids=["header", "query", "bearer"],
)
def test_credentials(ask: Any, given: Any) -> None:
    """A key in the header or the query, or a token, is enough."""
    assert ask(body=HI, **given).status == 200


def test_no_key(ask: Any) -> None:
    """Without a key the answer is 403, without details."""
    heard = ask(body=HI, headers={"authorization": "Bearer "})
    assert (heard.status, heard.error["status"]) == (403, "PERMISSION_DENIED")
    assert heard.error["message"].startswith("Method doesn't allow unregistered callers")


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        (
            "/v1/models/nope:generateContent",
            HI,
            "models/nope is not found for API version v1, or is not supported for "
            "generateContent. Call ModelService.ListModels to see the list of available models "
            "and their supported methods.",
        ),
        (
            "/v1beta/models/nope:batchEmbedContents",
            {"requests": [{"content": HI["contents"][0]}]},
            "models/nope is not found for API version v1beta, or is not supported for "
            "embedContent. Call ModelService.ListModels to see the list of available models "
            "and their supported methods.",
        ),
        ("/v1beta/models/nope", None, "Model is not found: models/nope for api version v1beta"),
    ],
)
def test_unknown_models(ask: Any, path: str, body: Any, message: str) -> None:
    """An unknown model is told with the version and the method that it was asked for."""
    heard = ask(path, body)
    assert (heard.status, heard.error["status"]) == (404, "NOT_FOUND")
    assert heard.error["message"] == message


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1beta/nothing", 404),
        ("POST", "/v2/models/gemini-2.5-flash:generateContent", 404),
        ("POST", "/v1beta/models/gemini-2.5-flash:sing", 404),
        ("GET", "/v1beta/models/gemini-2.5-flash:generateContent", 405),
        ("DELETE", "/v1beta/models/gemini-2.5-flash", 405),
        ("POST", "/v1beta/models", 405),
    ],
)
def test_unknown_routes(ask: Any, method: str, path: str, status: int) -> None:
    """An unknown path or method has Google's envelope."""
    heard = ask(path, b"{}" if method == "POST" else None, method=method)
    assert (heard.status, heard.error["code"]) == (status, status)


def test_an_array_stream_fails_as_an_array(ask: Any) -> None:
    """A stream without SSE is an array, and so is its error; with SSE it is an object."""
    array, event = ask(STREAM, {}), ask(STREAM, {}, query={"alt": "sse"})
    assert array.json == [event.json]
    assert event.headers["content-type"] == "application/json; charset=UTF-8"


def test_openai_paths_have_errors_in_arrays(ask: Any) -> None:
    """On the OpenAI-compatible paths an error has Google's envelope, inside an array."""
    heard = ask(
        "/v1beta/openai/chat/completions",
        {"model": "gemini-2.5-flash"},
        headers={"authorization": "Bearer k"},
    )
    assert heard.status == 400
    assert heard.json == [
        {
            "error": {
                "code": 400,
                "message": "* GenerateContentRequest.contents: contents is not specified\n",
                "status": "INVALID_ARGUMENT",
            }
        }
    ]
