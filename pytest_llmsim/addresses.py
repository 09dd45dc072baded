"""The fakes' addresses where they stay the same over a whole run (`stable_urls`).

The environment points there before the project's first module is imported, so that a client which
a program makes at its import, or a fixture of the session makes, already has them. What must not
be here: the fakes of a test, which listen there while it runs (`stage`).
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import pytest

from .registered import PROVIDERS
from .settings import Settings, merged

if TYPE_CHECKING:
    from fakeservers.wire.base import Provider

__all__ = ["ADDRESSES", "Addresses", "keep_addresses"]


class Addresses:
    """A free port a provider, and the environment that names them until `leave`.

    ports  by the provider's name
    """

    def __init__(self, settings: Settings) -> None:
        from fakeservers import FakeServers

        servers = FakeServers().start()
        self.ports: Mapping[str, int] = {
            name: _port(fake.url) for name, fake in servers.providers.items()
        }
        urls = {
            fake.provider: servers[name].url
            for name, fake in servers._fakes.items()
            if name not in PROVIDERS or settings.mode_of(name) != "real"
        }
        self._recorded: Mapping[Provider, str] = {
            provider: url for provider, url in urls.items() if _is_recorded(settings, provider.name)
        }
        self._urls: Mapping[Provider, str] = {
            provider: url for provider, url in urls.items() if provider not in self._recorded
        }
        servers.stop()
        self._entered = ExitStack()

    def enter(self) -> None:
        """Point the environment at the fakes; the keys stay where the real service is asked."""
        from fakeservers.environment import pointed_at, url_variables

        self._entered.enter_context(pointed_at(self._urls))
        patch = self._entered.enter_context(pytest.MonkeyPatch.context())
        for provider, url in self._recorded.items():
            for name in url_variables(provider):
                patch.setenv(name, url)

    def leave(self) -> None:
        """Put the environment back."""
        self._entered.close()

    @contextmanager
    def left(self) -> Iterator[None]:
        """The environment as it was, for a test in which somebody real answers."""
        self.leave()
        try:
            yield
        finally:
            self.enter()


ADDRESSES = pytest.StashKey[Addresses]()


def keep_addresses(config: pytest.Config) -> None:
    """Where `stable_urls` says so, choose the addresses of the run and point the environment at
    them until it ends."""
    try:
        settings = merged(config, config.known_args_namespace)
    except pytest.UsageError:
        return  # told when the run is configured
    if not settings.stable_urls:
        return
    try:
        addresses = Addresses(settings)
    except ImportError:
        return  # another package of this name hides ours: told where a test asks for the fakes
    addresses.enter()
    config.stash[ADDRESSES] = addresses
    config.add_cleanup(addresses.leave)


def _is_recorded(settings: Settings, provider: str) -> bool:
    mode = settings.mode_of(provider)
    return mode in ("record", "replay") and settings.record_of(provider) != "none"


def _port(url: str) -> int:
    return int(url.removeprefix("http://").partition("/")[0].rpartition(":")[2])
