"""Reloading a configuration while the program runs: whole and checked, or not at all.

What belongs here: noticing a change and handing the new setup over. What must not: what is in it.
"""

import asyncio
import hashlib
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from ..errors import ConfigError
from ..setup import RouterSetup
from .loading import load_setup

__all__ = ["ConfigWatcher", "Reloadable"]


class Reloadable(Protocol):
    """What takes a new setup: `LLMRouter`."""

    @property
    def setup(self) -> RouterSetup: ...

    def reload(self, setup: RouterSetup) -> None: ...


class ConfigWatcher:
    """Looks at a file and reloads the router when its content changed.

        watcher = ConfigWatcher(router, "llm-providers.toml")
        task = asyncio.create_task(watcher.run())

    A file that is wrong changes nothing: the router keeps what it has, `problem` holds the error
    until a right one comes, and `on_problem` is told of it once.
    """

    def __init__(
        self,
        router: Reloadable,
        path: str | Path,
        *,
        environ: Mapping[str, str] | None = None,
        interval_s: float = 2.0,
        on_problem: Callable[[ConfigError], None] | None = None,
    ) -> None:
        self.problem: ConfigError | None = None
        self._router = router
        self._path = Path(path)
        self._environ = environ
        self._interval_s = interval_s
        self._on_problem = on_problem or _log
        self._seen = self._digest()

    def look(self) -> bool:
        """Reload if the file changed since the last look; True if the router has a new setup."""
        digest = self._digest()
        if digest == self._seen:
            return False
        self._seen = digest
        try:
            setup = load_setup(self._path, environ=self._environ, before=self._router.setup)
        except ConfigError as error:
            self.problem = error
            self._on_problem(error)
            return False
        self.problem = None
        self._router.reload(setup)
        return True

    async def run(self) -> None:
        """Look every `interval_s` until cancelled."""
        while True:
            await asyncio.sleep(self._interval_s)
            self.look()

    def _digest(self) -> bytes:
        """Of the content, since editors replace files and clocks may stand still; b"" for none."""
        try:
            return hashlib.sha256(self._path.read_bytes()).digest()
        except OSError:
            return b""


def _log(error: ConfigError) -> None:
    logging.getLogger("router").error("the configuration was not reloaded: %s", error)
