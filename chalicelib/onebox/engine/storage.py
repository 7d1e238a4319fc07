"""One SQLite file: opening it, its lock, its connections, its transactions.

WAL with synchronous=FULL: when `writing` returns, the change is on the disk; when it raises, nothing of it
is. One process owns the file (a lock beside it), one thread writes at a time, readers never wait.
"""

import fcntl
import os
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from chalicelib.onebox.engine.errors import EngineClosed, EngineLocked, EngineTooNew, EngineUnwritable

SCHEMA_VERSION = 1
APPLICATION_ID = 0x48524C31

_LAYOUT = """
    CREATE TABLE tables (name TEXT PRIMARY KEY, number INTEGER NOT NULL UNIQUE, definition BLOB NOT NULL);
    CREATE TABLE changes (sequence INTEGER PRIMARY KEY, record BLOB NOT NULL);
    CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE request_tokens (
        token TEXT PRIMARY KEY, fingerprint BLOB NOT NULL, expires REAL NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX request_tokens_by_expiry ON request_tokens (expires);
"""


class Storage:
    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        """`read_only` is for a look beside the process that owns the file, which need not know of it."""
        if read_only and not path.exists():
            raise EngineUnwritable(f"There is no database at {path}")
        self.path = path
        self._read_only = read_only
        self._lock_file = None if read_only else _locked(path)
        self._write_lock = threading.Lock()
        self._idle: deque[sqlite3.Connection] = deque()
        self._closed = False
        try:
            self._writer = self._connect()
            (_check if read_only else _prepare)(self._writer, path)
        except sqlite3.Error as problem:
            self._unlock()
            raise EngineUnwritable(f"Cannot use {path} as a database: {problem}") from problem
        except BaseException:
            self._unlock()
            raise

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection that sees every acknowledged write; each statement is its own snapshot."""
        if self._closed:
            raise EngineClosed("The database is closed")
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._connect()
        try:
            yield connection
        finally:
            self._idle.append(connection)
            if self._closed:
                self._close_idle()

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """Like `reading`, with one snapshot for all statements."""
        with self.reading() as connection:
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                connection.execute("COMMIT")

    @contextmanager
    def writing(
        self, committed: Callable[[], None] | None = None, may_be_undone: bool = False
    ) -> Iterator[sqlite3.Connection]:
        """`committed` runs after the commit, still before the next writer.

        What `may_be_undone` is not waited for until it is on the disk: a loss of power, though no end of the process,
        may take it back, unless something that was acknowledged came after it.
        """
        with self._write_lock:
            if self._closed:
                raise EngineClosed("The database is closed")
            self._writer.execute(f"PRAGMA synchronous = {'NORMAL' if may_be_undone else 'FULL'}")
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
                self._writer.execute("COMMIT")
            except BaseException:
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")
                raise
            if committed is not None:
                committed()

    def close(self) -> None:
        with self._write_lock:
            if self._closed:
                return
            self._closed = True
            self._close_idle()
            self._writer.close()
            self._unlock()

    def _unlock(self) -> None:
        if self._lock_file is not None:
            self._lock_file.close()

    def _close_idle(self) -> None:
        while self._idle:
            try:
                self._idle.pop().close()
            except IndexError:
                return

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, cached_statements=512)
        connection.execute("PRAGMA busy_timeout = 5000")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA cache_size = -4096")
        if self._read_only:
            connection.execute("PRAGMA query_only = ON")
        return connection


def _locked(path: Path) -> TextIO:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Not truncated before the lock is ours: it names the process that holds it.
        file = os.fdopen(os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT, 0o600), "r+")
    except OSError as problem:
        raise EngineUnwritable(f"Cannot write to {path.parent}: {problem.strerror}") from problem
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as problem:
        owner = file.read().strip()
        file.close()
        raise EngineLocked(f"{path} is in use by another process (pid {owner or 'unknown'})") from problem
    file.truncate(0)
    file.write(f"{os.getpid()}\n")
    file.flush()
    return file


def _check(connection: sqlite3.Connection, path: Path) -> int:
    """The version that it was written in; raises for what is not a database of ours."""
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (objects,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if objects and application != APPLICATION_ID:
        connection.close()
        raise EngineUnwritable(f"{path} is not a Handrail database")
    if version > SCHEMA_VERSION:
        connection.close()
        raise EngineTooNew(
            f"{path} was written by a newer Handrail (database version {version}, this one knows {SCHEMA_VERSION})"
        )
    return int(version)


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    version = _check(connection, path)
    if version == SCHEMA_VERSION:
        connection.execute("PRAGMA journal_mode = WAL")
        # Fails now, with one clear line, and not at the first request when the file cannot be written.
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("COMMIT")
        return
    connection.execute("PRAGMA page_size = 8192")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.executescript(
        f"BEGIN; {_LAYOUT} PRAGMA application_id = {APPLICATION_ID};PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;"
    )
