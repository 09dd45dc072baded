"""Paces of well-known models, for `paces(...)`: illustrative, each with what it is taken from.

Published medians differ two- to threefold between sites, so these are shapes to test against, not
promises. What no source tells is called assumed.
"""

from .behaviour.pace import Pace, lognormal

__all__ = [
    "CLAUDE_HAIKU",
    "CLAUDE_OPUS",
    "CLAUDE_SONNET",
    "GEMINI_FLASH",
    "GPT_MINI",
    "GPT_STANDARD",
    "INSTANT",
    "OLLAMA_CPU",
    "VLLM_8B_H100",
]

HOSTED_PREFILL_S = 10e-6
"""Seconds an uncached input token on a hosted service, assumed: 100,000 tokens take about one."""


def _hosted(median_s: float, p95_s: float, tokens_per_s: float, spike_rate: float = 0.01) -> Pace:
    return Pace(
        ttft=lognormal(median_s, p95=p95_s, spike_rate=spike_rate, spike_factor=4.0),
        inter_token=lognormal(1.0 / tokens_per_s, sigma=0.3, spike_rate=0.005, spike_factor=10.0),
        prefill_s_per_token=HOSTED_PREFILL_S,
    )


INSTANT = Pace()
"""No waiting at all."""

CLAUDE_HAIKU = _hosted(0.541, 1.591, 100.0, spike_rate=0.015)
"""TTFT of claude-haiku-4.5, median and 95th percentile: modelstats.ai, 24 hours of pings from the
US, read 2026-11. Tokens a second: assumed."""

CLAUDE_SONNET = _hosted(0.941, 2.939, 44.0)
"""TTFT of claude-sonnet-4.6: modelstats.ai, as above. Tokens a second: jonathanwrede.de, a week of
probes, read 2026-11."""

CLAUDE_OPUS = _hosted(1.626, 2.420, 70.0)
"""TTFT of claude-opus-4.6: modelstats.ai; tokens a second: jonathanwrede.de; both read 2026-11."""

GPT_MINI = _hosted(0.536, 0.844, 80.0, spike_rate=0.02)
"""TTFT of gpt-4o-mini: modelstats.ai, read 2026-11. Tokens a second: assumed."""

GPT_STANDARD = _hosted(0.639, 1.144, 45.0, spike_rate=0.02)
"""TTFT of gpt-4o: modelstats.ai; tokens a second of gpt-5.4: jonathanwrede.de; both read
2026-11."""

GEMINI_FLASH = _hosted(0.477, 0.776, 236.0)
"""TTFT of gemini-2.5-flash: modelstats.ai; tokens a second: jonathanwrede.de; both read 2026-11."""

VLLM_8B_H100 = Pace(
    ttft=lognormal(0.035, sigma=0.15),
    inter_token=lognormal(0.0125, sigma=0.1),
    prefill_s_per_token=0.0002,
    load_factor=2.0,
    slots=64,
)
"""An 8B model on one H100: TTFT 60-120 ms, 10-15 ms a token, up to twice that under load: the
reference tables of llm-d-inference-sim, read 2026-08. Slots: assumed."""

OLLAMA_CPU = Pace(
    ttft=lognormal(0.4, sigma=0.2),
    inter_token=lognormal(0.1, sigma=0.15),
    prefill_s_per_token=0.005,
    slots=1,
    queue_max=512,
    cold_start_s=4.0,
)
"""A small model on a laptop's CPU: one request at a time, 512 in the queue (Ollama's defaults
OLLAMA_NUM_PARALLEL and OLLAMA_MAX_QUEUE, read 2026-11). Its speed and the seconds to load:
assumed."""
