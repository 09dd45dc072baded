"""Certificates that are read when TLS begins, not whenever a client is made.

Most of an SDK client's making is the reading of some 140 certificates, 30 to 70 ms each time, which
fakes over plain HTTP never look at. While fakes stand in for all providers, a context that is to
trust a file which was read before notes that, and reads it before its first handshake, whenever
that comes: the trust is the same, and so are the errors. What must not be here: contexts that trust
anything else (`clients`).
"""

import os
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial, wraps
from typing import Any

import pytest

__all__ = ["Certificates"]

READING = ("load_verify_locations", "set_default_verify_paths")
LOOKING = ("wrap_socket", "wrap_bio", "get_ca_certs", "cert_store_stats")
"""What a context must not do before it has read."""

VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR")
PUT_OFF = "_llmsim_put_off"


class Certificates:
    """Those of a run: what was read once need not be read for each client."""

    def __init__(self) -> None:
        self._read: set[tuple[object, ...]] = set()

    @contextmanager
    def read_late(self) -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            for name in READING:
                patch.setattr(ssl.SSLContext, name, self._late(name))
            yield

    def _late(self, name: str) -> Callable[..., None]:
        real: Callable[..., None] = getattr(ssl.SSLContext, name)

        @wraps(real)
        def noted(context: ssl.SSLContext, *args: Any, **kwargs: Any) -> None:
            key = _key(name, args, kwargs)
            if key not in self._read:
                real(context, *args, **kwargs)
                if key is not None:
                    self._read.add(key)
                return
            _put_off(context, partial(real, context, *args, **kwargs))

        return noted


def _key(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[object, ...] | None:
    """Which file is read, in the state in which it is; None for data, which cannot be known."""
    given = dict(zip(("cafile", "capath", "cadata"), args, strict=False)) | kwargs
    if given.get("cadata") is not None:
        return None
    variables = tuple(os.environ.get(variable) for variable in VARIABLES)
    try:
        states = tuple(os.stat(given[k]).st_mtime_ns for k in ("cafile", "capath") if given.get(k))
    except (OSError, TypeError, ValueError):
        return None
    return name, given.get("cafile"), given.get("capath"), states, variables


def _put_off(context: ssl.SSLContext, reading: Callable[[], None]) -> None:
    """Have the context read before it looks at a certificate."""
    if PUT_OFF in context.__dict__:
        context.__dict__[PUT_OFF].append(reading)
        return
    context.__dict__[PUT_OFF] = [reading]
    lock = threading.Lock()

    def read_first(name: str, *args: Any, **kwargs: Any) -> Any:
        with lock:
            for read in context.__dict__.pop(PUT_OFF, ()):
                read()
            for looking in LOOKING:
                context.__dict__.pop(looking, None)
        return getattr(context, name)(*args, **kwargs)

    for name in LOOKING:
        context.__dict__[name] = partial(read_first, name)
