"""`llmsim env`: who answers in the tests of this folder, every setting in force, and why.

Asked of pytest itself, so that ini files, options in addopts and the environment are read as they
are in a run. What must not be here: how sources are merged.
"""

import os
from collections.abc import Iterator, Mapping

import click
import pytest

from .registered import OPTIONS, PROVIDERS
from .settings import BUILT_IN, Settings, merge, settings_of, unknown_variables

__all__ = ["env", "in_force"]

KEY_VARIABLES: Mapping[str, tuple[str, ...]] = {
    "claude": ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"),
    "openai": ("OPENAI_API_KEY",),
    "gemini": ("GOOGLE_API_KEY", "GEMINI_API_KEY"),
    "ollama": (),
}


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("pytest_args", nargs=-1, type=click.UNPROCESSED)
def env(pytest_args: tuple[str, ...]) -> None:
    """Show which settings tests would run with, and where each was said; options and paths of
    pytest may follow, as in `llmsim env --llmsim-mode=real tests/`."""
    asked = _Asked()
    code = pytest.main(["-q", "--assert=plain", *pytest_args], plugins=[asked])
    if asked.text:
        click.echo(asked.text)
    raise SystemExit(int(code))


class _Asked:
    """Answers in the place of a run."""

    text = ""

    @pytest.hookimpl(tryfirst=True)
    def pytest_cmdline_main(self, config: pytest.Config) -> int | None:
        if not config.pluginmanager.has_plugin("llmsim"):
            raise pytest.UsageError("llmsim: the plugin is switched off here (-p no:llmsim).")
        merge(config)
        self.text = "\n".join(in_force(settings_of(config), os.environ))
        return 0


def in_force(settings: Settings, environ: Mapping[str, str]) -> Iterator[str]:
    """The lines that `llmsim env` prints."""
    from fakeservers.environment import real_url
    from fakeservers.wire.registry import installed

    from .switching import ASKED

    yield "who answers"
    for provider in installed():
        if provider.name not in PROVIDERS:
            continue
        mode, why = settings.mode_of(provider.name), _why(settings, provider.name)
        yield f"  {provider.name:14} {mode:8} {why}"
        if mode in ASKED:
            key = _key(provider.name, environ)
            yield f"  {'':14} {'':8} at {real_url(provider, environ)}, {key}"
    yield "settings"
    for name in OPTIONS:
        if name not in PROVIDERS and name != "mode":
            value = getattr(settings, name)
            shown = "" if value is None else str(value).lower() if value in (True, False) else value
            yield f"  {name:14} {shown!s:8} {settings.why(name)}".rstrip()
    if unknown := unknown_variables(environ):
        yield "variables that no test reads"
        yield from (f"  {name}{meant}" for name, meant in unknown.items())


def _why(settings: Settings, provider: str) -> str:
    """What said a provider's mode: its own setting, that of all, or nothing."""
    if getattr(settings, provider) is not None:
        return settings.why(provider)
    return settings.why("mode") if settings.why("mode") != BUILT_IN else BUILT_IN


def _key(provider: str, environ: Mapping[str, str]) -> str:
    names = KEY_VARIABLES.get(provider, ())
    if not names:
        return "needs no key"
    found = next((name for name in names if environ.get(name)), None)
    return f"key in {found}" if found else f"no key: set {' or '.join(names)}"
