"""What pytest is told of at the start of every run: options, ini keys, markers.

Loaded in every run, so it holds plain words and imports next to nothing. What must not be here:
what any of them means (`settings`, `markers`).
"""

import os
from argparse import Namespace
from collections.abc import Mapping

import pytest

__all__ = [
    "BRINGS_FAKES",
    "FLAGS",
    "MARKERS",
    "NAMED_LIKE_OURS",
    "NAMES",
    "OPTIONS",
    "PROVIDERS",
    "VARIABLES",
    "add_options",
    "is_anything_said",
    "variable",
]

PROVIDERS = ("claude", "openai", "gemini", "ollama")

OPTIONS: Mapping[str, str] = {
    "scenario": (
        "A file with what the fakes do, TOML or JSON; universes run in the one world of it."
    ),
    "seed": "Seed of everything that is not scripted (a whole number, 0 by default).",
    "unmatched": "What a request that no rule is for gets: error (the default) or natural.",
    "unused": "Whether rules that no request matched fail the test: error (default) or allow.",
    "mode": (
        "Who answers: fake (the default), real, mock (the router's own clients), replay "
        "(what was recorded), or record (that too, and the real ones what is missing)."
    ),
    "block_network": (
        "Whether connections to the real providers fail while fakes stand in for them (true "
        "by default)."
    ),
    "validation": (
        "Whether the fakes refuse what the real services refuse: strict (default) or off."
    ),
    "models": (
        "Which models the fakes answer to: known (the default), current (those of them that "
        "have not retired) or any."
    ),
    "impossible": (
        "Whether scripted replies that no model gives are refused: error (default) or allow."
    ),
    **{
        name: f"Who answers for {name}: one of the modes; that of all if unset."
        for name in PROVIDERS
    },
    "stable_urls": (
        "Keep the fakes' addresses over the whole run, from before the first import: for "
        "programs that make their clients at import, or keep them."
    ),
    "max_usd": "The most that real providers may cost in this run, in US dollars.",
    "record": (
        "What recordings ask the real services for: none (the default in mode replay), once "
        "(all of a test that has no recording), new (what is not recorded, the default in mode "
        "record), all (everything anew)."
    ),
    "recordings": "The folder of recordings, beside each test's module (recordings).",
    "ignored": (
        "Fields of requests that do not count where a recorded answer is looked for, such as "
        "metadata.user_id or messages[0].content, with commas between them."
    ),
    "time_scale": (
        "How long recorded answers take: 0 no time (the default), 1 as long as they took."
    ),
    "drift": (
        "What becomes of recorded answers that have another shape than the fakes' own: warn "
        "at the end (the default), error or off."
    ),
}
"""Settings that an option with a value, an ini key or a variable says."""

FLAGS: Mapping[str, str] = {
    "traffic": "Show the traffic of every test that used the fakes, not only of failed ones.",
    "report": ("Sum up at the end: calls, tokens, what they would have cost, the slowest, faults."),
    "check_determinism": (
        "Run every test in virtual time twice and compare what the fakes saw, byte by byte."
    ),
}
"""Settings that an option without a value says, and nothing else."""

VARIABLES = "LLMSIM_"
"""What the names of the environment variables begin with."""

MARKERS = (
    "llmsim(scenario=, seed=, virtual=, unmatched=, unused=, mode=, block_network=, validation=, "
    "models=, impossible=, ignored=, time_scale=, drift=): settings of the fakes for one test; "
    "scenario is a file or a Scenario, unmatched 'error' or 'natural', unused and impossible "
    "'error' or 'allow', mode 'fake', 'real', 'mock', 'record' or 'replay', validation 'strict' "
    "or 'off', models 'known', 'current' or 'any', drift 'warn', 'error' or 'off'; "
    "virtual=True runs the test in virtual time.",
    "llmsim_fault(provider, fault, times=, rate=, between=, every=): a provider, or a list of "
    "them, fails: fault is a status, a name such as 'overloaded', or what fails() takes.",
    "llmsim_pace(provider, preset=, ttft=, inter_token=, ...): a provider answers at this pace, a "
    "preset such as 'claude_sonnet' or fields of Pace.",
    "llmsim_limits(provider, rpm=, tpm=, ...): a provider enforces these rate limits.",
    "llmsim_budget(per_task_usd=, daily_usd=, monthly_usd=, mode=, limits=, ...): limits of the "
    "budget of this test's routers, such as daily_usd='0.01'; fields of CostManagementPolicy.",
    "llmsim_chain(provider, ...): the routers of this test ask these providers, or targets such as "
    "'openai/gpt-4o', in this order, and no other.",
    "llmsim_load(arrivals=, duration=, concurrency=, spacing=, success_min=, p50_s_max=, "
    "p95_s_max=, p99_s_max=, cost_usd_max=, virtual=): run the coroutine function once for each "
    "arrival, in virtual time unless virtual=False, and assert the limits.",
    "llmsim_real(provider, ...): only for runs in which these providers, or any, are real.",
)

NAMES = tuple(registered.partition("(")[0] for registered in MARKERS)

NAMED_LIKE_OURS = "llmsim"
"""A marker that begins so and is none of them is misspelt."""

BRINGS_FAKES = ("llmsim_fault", "llmsim_pace", "llmsim_limits", "llmsim_load", "llmsim_real")
"""Markers that mean nothing without the fakes: a test that has one gets them."""


def add_options(parser: pytest.Parser) -> None:
    """Register `--llmsim-*` options and `llmsim_*` ini keys."""
    group = parser.getgroup("llmsim", "llmsim: fake LLM providers")
    for name, told in OPTIONS.items():
        metavar = "FILE" if name == "scenario" else name.upper()
        group.addoption(option(name), dest=key(name), default=None, metavar=metavar, help=told)
        parser.addini(key(name), told)
    for name, told in FLAGS.items():
        group.addoption(option(name), dest=key(name), action="store_true", default=False, help=told)


def is_anything_said(
    config: pytest.Config, options: Namespace, environ: Mapping[str, str] = os.environ
) -> bool:
    """Whether a run is set to anything but what is built in: only then settings are read."""
    return (
        any(name.startswith(VARIABLES) for name in environ)
        or any(getattr(options, key(name)) is not None for name in OPTIONS)
        or any(getattr(options, key(name)) for name in FLAGS)
        or any(config.getini(key(name)) not in ("", None) for name in OPTIONS)
    )


def option(name: str) -> str:
    return f"--llmsim-{name.replace('_', '-')}"


def key(name: str) -> str:
    """The ini key, and where pytest keeps the option."""
    return f"llmsim_{name}"


def variable(name: str) -> str:
    return VARIABLES + name.upper()
