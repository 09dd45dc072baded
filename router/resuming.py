"""After a stream failed when its beginning was shown: interrupt, begin anew, or go on elsewhere.

The three modes of StreamPolicy. Two answers are never joined in silence: what comes from another
target comes after a StreamReset or a Seam.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from .attempt import AttemptRun
from .clients.base import ProviderFailure
from .envelope import Envelope
from .errors import CallFailed
from .failing import interrupted
from .types import LLMRequest, LLMResponse, Message, Seam, StreamReset

__all__ = ["Resumed", "resume"]


@dataclass(frozen=True, slots=True)
class Resumed:
    """Another attempt that has something to show, and the event that announces it."""

    run: AttemptRun
    event: StreamReset | Seam


async def resume(
    next_shown: Callable[[Envelope], Awaitable[AttemptRun]],
    env: Envelope,
    run: AttemptRun,
    failure: ProviderFailure,
) -> Resumed:
    """Raises StreamInterrupted with the first failure as its cause if there is no going on."""
    partial = env.with_shown_before(run.received())
    error = interrupted(env, partial, failure)
    mode = env.setup.policy.stream.mode
    if mode == "terminate" or (mode == "continue" and not run.text_only):
        raise error
    if mode == "continue":
        env.request = _continued(env, run, partial)
        env.shown_before = partial.text
        env.gaps_before = partial.gaps
        env.prefills = True
    try:
        following = await next_shown(env)
    except CallFailed as second:
        error = interrupted(env, partial, failure)
        error.add_note(f"and nothing could go on: {second}")
        raise error from failure
    kind = Seam if mode == "continue" else StreamReset
    event = kind(
        cause=failure.error_class,
        from_target=run.endpoint.target.id,
        to_target=following.endpoint.target.id,
    )
    return Resumed(following, event)


def _continued(env: Envelope, run: AttemptRun, partial: LLMResponse) -> LLMRequest:
    """The request with what was shown as the beginning of its answer, and with only as many
    tokens as the first target had left."""
    request = env.request
    asked = [m for m in request.messages if not (env.prefills and m is request.messages[-1])]
    left = request.max_tokens
    if left is not None:
        written = env.card(run.endpoint).partial(request, output_text=run.received().text).output
        left = max(1, left - written)
    begun = Message.assistant(partial.text.rstrip())
    return replace(request, messages=(*asked, begun), max_tokens=left)
