"""How another distribution adds a provider: a pluggy hook, found through an entry point.

A distribution names a module in the entry-point group `llmsim`; the module implements
`llmsim_providers` with the marker `hookimpl`.
"""

from collections.abc import Iterable

import pluggy

from .wire.base import Provider

__all__ = ["PROJECT", "hookimpl", "plugin_manager"]

PROJECT = "llmsim"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


class Hooks:
    @hookspec
    def llmsim_providers(self) -> Iterable[Provider]:  # type: ignore[empty-body]
        """Providers to serve beside the four."""


def plugin_manager() -> pluggy.PluginManager:
    """A plugin manager with every installed distribution's providers registered."""
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(Hooks)
    manager.load_setuptools_entrypoints(PROJECT)
    return manager
