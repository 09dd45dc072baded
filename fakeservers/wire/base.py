"""The types that every wire module speaks: bytes of a request in, bytes of an answer out.

A provider is one `Provider` value: its routes, its way to say an error, its environment
variables. A wire module parses and renders and does nothing else: what to say, how fast and
what goes wrong is decided elsewhere. No module under `wire` imports `behaviour` or `serving`.

What is made anew for every request is not frozen, and yet never changed: a frozen dataclass
costs several times as much to make.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import orjson

from ..canonical import ApiError, Meter, Reading, Rejected, Request, Stored, Use
from ..rng import Ids

__all__ = [
    "Answer",
    "Endpoint",
    "Frame",
    "Frames",
    "Headers",
    "HttpRequest",
    "Preparing",
    "Provider",
    "RequestHeaders",
    "Route",
    "Stamp",
    "single",
]

Headers = tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Frame:
    """One piece of a streamed body. `content` is true for what a reader would call output:
    pace and faults count those, and leave envelopes alone."""

    data: bytes
    content: bool = False


@dataclass(slots=True)
class Frames:
    """Frames that begin alike: each is `start` and one of the `tails`. Where nothing lies between
    them they are one piece of data, put together many times quicker than one by one."""

    start: bytes
    tails: Sequence[bytes]
    content: bool = True

    @property
    def data(self) -> bytes:
        return self.start + self.start.join(self.tails) if self.tails else b""

    def __iter__(self) -> Iterator[Frame]:
        for tail in self.tails:
            yield Frame(self.start + tail, self.content)


def single(frames: "Iterable[Frame | Frames]") -> Iterator[Frame]:
    """Every frame by itself."""
    for frame in frames:
        if isinstance(frame, Frames):
            yield from frame
        else:
            yield frame


class RequestHeaders(dict[str, str]):
    """Headers by lower-case name, never changed: a client that sends the same ones with every
    request has them read, and their credentials taken out, only once."""

    __slots__ = ("_given", "_secrets", "_shown")

    def without(self, secrets: frozenset[str], mark: str) -> "RequestHeaders":
        """The same headers with `mark` in the place of credentials."""
        if getattr(self, "_secrets", None) is not secrets:
            self._secrets = secrets
            self._shown = RequestHeaders(
                {name: mark if name in secrets else value for name, value in self.items()}
            )
        return self._shown

    def credentials(self, secrets: frozenset[str]) -> tuple[str, ...]:
        """What stands in the place of credentials, in the order of their names."""
        if not hasattr(self, "_given"):
            self._given = tuple(self[name] for name in sorted(secrets) if name in self)
        return self._given


@dataclass(slots=True, kw_only=True)
class HttpRequest:
    """A request as it came: `path` without the query, header names in lower case, `params`
    what the route's path template captured. Unless it `validates`, nothing but a body that is no
    JSON is refused: what is wrong reads as if it were not there."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    params: Mapping[str, str] = field(default_factory=dict)
    validates: bool = True

    def json(self) -> Any:
        """The parsed body. Raises `Rejected` with kind `bad_json` when it is not JSON."""
        try:
            return orjson.loads(self.body)
        except ValueError as problem:
            raise Rejected(ApiError(status=400, kind="bad_json", subject=str(problem))) from problem


@dataclass(slots=True, kw_only=True)
class Stamp:
    """What an answer is stamped with: a source of identifiers, the wall clock in epoch
    seconds, the milliseconds that the answer claims to have taken, what the rate limits show,
    and whether a job that it begins has ended already (`instant`)."""

    ids: Ids
    now_s: float
    elapsed_ms: int = 0
    limits: tuple[Reading, ...] = ()
    instant: bool = True


@dataclass(slots=True, kw_only=True)
class Answer:
    """An HTTP answer. `body` is the whole body, or the frames of a stream; `stores` is what
    later requests may ask for; `uses` the model that it keeps in memory, where a provider tells;
    `failing` makes of an error's body the piece of this stream that says it, given how many
    frames came before."""

    status: int = 200
    headers: Headers = ()
    body: bytes | Iterable[Frame | Frames] = b""
    stores: tuple[Stored, ...] = ()
    forgets: tuple[tuple[str, str], ...] = ()
    """Collections and ids of what was made and is not kept."""
    uses: Use | None = None
    failing: Callable[[bytes, int], bytes] | None = None
    failure: bytes = b""
    """The body of the error that a fault has this stream say."""


class Endpoint(Protocol):
    """One operation of a provider's API."""

    def parse(self, http: HttpRequest) -> Request:
        """Read a request. Raises `Rejected` with the provider's own error."""
        ...

    def render(self, request: Any, result: Any, stamp: Stamp) -> Answer:
        """Write the answer to what `parse` returned, streamed if the request asked for it."""
        ...


@runtime_checkable
class Preparing(Protocol):
    """An Endpoint that can put together once what the answers to one request share."""

    def prepared(self, request: Any, result: Any) -> Callable[[Stamp], Answer] | None:
        """`render` for this request and result, whatever the stamp; None where too much of the
        answer depends on it."""
        ...


@dataclass(frozen=True, slots=True)
class Route:
    """`path` is a template: `/v1/models/{id}`; `{id:path}` also takes slashes."""

    method: str
    path: str
    endpoint: Endpoint


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Provider:
    """All that makes a fake speak one provider's language.

    name     the attribute on FakeServers and the name in commands: `claude`
    base     what the provider's SDK expects after the origin of a base URL: `/v1` for OpenAI
    routes   the operations; an unknown path or method is answered by `error`
    admit    raises `Rejected` when the credentials are missing; None admits everyone
    error    an ApiError in the provider's own form
    cors     asked about a request that names an `origin`: the headers that its answer carries
             besides, or the whole answer, as to a preflight; None says nothing to browsers
    env      the environment that points the provider's SDK at a base URL
    hides    variables that would lead the SDK elsewhere: what to put in their place where they
             are set, None to take them out
    attach   points what an already imported SDK keeps at a base URL, for as long as it is entered
    reads    names of headers that tell how a body is to be read
    secrets  header names and query keys that carry credentials
    meters   its rate limits; they count for requests of generated content and embeddings
    """

    name: str
    routes: tuple[Route, ...]
    error: Callable[[ApiError, HttpRequest, Stamp], Answer]
    env: Callable[[str], Mapping[str, str]]
    base: str = ""
    admit: Callable[[HttpRequest], None] | None = None
    cors: Callable[[HttpRequest], Answer | Headers] | None = None
    hides: Mapping[str, str | None] = field(default_factory=dict)
    attach: Callable[[str], AbstractContextManager[None]] | None = None
    reads: tuple[str, ...] = ()
    secrets: frozenset[str] = frozenset({"authorization", "x-api-key", "api-key", "key"})
    meters: tuple[Meter, ...] = ()
