"""What the endpoints of stored things share: reading the id out of the path, reading a form."""

from typing import Literal

from ...canonical import Rejected, ResourceRequest
from ..base import HttpRequest
from ..multipart import Form, FormError, read_form
from .wording import invalid

__all__ = ["OneOf", "form"]

NO_FORM = "Could not parse multipart form"


class OneOf:
    """An operation on one thing of a collection, which the path names."""

    collection: str
    endpoint: str
    action: Literal["get", "delete", "cancel"] = "get"
    polls = False

    def parse(self, http: HttpRequest) -> ResourceRequest:
        return ResourceRequest(
            provider="openai",
            endpoint=self.endpoint,
            collection=self.collection,
            action=self.action,
            id=http.params["id"],
            polls=self.polls,
            raw=dict(http.query),
        )


def form(http: HttpRequest) -> Form:
    """The form in a body. Raises `Rejected`."""
    try:
        return read_form(http)
    except FormError as problem:
        raise Rejected(invalid(f"{NO_FORM}: {problem}.")) from problem
