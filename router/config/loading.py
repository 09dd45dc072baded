"""The ways to a setup: from a file, from the environment alone.

What belongs here: what a program calls. What must not: the meaning of any key.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..clients.registry import PROVIDERS, mode_of
from ..errors import ConfigError
from ..setup import RouterSetup
from .build import LoadedSetup, build
from .fill import Filler
from .source import Source

__all__ = ["load_setup", "setup_from_env"]

# What is asked of each provider that only the environment names, unless an overlay says another.
_MODELS = {
    "claude": "claude-sonnet-4-6",
    "openai": "gpt-4o",
    "gemini": "gemini-2.5-flash",
    "ollama": "llama3.2",
}


def load_setup(
    path: str | Path,
    *,
    environ: Mapping[str, str] | None = None,
    before: RouterSetup | None = None,
) -> LoadedSetup:
    """The setup that a `llm-providers.toml` describes, overlaid by the environment.

    `before` is the setup that this one replaces: clients that are the same, the sums of costs
    and the ledger go over to the new one. Raises ConfigError, which names file, line and key of
    every problem.
    """
    environ = os.environ if environ is None else environ
    source = Source.from_file(path).overlaid(environ).expanded(environ)
    return build(Filler(source), environ, folder=Path(path).resolve().parent, before=before)


def setup_from_env(environ: Mapping[str, str] | None = None) -> LoadedSetup:
    """The setup of the providers that the environment names: by a key, by Ollama's host, or by a
    mode (`LLMSIM_CLAUDE=fake`, `LLMSIM_MODE=mock`). Raises ConfigError if there is none."""
    environ = os.environ if environ is None else environ
    providers = [
        {"name": name, "model": model}
        for name, model in _MODELS.items()
        if _is_named(name, environ)
    ]
    if not providers:
        keys = ", ".join(PROVIDERS[name].keys[0] for name in _MODELS if PROVIDERS[name].keys)
        raise ConfigError(
            f"no provider is named: set one of {keys}, OLLAMA_HOST, or LLMSIM_MODE=mock",
            where="environment",
        )
    tree: dict[str, Any] = {"providers": providers}
    source = Source(tree=tree, name="environment").overlaid(environ).expanded(environ)
    return build(Filler(source), environ, folder=Path.cwd())


def _is_named(name: str, environ: Mapping[str, str]) -> bool:
    known = PROVIDERS[name]
    if mode_of(name, environ) == "mock" or any(environ.get(key) for key in known.keys):
        return True
    return bool(environ.get(known.url)) and (not known.keys or mode_of(name, environ) == "fake")
