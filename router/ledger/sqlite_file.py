"""One SQLite file as a place for transactions: opening it, its schema, waiting for others.

What belongs here: the connection. What must not: what is kept in the tables.
"""

import asyncio
import os
import random
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal, TypeVar

from ..errors import LedgerUnavailable

__all__ = ["SCHEMA_VERSION", "Durability", "SqliteFile"]

Durability = Literal["process", "power"]

SCHEMA_VERSION = 1

_WAIT_S = 0.002
_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_SCHEMA = """
CREATE TABLE account (
  account TEXT NOT NULL, bucket INTEGER NOT NULL,
  posted INTEGER NOT NULL DEFAULT 0, held INTEGER NOT NULL DEFAULT 0 CHECK (held >= 0),
  PRIMARY KEY (account, bucket)
) STRICT, WITHOUT ROWID;
CREATE TABLE hold (
  hold_id TEXT NOT NULL PRIMARY KEY, scopes TEXT NOT NULL, buckets TEXT NOT NULL,
  amount INTEGER NOT NULL, created_s REAL NOT NULL, expires_s REAL NOT NULL,
  basis TEXT, reconciled INTEGER NOT NULL DEFAULT 0, settled_s REAL, detail TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX hold_open ON hold (expires_s) WHERE basis IS NULL;
CREATE INDEX hold_settled ON hold (settled_s) WHERE settled_s IS NOT NULL;
CREATE TABLE line (
  id INTEGER PRIMARY KEY, hold_id TEXT NOT NULL, account TEXT NOT NULL, basis TEXT NOT NULL,
  hold INTEGER NOT NULL, amount INTEGER NOT NULL, settled_s REAL NOT NULL, detail TEXT NOT NULL
) STRICT;
CREATE INDEX line_account ON line (account);
CREATE INDEX line_hold ON line (hold_id);
CREATE TABLE folded (
  account TEXT NOT NULL PRIMARY KEY, amount INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
"""
_T = TypeVar("_T")


class SqliteFile:
    """The file, opened when first used, by each process for itself. Safe to share among threads."""

    def __init__(self, path: str | Path, *, durability: Durability, busy_s: float) -> None:
        self._path = Path(path)
        self._durability = durability
        self._busy_s = busy_s
        self._lock = threading.Lock()
        self._db: sqlite3.Connection | None = None
        self._pid = 0

    def close(self) -> None:
        """Close the connection; the next step opens it again."""
        with self._lock:
            if self._db is not None and self._pid == os.getpid():
                with suppress(sqlite3.Error):
                    self._db.close()
            self._db = None

    async def step(self, work: Callable[[sqlite3.Connection], _T]) -> _T:
        """Run one transaction; wait for other processes without blocking the event loop."""
        waited_s = 0.0
        while True:
            try:
                with self._lock, self._transaction() as db:
                    return work(db)
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF not in (
                    sqlite3.SQLITE_BUSY,
                    sqlite3.SQLITE_LOCKED,
                ):
                    raise self._unavailable(error) from error
                if waited_s >= self._busy_s:
                    raise self._unavailable(error) from error
            except sqlite3.Error as error:
                raise self._unavailable(error) from error
            delay_s = _WAIT_S * (0.5 + random.random())
            waited_s += delay_s
            await asyncio.sleep(delay_s)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        db = self._connection()
        db.execute("BEGIN IMMEDIATE")
        try:
            yield db
        except BaseException:
            db.execute("ROLLBACK")
            raise
        else:
            try:
                db.execute("COMMIT")
            except sqlite3.Error:
                with suppress(sqlite3.Error):
                    db.execute("ROLLBACK")
                raise

    def _connection(self) -> sqlite3.Connection:
        if self._db is None or self._pid != os.getpid():
            # After a fork the parent's connection must not be used, nor closed, by the child.
            self._db, self._pid = self._opened(), os.getpid()
        return self._db

    def _opened(self) -> sqlite3.Connection:
        db = sqlite3.connect(self._path, timeout=0, isolation_level=None, check_same_thread=False)
        try:
            db.execute(
                f"PRAGMA synchronous = {'FULL' if self._durability == 'power' else 'NORMAL'}"
            )
            if db.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
                db.execute("PRAGMA journal_mode = WAL")
            if db.execute("PRAGMA user_version").fetchone()[0] == 0:
                _create(db)
            version = db.execute("PRAGMA user_version").fetchone()[0]
            if version != SCHEMA_VERSION:
                raise LedgerUnavailable(
                    f"ledger {self._path} has schema {version}, this version reads"
                    f" {SCHEMA_VERSION}: use another file, or the version that wrote it"
                )
        except BaseException:
            db.close()
            raise
        return db

    def _unavailable(self, error: sqlite3.Error) -> LedgerUnavailable:
        return LedgerUnavailable(
            f"ledger {self._path} cannot be used: {error}. Nothing was spent. Check that its"
            ' folder exists and is writable, or set the limit\'s store_down = "open"'
        )


def _create(db: sqlite3.Connection) -> None:
    """The tables, unless another process has just made them."""
    db.execute("BEGIN IMMEDIATE")
    try:
        if db.execute("PRAGMA user_version").fetchone()[0] == 0:
            for statement in filter(str.strip, _SCHEMA.split(";")):
                db.execute(statement)
            db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        db.execute("COMMIT")
    except BaseException:
        db.execute("ROLLBACK")
        raise
