"""Opens the database: lock, pragmas, migrations, and what a start has to settle before anything else (R2, R26, R33)."""

import fcntl
import os
import secrets
import sqlite3
from pathlib import Path

import msgspec

from actionsd.errors import ConfigError
from actionsd.store import sql
from actionsd.store.options import StoreOptions
from actionsd.store.segment import inflated, pack

_sql = sql.load("connection")
_tuning = (
    "wait", "limit_cache", "shrink", "wal", "tune_writer", "delete_quickly", "limit_wal_file", "enforce_references",
)  # fmt: skip


class State(msgspec.Struct):
    """The row of ``store_state`` as the writer goes on from it; ``unclean`` tells how the last run ended."""

    epoch: str
    dedup_key: bytes
    head: int
    received_at: int
    unclean: bool
    held: bool


class DataDir:
    """The files of one daemon. Nothing opens the database's files but SQLite (RULES R2)."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.database = path / "actionsd.db"
        self.wal = path / "actionsd.db-wal"
        self.reserve = path / "reserve"
        self._lock: int | None = None

    def lock(self) -> None:
        """Keep every other daemon out of this directory.

        Raises:
            ConfigError: another daemon has it, or it cannot be written to.
        """
        path = self.path / "lock"
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise ConfigError(f"data_dir {self.path}: cannot be used: {error.strerror}") from None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise ConfigError(f"data_dir {self.path}: another daemon is running on it (it holds {path})") from None
        self._lock = descriptor

    def unlock(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def wal_size(self) -> int:
        return size_of(self.wal)


def size_of(path: Path) -> int:
    """Bytes of a file, 0 where there is none; by stat, because opening the database's files breaks its locks (R2)."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def open_writer(files: DataDir, options: StoreOptions) -> tuple[sqlite3.Connection, State]:
    """The one connection that writes, on a database of the newest schema, and where the last run ended.

    Raises:
        ConfigError: the file is no database, damaged, or of a newer version of actionsd.
    """
    created = not files.database.exists()
    db = sqlite3.connect(files.database, isolation_level=None, check_same_thread=False, cached_statements=256)
    try:
        if created:
            files.database.chmod(0o600)
        for name in _tuning:
            db.execute(_sql[name]).fetchall()
        db.execute(f"pragma synchronous = {options.synchronous}")
        migrate(db, files.database)
        db.create_function("inflated", 1, inflated, deterministic=True)
        return db, begin_run(db)
    except sqlite3.DatabaseError as error:
        db.close()
        raise ConfigError(f"{files.database}: cannot be opened: {error}") from error
    except ConfigError:
        db.close()
        raise


def migrate(db: sqlite3.Connection, path: Path) -> None:
    """Bring the schema to the newest version, each step in a transaction of its own."""
    scripts = sql.migrations()
    (version,) = db.execute(_sql["version"]).fetchone()
    if version > len(scripts):
        raise ConfigError(f"{path}: made by a newer actionsd (schema {version}, this one knows {len(scripts)})")
    db.create_function("pack_event", 4, lambda *event: pack([event]), deterministic=True)
    for number, script in enumerate(scripts[version:], version + 1):
        db.executescript(f"begin immediate;\n{script}\npragma user_version = {number};\ncommit;")


def begin_run(db: sqlite3.Connection) -> State:
    """Note that the daemon runs, and tell where the last run ended."""
    db.execute("begin immediate")
    db.execute(_sql["create_state"], {"epoch": secrets.token_hex(8), "dedup_key": secrets.token_bytes(16)})
    if db.execute(_sql["read_state"]).fetchone()[5]:
        db.execute(_sql["renew_epoch"], {"epoch": secrets.token_hex(8)})
    epoch, dedup_key, head, received_at, clean, _, held = db.execute(_sql["read_state"]).fetchone()
    db.execute(_sql["mark_running"])
    db.execute(_sql["drop_intents"] if clean else _sql["age_intents"])
    db.execute("commit")
    return State(epoch, dedup_key, head, received_at, not clean, bool(held))
