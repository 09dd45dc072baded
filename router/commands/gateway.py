"""`llmsim gateway`, `python -m router gateway`: the router behind HTTP, until a signal ends it."""

import errno
import os
import socket
import sys
from pathlib import Path

import click

from ..errors import RouterError

__all__ = ["command"]

LEDGER = "LLM_ROUTER__BUDGET__LEDGER"
PORT_MAX = 65535


@click.command()
@click.option(
    "--config",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A llm-providers.toml; without it the providers are those of the environment.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=4010, show_default=True, help="Port; 0 is a free one.")
@click.option("--workers", default=1, show_default=True, help="Processes that share the port.")
@click.option(
    "--token",
    envvar="LLMSIM_GATEWAY_TOKEN",
    default="",
    help="What callers send as their API key; better in the variable LLMSIM_GATEWAY_TOKEN.",
)
@click.option("--ledger", help="Over the file's: memory, sqlite:costs.db, redis://host:6379/0.")
@click.option("--graceful-s", default=30.0, show_default=True, help="For calls after SIGTERM.")
@click.option("--calls-max", default=1000, show_default=True, help="At a time, in one worker.")
@click.option("--access-log", is_flag=True, help="One line a call, without its content.")
def command(
    config: Path | None,
    host: str,
    port: int,
    workers: int,
    token: str,
    ledger: str | None,
    graceful_s: float,
    calls_max: int,
    access_log: bool,
) -> None:
    """Serve the router: OpenAI's chat completions, Anthropic's messages, Gemini's and Ollama's
    own API, with fallback, one budget and exact costs behind them."""
    try:
        from ..gateway.serving import Job, serve
        from ..gateway.settings import GatewaySettings

        settings = GatewaySettings(
            host=host,
            port=port,
            workers=workers,
            token=token,
            graceful_s=graceful_s,
            calls_max=calls_max,
            access_log=access_log,
        )
        job = Job(settings=settings, config=config, environ=_environ(ledger))
        router = job.router()  # what is wrong is told before anything listens
        _check_ledger(router.setup, workers)
        del router
        sock = _bound(host, port)
    except (RouterError, ImportError) as error:
        raise click.ClickException(str(error)) from None
    address = sock.getsockname()
    shown = f"[{address[0]}]" if ":" in address[0] else address[0]
    click.echo(
        f"llmsim gateway: http://{shown}:{address[1]}/v1 ({workers} worker{'s' * (workers > 1)})"
    )
    sys.stdout.flush()
    sys.exit(serve(job, sock))


def _bound(host: str, port: int) -> socket.socket:
    """A socket that listens. Raises ClickException."""
    from ..gateway.serving import bound_socket

    if not 0 <= port <= PORT_MAX:
        raise click.ClickException(f"--port is {port}; it is from 0 to {PORT_MAX}")
    try:
        return bound_socket(host, port)
    except OSError as error:
        hint = ""
        if error.errno == errno.EADDRINUSE:
            hint = ": another program listens there; take another --port (0 is a free one)"
        elif error.errno == errno.EACCES:
            hint = ": ports below 1024 are for the system; take another --port"
        number = error.errno or 0
        reason = os.strerror(number) if number > 0 else str(error.strerror).partition(" (while")[0]
        raise click.ClickException(f"cannot listen on {host}:{port} ({reason}){hint}") from None


def _environ(ledger: str | None) -> dict[str, str]:
    """The environment with the ledger put over the file's; its path is from here, not from the
    file's folder."""
    environ = dict(os.environ)
    if ledger is not None:
        if ledger.startswith("sqlite:"):
            ledger = f"sqlite:{Path(ledger.removeprefix('sqlite:')).resolve()}"
        environ[LEDGER] = ledger
    return environ


def _check_ledger(setup: object, workers: int) -> None:
    """Raises ClickException where several processes would each keep a budget of their own."""
    ledger = getattr(setup, "ledger", None)
    if workers > 1 and ledger is not None and ledger[0] == "memory":
        raise click.ClickException(
            f"{workers} workers with a ledger in memory would each spend the whole budget: give"
            " --ledger sqlite:costs.db or redis://host:6379/0"
        )
