"""Whatever a vendor or the way to it did wrong, as one ProviderFailure.

Here live the reading order (a vendor's own table first, then HTTP's meaning of the status), the
transport's exceptions, and what may be said of a failure. A vendor's table is in its folder; what
follows from a class is in the table of `errors.py`.
"""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..errors import ErrorClassName
from ..types import RateLimit, Usage
from .base import LimitScope, ProviderFailure
from .retry_after import duration_s, retry_after_s

__all__ = ["ErrorFacts", "Rule", "Vendor", "body_of", "rate_limits"]

MESSAGE_CHARS_MAX = 300
SECRETS = re.compile(r"(sk-|AIza|Bearer\s+|key=)[^\s'\",]{4,}")
BY_STATUS: dict[int, ErrorClassName] = {
    401: "auth",
    402: "billing",
    403: "permission",
    404: "not_found",
    405: "not_found",
    408: "server",
    409: "server",
    410: "not_found",
    413: "context_window",
    429: "rate_limit",
    499: "server",
    503: "overloaded",
    504: "gateway_timeout",
    524: "gateway_timeout",
    529: "overloaded",
}
LIMITED = re.compile(r"(?:x-|anthropic-)?ratelimit-(limit|remaining|reset)-(.+)")
LIMITED_ANTHROPIC = re.compile(r"anthropic-ratelimit-(.+)-(limit|remaining|reset)")
TRANSPORT: tuple[tuple[frozenset[str], ErrorClassName, ErrorClassName], ...] = (
    # exceptions of httpx and httpx2 by name: before the headers came, after
    (
        frozenset({"ConnectError", "ConnectTimeout", "PoolTimeout", "ProxyError"}),
        "connect",
        "connect",
    ),
    (frozenset({"UnsupportedProtocol", "LocalProtocolError", "InvalidURL"}), "connect", "connect"),
    (frozenset({"ReadTimeout"}), "timeout_total", "timeout_idle"),
    (frozenset({"DecodingError"}), "protocol_bad", "protocol_bad"),
    (frozenset({"WriteTimeout", "TransportError", "StreamError"}), "reset_early", "stream_cut"),
)
CAUSES_MAX = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorFacts:
    """What a vendor's error body says: its words for the kind, and its message."""

    codes: tuple[str, ...] = ()
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One line of a vendor's table: all that is given must hold, the first line that does wins.

    `code` must match one of the codes wholly, `text` is searched in the message; both ignore case.
    """

    error_class: ErrorClassName
    status: frozenset[int] = frozenset()
    code: str = ""
    text: str = ""
    scope: LimitScope = "unknown"

    def holds(self, status: int | None, facts: ErrorFacts) -> bool:
        if self.status and status not in self.status:
            return False
        if self.code and not any(re.fullmatch(self.code, c, re.I) for c in facts.codes):
            return False
        return not self.text or re.search(self.text, facts.message, re.I) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendor:
    """What is particular to one vendor's failures.

    `read` takes a parsed error body; `statuses` gives the HTTP status that a code stands for where
    an error comes inside a stream; `request_id_header` is where the vendor numbers its answers.
    """

    name: str
    rules: tuple[Rule, ...]
    read: Callable[[Any], ErrorFacts]
    statuses: Mapping[str, int] = field(default_factory=dict)
    request_id_header: str = "x-request-id"

    def of_status(self, status: int, headers: Mapping[str, str], body: Any) -> ProviderFailure:
        """The failure that an HTTP answer of this status is; header names are lower-case."""
        facts = self.read(body)
        found = self._classified(status, facts)
        waits = retry_after_s(headers, body, facts.message, now_epoch_s=time.time())
        return ProviderFailure(
            found.error_class,
            self._said(status, found.error_class, facts),
            certainty="response_started",
            status=status,
            code=next(iter(facts.codes), ""),
            retry_after_s=waits,
            scope=_scope(found, facts, headers),
            request_id=headers.get(self.request_id_header, ""),
            limits=rate_limits(headers),
        )

    def of_inband(self, body: Any, *, shown: bool, usage: Usage | None) -> ProviderFailure:
        """The failure that an error inside a stream is.

        What is the server's own trouble is "stream_inband"; so is everything once content came,
        for then it was worked on and may be billed. Otherwise the error counts as what it says.
        """
        facts = self.read(body)
        status = next((s for code in facts.codes if (s := self.statuses.get(code.lower()))), None)
        found = self._classified(status or 500, facts)
        inband = shown or found.error_class in ("server", "overloaded", "gateway_timeout")
        return ProviderFailure(
            "stream_inband" if inband else found.error_class,
            self._said(status, found.error_class, facts),
            certainty="response_started",
            status=status,
            code=next(iter(facts.codes), ""),
            retry_after_s=retry_after_s({}, body, facts.message, now_epoch_s=time.time()),
            scope=_scope(found, facts, {}),
            usage=usage,
        )

    def of_exception(self, problem: BaseException, *, started: bool) -> ProviderFailure | None:
        """The failure behind an exception of an SDK or of its HTTP library; None for what is
        neither. `started` says that the answer's headers had come."""
        for cause in _causes(problem):
            response = getattr(cause, "response", None)
            status = getattr(response, "status_code", None)
            if isinstance(status, int) and not 200 <= status < 300:
                headers = {k.lower(): v for k, v in response.headers.items()}  # type: ignore[union-attr]
                return self.of_status(status, headers, body_of(response))
            names = {kind.__name__ for kind in type(cause).__mro__}
            for named, before, after in TRANSPORT:
                if named & names:
                    return self.broken(after if started else before, type(cause).__name__, started)
        return None

    def broken(self, error_class: ErrorClassName, what: str, started: bool) -> ProviderFailure:
        """A failure of the transport, or of what came over it."""
        reached = "response_started" if started else "possibly_accepted"
        return ProviderFailure(
            error_class,
            f"{self.name}: {what}",
            certainty="not_sent" if error_class == "connect" else reached,  # type: ignore[arg-type]
        )

    def _classified(self, status: int, facts: ErrorFacts) -> Rule:
        for rule in self.rules:
            if rule.holds(status, facts):
                return rule
        return Rule(error_class=_by_status(status))

    def _said(self, status: int | None, error_class: str, facts: ErrorFacts) -> str:
        """Who said what, short. What is said of a key may hold some of it, and is left out."""
        answered = f"answered {status}" if status else "failed within its answer"
        code = next(iter(facts.codes), error_class)
        said = "" if error_class in ("auth", "permission") else _clean(facts.message)
        return f"{self.name} {answered} ({code})" + (f": {said}" if said else "")


def _clean(text: str) -> str:
    """A vendor's words on one line, cut, with nothing in them that looks like a key."""
    line = SECRETS.sub(r"\1***", " ".join(text.split()))
    return line if len(line) <= MESSAGE_CHARS_MAX else line[: MESSAGE_CHARS_MAX - 1] + "…"


def body_of(response: Any) -> Any:
    """The parsed body of a whole response, its text where it is not JSON, None unread."""
    try:
        return response.json()
    except Exception:  # each library has its own exceptions for an unread or unreadable body
        try:
            return response.text
        except Exception:
            return None


def rate_limits(headers: Mapping[str, str]) -> tuple[RateLimit, ...]:
    """The account's limits as the headers of OpenAI and Anthropic tell them."""
    found: dict[str, dict[str, str]] = {}
    for name, value in headers.items():
        if "ratelimit-" not in name:
            continue
        if match := LIMITED_ANTHROPIC.fullmatch(name):
            found.setdefault(match[1], {})[match[2]] = value
        elif match := LIMITED.fullmatch(name):
            found.setdefault(match[2], {})[match[1]] = value
    return tuple(
        RateLimit(
            scope=scope.replace("-", "_"),
            limit=_whole(said.get("limit")),
            remaining=_whole(said.get("remaining")),
            reset_s=_reset_s(said.get("reset", "")),
        )
        for scope, said in found.items()
    )


def _reset_s(text: str) -> float | None:
    if not text:
        return None
    waits = duration_s(text)
    if waits is not None:
        return waits
    return retry_after_s({"x-ratelimit-reset": text}, None, "", now_epoch_s=time.time())


def _whole(text: str | None) -> int | None:
    return int(text) if text is not None and text.strip().isdecimal() else None


def _by_status(status: int) -> ErrorClassName:
    if status in BY_STATUS:
        return BY_STATUS[status]
    if status < 400:  # a redirect: the address is not the API's
        return "not_found"
    return "server" if status >= 500 else "bad_request"


def _scope(rule: Rule, facts: ErrorFacts, headers: Mapping[str, str]) -> LimitScope:
    """Which limit closed: as the rule says, else the emptied one, else as the words say."""
    if rule.scope != "unknown" or rule.error_class != "rate_limit":
        return rule.scope
    said = " ".join((*facts.codes, facts.message)).lower()
    if re.search(r"per.?day|\b[rt]pd\b|daily", said):
        return "day"
    if "concurren" in said:
        return "concurrency"
    empty = {limit.scope for limit in rate_limits(headers) if limit.remaining == 0}
    named = re.search(r"(input.?tokens?|output.?tokens?|tokens?|requests?).{0,24}?per.?min", said)
    words = named[1] if named else said
    for scope in ("input_tokens", "output_tokens", "tokens", "requests"):
        if scope in empty or re.search(scope.replace("_", ".?").removesuffix("s"), words):
            return scope
    return "unknown"


def _causes(problem: BaseException) -> list[BaseException]:
    chain: list[BaseException] = []
    cause: BaseException | None = problem
    while cause is not None and cause not in chain and len(chain) < CAUSES_MAX:
        chain.append(cause)
        cause = cause.__cause__ or cause.__context__
    return chain
