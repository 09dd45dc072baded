"""Drift: where a real answer has another shape than the one that the fake itself would give to
the same request. It says that the fakes, or a recording, have grown old."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ..canonical import ChatRequest, Rejected, ResourceRequest
from ..serving.exchange import Fake
from .exchanges import Recorded
from .shapes import differences, shape_of

__all__ = ["Drift", "drift_of"]

COMPARED_ERRORS = frozenset({400, 404, 413, 422})
"""Errors that a request brings upon itself; others depend on accounts and on the moment."""

STAND_IN = "llmsim-drift-key"
FOUND_MAX = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """What is different in one answer."""

    provider: str
    asked: str
    """Method and path."""
    where: str
    """File and line of the recorded answer; empty while it is in none."""
    differences: tuple[str, ...]

    @property
    def in_words(self) -> tuple[str, str]:
        """What was asked, and what is different, a line each."""
        at = f" ({self.where})" if self.where else ""
        told = "\n".join(f"  {difference}" for difference in self.differences)
        return f"{self.provider} {self.asked}{at}", told


def drift_of(recorded: Recorded, headers: Mapping[str, str], fake: Fake) -> Drift | None:
    """Compare an answer with what a fake like this one, with nothing scripted, would answer.
    `headers` are the request's. None where nothing differs, or nothing can be compared."""
    told = tuple(_differences(recorded, headers, fake))[:FOUND_MAX]
    if not told:
        return None
    asked = f"{recorded.asked.method} {recorded.asked.path}"
    return Drift(provider=recorded.provider, asked=asked, where=recorded.where, differences=told)


def _differences(recorded: Recorded, headers: Mapping[str, str], fake: Fake) -> list[str]:
    if recorded.cut or (recorded.status >= 400 and recorded.status not in COMPARED_ERRORS):
        return []
    real = shape_of(recorded.body)
    if real is None:
        return []
    like = Fake(fake.provider, seed=fake.seed, clock=fake.clock, models=fake._models)
    http = replace(recorded.asked, headers=_admitted(headers, fake))
    try:
        endpoint, params = like._routes.find(http.method, http.path)
        request = endpoint.parse(replace(http, params=params))
    except Rejected as rejected:
        if rejected.error.kind in ("unknown_route", "wrong_method"):
            return ["the fake has no such endpoint"]
        request = None
    if isinstance(request, ResourceRequest):
        return []
    if isinstance(request, ChatRequest) and request.previous_id is not None:
        return []
    answer, exchange = like.respond(http)
    if answer.status != recorded.status:
        why = f" ({exchange.error.kind})" if exchange.error is not None else ""
        return [f"status {recorded.status}, the fake's own is {answer.status}{why}"]
    body = answer.body
    own = body if isinstance(body, bytes) else b"".join(frame.data for frame in body)
    shape = shape_of(own)
    return [] if shape is None else list(differences(real, shape))


def _admitted(headers: Mapping[str, str], fake: Fake) -> dict[str, str]:
    """The headers of a request, with a stand-in for the credentials that nobody kept."""
    stand_ins = {
        name: f"Bearer {STAND_IN}" if name == "authorization" else STAND_IN
        for name in fake.provider.secrets
    }
    return {name: stand_ins.get(name, value) for name, value in headers.items()}
