"""Reads are bounded in time and cannot write (RULES R34)."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from actionsd.errors import Unavailable
from actionsd.store.connection import DataDir
from actionsd.store.reader import Reader
from support.store import append, opened

ENDLESS = "with recursive n (i) as (select 1 union all select i + 1 from n) select max(i) from n"


@pytest.mark.parametrize(("deadline", "wal_limit"), [(0.01, 1 << 30), (60.0, 0)])
def test_r34_a_read_is_interrupted_at_its_deadline_or_when_the_wal_grows(
    tmp_path: Path, deadline: float, wal_limit: int
) -> None:
    async def main() -> None:
        async with opened(tmp_path) as store:
            await append(store, "a")
            reader = Reader(DataDir(tmp_path), deadline=deadline, wal_limit=wal_limit)
            await reader.open()
            with pytest.raises(Unavailable, match="too long"):
                await reader.rows(ENDLESS, {})
            assert await reader.rows("select count(*) from journal", {}) == [(1,)], "and goes on"
            await reader.close()

    asyncio.run(main())


def test_a_reader_cannot_write(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path) as store:
            with pytest.raises(sqlite3.OperationalError, match="readonly"):
                await store._reader.rows("delete from journal", {})

    asyncio.run(main())
