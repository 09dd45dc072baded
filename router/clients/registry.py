"""Which client a provider's name means, and whether it is a mock, points at a fake, or is real.

The environment decides the mode: `LLMSIM_CLAUDE`, `LLMSIM_OPENAI`, `LLMSIM_GEMINI`,
`LLMSIM_OLLAMA`, or any other provider's name in capitals so, for one; `LLMSIM_MODE` for the rest;
"real" where neither is set. Nothing here is kept: a registry of clients is the router's.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Literal

from ..errors import ConfigError, UnknownProvider
from .base import LLMClient
from .mock import MockLLMClient

__all__ = ["PROVIDERS", "Known", "Mode", "create_provider", "mode_of"]

Mode = Literal["mock", "fake", "real"]
MODES: Mapping[str, Mode] = {
    "mock": "mock",
    "fake": "fake",
    "real": "real",
    # How the fakes stand between: to this side they are servers at another address.
    "record": "fake",
    "replay": "fake",
}
DUMMY_KEY = "llmsim"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A provider with a client of its own.

    client      module in this package, and class
    package     the SDK that it needs, and the extra that installs it
    variable    what switches its mode
    url, keys   the SDK's variables of the address and of the key; no keys where none is needed
    options     what the client is made with
    """

    client: tuple[str, str]
    package: str
    extra: str
    variable: str
    url: str
    keys: tuple[str, ...] = ()
    options: tuple[tuple[str, Any], ...] = ()


CLAUDE = Known(
    client=("anthropic", "AnthropicClient"),
    package="anthropic",
    extra="anthropic",
    variable="LLMSIM_CLAUDE",
    url="ANTHROPIC_BASE_URL",
    keys=("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"),
)
OPENAI = Known(
    client=("openai", "OpenAIClient"),
    package="openai",
    extra="openai",
    variable="LLMSIM_OPENAI",
    url="OPENAI_BASE_URL",
    keys=("OPENAI_API_KEY",),
)
RESPONSES = Known(
    client=OPENAI.client,
    package="openai",
    extra="openai",
    variable="LLMSIM_OPENAI",
    url="OPENAI_BASE_URL",
    keys=("OPENAI_API_KEY",),
    options=(("api", "responses"),),
)
GEMINI = Known(
    client=("gemini", "GeminiClient"),
    package="google.genai",
    extra="gemini",
    variable="LLMSIM_GEMINI",
    url="GOOGLE_GEMINI_BASE_URL",
    keys=("GOOGLE_API_KEY", "GEMINI_API_KEY"),
)
OLLAMA = Known(
    client=("ollama", "OllamaClient"),
    package="ollama",
    extra="ollama",
    variable="LLMSIM_OLLAMA",
    url="OLLAMA_HOST",
)
PROVIDERS: Mapping[str, Known] = {
    "anthropic": CLAUDE,
    "claude": CLAUDE,
    "gemini": GEMINI,
    "google": GEMINI,
    "ollama": OLLAMA,
    "openai": OPENAI,
    "openai-responses": RESPONSES,
}


def create_provider(
    name: str, model: str = "", *, mode: Mode | None = None, **options: Any
) -> LLMClient:
    """The client of this provider, in the mode that the environment names.

    With `endpoint=` any name will do: it becomes an HTTPClient. `options` go to the client
    (`api_key`, `api_key_env`, `base_url`, `connections`, ...). Raises UnknownProvider, and
    ConfigError for a missing key, SDK or fake's address, before anything is asked or spent.
    """
    chosen = mode or mode_of(name)
    if chosen == "mock" or name == "mock":
        kept = {key: options[key] for key in ("cost_per_1k_tokens", "latency_ms") if key in options}
        return MockLLMClient(name, model=model or "mock", **kept)
    if "endpoint" in options:
        return _custom(name, model, options)
    known = PROVIDERS.get(name)
    if known is None:
        raise UnknownProvider(_unknown(name))
    if find_spec(known.package.partition(".")[0]) is None:
        raise ConfigError(
            f"the package {known.package!r} is not installed:"
            f" run pip install 'pytest-llmsim[{known.extra}]'",
            where=name,
        )
    if chosen == "fake":
        options = _of_fake(name, known, options)
    client = _client_class(known)(model, name=name, **dict(known.options), **options)
    if not client.available:
        variables = [options["api_key_env"]] if options.get("api_key_env") else known.keys
        raise ConfigError(f"no API key: set {' or '.join(variables)}", where=name)
    return client  # type: ignore[no-any-return]


def mode_of(name: str, environment: Mapping[str, str] | None = None) -> Mode:
    """The mode of this provider. Raises ConfigError for a word that is none."""
    env = os.environ if environment is None else environment
    known = PROVIDERS.get(name)
    own = known.variable if known else "LLMSIM_" + name.upper().replace("-", "_")
    for variable in (own, "LLMSIM_MODE"):
        if word := env.get(variable, "").strip().lower():
            if word not in MODES:
                raise ConfigError(f"it is {word!r}; it is mock, fake or real", where=variable)
            return MODES[word]
    return "real"


def _of_fake(name: str, known: Known, options: Mapping[str, Any]) -> dict[str, Any]:
    """A fake needs its address, and takes any key."""
    address = options.get("base_url") or os.environ.get(known.url)
    if not address:
        raise ConfigError(
            f"the mode is fake, but {known.url} does not say where the fake is:"
            f" start one with 'llmsim serve' and set {known.url}, or set {known.variable}=real",
            where=name,
        )
    given = options.get("api_key") or next((k for n in known.keys if (k := os.environ.get(n))), "")
    return {**options, "api_key": given or DUMMY_KEY, "base_url": address}


def _custom(name: str, model: str, options: Mapping[str, Any]) -> LLMClient:
    module = import_module(".http", __package__)
    client = module.HTTPClient(name, model=model, **options)
    if not client.available:
        raise ConfigError(f"no API key: set {options['api_key_env']}", where=name)
    return client  # type: ignore[no-any-return]


def _client_class(known: Known) -> Any:
    module, name = known.client
    return getattr(import_module(f".{module}", __package__), name)


def _unknown(name: str) -> str:
    near = get_close_matches(name, PROVIDERS, n=1)
    meant = f" Did you mean {near[0]!r}?" if near else ""
    return (
        f"there is no provider {name!r}; there are {', '.join(sorted(PROVIDERS))} and mock.{meant}"
        f" For another endpoint write create_provider({name!r}, endpoint='https://...')"
    )
