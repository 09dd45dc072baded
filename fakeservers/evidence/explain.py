"""Words for what did not go as scripted: fact, nearest rule, way out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..behaviour.scenario import Nearest, Rule, Script
from ..canonical import Request

__all__ = ["Taken", "explain_impossible", "explain_unmatched", "explain_unused"]

PROMPT_SHOWN_MAX = 200


@dataclass(frozen=True, slots=True)
class Taken:
    """A request that an idle rule is for, by its number in the journal, and the rule written
    before it that answered."""

    request: int
    rule: Rule


def explain_unmatched(provider: str, script: Script, request: Request, near: Nearest | None) -> str:
    """Why no rule answered `request`, which came closest, and what to write instead."""
    prompt = request.prompt
    shown = prompt if len(prompt) <= PROMPT_SHOWN_MAX else prompt[:PROMPT_SHOWN_MAX] + "..."
    lines = [
        f"llmsim: no rule of {provider} is for this request "
        f"(model {request.model!r}, prompt {shown!r}).",
    ]
    if near is not None:
        lines.append(f"The nearest is {_where(provider, near.rule)}:")
        if near.used_up:
            lines.append(f"  it matches, but was used up after {_times(near.rule.times)}")
        lines += [f"  {apart}" for apart in near.differences]
    lines.append(
        f"To answer it, write llmsim.{provider}.on(prompt={shown[:60]!r}).replies(...); to let "
        f'{provider} answer naturally, set llmsim.{provider}.unmatched = "natural".'
    )
    return "\n".join(lines)


def explain_impossible(provider: str, rule: Rule | None, why: str) -> str:
    """Which reply no model gives, why, and what to do."""
    where = f" of {_where(provider, rule)}" if rule is not None else ""
    return (
        f"llmsim: the reply{where} is none that a model gives: {why.rstrip('.')}.\n"
        f'To send it all the same, set llmsim.{provider}.impossible = "allow".'
    )


def explain_unused(
    provider: str, rules: Iterable[Rule], seen: int, taken: Mapping[int, Taken]
) -> str:
    """Which rules no request was answered by, and of each whether a rule before it answered a
    request that was for it as well (`taken`, by the idle rule's number)."""
    listed = []
    for rule in rules:
        listed.append(f"  {_where(provider, rule)}")
        if (other := taken.get(rule.number)) is not None:
            listed.append(
                f"    request {other.request} is for it too, and was answered by "
                f"{_where(provider, other.rule)}: write this rule above that one"
            )
    requests = "no request" if not seen else "1 request" if seen == 1 else f"{seen} requests"
    had = "none was left to" if taken else "none matched"
    return (
        f"llmsim: {provider} saw {requests}, and {had} these rules:\n"
        + "\n".join(listed)
        + f'\nTake them out, or set llmsim.{provider}.unused = "allow".'
    )


def _where(provider: str, rule: Rule) -> str:
    at = f" ({rule.written_at})" if rule.written_at else ""
    return f"llmsim.{provider}.{rule}{at}"


def _times(times: int | None) -> str:
    return "one use" if times == 1 else f"{times} uses"
