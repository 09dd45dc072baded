"""Who answers in a test: the fakes, the real services, or mocks in the program's own router.

A provider that is real keeps the keys and addresses of the environment. Where its fake is asked
nothing, what would script it, or look into it, skips the test and says why. What must not be here:
how a mode is chosen (`settings`), and what real calls cost (`metering`).
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Never

import pytest

from fakeservers import FakeProvider
from fakeservers.environment import pointed_at, real_url, url_variables
from fakeservers.wire.registry import installed

from .markers import scripted_by_markers
from .registered import PROVIDERS
from .settings import Settings
from .words import check_keywords, check_providers

if TYPE_CHECKING:
    from fakeservers import FakeServers
    from fakeservers.serving.exchange import Fake

    from .metering import Meter

__all__ = ["ASKED", "check_switched", "pointed", "real_urls", "stand_ins"]

SCRIPTED = "llmsim: {provider} is {mode} in this run ({why}), and this test scripts it: {how}"
LOOKED_AT = (
    "llmsim: {provider} is {mode} in this run ({why}), and this test looks into its fake: {how}"
)
ASKED = ("real", "record")
"""The modes in which the real service is asked, and the program keeps its own keys."""

TOLD = {"record": "real", "replay": "fake"}
"""What programs are told that know nothing of recordings."""

MODES = {"real": "real", "mock": "a mock"}
"""The modes in which a fake is asked nothing, in words."""


def check_switched(item: pytest.Item, settings: Settings) -> None:
    """Skip a test that is for real providers only, or scripts by a marker one that is no fake."""
    for mark in item.iter_markers("llmsim_real"):
        wanted = mark.args or PROVIDERS
        check_keywords(item, mark, (), mark.kwargs)
        check_providers(item, mark, wanted, PROVIDERS)
        real = [name for name in wanted if settings.mode_of(name) == "real"]
        if not real or (mark.args and len(real) < len(wanted)):
            named = " and ".join(mark.args) or "some provider"
            variable = f"LLMSIM_{mark.args[0].upper()}" if len(mark.args) == 1 else "LLMSIM_MODE"
            pytest.skip(f"llmsim: this test is for the real {named}: run with {variable}=real")
    if settings.virtual and any(settings.mode_of(name) in ASKED for name in PROVIDERS):
        pytest.skip("llmsim: this test lives in virtual time, in which nobody real answers")
    for name, marker in scripted_by_markers(item):
        if name in PROVIDERS and settings.mode_of(name) in MODES:
            pytest.skip(_told(SCRIPTED, name, settings, f"@pytest.mark.{marker}({name!r}, ...)"))


def stand_ins(servers: "FakeServers", settings: Settings, meter: "Meter | None") -> None:
    """Have the handles of fakes that are asked nothing skip the test that uses them."""
    for name, fake in servers._fakes.items():
        if (mode := settings.mode_of(name)) in MODES:
            url = servers[name].url
            if mode == "real":
                url = meter.url(name) if meter is not None else real_url(fake.provider)
            servers._handles[name] = Absent(fake, settings, url)


class Absent(FakeProvider):
    """The handle of a provider that is real, or a mock, in this run."""

    def __init__(self, fake: "Fake", settings: Settings, url: str) -> None:
        super().__init__(fake, lambda: url)
        self._settings = settings

    @property
    def url(self) -> str:
        """The way to the real service; to the fake, which stands idle, beside a mock."""
        return self._origin()

    def on(self, **match: Any) -> Never:
        self._skip(SCRIPTED, "on(...)")

    def limits(self, **limits: int | None) -> Never:
        self._skip(SCRIPTED, "limits(...)")

    def jobs(self, **timing: Any) -> Never:
        self._skip(SCRIPTED, "jobs(...)")

    @property
    def calls(self) -> Never:
        self._skip(LOOKED_AT, "calls")

    @property
    def requests(self) -> Never:
        self._skip(LOOKED_AT, "requests")

    @property
    def last(self) -> Never:
        self._skip(LOOKED_AT, "last")

    @property
    def bill(self) -> Never:
        self._skip(LOOKED_AT, "bill")

    def transcript(self) -> Never:
        self._skip(LOOKED_AT, "transcript()")

    def _skip(self, text: str, how: str) -> Never:
        pytest.skip(_told(text, self.name, self._settings, f"llmsim.{self.name}.{how}"))


@contextmanager
def pointed(servers: "FakeServers", settings: Settings) -> Iterator[None]:
    """Point the SDKs at the fakes; with their own keys where the real service is asked, and at
    the meter where there is no fake in between."""
    fakes = {
        fake.provider: servers[name].url
        for name, fake in servers._fakes.items()
        if settings.mode_of(name) not in ASKED
    }
    real = {
        fake.provider: servers[name].url
        for name, fake in servers._fakes.items()
        if settings.mode_of(name) in ASKED
    }
    with ExitStack() as entered:
        entered.enter_context(pointed_at(fakes))
        patch = entered.enter_context(pytest.MonkeyPatch.context())
        # Programs that read the mode, as the router does, are told who answers.
        patch.setenv("LLMSIM_MODE", TOLD.get(settings.mode, settings.mode))
        for name in PROVIDERS:
            own, mode = f"LLMSIM_{name.upper()}", settings.mode_of(name)
            if mode != settings.mode:
                patch.setenv(own, TOLD.get(mode, mode))
            else:
                patch.delenv(own, raising=False)
        for provider, url in real.items():
            for name in url_variables(provider):
                patch.setenv(name, url)
            if provider.attach is not None:
                entered.enter_context(provider.attach(url))
        yield


def real_urls(settings: Settings) -> Mapping[str, str]:
    """The addresses of the real services that are asked."""
    return {
        provider.name: real_url(provider)
        for provider in installed()
        if provider.name in PROVIDERS and settings.mode_of(provider.name) in ASKED
    }


def _told(text: str, provider: str, settings: Settings, how: str) -> str:
    own = getattr(settings, provider, None) is not None
    why = settings.why(provider if own else "mode")
    mode = MODES[settings.mode_of(provider)]
    return text.format(provider=provider, mode=mode, why=why, how=how)
