"""What to do next in a call: ask which target, after what wait, or stop and why.

The decision table of `errors.py` put into one function of (envelope, state, now). It waits for
nothing and changes nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from .envelope import Envelope, Failed
from .errors import ERROR_CLASSES, ErrorClassName
from .policy import RetryPolicy
from .routing.filters import Availability, availability, needs_of, unsuited, window_of
from .routing.selection import resolve
from .setup import Endpoint
from .state import RouterState

__all__ = ["Step", "Stop", "alternative", "another_way", "availability_of", "next_step"]

# How soon to look again when only another call's end can free a target.
_LOOK_AGAIN_S = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Ask `endpoint`, not before `at_s`. `force` probes a breaker that is open; `look_again`
    means only to wait until then and to decide anew."""

    endpoint: Endpoint
    at_s: float
    reason: str
    force: bool = False
    look_again: bool = False


@dataclass(frozen=True, slots=True)
class Stop:
    """Nothing is left to try. `reason` completes "the call failed: ..."."""

    reason: str


def next_step(
    env: Envelope, state: RouterState, now_s: float, *, backoff_s: float = 0.0
) -> Step | Stop:
    """The next attempt of a call. `backoff_s` is the wait that a retry of the target that
    failed last would take."""
    if env.attempts_left <= 0:
        return Stop(f"all {env.attempts_max} attempts are used up")
    last = env.failed[-1] if env.failed else None
    if last is not None and (why := _ends_call(env, last)):
        return Stop(why)
    if last is not None and state.retries.balance(now_s) < 1:
        return Stop("the budget of retries over all calls is empty")
    again = _retry(env, last, state, now_s, backoff_s) if last else None
    others = list(_others(env, last))
    seen = [(e, availability_of(env, e, state, now_s)) for e in others]
    ready = [e for e, at in seen if at.at_s is not None and at.at_s <= now_s]
    fresh = [e for e in ready if not env.failures_at(e)]
    # The same target again, unless it asked to be left alone for a while, or that took the
    # attempt of a target that nobody has asked yet.
    others_first = last is not None and last.failure.row.retry == "retry_after"
    at_once = again is not None and again.at_s <= now_s + backoff_s
    if again is not None and at_once and not others_first and env.attempts_left > len(fresh):
        return again
    if ready:
        why = "next in the plan" if last else "first in the plan"
        return Step(endpoint=ready[0], at_s=now_s, reason=why)
    if again is not None:
        return again
    if last is not None and _askable(env, last.endpoint):
        seen.append((last.endpoint, availability_of(env, last.endpoint, state, now_s)))
    return _when_none_is_ready(env, state, seen, now_s)


def alternative(
    env: Envelope, endpoint: Endpoint, state: RouterState, now_s: float
) -> Endpoint | None:
    """The first other endpoint that can be asked now, while this one is still being asked."""
    if env.attempts_left <= 0 or state.retries.balance(now_s) < 1:
        return None
    for other in env.endpoints:
        if other is endpoint or other.target.id in env.under_way or not _askable(env, other):
            continue
        at_s = availability_of(env, other, state, now_s).at_s
        if at_s is not None and at_s <= now_s:
            return other
    return None


def another_way(
    env: Envelope, endpoint: Endpoint, name: ErrorClassName, state: RouterState, now_s: float
) -> bool:
    """Whether anything could follow if the attempt under way failed as `name` now: another
    endpoint, or this one again where the table allows it once."""
    if alternative(env, endpoint, state, now_s) is not None:
        return True
    if env.attempts_left <= 0 or state.retries.balance(now_s) < 1:
        return False
    before = any(failed.failure.row.name == name for failed in env.failures_at(endpoint))
    return ERROR_CLASSES[name].retry == "once" and not before


def _ends_call(env: Envelope, last: Failed) -> str:
    """Why no target at all may be asked after this failure; "" if one may."""
    row = last.failure.row
    if row.retry == "no" and row.next == "no":
        return "no other target would take it either"
    if row.next == "opt_in" and not _opted_in(env, row.name):
        return f"falling back after {row.name} is not opted in (RouterPolicy.opt_in)"
    return ""


def _opted_in(env: Envelope, name: str) -> bool:
    policy = env.setup.policy
    return name in policy.opt_in or name in policy.fallbacks or env.options.accept is not None


def _retry(
    env: Envelope, last: Failed, state: RouterState, now_s: float, backoff_s: float
) -> Step | None:
    """The same target once more, if the table, the waits and the deadline allow it."""
    if last.endpoint.target.id in env.too_dear or not _may_retry(env, last, env.setup.policy.retry):
        return None
    at = availability_of(env, last.endpoint, state, now_s)
    if at.at_s is None:
        return None
    if last.failure.row.retry != "retry_after" and at.at_s > now_s and not at.gated:
        return None  # its breaker has opened meanwhile
    at_s = max(at.at_s, now_s + backoff_s)
    if at_s >= env.deadline_s or at_s - now_s > env.setup.policy.retry.wait_s_max:
        return None
    return Step(endpoint=last.endpoint, at_s=at_s, reason=f"again after {last.failure.row.name}")


def _may_retry(env: Envelope, last: Failed, policy: RetryPolicy) -> bool:
    if last.after_shown:
        return False
    failures = env.failures_at(last.endpoint)
    name = last.failure.row.name
    times = sum(1 for failed in failures if failed.failure.row.name == name)
    match last.failure.row.retry:
        case "backoff" | "retry_after":
            return len(failures) <= policy.retries_per_target
        case "once":
            return times <= 1
        case "duplicate_once":
            return times <= 1 and policy.allow_duplicate_spend
        case _:
            return False


def _askable(env: Envelope, endpoint: Endpoint) -> bool:
    """Whether this call may ask it at all, be it available or not."""
    if endpoint.target.id in env.too_dear:
        return False
    if env.prefills and not endpoint.target.capabilities.prefill:
        return False
    for failed in env.failed:
        if failed.failure.row.next == "larger_window" and not _is_larger(
            env, endpoint, failed.endpoint
        ):
            return False
    failures = env.failures_at(endpoint)
    return not failures or _may_retry(env, failures[-1], env.setup.policy.retry)


def _is_larger(env: Envelope, endpoint: Endpoint, than: Endpoint) -> bool:
    """An unknown window is taken to be larger than a known one that was too small."""
    if endpoint.target.id == than.target.id:
        return False
    window = window_of(endpoint.target, env.card(endpoint))
    limit = window_of(than.target, env.card(than))
    return window is None or (limit is not None and window > limit)


def _others(env: Envelope, last: Failed | None) -> Iterator[Endpoint]:
    """The endpoints that may be asked instead of the last one, in order."""
    if last is None:
        yield from (e for e in env.endpoints if _askable(env, e))
        return
    name = last.failure.row.name
    wanted = list(_fallbacks(env, name))
    rest = list(env.endpoints)
    if last.failure.row.next == "other_key":
        target = last.endpoint.target
        rest.sort(
            key=lambda e: (e.target.provider, e.target.model) != (target.provider, target.model)
        )
    # Whom nobody asked yet comes before whom this call has asked.
    rest.sort(key=lambda e: bool(env.failures_at(e)))
    seen = {last.endpoint.target.id, *env.under_way}
    for endpoint in (*wanted, *rest):
        if endpoint.target.id not in seen and _askable(env, endpoint):
            seen.add(endpoint.target.id)
            yield endpoint


def _fallbacks(env: Envelope, name: str) -> Iterator[Endpoint]:
    """The targets that the policy names for this class of failure, as far as they are suited."""
    needs = needs_of(env.request, env.options, streamed=env.streamed)
    for member in env.setup.policy.fallbacks.get(name, ()):
        for endpoint in resolve(env.setup, member):
            if not unsuited(endpoint, needs, env.request, env.card(endpoint), env.options):
                yield endpoint


def availability_of(
    env: Envelope, endpoint: Endpoint, state: RouterState, now_s: float
) -> Availability:
    tokens = env.tokens_at(endpoint) if endpoint.target.tpm_max else 0
    return availability(endpoint, state, env.setup.policy.breaker, now_s, tokens=tokens)


def _when_none_is_ready(
    env: Envelope,
    state: RouterState,
    seen: list[tuple[Endpoint, Availability]],
    now_s: float,
) -> Step | Stop:
    """Every target that may be asked is unavailable: probe one, wait for one, or fail."""
    policy = env.setup.policy
    if not seen:
        return Stop("no further target may be asked")
    if policy.all_open == "probe" and len(env.endpoints) > 1:
        for endpoint, at in sorted(seen, key=lambda pair: pair[1].at_s or float("inf")):
            rested_s = now_s - state.of(endpoint.target).probed_s
            opened_s = now_s - state.of(endpoint.target).breaker.since_s
            spaced = min(rested_s, opened_s) >= policy.breaker.open_base_s
            if at.at_s is not None and not at.gated and spaced:
                why = "all targets are unavailable, probing the least bad"
                return Step(endpoint=endpoint, at_s=now_s, reason=why, force=True)
    waits = [(at.at_s if at.at_s is not None else now_s + _LOOK_AGAIN_S, e, at) for e, at in seen]
    at_s, endpoint, at = min(waits, key=lambda wait: wait[0])
    if policy.all_open == "wait":
        patient = at_s < env.deadline_s
    else:
        patient = (
            policy.all_open == "probe"
            and at.gated
            and at_s < env.deadline_s
            and at_s - now_s <= policy.retry.wait_s_max
        )
    if not patient:
        return Stop(
            "none is available: " + "; ".join(f"{e.target.id}: {a.reason}" for e, a in seen)
        )
    return Step(endpoint=endpoint, at_s=at_s, reason="waiting for it", look_again=True)
