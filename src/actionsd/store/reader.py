"""Reads: limited, fetched whole, never a cursor across an await (RULES R34)."""

import sqlite3
import time
from collections.abc import Mapping, Sequence
from typing import Any

import aiosqlite

from actionsd.errors import Unavailable
from actionsd.store import sql
from actionsd.store.connection import DataDir
from actionsd.store.segment import inflated

_sql = sql.load("connection")

_STEPS = 10_000  # instructions of SQLite's machine between two looks at the deadline, well under a millisecond


class Reader:
    """One connection that cannot write, on a thread of its own. With a ``deadline`` in seconds (for admin reads) a
    statement that takes longer, or runs while the WAL is above ``wal_limit``, is interrupted."""

    def __init__(self, files: DataDir, *, deadline: float | None = None, wal_limit: int = 0) -> None:
        self._files = files
        self._deadline = deadline
        self._wal_limit = wal_limit
        self._ends = 0.0
        self._db: aiosqlite.Connection | None = None

    async def open(self) -> None:
        self._db = await aiosqlite.connect(self._files.database, isolation_level=None)
        for name in ("limit_reader_cache", "only_read"):
            await self._db.execute_fetchall(_sql[name])
        await self._db.create_function("inflated", 1, inflated, deterministic=True)
        if self._deadline is not None:
            await self._db.set_progress_handler(self._should_stop, _STEPS)

    async def close(self) -> None:
        if self._db is not None:
            await self._db.close()

    async def rows(self, statement: str, parameters: Mapping[str, Any]) -> Sequence[Any]:
        """All rows of a statement that limits itself.

        Raises:
            Unavailable: the read took longer than the deadline.
        """
        assert self._db is not None, "the store is not open"
        self._ends = time.monotonic() + (self._deadline or 0.0)
        try:
            return list(await self._db.execute_fetchall(statement, parameters))
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
                raise Unavailable("the read took too long; ask for less", reason="read_timeout") from None
            raise

    def _should_stop(self) -> bool:
        return time.monotonic() > self._ends or self._files.wal_size() > self._wal_limit
