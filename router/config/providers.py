"""From `[[providers]]` to endpoints: which client speaks to each, with which key, at what address.

What belongs here: clients and targets. What must not: prices, budgets, routing.
"""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, cast
from urllib.parse import urlsplit

from ..clients.base import LLMClient
from ..clients.registry import PROVIDERS, Mode, create_provider, mode_of
from ..clients.sdk import Connections
from ..errors import ConfigError
from ..pricing import Price
from ..setup import Endpoint
from ..types import Target, Timeouts
from .amounts import own_price
from .fill import Filler
from .lines import KeyPath
from .schema import ProviderTable

__all__ = ["Clients", "Made", "Placed", "make_endpoints"]

Clients = Mapping[tuple[Any, ...], LLMClient]
"""Clients by all that they were made with, so that a reload can keep those that did not change."""

Placed = tuple[KeyPath, Endpoint]
"""An endpoint, and the table that it is from."""

# The default address of each, so that the SDK's own variable (and with it a fake) still counts.
_HOSTS = {
    "api.anthropic.com": "claude",
    "api.openai.com": "openai",
    "generativelanguage.googleapis.com": "gemini",
}
_OLLAMA_PORT = 11434
# What an endpoint may have behind the base address that the SDKs want.
_TAIL = re.compile(
    r"(/v1/messages|/chat/completions|/responses|/api/(generate|chat)|/v1beta(/.*)?)/?$"
)
_TARGET_FIELDS = (
    "weight", "quality", "latency_ms", "context_tokens_max", "output_tokens_max", "rpm_max",
    "tpm_max", "domains", "task_types", "tags", "fallback",
)  # fmt: skip


@dataclass(slots=True, kw_only=True)
class Made:
    """What the providers' tables come to. `failed` are the names of those with a problem."""

    filler: Filler
    environ: Mapping[str, str]
    before: Clients
    connections: Connections = field(default_factory=Connections)
    endpoints: list[Placed] = field(default_factory=list)
    clients: dict[tuple[Any, ...], LLMClient] = field(default_factory=dict)
    prices: list[Price] = field(default_factory=list)
    failed: set[str] = field(default_factory=set)


def make_endpoints(
    filler: Filler, tables: object, environ: Mapping[str, str], before: Clients
) -> Made:
    """The endpoints in the order in which they are written. Problems are noted."""
    made = Made(filler=filler, environ=environ, before=before)
    names: set[str] = set()
    for path, tree in _tables(filler, tables):
        table = filler.table(ProviderTable, tree, path)
        name = table.name if table else str(tree.get("name")) if isinstance(tree, Mapping) else ""
        if table is not None and not table.enabled:
            continue
        if name in names:
            filler.problem((*path, "name"), f'"{name}" is taken; give this one another name')
        names.add(name)
        if table is not None:
            _add(made, table, path)
    made.failed = names - {endpoint.target.provider for _, endpoint in made.endpoints}
    if "providers" not in filler.source.tree:
        filler.problem((), 'no provider: write [[providers]] with name = "claude" and a model')
    return made


def _tables(filler: Filler, tables: object) -> Iterator[tuple[KeyPath, object]]:
    """The tables of `[[providers]]`, or of `[providers.<name>]`."""
    if isinstance(tables, list):
        yield from ((("providers", number), table) for number, table in enumerate(tables))
    elif isinstance(tables, Mapping):
        for name, table in tables.items():
            named = {"name": name, **table} if isinstance(table, Mapping) else table
            yield ("providers", name), named
    else:
        filler.problem(("providers",), "it is a list of tables: [[providers]]")


def _add(made: Made, table: ProviderTable, path: KeyPath) -> None:
    """One endpoint for each model and key of a provider."""
    kind = _kind(table)
    if kind is None:
        known = ", ".join(sorted(PROVIDERS))
        made.filler.problem(
            (*path, "name"),
            f'"{table.name}" is no provider of its own ({known}): write endpoint = "https://..."'
            ' or client = "..."',
        )
        return
    models = table.models or (table.model,)
    if not all(models) and kind not in ("mock", "plain"):
        made.filler.problem(path, 'model is missing: write model = "..."')
        return
    mode = made.filler.attempt(path, lambda: _mode(table, kind, made.environ))
    if mode is None:
        return
    for key_env in table.api_keys_env or (table.api_key_env,):
        make = partial(_client, made, table, kind, mode, key_env, models[0])
        client = made.filler.attempt(path, make)
        if client is None:
            continue
        for model in models:
            target = _target(table, model or client.model, key_env)
            own = partial(own_price, table, kind, target.model, is_mock=mode == "mock")
            price = made.filler.attempt(path, own)
            if price is not None:
                made.prices.append(price)
            made.endpoints.append((path, Endpoint(target=target, client=client)))


def _kind(table: ProviderTable) -> str | None:
    """Which client speaks to this provider; None where nothing tells."""
    if table.client is not None:
        return table.client
    if table.name in PROVIDERS or table.name == "mock":
        return table.name
    address = urlsplit(table.endpoint)
    if address.hostname in _HOSTS:
        return _HOSTS[address.hostname]
    if address.port == _OLLAMA_PORT and "/v1" not in address.path:
        return "ollama"
    return "http" if table.endpoint else None


def _mode(table: ProviderTable, kind: str, environ: Mapping[str, str]) -> Mode:
    """The mode of the provider's own name, where the environment has one, else its client's."""
    if kind == "mock":
        return "mock"
    own = "LLMSIM_" + table.name.upper().replace("-", "_")
    return mode_of(table.name if own in environ or kind not in PROVIDERS else kind, environ)


def _client(
    made: Made, table: ProviderTable, kind: str, mode: Mode, key_env: str, model: str
) -> LLMClient:
    """The client, or the one that a setup before made of the same."""
    options: dict[str, Any] = {"latency_ms": table.latency_ms or 0.0}
    if mode != "mock":
        options |= _key_of(made.environ, kind, key_env, is_needed=mode == "real")
    if kind in ("http", "plain"):
        options |= _http_options(table, kind)
    elif (base_url := _base_url(table)) and mode != "fake":
        options["base_url"] = base_url  # a fake's address stands in the SDK's own variable
    key = (table.name, kind, model, mode, repr(sorted(options.items(), key=str)))
    client = made.clients.get(key) or made.before.get(key)
    if client is None:
        client = _new_client(made, table, kind, mode, model, options)
    made.clients[key] = client
    return client


def _new_client(
    made: Made, table: ProviderTable, kind: str, mode: Mode, model: str, options: dict[str, Any]
) -> LLMClient:
    if mode == "mock":
        latency_ms = options["latency_ms"]
        return create_provider(table.name, model, mode="mock", latency_ms=latency_ms)
    options["connections"] = made.connections
    if kind in ("http", "plain"):
        return create_provider(table.name, model, mode="real", **options)
    client = create_provider(kind, model, mode=mode, **options)
    cast(Any, client).name = table.name  # two accounts of one vendor are told apart by it
    return client


def _http_options(table: ProviderTable, kind: str) -> dict[str, Any]:
    options: dict[str, Any] = {
        "endpoint": table.endpoint,
        "form": "plain" if kind == "plain" else "openai",
        "headers": dict(table.headers),
    }
    if table.key_header:
        options["key_header"] = table.key_header
    return options


def _key_of(
    environ: Mapping[str, str], kind: str, key_env: str, *, is_needed: bool
) -> dict[str, Any]:
    """Where the key is. Raises ConfigError where one is needed and there is none.

    Clients look into the process's environment; if another one was given, what it says is handed
    to them, the SDK's variable of the address too.
    """
    known = PROVIDERS.get(kind)
    variables = (key_env,) if key_env else known.keys if known else ()
    key = next((environ[name] for name in variables if environ.get(name)), None)
    if variables and key is None and is_needed:
        raise ConfigError(f"no API key: set {' or '.join(variables)}")
    options: dict[str, Any] = {"api_key_env": key_env} if key_env else {}
    if environ is os.environ:
        return options
    if key:
        options["api_key"] = key
    if known and environ.get(known.url):
        options["base_url"] = environ[known.url]
    return options


def _base_url(table: ProviderTable) -> str:
    """The address that the SDK wants: the endpoint without its last part; "" for the vendor's
    own, which the SDK knows, so that its variable (and with it a fake) still counts."""
    if not table.endpoint or urlsplit(table.endpoint).hostname in _HOSTS:
        return ""
    return _TAIL.sub("", table.endpoint).rstrip("/")


def _target(table: ProviderTable, model: str, key_env: str) -> Target:
    fields = {name: getattr(table, name) for name in _TARGET_FIELDS}
    if table.capabilities is not None:
        fields["capabilities"] = table.capabilities
    if table.timeouts is not None:
        fields["timeouts"] = table.timeouts
    elif table.timeout_ms is not None:
        fields["timeouts"] = Timeouts(total_s=table.timeout_ms / 1000)
    return Target(
        provider=table.name,
        model=model,
        key_id=key_env if table.api_keys_env else "",
        base_url=_base_url(table),
        **fields,
    )
