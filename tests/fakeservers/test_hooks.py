"""A provider of another distribution comes in through an entry point."""

from importlib.metadata import Distribution, EntryPoint

import pytest

from fakeservers import hookimpl, hooks
from fakeservers.wire.registry import PROVIDERS, installed, joined
from tests.fakeservers.tiny import TINY


class Elsewhere:
    """The module that an entry point of the group `llmsim` names."""

    @staticmethod
    @hookimpl
    def llmsim_providers():
        return [TINY]


class Installed(Distribution):
    """A distribution with that entry point."""

    def read_text(self, filename):
        return "Name: llmsim-tiny\n" if filename == "METADATA" else None

    def locate_file(self, path):
        return path

    @property
    def entry_points(self):
        return [EntryPoint("tiny", "tests.fakeservers.test_hooks:Elsewhere", hooks.PROJECT)]


def test_a_distribution_brings_a_provider(monkeypatch):
    """pluggy finds it; the four come first."""
    monkeypatch.setattr("importlib.metadata.distributions", lambda: [Installed()])
    found = hooks.plugin_manager().hook.llmsim_providers()
    assert joined(installed(), *found) == (*installed(), TINY)


def test_the_four_are_there():
    """In the order in which they are listed."""
    assert [provider.name for provider in installed()][:4] == list(PROVIDERS)


@pytest.mark.parametrize("provider", installed(), ids=lambda provider: provider.name)
def test_no_provider_lets_credentials_through(provider):
    """Each names the header that carries its key."""
    assert "authorization" in provider.secrets
