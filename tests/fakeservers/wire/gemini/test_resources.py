"""Models, token counts and embeddings."""

from itertools import pairwise
from typing import Any

import pytest

HI = {"contents": [{"parts": [{"text": "Hi there"}]}]}


def test_a_model(ask: Any) -> None:
    """A model has its resource name and the limits of the catalogue."""
    model = ask("/v1beta/models/gemini-2.5-flash").json
    assert list(model)[:7] == [
        "name",
        "version",
        "displayName",
        "description",
        "inputTokenLimit",
        "outputTokenLimit",
        "supportedGenerationMethods",
    ]
    assert (model["name"], model["thinking"]) == ("models/gemini-2.5-flash", True)
    assert "generateContent" in model["supportedGenerationMethods"]


def test_pages_hold_every_model_once(ask: Any) -> None:
    """Following nextPageToken leads through all models, in the order of one big page."""
    found, token = [], ""
    for _ in range(100):
        page = ask("/v1/models", query={"pageSize": "7", "pageToken": token}).json
        found += [model["name"] for model in page["models"]]
        token = page.get("nextPageToken")
        if not token:
            break
    everything = ask("/v1/models", query={"pageSize": "1000"}).json
    assert found == [model["name"] for model in everything["models"]]
    assert "nextPageToken" not in everything


@pytest.mark.parametrize(
    "query", [{"pageSize": "many"}, {"pageSize": "-1"}, {"pageToken": "é"}, {"pageToken": "AAAA"}]
)
def test_bad_pages(ask: Any, query: dict[str, str]) -> None:
    """A size that is no number and a token that the list did not give are refused."""
    heard = ask("/v1/models", query=query)
    assert (heard.status, heard.error["status"]) == (400, "INVALID_ARGUMENT")


def test_tuned_models_are_none(ask: Any) -> None:
    """An empty list is an empty message."""
    assert ask("/v1beta/tunedModels").json == {}


@pytest.mark.parametrize(
    "body",
    [HI, {"generateContentRequest": {"model": "models/gemini-2.5-flash", **HI}}],
    ids=["contents", "request"],
)
def test_count_tokens(ask: Any, body: Any) -> None:
    """The count is that of the same prompt when it is answered."""
    counted = ask("/v1beta/models/gemini-2.5-flash:countTokens", body).json
    usage = ask(body=HI).json["usageMetadata"]
    assert counted["totalTokens"] == usage["promptTokenCount"]
    assert counted["promptTokensDetails"] == usage["promptTokensDetails"]


def test_embed_content(ask: Any) -> None:
    """One content gives one vector of the length asked for."""
    body = {"content": HI["contents"][0], "outputDimensionality": 64}
    answer = ask("/v1beta/models/gemini-embedding-001:embedContent", body).json
    assert list(answer) == ["embedding"]
    assert len(answer["embedding"]["values"]) == 64


def test_batch_embed_contents(ask: Any) -> None:
    """A batch gives a vector for each request, and newer models count their tokens."""
    requests = [
        {"model": "models/gemini-embedding-2", "content": {"parts": [{"text": word}]}}
        for word in ("cat", "dog", "cat")
    ]
    path = "/v1/models/gemini-embedding-2:batchEmbedContents"
    answer = ask(path, {"requests": requests}).json
    first, second, third = (tuple(found["values"]) for found in answer["embeddings"])
    assert first == third != second and len(first) == 3072
    usage = answer["usageMetadata"]
    assert usage["promptTokenDetails"] == [
        {"modality": "TEXT", "tokenCount": usage["promptTokenCount"]}
    ]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "* BatchEmbedContentsRequest.requests: requests is not specified\n"),
        (
            {"requests": [{"content": {"parts": [{"text": "x"}]}}] * 101},
            "* BatchEmbedContentsRequest.requests: at most 100 requests can be in one batch\n",
        ),
        (
            {"requests": [{}]},
            "* BatchEmbedContentsRequest.requests[0].content: contents is not specified\n",
        ),
    ],
)
def test_bad_batches(ask: Any, body: Any, message: str) -> None:
    """A batch has from 1 to 100 requests, each with a content."""
    heard = ask("/v1/models/gemini-embedding-2:batchEmbedContents", body)
    assert (heard.status, heard.error["message"]) == (400, message)


def test_ids_never_repeat_in_a_row(ask: Any) -> None:
    """The same request asked again gets another response id."""
    ids = [ask(body=HI).json["responseId"] for _ in range(3)]
    assert all(a != b for a, b in pairwise(ids)) and {len(id) for id in ids} == {22}
