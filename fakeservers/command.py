"""`serve`: the fakes as standalone servers, until a signal ends them; `check`, `show` and
`schema`: scenario files."""

import gc
import json
import os
import shlex
import signal
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .api import FakeServers
from .behaviour.corpus import sentences
from .behaviour.scenario import Scenario
from .behaviour.schedule import seconds
from .behaviour.tokens.vocabulary import counter, encoding_name
from .environment import REAL_URLS, real_url
from .errors import LlmsimError, StartError, did_you_mean
from .evidence.timeline import draw_scenario
from .leniency import KNOWN_MODELS, VALIDATIONS, KnownModels, Validation
from .remote import Remote
from .scenario_file import json_schema, load_scenario
from .serving.control import Control
from .wire.registry import PROVIDERS, installed

if TYPE_CHECKING:
    from .recording import Recording

__all__ = ["check", "schema", "serve", "show"]

COLLECTIONS = (100_000, 50, 1_000)
"""New objects before the youngest are looked at, and how often that is done before the older, and
then all of them, are looked at too. Answers leave hardly a cycle behind; each look holds up every
stream."""

RECORD_AGAIN = "llmsim serve --record FILE"

SIGNALS = (signal.SIGTERM, signal.SIGINT)


def _ports(command: Callable[..., Any]) -> Callable[..., Any]:
    for name in reversed(PROVIDERS):
        command = click.option(
            f"--{name}-port", default=0, metavar="N", help=f"Port of {name}; 0 is a free one."
        )(command)
    return command


def _scenario(_context: object, _parameter: object, path: Path | None) -> Scenario | None:
    try:
        return None if path is None else load_scenario(path)
    except LlmsimError as problem:
        raise click.ClickException(str(problem)) from problem


FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("scenario", type=FILE, callback=_scenario, metavar="FILE")
def check(scenario: Scenario) -> None:
    """Check a scenario file; what is wrong is told with file and line."""
    try:
        FakeServers(scenario=scenario)
    except LlmsimError as problem:
        raise click.ClickException(str(problem)) from problem
    rules = sum(len(script.rules) for script in scenario.scripts.values())
    click.echo(f"ok: {rules} rules for {', '.join(scenario.scripts) or 'nobody'}")


@click.command()
@click.argument("scenario", type=FILE, callback=_scenario, metavar="FILE")
@click.option("--until", metavar="TIME", help='How much to draw, such as "10m".')
def show(scenario: Scenario, until: str | None) -> None:
    """Draw when each rule of a scenario file holds."""
    try:
        horizon_s = None if until is None else seconds(until)
    except LlmsimError as problem:
        raise click.ClickException(str(problem)) from problem
    click.echo(draw_scenario(scenario, horizon_s))


@click.command()
def schema() -> None:
    """Print the JSON schema of scenario files."""
    click.echo(json.dumps(json_schema(), indent=2))


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@_ports
@click.option(
    "--seed",
    type=int,
    metavar="N",
    help="Seed of everything that is not scripted; the scenario's own, or 0.",
)
@click.option(
    "--scenario",
    type=FILE,
    callback=_scenario,
    metavar="FILE",
    help="What the fakes are told, in TOML or JSON; its time begins when they listen.",
)
@click.option(
    "--replay",
    type=FILE,
    metavar="FILE",
    help="Answer from this recording what no rule is for, the same again where it is asked again.",
)
@click.option(
    "--record",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Likewise, and pass on to the real services what is not recorded, with the credentials "
    "that clients send; their answers are added to the file.",
)
@click.option(
    "--upstream",
    multiple=True,
    metavar="NAME=URL",
    help="Record this provider, at this base URL; may be repeated. By default all, where the "
    "SDKs' own variables lead.",
)
@click.option(
    "--time-scale",
    type=click.FloatRange(min=0),
    default=0.0,
    metavar="N",
    help="How long recorded answers take: 0 no time (the default), 1 as long as they took.",
)
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
    help="Refuse models that there are not (the default), also those that have retired, or answer "
    "to every name.",
)
@click.option(
    "--control-port",
    type=int,
    metavar="N",
    help="Let programs of this machine begin the scenario's time, reset the fakes and read their "
    "journal on this port; 0 is a free one. Off by default.",
)
@click.option(
    "--warm-up",
    is_flag=True,
    help="Be ready only when OpenAI's vocabulary is loaded, for which the first answers that "
    "count with it would else wait: for load tests.",
)
@click.option(
    "--ready-file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Written, as a JSON object of base URLs, once everything listens; with a control port "
    "its address is there as _control.",
)
def serve(
    host: str,
    seed: int | None,
    scenario: Scenario | None,
    replay: Path | None,
    record: Path | None,
    upstream: tuple[str, ...],
    time_scale: float,
    token: str | None,
    validation: Validation,
    models: KnownModels | None,
    control_port: int | None,
    warm_up: bool,
    ready_file: Path | None,
    **ports: int,
) -> None:
    """Serve fake Claude, OpenAI, Gemini and Ollama, each on its own port, until a signal."""
    ended = threading.Event()
    control = None
    for number in SIGNALS:
        signal.signal(number, lambda *_: ended.set())
    try:
        told = scenario or Scenario()
        servers = FakeServers(
            scenario=told if seed is None else replace(told, seed=seed),
            host=host,
            token=token,
            validation=validation,
            models=models,
            recording=_recording(replay, record, upstream, time_scale, token),
            ports={name.removesuffix("_port"): port for name, port in ports.items()},
        ).start()
    except LlmsimError as problem:
        raise click.ClickException(str(problem)) from problem
    try:
        urls = {name: fake.url for name, fake in servers.providers.items()}
        if control_port is not None:
            control = Control(Remote(servers), port=control_port)
            urls["_control"] = control.url
        for line in exports(servers, token):
            click.echo(line)
        if warm_up:
            _warm_up()
        _spare_collector()
        if ready_file is not None:
            _write(ready_file, urls)
        ended.wait()
    except LlmsimError as problem:
        raise click.ClickException(str(problem)) from problem
    finally:
        if control is not None:
            control.stop()
        servers.stop()
        if ready_file is not None:
            ready_file.unlink(missing_ok=True)


def _recording(
    replay: Path | None,
    record: Path | None,
    upstream: tuple[str, ...],
    time_scale: float,
    token: str | None,
) -> "Recording | None":
    """The recording that is to answer, or to be added to. Raises StartError."""
    if upstream and record is None:
        raise StartError("--upstream says where to record from: give --record FILE too.")
    if replay is not None and record is not None:
        raise StartError("Give --replay or --record: recording replays what the file has already.")
    if record is not None and token is not None:
        raise StartError("--record passes on the credentials that clients send, so --token cannot.")
    if replay is None and record is None:
        return None
    from .recording import Recording

    if replay is not None:
        return Recording(replay, time_scale=time_scale, repeats=True, again=RECORD_AGAIN)
    urls = dict(_upstream(each) for each in upstream) or {
        provider.name: real_url(provider) for provider in installed() if provider.name in REAL_URLS
    }
    return Recording(
        record or "",
        dict.fromkeys(urls, "new"),
        upstreams=urls,
        time_scale=time_scale,
        again=RECORD_AGAIN,
    )


def _upstream(said: str) -> tuple[str, str]:
    name, found, url = said.partition("=")
    known = [provider.name for provider in installed()]
    if name not in known or not found or "://" not in url:
        raise StartError(
            f"--upstream is a provider and its base URL, such as {known[0]}=https://..., not "
            f"{said!r}; there are {', '.join(known)}.{did_you_mean(name, known)}"
        )
    return name, url


def _spare_collector() -> None:
    """Have the collector of cycles hold up no stream for tens of milliseconds: what is there now
    stays and need not be looked at again, and what the journal keeps is looked at seldom."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTIONS)


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


def _warm_up() -> None:
    """Load what the first answers would wait for, and all clients with them: Faker's sentences,
    OpenAI's newest vocabulary. It takes more memory than all the rest."""
    sentences()
    counter(encoding_name(""))


def _write(path: Path, urls: Mapping[str, str]) -> None:
    """Whole or not at all: whoever waits for the file may read it at once."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_text(json.dumps(urls) + "\n")
        draft.replace(path)
    except OSError as problem:
        raise click.ClickException(f"--ready-file {path} cannot be written: {problem}") from problem
