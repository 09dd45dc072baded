"""`serve`: the fakes as standalone servers, until a signal ends them."""

import json
import os
import shlex
import signal
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from .api import FakeServers
from .behaviour.corpus import sentences
from .errors import LlmsimError
from .leniency import KNOWN_MODELS, VALIDATIONS, KnownModels, Validation
from .wire.registry import PROVIDERS

__all__ = ["serve"]

SIGNALS = (signal.SIGTERM, signal.SIGINT)


def _ports(command: Callable[..., Any]) -> Callable[..., Any]:
    for name in reversed(PROVIDERS):
        command = click.option(
            f"--{name}-port", default=0, metavar="N", help=f"Port of {name}; 0 is a free one."
        )(command)
    return command


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@_ports
@click.option("--seed", default=0, metavar="N", help="Seed of everything that is not scripted.")
@click.option(
    "--token",
    envvar="LLMSIM_TOKEN",
    metavar="TEXT",
    help="What clients must send as API key; needed where other machines can connect.",
)
@click.option(
    "--validation",
    type=click.Choice(VALIDATIONS),
    default="strict",
    show_default=True,
    help="Refuse what the real services refuse, or answer whatever is JSON.",
)
@click.option(
    "--models",
    type=click.Choice(KNOWN_MODELS),
    default="known",
    show_default=True,
    help="Refuse models that there are not, or answer to every name.",
)
@click.option(
    "--ready-file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Written, as a JSON object of base URLs, once everything listens.",
)
def serve(
    host: str,
    seed: int,
    token: str | None,
    validation: Validation,
    models: KnownModels,
    ready_file: Path | None,
    **ports: int,
) -> None:
    """Serve fake Claude, OpenAI, Gemini and Ollama, each on its own port, until a signal."""
    ended = threading.Event()
    for number in SIGNALS:
        signal.signal(number, lambda *_: ended.set())
    try:
        servers = FakeServers(
            seed,
            host=host,
            token=token,
            validation=validation,
            models=models,
            ports={name.removesuffix("_port"): port for name, port in ports.items()},
        ).start()
    except LlmsimError as problem:
        raise click.ClickException(str(problem)) from problem
    try:
        for line in exports(servers, token):
            click.echo(line)
        sentences()  # the first natural answer would wait for Faker's import
        if ready_file is not None:
            _write(ready_file, {name: f.url for name, f in servers.providers.items()})
        ended.wait()
    finally:
        servers.stop()
        if ready_file is not None:
            ready_file.unlink(missing_ok=True)


def exports(servers: FakeServers, token: str | None) -> list[str]:
    """A line of shell a provider that points its SDK here."""
    lines = []
    for fake in servers.providers.values():
        set_to = [f"{name}={_quoted(name, value, token)}" for name, value in fake.env().items()]
        lines.append("export " + " ".join(set_to))
    return lines


def _quoted(name: str, value: str, token: str | None) -> str:
    # The token itself is not printed: a terminal's scrollback is a log too.
    return '"$LLMSIM_TOKEN"' if token and name.endswith("_KEY") else shlex.quote(value)


def _write(path: Path, urls: Mapping[str, str]) -> None:
    """Whole or not at all: whoever waits for the file may read it at once."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(json.dumps(urls) + "\n")
    draft.replace(path)
