"""Which providers there are: the four of this package and those of other distributions."""

from collections.abc import Iterable
from functools import cache
from importlib import import_module

from ..errors import StartError
from ..hooks import plugin_manager
from .base import Provider

__all__ = ["PROVIDERS", "installed", "joined"]

PROVIDERS = {
    "claude": ".anthropic.provider",
    "openai": ".openai.provider",
    "gemini": ".gemini.provider",
    "ollama": ".ollama.provider",
}
"""The module, under this package, whose `PROVIDER` is the provider of that name."""


@cache
def installed() -> tuple[Provider, ...]:
    """All providers that this installation can fake, the four first."""
    own = [import_module(path, __package__).PROVIDER for path in PROVIDERS.values()]
    return joined(own, *plugin_manager().hook.llmsim_providers())


def joined(*groups: Iterable[Provider]) -> tuple[Provider, ...]:
    """The providers of all groups. Raises StartError when two have one name."""
    found: dict[str, Provider] = {}
    for provider in (provider for group in groups for provider in group):
        if provider.name in found:
            raise StartError(
                f"Two providers are named {provider.name!r}. Rename or uninstall one of them."
            )
        found[provider.name] = provider
    return tuple(found.values())
