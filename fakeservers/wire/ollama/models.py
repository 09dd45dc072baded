"""The models on the machine: list, show, ps, copy, delete; and what the server says of itself."""

from typing import Any

from ...canonical import ResourceRequest, ResourceResult
from ..base import Answer, HttpRequest, Stamp
from ..reading import Reader
from .answers import EMPTY, as_json, as_text
from .description import entry, full
from .gojson import invalid, literal, read

__all__ = [
    "Copy",
    "Delete",
    "ListModels",
    "Root",
    "Show",
    "Version",
    "named",
    "tagged",
]

VERSION = "0.35.1"
"""The server that this one behaves like (October 2026)."""


def named(body: Reader) -> str:
    """The model of a request: `model`, or `name` as it was called before."""
    model, name = body.text("model"), body.text("name")
    return model or name or ""


def tagged(name: str) -> str:
    """A name in full, as it is listed: `llama3.2:latest`."""
    return name if ":" in name.rpartition("/")[2] else f"{name}:latest"


def _request(endpoint: str, action: Any, **fields: Any) -> ResourceRequest:
    return ResourceRequest(
        provider="ollama", endpoint=endpoint, collection="models", action=action, **fields
    )


class Root:
    """`GET /`, by which clients find out whether a server is there."""

    def parse(self, http: HttpRequest) -> ResourceRequest:
        return _request("root", "list")

    def render(self, request: ResourceRequest, result: ResourceResult, stamp: Stamp) -> Answer:
        return as_text("Ollama is running")


class Version:
    """`GET /api/version`."""

    def parse(self, http: HttpRequest) -> ResourceRequest:
        return _request("version", "list")

    def render(self, request: ResourceRequest, result: ResourceResult, stamp: Stamp) -> Answer:
        return as_json({"version": VERSION})


class ListModels:
    """`GET /api/tags`."""

    def parse(self, http: HttpRequest) -> ResourceRequest:
        return _request("list", "list")

    def render(self, request: ResourceRequest, result: ResourceResult, stamp: Stamp) -> Answer:
        return as_json({"models": [entry(model, stamp.now_s) for model in result.items]})


class Show:
    """`POST /api/show`."""

    def parse(self, http: HttpRequest) -> ResourceRequest:
        body = read(http, "ShowRequest")
        model = named(body)
        for key in ("system", "template"):
            body.text(key)
        body.flag("verbose")
        body.object("options")
        if not model:
            raise invalid("model is required")
        return _request("show", "get", id=model, raw=body.value)

    def render(self, request: ResourceRequest, result: ResourceResult, stamp: Stamp) -> Answer:
        verbose = request.raw.get("verbose") is True
        return as_json(full(result.items[0], stamp.now_s, verbose=verbose))


class Copy:
    """`POST /api/copy`."""

    def parse(self, http: HttpRequest) -> ResourceRequest:
        body = read(http, "CopyRequest")
        source, destination = body.text("source") or "", body.text("destination") or ""
        for name, value in (("source", source), ("destination", destination)):
            if not value:
                raise invalid(f"{name} {literal(value)} is invalid")
        return _request("copy", "create", id=tagged(destination), source=source, raw=body.value)

    def render(self, request: ResourceRequest, result: ResourceResult, stamp: Stamp) -> Answer:
        return EMPTY


class Delete:
    """`DELETE /api/delete`."""

    def parse(self, http: HttpRequest) -> ResourceRequest:
        body = read(http, "DeleteRequest")
        model = named(body)
        if not model:
            raise invalid("model is required")
        return _request("delete", "delete", id=model, raw=body.value)

    def render(self, request: ResourceRequest, result: ResourceResult, stamp: Stamp) -> Answer:
        return EMPTY
