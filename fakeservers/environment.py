"""Pointing a process at the fakes: environment variables, and what imported SDKs have kept; and
where it pointed before.

Everything is put back as it was at the end.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager

from .wire.base import Provider

__all__ = ["REAL_URLS", "pointed_at", "real_url", "url_variables"]

REAL_URLS: Mapping[str, str] = {
    "claude": "https://api.anthropic.com",
    "openai": "https://api.openai.com/v1",
    "gemini": "https://generativelanguage.googleapis.com",
    "ollama": "http://127.0.0.1:11434",
}
"""Where the SDKs go when no variable says otherwise."""

PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
LOOPBACK = "127.0.0.1,localhost,::1"


@contextmanager
def pointed_at(urls: Mapping[Provider, str]) -> Iterator[None]:
    """Point the SDK of each provider at its base URL."""
    wanted: dict[str, str | None] = {}
    for provider, url in urls.items():
        wanted |= {name: value for name, value in provider.hides.items() if name in os.environ}
        wanted |= provider.env(url)
    wanted |= _around_proxies()
    before = {name: os.environ.get(name) for name in wanted}
    with ExitStack() as attached:
        _set(wanted)
        attached.callback(_set, before)
        for provider, url in urls.items():
            if provider.attach is not None:
                attached.enter_context(provider.attach(url))
        yield


def _around_proxies() -> dict[str, str | None]:
    """A proxy of the environment would be asked for the loopback addresses too."""
    if not any(os.environ.get(name) or os.environ.get(name.lower()) for name in PROXIES):
        return {}
    names = ("NO_PROXY", "no_proxy")
    kept = next((value for name in names if (value := os.environ.get(name))), "")
    return dict.fromkeys(names, f"{LOOPBACK},{kept}".rstrip(","))


def _set(variables: Mapping[str, str | None]) -> None:
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def real_url(provider: Provider, environ: Mapping[str, str] = os.environ) -> str:
    """The address of the real service: the environment's, else the one that the SDK knows."""
    said = (url for name in url_variables(provider) if (url := environ.get(name)))
    url = next(said, REAL_URLS.get(provider.name, ""))
    return url if "://" in url else f"http://{url}"


def url_variables(provider: Provider) -> list[str]:
    """The variables of an SDK that take its base URL."""
    probe = "http://probe"
    return [name for name, value in provider.env(probe).items() if value == probe]
