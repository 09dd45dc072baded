"""Answers that nothing changes but their stamp: to the same request, by the same script.

Retries and load tests ask the same again and again. What such a request was read as, what was
decided and what it came to holds as long as the script and the models stay, and no window opens
or closes; left to do are its own identifiers, its times and what the rate limits show.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from ..behaviour.models import Catalogue, Model
from ..behaviour.scenario import Decision, Script
from ..canonical import ChatRequest, CompletionResult, RawReply, Reply, Request, Result
from ..wire.base import Answer, Endpoint, Preparing, Stamp

__all__ = ["Steady", "rendering", "steady"]


@dataclass(slots=True, kw_only=True)
class Steady:
    """What a request came to. Never changed, and made for every request that may come again."""

    script: Script
    until_s: float
    headers: Mapping[str, str]
    model: Model | None
    endpoint: Endpoint
    params: Mapping[str, str]
    request: ChatRequest
    decision: Decision
    result: CompletionResult
    render: Callable[[Stamp], Answer]

    def holds(
        self, script: Script, now_s: float, headers: Mapping[str, str], models: Catalogue
    ) -> bool:
        """Whether the same request, with these very headers, comes to the same now."""
        return (
            self.script is script
            and now_s < self.until_s
            and self.headers is headers
            # What is current depends on the day.
            and models.allows != "current"
            and models.find(self.request.model) is self.model
        )


def rendering(
    known: Steady | None, endpoint: Endpoint, request: Request, result: Result
) -> Callable[[Stamp], Answer]:
    """Writes the answer to a request: as before, where a window that closed, or a new script,
    changed nothing of what it comes to."""
    if known is not None and known.request is request and known.result == result:
        return known.render
    return partial(endpoint.render, request, result)


def steady(
    known: Steady | None,
    script: Script,
    now_s: float,
    headers: Mapping[str, str],
    models: Catalogue,
    endpoint: Endpoint,
    params: Mapping[str, str],
    request: Request,
    decision: Decision,
    result: Result | RawReply,
    answer: Answer,
) -> Steady | None:
    """What is to be remembered of a request that was answered; None when it may be answered
    otherwise the next time: by time, chance or number, by a function, by what is stored."""
    until_s = script.steady_until_s(now_s)
    if until_s <= now_s or not isinstance(decision.reply, Reply):
        return None
    if not isinstance(request, ChatRequest):
        return None
    if decision.fault is not None or decision.pace is not None or "origin" in headers:
        return None
    if answer.stores or answer.forgets or answer.uses is not None:
        return None
    # Usage as it was counted: nothing from a prompt cache, nothing scripted.
    weighed = request.weighed
    if not isinstance(result, CompletionResult) or weighed is None:
        return None
    if result.usage is not weighed.usage:
        return None
    render = rendering(known, endpoint, request, result)
    if (known is None or render is not known.render) and isinstance(endpoint, Preparing):
        render = endpoint.prepared(request, result) or render
    return Steady(
        script=script,
        until_s=until_s,
        headers=headers,
        model=models.find(request.model),
        endpoint=endpoint,
        params=params,
        request=request,
        decision=decision,
        result=result,
        render=render,
    )
