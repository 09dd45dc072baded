"""The pipeline of one fake, in the order in which a request flows through it.

    bytes -> parse -> decide -> answer -> render -> bytes

Everything here is plain computation: no sockets, no waiting.
"""

import logging
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import replace
from hashlib import blake2b
from hmac import compare_digest

from ..behaviour.answers import Answering, continued
from ..behaviour.caching import Asker, PromptCaches
from ..behaviour.memory import Memory
from ..behaviour.models import Catalogue
from ..behaviour.scenario import Decision, Script, decide
from ..behaviour.store import Store
from ..canonical import ApiError, CompletionResult, Rejected, Request, Result
from ..clock import Clock
from ..errors import LlmsimError
from ..evidence.explain import explain_unmatched
from ..evidence.journal import REDACTED, Exchange, Journal
from ..rng import Seed
from ..wire.base import Answer, Headers, HttpRequest, Provider, RequestHeaders, Stamp
from .routing import RouteTable

__all__ = ["Fake"]

KNOWN_MAX = 4_096
"""Distinct requests whose repetitions are told apart; the oldest is forgotten."""

READ_BYTES_MAX = 4096
"""A longer body is read anew each time, so that what is kept stays small."""

WRONG_TOKEN = "llmsim: send the token of this server as the API key."

log = logging.getLogger("llmsim")


class Fake:
    """One provider's server side: its script, what it remembers, what it saw."""

    def __init__(
        self,
        provider: Provider,
        *,
        seed: int,
        clock: Clock,
        models: Callable[[], Catalogue],
        token: str | None = None,
    ) -> None:
        self.provider = provider
        self.clock = clock
        self.seed = seed
        self.closed: str | None = None
        """Why this fake no longer answers; None while it does."""
        self._root = Seed(seed, provider.name)
        self._models = models
        self._token = token
        self._routes = RouteTable(provider.routes)
        self.reset()

    def reset(self) -> None:
        """Be as new: nothing scripted, seen or stored."""
        self.script = Script()
        self.journal = Journal()
        self.used: dict[int, int] = {}
        self._answering = Answering(
            catalogue=self._models(), store=Store(), memory=Memory(), caches=PromptCaches()
        )
        self._known: OrderedDict[bytes, _Asked] = OrderedDict()

    @property
    def models(self) -> Catalogue:
        return self._answering.catalogue

    def respond(self, http: HttpRequest) -> tuple[Answer, Exchange]:
        """The answer to a request, and its entry in the journal."""
        exchange = self._enter(http)
        asked = self._asked(http)
        seed = self._root.of(asked.key + asked.times.to_bytes(8, "big"))
        ids = seed.ids()
        stamp = Stamp(ids=ids, now_s=self.clock.wall(), elapsed_ms=ids.integer(180, 900))
        shared = self._shared(http, exchange, stamp)
        if isinstance(shared, Answer):
            answer = shared
        else:
            answer = self._answer(http, exchange, stamp, seed, asked)
            if shared:
                answer = replace(answer, headers=(*answer.headers, *shared))
        exchange.status = answer.status
        exchange.streamed = not isinstance(answer.body, bytes)
        return answer, exchange

    def too_large(self, http: HttpRequest, size_max: int) -> tuple[Answer, Exchange]:
        """The answer to a request whose body was not read to its end."""
        exchange = self._enter(http)
        stamp = Stamp(ids=Seed(self.seed, http.path).ids(), now_s=self.clock.wall())
        error = ApiError(status=413, kind="body_too_large", subject=str(size_max))
        answer = self._refuse(error, http, exchange, stamp)
        exchange.status = answer.status
        return answer, exchange

    def cut_short(self, http: HttpRequest) -> Exchange:
        """The entry of a request whose client left before its end: nobody hears an answer."""
        exchange = self._enter(http)
        exchange.outcome = "disconnected"
        return exchange

    def _shared(self, http: HttpRequest, exchange: Exchange, stamp: Stamp) -> Answer | Headers:
        """What a page of another origin is told: headers besides, or a whole answer."""
        if self.provider.cors is None or "origin" not in http.headers:
            return ()
        try:
            return self.provider.cors(http)
        except Rejected as rejected:
            return self._refuse(rejected.error, http, exchange, stamp)

    def _answer(
        self, http: HttpRequest, exchange: Exchange, stamp: Stamp, seed: Seed, asked: "_Asked"
    ) -> Answer:
        """The answer as scripted or natural, or the error in its place."""
        try:
            return self._result(http, exchange, stamp, seed, asked)
        except Rejected as rejected:
            return self._refuse(rejected.error, http, exchange, stamp)
        except RecursionError:
            error = ApiError(status=400, kind="bad_json", subject="nested too deeply")
            return self._refuse(error, http, exchange, stamp)
        except Exception as problem:
            return self._fail(problem, http, exchange, stamp)

    def _result(
        self, http: HttpRequest, exchange: Exchange, stamp: Stamp, seed: Seed, asked: "_Asked"
    ) -> Answer:
        if self.closed is not None:
            raise Rejected(ApiError(status=410, kind="script", message=self.closed))
        endpoint, params = self._routes.find(http.method, http.path)
        self._admit(http)
        exchange.endpoint = endpoint
        if params:
            http = replace(http, params=params)
            exchange.http = replace(exchange.http, params=params)
        read = asked.read or endpoint.parse(http)
        if asked.times and len(http.body) <= READ_BYTES_MAX:
            asked.read = read
        request = continued(read, self._answering.store)
        if request is not read:
            exchange.continued = request
        decision = self._decide(request, http, exchange)
        result = self._answering.answer(request, decision, seed, self._asker(http))
        if isinstance(result, Result):
            answer = endpoint.render(request, result, stamp)
            if isinstance(result, CompletionResult):
                exchange.replies, exchange.usage = result.replies, result.usage
            if answer.stores:
                self._answering.store.put(answer.stores)
            if answer.uses is not None:
                self._answering.memory.use(answer.uses)
            return answer
        exchange.raw = result
        content_type = result.content_type or "application/json"
        return Answer(
            status=result.status,
            headers=(("content-type", content_type), *result.headers),
            body=result.body,
        )

    def _asker(self, http: HttpRequest) -> Asker:
        """Whose prompt caches these are: those of the key, wherever it stands."""
        keys = [
            values[name]
            for values in (http.headers, http.query)
            for name in self.provider.secrets
            if name in values
        ]
        return Asker(account="\0".join(keys), now_s=self.clock.now())

    def _admit(self, http: HttpRequest) -> None:
        """Raise `Rejected` without credentials, or, where a token is set, with others."""
        if self.provider.admit is not None:
            self.provider.admit(http)
        if self._token is None:
            return
        secrets = self.provider.secrets
        given = [
            v for values in (http.headers, http.query) for k, v in values.items() if k in secrets
        ]
        if not any(
            compare_digest(v.rpartition(" ")[2].encode(), self._token.encode()) for v in given
        ):
            raise Rejected(ApiError(status=401, kind="invalid", message=WRONG_TOKEN))

    def _decide(self, request: Request, http: HttpRequest, exchange: Exchange) -> Decision:
        script = self.script
        decision = decide(script, request, http.headers, self.used)
        for number in decision.applied:
            self.used[number] = self.used.get(number, 0) + 1
        if decision.rule is not None:
            exchange.rule = decision.rule
        if decision.unmatched:
            message = explain_unmatched(self.provider.name, script, request, decision.nearest)
            exchange.problem = message
            raise Rejected(ApiError(status=400, kind="unmatched", message=message))
        if decision.error is not None:
            raise Rejected(decision.error)
        return decision

    def _refuse(
        self, error: ApiError, http: HttpRequest, exchange: Exchange, stamp: Stamp
    ) -> Answer:
        exchange.error = error
        return self.provider.error(error, http, stamp)

    def _fail(
        self, problem: Exception, http: HttpRequest, exchange: Exchange, stamp: Stamp
    ) -> Answer:
        """Answer with the provider's 500 when the script, or a fake itself, broke."""
        log.error("%s %s: %r", http.method, http.path, problem, exc_info=problem)
        kind = "its script" if isinstance(problem, LlmsimError) else type(problem).__name__
        exchange.problem = (
            f"llmsim: {self.provider.name} could not answer {http.method} {http.path}: "
            f"{kind}: {problem}"
        )
        error = ApiError(status=500, kind="internal", headers=(("x-should-retry", "false"),))
        return self._refuse(error, http, exchange, stamp)

    def _enter(self, http: HttpRequest) -> Exchange:
        secrets, headers = self.provider.secrets, http.headers
        if not isinstance(headers, RequestHeaders):
            headers = RequestHeaders(headers)
        exchange = Exchange(
            number=self.journal.total + 1,
            provider=self.provider.name,
            http=HttpRequest(
                method=http.method,
                path=http.path,
                query=_redacted(http.query, secrets) if http.query else http.query,
                headers=headers.without(secrets, REDACTED),
                body=http.body,
            ),
            started_s=self.clock.now(),
        )
        self.journal.add(exchange)
        return exchange

    def _asked(self, http: HttpRequest) -> "_Asked":
        """What is known of the request from the times that it was asked before."""
        place = f"{http.method} {http.path} {http.query or ''}\n"
        key = blake2b(place.encode("utf-8", "replace") + http.body, digest_size=16).digest()
        known = self._known.get(key)
        if known is not None:
            known.times += 1
            self._known.move_to_end(key)
            return known
        known = self._known[key] = _Asked(key)
        if len(self._known) > KNOWN_MAX:
            self._known.popitem(last=False)
        return known


class _Asked:
    """A request that has been asked: `times` before this one. Retries and load tests send the
    same again and again, so from the second time on what was read is kept."""

    __slots__ = ("key", "read", "times")

    def __init__(self, key: bytes) -> None:
        self.key = key
        self.times = 0
        self.read: Request | None = None


def _redacted(values: Mapping[str, str], secrets: frozenset[str]) -> Mapping[str, str]:
    if secrets.isdisjoint(values):
        return values
    return {name: REDACTED if name in secrets else value for name, value in values.items()}
