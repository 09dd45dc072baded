"""Sockets, processes and signals: one worker in this process, or several that share a socket.

The parent binds and listens, so that the address is known before any worker runs; workers that die
are replaced, up to RESTARTS_MAX times. SIGTERM and SIGINT let calls under way end.
"""

import gc
import logging
import multiprocessing
import os
import shutil
import signal
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path

import uvicorn

from ..router import LLMRouter
from .app import MULTIPROCESS, create_app, warm_up
from .settings import GatewaySettings

__all__ = ["Job", "bound_socket", "serve"]

BACKLOG = 2048
RESTARTS_MAX = 100
RESTART_PAUSE_S = 0.5
KEEP_ALIVE_S = 75
"""An idle connection is left open longer than callers leave theirs (httpx2: 5 s, balancers: 60 s),
so that they close it, and no request is sent into one that is just being closed."""
CLOSING_S = 5.0
"""Beyond `graceful_s`: for settling and closing, before a worker is killed."""
_SIGNALS = (signal.SIGTERM, signal.SIGINT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """All that a worker needs, picklable. Without `config` the providers are those of `environ`."""

    settings: GatewaySettings
    config: Path | None = None
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)

    def router(self) -> LLMRouter:
        """Raises ConfigError."""
        if self.config is None:
            return LLMRouter.from_env(self.environ)
        return LLMRouter.load_from_config(self.config, environ=self.environ)


def bound_socket(host: str, port: int) -> socket.socket:
    """A socket that listens; port 0 is a free one. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.create_server((host, port), family=family, backlog=BACKLOG)
    # Heads and bodies are written apart, and asyncio forgets this for sockets that it is handed.
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def serve(job: Job, sock: socket.socket) -> int:
    """Serve until a signal ends it; the exit status."""
    if job.settings.workers == 1:
        _work(job, sock)
        return 0
    return _supervise(job, sock)


def _work(job: Job, sock: socket.socket) -> None:
    if job.settings.access_log:
        _log_calls()
    for number in _SIGNALS:
        signal.signal(number, _leave)
    router = _warm_router(job)
    app = create_app(router, job.settings, config=job.config)
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,  # it would write the query, which may hold a key
        log_config=None,
        lifespan="on",
        server_header=False,
        ws="none",
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=max(1, round(job.settings.graceful_s)),
    )
    uvicorn.Server(config).run(sockets=[sock])


def _warm_router(job: Job) -> LLMRouter:
    """The two hundred thousand objects of the SDKs live as long as the process: the collector of
    cycles looks through them neither while they are made, nor ever after."""
    gc.disable()
    try:
        router = job.router()
        warm_up(router)
        gc.freeze()
    finally:
        gc.enable()
    return router


def _log_calls() -> None:
    """The gateway's own lines and no library's: those of an HTTP client hold addresses."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    calls = logging.getLogger("router.gateway")
    calls.setLevel(logging.INFO)
    calls.addHandler(handler)
    calls.propagate = False


def _leave(number: int, frame: object) -> None:
    """uvicorn raises the signal that ended it again, when everything is closed."""
    raise SystemExit(0)


def _supervise(job: Job, sock: socket.socket) -> int:
    ending = threading.Event()
    before = {number: signal.signal(number, lambda *_: ending.set()) for number in _SIGNALS}
    counts = tempfile.mkdtemp(prefix="llmsim-gateway-")
    os.environ[MULTIPROCESS] = counts  # inherited by the workers, before they import the library
    spawn = multiprocessing.get_context("spawn")

    def started() -> BaseProcess:
        process = spawn.Process(target=_work, args=(job, sock))
        process.start()
        return process

    workers = [started() for _ in range(job.settings.workers)]
    try:
        return _watch(workers, started, ending)
    finally:
        _end(workers, job.settings.graceful_s + CLOSING_S)
        sock.close()
        os.environ.pop(MULTIPROCESS, None)
        shutil.rmtree(counts, ignore_errors=True)
        for number, handler in before.items():
            signal.signal(number, handler)


def _watch(
    workers: list[BaseProcess], started: Callable[[], BaseProcess], ending: threading.Event
) -> int:
    """Replace workers that die until the end is asked for; 1 if they die too often."""
    restarts = 0
    while not ending.wait(RESTART_PAUSE_S):
        for place, worker in enumerate(workers):
            if worker.is_alive():
                continue
            restarts += 1
            if restarts > RESTARTS_MAX:
                logging.getLogger("router.gateway").error("workers die too often; giving up")
                return 1
            logging.getLogger("router.gateway").warning(
                "a worker ended with %s; another takes its place", worker.exitcode
            )
            _forget(worker)
            workers[place] = started()
    return 0


def _forget(worker: BaseProcess) -> None:
    """Gauges of a process that is dead shall not be added up."""
    if worker.pid is not None and os.environ.get(MULTIPROCESS):
        from importlib.util import find_spec

        if find_spec("prometheus_client"):
            from prometheus_client.multiprocess import mark_process_dead

            mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def _end(workers: list[BaseProcess], within_s: float) -> None:
    for worker in workers:
        if worker.is_alive():
            worker.terminate()
    ends_s = time.monotonic() + within_s
    for worker in workers:
        worker.join(max(0.0, ends_s - time.monotonic()))
        if worker.is_alive():
            worker.kill()
            worker.join()
