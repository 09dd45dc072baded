"""What is told of requests that no recording answers, and of recordings that no request met."""

from collections.abc import Sequence

from ..canonical import Request
from ..wire.base import HttpRequest
from .exchanges import Recorded
from .matching import Nearest

__all__ = ["explain_unasked", "explain_unreachable", "explain_unrecorded"]

PROMPT_SHOWN_MAX = 100
SHOWN_MAX = 10


def explain_unrecorded(
    provider: str,
    http: HttpRequest,
    request: Request | None,
    file: str,
    near: Nearest | None,
    times: int,
    again: str,
) -> str:
    """Why no recorded exchange answers a request, which comes closest, and what to do. `times` is
    how often the same was recorded."""
    what = f"{http.method} {http.path}"
    if request is not None and request.prompt:
        prompt = request.prompt
        shown = prompt if len(prompt) <= PROMPT_SHOWN_MAX else prompt[:PROMPT_SHOWN_MAX] + "..."
        what += f", model {request.model!r}, prompt {shown!r}"
    lines = [f"llmsim: {file} has no answer of {provider} for this request ({what})."]
    if times:
        recorded = "once" if times == 1 else f"{times} times"
        lines.append(f"It was recorded {recorded}, and has come once more.")
    elif near is not None:
        lines.append(f"The nearest is {near.recorded.where}:")
        lines += [f"  {apart}" for apart in near.differences]
    else:
        lines.append(f"Nothing is recorded of {provider} there.")
    lines.append(
        f"To record it: {again}\n"
        f"To have the fake answer it, write llmsim.{provider}.on(...).replies(...)."
    )
    return "\n".join(lines)


def explain_unasked(provider: str, unasked: Sequence[Recorded], again: str) -> str:
    """Which recorded exchanges no request met."""
    listed = [f"  {each.where}: {each.asked.method} {each.asked.path}" for each in unasked]
    rest = len(listed) - SHOWN_MAX
    more = [f"  and {rest} more"] if rest > 0 else []
    return "\n".join(
        [
            f"llmsim: nothing asked {provider} for what is recorded here:",
            *listed[:SHOWN_MAX],
            *more,
            f"To have the recording as the program now asks: {again}\n"
            f'To allow it, set llmsim.{provider}.unused = "allow".',
        ]
    )


def explain_unreachable(provider: str, url: str, problem: str) -> str:
    """Why nothing could be recorded."""
    return (
        f"llmsim: the real {provider} could not be asked at {url}: {problem}. Nothing was "
        f"recorded. Its address is taken from the SDK's own variable, where one is set."
    )
