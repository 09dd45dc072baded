"""Configuration: a `llm-providers.toml` and the environment as one frozen setup.

`load_setup` reads a file, `setup_from_env` the environment alone, `ConfigWatcher` reloads.
"""

from .loading import load_setup, setup_from_env
from .watch import ConfigWatcher

__all__ = ["ConfigWatcher", "load_setup", "setup_from_env"]
