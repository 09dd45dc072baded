"""Models: listed, told, deleted."""

import json
from typing import Any

from fakeservers.behaviour.models import Model
from fakeservers.canonical import ResourceResult
from fakeservers.wire.base import HttpRequest
from fakeservers.wire.openai.models import DeleteModel, GetModel, ListModels

MODEL = Model(id="gpt-4o", created_s=1_715_367_049, extra={"owned_by": "system"})
OLD = Model(id="o1", created_s=1, retires_on="2026-10-23")


def of(name: str) -> HttpRequest:
    return HttpRequest(method="GET", path=f"/v1/models/{name}", params={"model": name})


def test_list(stamp: Any) -> None:
    """A list has every model, with the day of its end once that is announced."""
    endpoint = ListModels()
    request = endpoint.parse(HttpRequest(method="GET", path="/v1/models"))
    body = json.loads(endpoint.render(request, ResourceResult(items=(MODEL, OLD)), stamp).body)
    assert (request.endpoint, request.id, body["object"]) == ("models.list", None, "list")
    one, other = body["data"]
    assert one == {
        "id": "gpt-4o",
        "object": "model",
        "created": 1_715_367_049,
        "owned_by": "system",
    }
    assert other["shutdown_date"] == "2026-10-23"


def test_get(stamp: Any) -> None:
    """One model stands alone."""
    request = GetModel().parse(of("gpt-4o"))
    body = json.loads(GetModel().render(request, ResourceResult(items=(MODEL,)), stamp).body)
    assert (request.id, request.action, body["id"]) == ("gpt-4o", "get", "gpt-4o")


def test_delete(stamp: Any) -> None:
    """A deletion is confirmed under the name that was asked for."""
    name = "ft:gpt-4o:acme::B1"
    request = DeleteModel().parse(of(name))
    body = json.loads(DeleteModel().render(request, ResourceResult(items=(MODEL,)), stamp).body)
    assert body == {"id": name, "object": "model", "deleted": True}


def test_compatible_owner(stamp: Any) -> None:
    """A compatible provider names its own owner and no end."""
    endpoint = GetModel("gemini", owner="google")
    body = json.loads(
        endpoint.render(endpoint.parse(of("x")), ResourceResult(items=(OLD,)), stamp).body
    )
    assert (body["owned_by"], "shutdown_date" in body) == ("google", False)
