"""The pipeline of one fake, in the order in which a request flows through it.

    bytes -> parse -> decide -> answer -> render -> bytes

Everything here is plain computation: no sockets, no waiting.
"""

import logging
import math
from collections.abc import Callable
from dataclasses import replace

from ..behaviour.answers import Answering
from ..behaviour.caching import Asker, PromptCaches
from ..behaviour.continuing import continued
from ..behaviour.jobs import Jobs
from ..behaviour.limits import Charged, Limits
from ..behaviour.memory import Memory
from ..behaviour.models import Catalogue
from ..behaviour.possible import impossibility
from ..behaviour.scenario import NATURAL, Decision, Script, decide
from ..behaviour.store import Store
from ..behaviour.tokens import Counts
from ..canonical import (
    ApiError,
    ChatRequest,
    CompletionResult,
    EmbedRequest,
    RawReply,
    Rejected,
    Request,
)
from ..clock import Clock
from ..errors import LlmsimError
from ..evidence.explain import explain_impossible, explain_unmatched
from ..evidence.journal import Exchange, Journal
from ..leniency import Validation
from ..rng import Seed
from ..wire.base import Answer, Headers, HttpRequest, Provider, Stamp
from .charging import metered, spent
from .credentials import account, admit, redacted
from .known import Asked, Known, draws
from .load import Load
from .routing import route_table
from .scripted import failing, raw
from .steady import Steady, rendering, steady
from .work import catch_up, is_read_alike, keep

__all__ = ["Fake"]

METERED = (ChatRequest, EmbedRequest)
"""What the rate limits count."""

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
        validation: Validation = "strict",
    ) -> None:
        self.provider = provider
        self.clock = clock
        self.seed = seed
        self.closed: str | None = None
        """Why this fake no longer answers; None while it does."""
        self.on_refusal: Callable[[], None] | None = None
        """Told when what the script says of refused connections may have changed."""
        self._root = Seed(seed, provider.name)
        self._models = models
        self._token = token
        self._first_validation: Validation = validation
        self._routes = route_table(provider)
        self.script = Script()
        self.reset()

    def reset(self) -> None:
        """Be as new: nothing scripted, seen or stored."""
        self.limits = Limits(self.provider.meters)
        self.write(Script())
        self.journal = Journal()
        self.used: dict[int, int] = {}
        self._answering = Answering(
            catalogue=self._models(),
            wall=self.clock.wall,
            store=Store(),
            memory=Memory(),
            jobs=Jobs(self.clock.wall),
            caches=PromptCaches(),
            counted=Counts(),
        )
        self._known = Known()
        self._validation = self._first_validation
        self.load = Load()
        self.begin()

    def begin(self) -> None:
        """The scenario's time begins now: windows and recurring faults count from here."""
        self._begun_s = self.clock.now()
        self._known.reread()

    def write(self, script: Script) -> None:
        """Go by another script from now on."""
        heeded = any(rule.refuses for rule in (*self.script.rules, *script.rules))
        if script.limits != self.script.limits:
            self.limits.set(script.limits)
        if script.models is not None:
            self.models.allows = script.models
        self.script = script
        if heeded and self.on_refusal is not None:
            self.on_refusal()

    def refusal(self) -> tuple[bool, float]:
        """Whether nobody listens now, and in how many seconds that may change."""
        now_s = self.clock.now() - self._begun_s
        schedules = [rule.schedule for rule in self.script.rules if rule.refuses]
        changes_s = min((s.next_change_s(now_s) for s in schedules), default=math.inf)
        return any(schedule.open(now_s) for schedule in schedules), changes_s - now_s

    @property
    def models(self) -> Catalogue:
        return self._answering.catalogue

    @property
    def validation(self) -> Validation:
        return self._validation

    @validation.setter
    def validation(self, value: Validation) -> None:
        self._validation = value
        self._known.reread()

    def respond(self, http: HttpRequest, *, batch: str | None = None) -> tuple[Answer, Exchange]:
        """The answer to a request, and its entry in the journal. `batch` names the batch that
        it came in, where it did."""
        exchange = self.enter(http)
        exchange.batch = batch
        if self._validation == "off":
            http = replace(http, validates=False)
        asked = self._known.asked(http)
        seed = self._root.of(draws(asked.key, asked.times))
        ids = seed.ids()
        stamp = Stamp(
            ids=ids,
            now_s=self.clock.wall(),
            elapsed_ms=ids.integer(180, 900),
            instant=self.script.jobs.instant,
        )
        if "origin" in http.headers:
            answer = self._answer_page(http, exchange, stamp, seed, asked)
        else:
            answer = self._answer(http, exchange, stamp, seed, asked)
        exchange.status = answer.status
        exchange.streamed = not isinstance(answer.body, bytes)
        return answer, exchange

    def too_large(self, http: HttpRequest, size_max: int) -> tuple[Answer, Exchange]:
        """The answer to a request whose body was not read to its end."""
        exchange = self.enter(http)
        stamp = Stamp(ids=Seed(self.seed, http.path).ids(), now_s=self.clock.wall())
        error = ApiError(status=413, kind="body_too_large", subject=str(size_max))
        answer = self._refuse(error, http, exchange, stamp)
        exchange.status = answer.status
        return answer, exchange

    def cut_short(self, http: HttpRequest) -> Exchange:
        """The entry of a request whose client left before its end: nobody hears an answer."""
        exchange = self.enter(http)
        exchange.outcome = "disconnected"
        return exchange

    def _answer_page(
        self, http: HttpRequest, exchange: Exchange, stamp: Stamp, seed: Seed, asked: Asked
    ) -> Answer:
        """The answer to a page of another origin, with what browsers want to know of it."""
        shared: Answer | Headers = ()
        try:
            if self.provider.cors is not None:
                shared = self.provider.cors(http)
        except Rejected as rejected:
            return self._refuse(rejected.error, http, exchange, stamp)
        if isinstance(shared, Answer):
            return shared
        answer = self._answer(http, exchange, stamp, seed, asked)
        return replace(answer, headers=(*answer.headers, *shared))

    def _answer(
        self, http: HttpRequest, exchange: Exchange, stamp: Stamp, seed: Seed, asked: Asked
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
        self, http: HttpRequest, exchange: Exchange, stamp: Stamp, seed: Seed, asked: Asked
    ) -> Answer:
        if self.closed is not None:
            raise Rejected(ApiError(status=410, kind="script", message=self.closed))
        known, models = asked.steady, self._answering.catalogue
        now_s = exchange.started_s - self._begun_s
        if (
            known is not None
            and exchange.batch is None
            and known.holds(self.script, now_s, http.headers, models)
        ):
            return self._again(known, http, exchange, stamp)
        endpoint, params = self._routes.find(http.method, http.path)
        admit(http, self.provider, self._token)
        exchange.endpoint = endpoint
        if params:
            http = replace(http, params=params)
            exchange.http = replace(exchange.http, params=params)
        reads = self.provider.reads
        how = tuple([http.headers.get(name) for name in reads]) if reads else ()
        read = asked.read if asked.read and asked.how == how else endpoint.parse(http)
        # Batches have limits of their own, which nobody reaches here.
        asker = Asker(account(http, self.provider), exchange.started_s)
        charged = self._charge(read, http, asker, stamp) if exchange.batch is None else None
        if is_read_alike(read):
            asked.keep(read, how, len(http.body))
        if exchange.batch is None:
            catch_up(self._answering, read, self.respond, stamp)
        request = continued(
            read, self._answering.store, self._answering.jobs, validates=http.validates
        )
        if request is not read:
            exchange.continued = request
        decision = self._decide(request, http, exchange, seed)
        result = self._answering.answer(request, decision, seed, asker, validates=http.validates)
        if decision.pace is not None:
            cold = not self._answering.memory.holds(request.model, self.clock.wall())
            exchange.timing = self.load.timing(decision.pace, result, seed, cold=cold)
        if decision.reply is not None and isinstance(result, CompletionResult):
            self._check_possible(request, result, decision, exchange)
        if isinstance(result, RawReply):
            exchange.raw = result
            return raw(result)
        if charged is not None:
            stamp.limits = self.limits.settle(charged, metered(result))
        answer = rendering(known, endpoint, request, result)(stamp)
        if decision.fault is not None and decision.fault.error_event is not None:
            told = self.provider.error(decision.fault.error_event, http, stamp)
            answer = failing(answer, told)
        exchange.usage = spent(result)
        if isinstance(result, CompletionResult):
            exchange.replies = result.replies
        if answer.stores:
            keep(self._answering, answer.stores, self.script.jobs, http.headers)
        for collection, id in answer.forgets:
            self._answering.store.forget(collection, id)
        if answer.uses is not None:
            self._answering.memory.use(answer.uses)
        if asked.read is read is request and exchange.batch is None:
            asked.steady = steady(
                known,
                self.script,
                now_s,
                http.headers,
                models,
                endpoint,
                params,
                request,
                decision,
                result,
                answer,
            )
        return answer

    def _again(self, known: Steady, http: HttpRequest, exchange: Exchange, stamp: Stamp) -> Answer:
        """The answer to a request that comes to what it came to before."""
        request, decision, result = known.request, known.decision, known.result
        exchange.endpoint = known.endpoint
        if known.params:
            exchange.http = replace(exchange.http, params=known.params)
        asker = Asker(account(http, self.provider), exchange.started_s)
        charged = self._charge(request, http, asker, stamp)
        catch_up(self._answering, request, self.respond, stamp)
        for number in decision.applied:
            self.used[number] += 1
        exchange.rule = decision.rule
        if charged is not None:
            stamp.limits = self.limits.settle(charged, result.usage)
        exchange.usage = result.usage
        exchange.replies = result.replies
        return known.render(stamp)

    def _charge(
        self, request: Request, http: HttpRequest, asker: Asker, stamp: Stamp
    ) -> Charged | None:
        """Have the rate limits count a request for something generated. Raises `Rejected`, with
        what they show then in the stamp."""
        if not self.provider.meters or not isinstance(request, METERED):
            return None
        try:
            return self.limits.ask(
                asker.account,
                request.model,
                now_s=self.clock.wall(),
                chars=len(http.body),
                max_tokens=request.max_tokens if isinstance(request, ChatRequest) else None,
            )
        except Rejected:
            stamp.limits = self.limits.shown(asker.account, request.model)
            raise

    def _decide(
        self, request: Request, http: HttpRequest, exchange: Exchange, seed: Seed
    ) -> Decision:
        script = self.script
        if not script.rules:
            return NATURAL
        decision = decide(
            script,
            request,
            http.headers,
            self.used,
            now_s=exchange.started_s - self._begun_s,
            draw=seed.share_of,
        )
        for number in decision.applied:
            self.used[number] = self.used.get(number, 0) + 1
        if decision.rule is not None:
            exchange.rule = decision.rule
        if decision.unmatched:
            message = explain_unmatched(self.provider.name, script, request, decision.nearest)
            exchange.problem = message
            raise Rejected(ApiError(status=400, kind="unmatched", message=message))
        exchange.fault = decision.fault
        if decision.error is not None:
            raise Rejected(decision.error)
        if decision.pace is not None and self.load.full(decision.pace):
            raise Rejected(ApiError(status=503, kind="overloaded"))
        return decision

    def _check_possible(
        self,
        request: Request,
        result: CompletionResult,
        decision: Decision,
        exchange: Exchange,
    ) -> None:
        """Raise `Rejected` for a scripted reply that no model gives."""
        twisted = decision.fault is not None and decision.fault.twist is not None
        if self.script.impossible == "allow" or twisted or not isinstance(request, ChatRequest):
            return
        weighed = request.weighed
        if weighed is not None and weighed.possible and weighed.reply is decision.reply:
            return
        why = impossibility(result.reply, request)
        if why is not None:
            message = explain_impossible(self.provider.name, decision.rule, why)
            exchange.problem = message
            raise Rejected(ApiError(status=400, kind="script", message=message))
        if weighed is not None:
            weighed.possible = True

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

    def enter(self, http: HttpRequest) -> Exchange:
        """Note a request that has come."""
        exchange = Exchange(
            number=self.journal.total + 1,
            provider=self.provider.name,
            http=redacted(http, self.provider),
            started_s=self.clock.now(),
        )
        self.journal.add(exchange)
        return exchange
