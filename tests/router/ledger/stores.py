"""Stores for tests: one of each kind, on one clock that only tests move."""

import shutil
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from router.ledger.memory import MemoryLedger
from router.ledger.redis import RedisLedger
from router.ledger.sqlite import SqliteLedger
from router.ledger.store import Store

STARTS_S_MAX = 60
KINDS = ("memory", "sqlite", "redis")


class Wall:
    """Seconds since the Unix epoch, as the test says."""

    def __init__(self) -> None:
        self.now_s = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now_s


@contextmanager
def redis_server() -> Iterator[str]:
    """A Redis of its own on a free port; the test is skipped where the binary is missing."""
    pytest.importorskip("redis", reason="the package redis is not installed")
    binary = shutil.which("redis-server")
    if binary is None:
        pytest.skip("redis-server is not installed")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        command = [binary, "--port", str(port), "--save", "", "--dir", folder]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
            try:
                _wait_for(port, server)
                yield f"redis://127.0.0.1:{port}/0"
            finally:
                server.terminate()


def _wait_for(port: int, server: "subprocess.Popen[bytes]") -> None:
    until_s = time.monotonic() + STARTS_S_MAX
    while True:
        assert server.poll() is None, f"redis-server ended: is port {port} taken?"
        try:
            socket.create_connection(("127.0.0.1", port), timeout=STARTS_S_MAX).close()
            return
        except OSError:
            if time.monotonic() > until_s:
                raise
            time.sleep(0.01)


def make_store(kind: str, wall: Wall, folder: Path, url: str = "") -> Store:
    """An empty store of a kind."""
    name = uuid.uuid4().hex
    if kind == "memory":
        return MemoryLedger(wall=wall)
    if kind == "sqlite":
        return SqliteLedger(folder / f"{name}.db", wall=wall)
    return RedisLedger(url, name=name, wall=wall)
