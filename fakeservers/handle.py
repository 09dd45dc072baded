"""One fake as users hold it: the verbs that tell it what to do, and what it saw."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, Never, Self

from .behaviour.failures import failure
from .behaviour.faults import refused
from .behaviour.jobs import job_timing
from .behaviour.matching import Match, TextPattern
from .behaviour.models import Catalogue
from .behaviour.pace import Pace, pace
from .behaviour.replies import ReplyLike, scripted
from .behaviour.scenario import Impossible, Rule, TokenCounts, Unmatched
from .behaviour.schedule import schedule
from .canonical import Request
from .errors import ScriptError, did_you_mean, no_attribute, own_keywords
from .evidence.bill import Bill
from .evidence.journal import Exchange
from .evidence.transcript import transcript
from .evidence.verification import Unused, problems
from .leniency import KNOWN_MODELS, VALIDATIONS, KnownModels, Validation, checked
from .serving.exchange import Fake

__all__ = ["FakeProvider", "RuleBuilder"]

HERE = os.path.dirname(__file__)
FIELDS = [field.name for field in fields(Match) if field.init]


class FakeProvider:
    """One fake: what it is told and what it saw."""

    def __init__(self, fake: Fake, origin: Callable[[], str]) -> None:
        self._fake = fake
        self._origin = origin
        self._unused: Unused = "error"

    # --- where it is ---

    @property
    def name(self) -> str:
        return self._fake.provider.name

    @property
    def url(self) -> str:
        """The base URL that the provider's SDK takes. Raises StartError before the start."""
        return self._origin() + self._fake.provider.base

    def env(self) -> dict[str, str]:
        """The environment variables that point the provider's SDK here."""
        return dict(self._fake.provider.env(self.url))

    # --- what it is told ---

    @property
    def unmatched(self) -> Unmatched:
        """What happens to a request that no rule is for once replies are scripted: `error`,
        the default, or `natural`."""
        return self._fake.script.unmatched

    @unmatched.setter
    def unmatched(self, value: Unmatched) -> None:
        if value not in ("error", "natural"):
            raise ScriptError(f'unmatched is "error" or "natural", not {value!r}.')
        self._fake.write(replace(self._fake.script, unmatched=value))

    @property
    def unused(self) -> Unused:
        """What becomes of a rule that no request matches: `error`, the default, or `allow`."""
        return self._unused

    @unused.setter
    def unused(self, value: Unused) -> None:
        if value not in ("error", "allow"):
            raise ScriptError(f'unused is "error" or "allow", not {value!r}.')
        self._unused = value

    @property
    def validation(self) -> Validation:
        """`strict`, the default, refuses what the real service refuses; `off` answers whatever is
        JSON: what is wrong in it reads as left out, and nothing needs a key or a known model."""
        return self._fake.validation

    @validation.setter
    def validation(self, value: Validation) -> None:
        self._fake.validation = checked("validation", value, VALIDATIONS)

    @property
    def impossible(self) -> Impossible:
        """What happens to a scripted reply that no model gives to the request, such as a call of
        a tool that was not offered: `error`, the default, or `allow`."""
        return self._fake.script.impossible

    @impossible.setter
    def impossible(self, value: Impossible) -> None:
        if value not in ("error", "allow"):
            raise ScriptError(f'impossible is "error" or "allow", not {value!r}.')
        self._fake.write(replace(self._fake.script, impossible=value))

    @property
    def models(self) -> Catalogue:
        """The models that this fake knows. Set to `any`, it answers to every name; to `known`,
        the default, only to those; to `current`, to those that have not retired by its clock."""
        return self._fake.models

    @models.setter
    def models(self, value: KnownModels) -> None:
        allowed = checked("models", value, KNOWN_MODELS)
        self._fake.write(replace(self._fake.script, models=allowed))

    def on(
        self,
        *,
        model: TextPattern | None = None,
        prompt: TextPattern | None = None,
        system: TextPattern | None = None,
        tool_result: TextPattern | None = None,
        turn: int | None = None,
        key: TextPattern | None = None,
        headers: Mapping[str, TextPattern] | None = None,
        endpoint: str | None = None,
        where: Callable[[Any], Any] | None = None,
        **unknown: Never,
    ) -> "RuleBuilder":
        """For requests that are all of this, what follows; see `Match` for the fields."""
        if unknown:
            meant = did_you_mean(next(iter(unknown)), FIELDS)
            raise ScriptError(f"on({', '.join(unknown)}=...): it takes {', '.join(FIELDS)}.{meant}")
        match = Match(
            model=model,
            prompt=prompt,
            system=system,
            tool_result=tool_result,
            turn=turn,
            key=key,
            headers=headers or {},
            endpoint=endpoint,
            where=where,
        )
        return RuleBuilder(self._fake, match)

    @own_keywords
    def replies(self, *replies: ReplyLike, times: int | None = None) -> "RuleBuilder":
        """Any request gets these replies in turn, then the last one again."""
        return self.on().replies(*replies, times=times)

    def fails(self, *what: Any, times: int | None = None, **fields: Any) -> "RuleBuilder":
        """Any request fails so: a status, an error such as `overloaded()`, or faults such as
        `cut(after_chunks=2)`; see `RuleBuilder.fails`."""
        return self.on().fails(*what, times=times, **fields)

    def paces(self, preset: Pace | None = None, **fields: Any) -> "RuleBuilder":
        """Any answer comes at this pace: a preset, or the fields of `Pace`."""
        return self.on().paces(preset, **fields)

    def limits(self, **limits: int | None) -> None:
        """Enforce these rate limits for each key and model, in the provider's own way: `rpm`
        and others such as `tpm`, `itpm`, `otpm`, `rpd`; None lifts one."""
        script = self._fake.script
        together = {**script.limits, **limits}
        kept = {name: limit for name, limit in together.items() if limit is not None}
        self._fake.write(replace(script, limits=kept))

    @contextmanager
    def down(self) -> Iterator[None]:
        """While entered nobody listens here: connections are refused, open ones are cut."""
        rule = self.on().fails(refused())
        try:
            yield
        finally:
            rule.remove()

    def counts(self, **counts: int) -> "RuleBuilder":
        """Any answer reports these token counts."""
        return self.on().counts(**counts)

    @own_keywords
    def jobs(self, *, after_s: float = 0, polls: int = 0, fails: str | None = None) -> None:
        """From now on a job (a batch, a file that is processed) ends `after_s` seconds after it
        began, and not before a client has looked `polls` times in vain; with `fails` it fails for
        this reason. `jobs()` has them end at the first look, as they do unless told otherwise.

        Raises ScriptError for a number that is negative or none.
        """
        timing = job_timing(after_s=after_s, polls=polls, fails=fails)
        self._fake.write(replace(self._fake.script, jobs=timing))

    def reset(self) -> None:
        """Be as new: no script, no journal, nothing stored, the models of the beginning."""
        self._fake.reset()

    # --- what it saw ---

    @property
    def calls(self) -> tuple[Exchange, ...]:
        """Every exchange, oldest first: request, answer, tokens, headers."""
        return tuple(self._fake.journal)

    @property
    def requests(self) -> tuple[Request, ...]:
        """Every request that could be read, in canonical form."""
        return tuple(e.request for e in self._fake.journal if e.request is not None)

    @property
    def last(self) -> Exchange:
        """The newest exchange. Raises LookupError when there was none."""
        calls = self.calls
        if not calls:
            raise LookupError(f"{self.name} has seen no request yet.")
        return calls[-1]

    @property
    def bill(self) -> Bill:
        """What this provider would charge for every exchange so far: `bill.total` in exact US
        dollars, `bill.lines` one by one, `print(bill)` as a table."""
        clock, journal = self._fake.clock, self._fake.journal
        return Bill(journal, epoch_s=clock.wall() - clock.now(), forgotten=journal.forgotten)

    def transcript(self) -> str:
        """The conversation so far, readable."""
        return transcript(self._fake.journal)

    def problems(self) -> list[str]:
        """What did not go as scripted, in words."""
        fake = self._fake
        return problems(self.name, fake.script, fake.used, fake.journal, self.unused)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Never:
            raise no_attribute(_has_no(name))

        def __setattr__(self, name: str, value: object) -> None:
            # A setting that is misspelt would be kept, and change nothing.
            if not name.startswith("_") and not hasattr(type(self), name):
                raise no_attribute(_has_no(name))
            object.__setattr__(self, name, value)

    def __repr__(self) -> str:
        return f"<fake {self.name}: {len(self._fake.journal)} calls>"


VERBS = sorted(name for name in vars(FakeProvider) if not name.startswith("_"))


def _has_no(name: str) -> str:
    meant = did_you_mean(name, VERBS) or f" It has {', '.join(VERBS)}."
    return f"A fake has no {name!r}.{meant}"


class RuleBuilder:
    """One rule while it is written: `on(...).replies(...)`. Each verb returns the builder."""

    def __init__(self, fake: Fake, match: Match) -> None:
        self._fake = fake
        self._rule = Rule(
            number=1 + max((rule.number for rule in fake.script.rules), default=0),
            match=match,
            written_at=_written_at(),
        )

    @own_keywords
    def replies(self, *replies: ReplyLike, times: int | None = None) -> Self:
        """Say these in turn, then the last one again; at most `times` times."""
        if not replies:
            raise ScriptError('replies() needs at least one reply, such as replies("Hello.").')
        return self._write(replies=tuple(scripted(value) for value in replies), times=_times(times))

    def fails(
        self,
        *what: Any,
        times: int | None = None,
        rate: Any = 1.0,
        between: Any = (),
        every: Any = None,
        **fields: Any,
    ) -> Self:
        """Fail with a status, an error such as `overloaded()`, or faults such as
        `cut(after_chunks=2)`, several together.

        times    at most so often
        rate     for that share of the requests, 0 to 1, or `ramp(...)`
        between  only then, in time since the scenario began: `("5m", "8m")`, or a list of such
        every    again and again: `("10m", "1m")` is the first minute of every ten
        """
        error, fault = failure(what, fields)
        when = schedule(rate=rate, windows=between, wave=every)
        if (
            fault is not None
            and fault.refused
            and (times is not None or when.rate != 1.0 or error or self._rule.match != Match())
        ):
            raise ScriptError(
                "refused() closes the port, so nothing of a request can be known: it takes "
                "between= and every=, no on(...), times= or rate=. To refuse after a request "
                "was read, write reset()."
            )
        return self._write(error=error, fault=fault, times=_times(times), schedule=when)

    def paces(self, preset: Pace | None = None, **fields: Any) -> Self:
        """Answer at this pace: a preset such as `presets.CLAUDE_SONNET`, or the fields of
        `Pace`, times in seconds, as texts ("1.5s"), in lists, or distributions."""
        return self._write(pace=pace(preset, **fields))

    def remove(self) -> None:
        """Take the rule back."""
        script = self._fake.script
        kept = tuple(rule for rule in script.rules if rule.number != self._rule.number)
        self._fake.write(replace(script, rules=kept))

    def counts(self, **counts: int) -> Self:
        """Report these token counts: `input_tokens`, `output_tokens`, `cached_tokens`,
        `cache_write_tokens`, `reasoning_tokens`."""
        try:
            given = TokenCounts(**counts)
        except TypeError:
            known = TokenCounts.__dataclass_fields__
            unknown = [name for name in counts if name not in known]
            raise ScriptError(
                f"counts({', '.join(unknown)}=...): it takes {', '.join(known)}."
                + did_you_mean(unknown[0], known)
            ) from None
        return self._write(counts=given)

    def _write(self, **changes: Any) -> Self:
        self._rule = replace(self._rule, **changes)
        if self._rule.replies and self._rule.error is not None:
            raise ScriptError("A rule replies or fails, not both: write two rules, in their order.")
        script = self._fake.script
        kept = tuple(rule for rule in script.rules if rule.number != self._rule.number)
        rules = tuple(sorted((*kept, self._rule), key=lambda rule: rule.number))
        self._fake.write(replace(script, rules=rules))
        return self


def _times(times: int | None) -> int | None:
    if times is not None and (not isinstance(times, int) or times < 1):
        raise ScriptError(f"times is a whole number from 1, or left out, not {times!r}.")
    return times


def _written_at() -> str:
    """File and line of the first caller outside this package."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(HERE):
        frame = frame.f_back
    return f"{os.path.relpath(frame.f_code.co_filename)}:{frame.f_lineno}"
