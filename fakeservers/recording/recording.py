"""One file of recorded exchanges, and what becomes of requests: answered from it, or passed on to
the real service and added to it.

A request is answered by the first exchange of its kind that has answered none yet, so that equal
requests are answered in the order in which they were recorded.
"""

import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Literal, get_args

from ..canonical import ApiError
from ..errors import ScriptError, did_you_mean
from ..evidence.journal import Exchange
from ..rng import Seed
from ..serving.connection import Connection
from ..serving.elsewhere import Running, entered
from ..serving.exchange import Fake
from ..wire.base import HttpRequest, Stamp
from .drift import Drift, drift_of
from .exchanges import Piece, Recorded
from .files import load, save, shown
from .matching import Key, fields, key_of, nearest, sought
from .relaying import Relayed, Upstream
from .replaying import Replayed
from .secrets import credentials
from .words import explain_unasked, explain_unrecorded

__all__ = ["RECORDS", "Record", "Recording"]

Record = Literal["none", "once", "new", "all"]
RECORDS: tuple[Record, ...] = get_args(Record)


EXCHANGES_MAX = 10_000
"""Exchanges recorded in one file; the answers to further requests are passed on only."""


class Recording:
    """What one file holds, and how requests of some providers are answered from it.

    path        the file; there need not be one yet
    record      `none` asks nobody; `once` asks while there is no file; `new` asks for what is not
                recorded; `all` asks for everything anew. For all providers, or for those named
    upstreams   the base URL of the real service of each provider that is to be recorded
    reals       the address that a service knows itself by, where the base URL is another
    time_scale  how long recorded answers take: 1 as long as they took, 0 no time
    ignored     fields of request bodies that do not count, such as `metadata.user_id`
    repeats     whether an exchange that has answered answers again, where no other is left
    again       the line that records anew, for messages
    """

    def __init__(
        self,
        path: Path | str,
        record: Record | Mapping[str, Record] = "none",
        *,
        upstreams: Mapping[str, str] | None = None,
        reals: Mapping[str, str] | None = None,
        time_scale: float = 0.0,
        ignored: Collection[str] = (),
        repeats: bool = False,
        again: str = "",
    ) -> None:
        self.path = Path(path)
        self.again = again
        self._lock = threading.Lock()
        """Held where the file is written: a test's end is told in another thread."""
        self._time_scale = time_scale
        self._ignored = fields(ignored)
        self._repeats = repeats
        self._upstreams = {
            name: Upstream(url, real=(reals or {}).get(name, ""))
            for name, url in (upstreams or {}).items()
        }
        exists = self.path.exists()
        stored = load(self.path) if exists else ()
        self._record = record
        self._exists = exists
        self._check()
        kept = (each for each in stored if self._records(each.provider) != "all")
        self._left = [(key_of(each.asked, self._ignored), each) for each in kept]
        """What has answered nothing yet."""
        self._replaced = len(stored) - len(self._left)
        self._met: dict[int, Recorded] = {}
        """What answered, by the order in which it was asked for."""
        self._headers: dict[int, Mapping[str, str]] = {}
        """What those requests said of themselves, without credentials; never written."""
        self._asked = 0
        self._added = False
        self._again: dict[Key, Recorded] = {}

    def _check(self) -> None:
        given = self._record.values() if isinstance(self._record, Mapping) else (self._record,)
        for word in given:
            if word not in RECORDS:
                meant = did_you_mean(word, RECORDS)
                raise ScriptError(f"record is {' or '.join(RECORDS)}, not {word!r}.{meant}")
        by_name = self._record if isinstance(self._record, Mapping) else {}
        asking = [name for name, word in by_name.items() if word != "none"]
        unknown = [name for name in asking if name not in self._upstreams]
        if unknown or (not by_name and self._record != "none" and not self._upstreams):
            name = unknown[0] if unknown else "openai"
            raise ScriptError(
                f"to record {name} its address is needed: upstreams={{{name!r}: 'https://...'}}."
            )

    def _records(self, provider: str) -> Record:
        """What is asked of a provider, now that it is known whether there was a file."""
        record = self._record
        said = record if isinstance(record, str) else record.get(provider, "none")
        if provider not in self._upstreams:
            return "none"
        if said == "once":
            return "none" if self._exists else "new"
        return said

    def answers(self, provider: str) -> bool:
        """Whether it is for this provider."""
        return isinstance(self._record, str) or provider in self._record

    # --- requests ---

    def __call__(self, fake: Fake, http: HttpRequest, connection: Connection) -> Running:
        """The answer to a request, from the file or from the real service."""
        exchange = entered(fake, http)
        provider = fake.provider
        asked = sought(http, provider, credentials(http, provider))
        key = key_of(asked, self._ignored)
        order = self._asked
        self._asked += 1
        if (found := self._found(provider.name, key)) is not None:
            self._met[order], self._headers[order] = found, exchange.headers
            self._again[key] = found
            return self._replayed(fake, exchange, connection, found)
        if self._records(provider.name) != "none":
            upstream = self._upstreams[provider.name]
            keep = self._keep(order, exchange.headers)
            return Relayed(fake, exchange, connection, http, upstream, keep)
        if self._repeats and (last := self._again.get(key)) is not None:
            return self._replayed(fake, exchange, connection, last)
        return self._refused(fake, exchange, connection, http, asked)

    def _replayed(
        self, fake: Fake, exchange: Exchange, connection: Connection, recorded: Recorded
    ) -> Replayed:
        return Replayed(fake, exchange, connection, recorded, time_scale=self._time_scale)

    def _found(self, provider: str, key: Key) -> Recorded | None:
        """The first exchange left that answers, taken from those that are left."""
        for number, (known, each) in enumerate(self._left):
            if each.provider == provider and known == key:
                del self._left[number]
                return each
        return None

    def _keep(self, order: int, headers: Mapping[str, str]) -> Callable[[Recorded], None]:
        def keep(recorded: Recorded) -> None:
            if len(self._met) >= EXCHANGES_MAX:
                return
            self._met[order], self._headers[order] = recorded, headers
            self._added = True
            self.save()

        return keep

    def _refused(
        self,
        fake: Fake,
        exchange: Exchange,
        connection: Connection,
        http: HttpRequest,
        asked: HttpRequest,
    ) -> Replayed:
        """The error of a request that nothing recorded answers."""
        name = fake.provider.name
        key = key_of(asked, self._ignored)
        times = sum(
            e.provider == name and key_of(e.asked, self._ignored) == key for e in self._met.values()
        )
        near = nearest(asked, [e for e in self._all if e.provider == name], self._ignored)
        exchange.problem = explain_unrecorded(
            name, http, exchange.request, shown(self.path), near, times, self.again
        )
        exchange.error = ApiError(status=400, kind="unmatched", message=exchange.problem)
        stamp = Stamp(ids=Seed(fake.seed, http.path).ids(), now_s=fake.clock.wall())
        answer = fake.provider.error(exchange.error, http, stamp)
        body = answer.body if isinstance(answer.body, bytes) else b""
        refused = Recorded(
            provider=name,
            asked=asked,
            status=answer.status,
            headers=answer.headers,
            pieces=(Piece(0.0, body),),
        )
        return self._replayed(fake, exchange, connection, refused)

    # --- the file ---

    @property
    def _all(self) -> list[Recorded]:
        return [
            *(self._met[order] for order in sorted(self._met)),
            *(each for _, each in self._left),
        ]

    def save(self) -> None:
        """Write what was answered, in the order in which it was asked for, then what is left."""
        with self._lock:
            save(self.path, self._all, self.again)

    def end(self, *, whole: bool) -> None:
        """The program has asked all that it asks. If that was the `whole` of it, what it did not
        ask for any more is taken out of what is being recorded."""
        kept = self._left
        if whole:
            kept = [left for left in kept if self._records(left[1].provider) == "none"]
        dropped = len(self._left) - len(kept) + self._replaced
        self._left = kept
        if self._all and (self._added or dropped):
            self.save()
        elif dropped and whole:
            self.path.unlink(missing_ok=True)

    def unasked(self, provider: str) -> list[str]:
        """What is wrong with a provider's exchanges that no request met, in words."""
        if self._records(provider) != "none":
            return []
        left = [each for _, each in self._left if each.provider == provider]
        return [explain_unasked(provider, left, self.again)] if left else []

    def drift(self, fakes: Mapping[str, Fake]) -> tuple[Drift, ...]:
        """Where the shape of what was answered is another than that of the fakes' own answers."""
        found = []
        for order, each in sorted(self._met.items()):
            if (fake := fakes.get(each.provider)) is not None:
                told = replace(each, where=each.where or shown(self.path))
                found.append(drift_of(told, self._headers[order], fake))
        return tuple(drift for drift in found if drift is not None)
