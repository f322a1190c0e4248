"""Opening: one daemon per directory, foreign and newer files, permissions (RULES R2)."""

import asyncio
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from actionsd.errors import ConfigError
from actionsd.store import Store
from support.clock import FakeClock
from support.store import append, opened, options

OPEN_AND_PRINT = """
import asyncio, sys
from pathlib import Path
from actionsd.clock import SystemClock
from actionsd.errors import ConfigError
from actionsd.store import Store, StoreOptions
try:
    asyncio.run(Store.open(StoreOptions(data_dir=Path(sys.argv[1])), SystemClock()))
except ConfigError as error:
    print(error)
"""


def test_r02_a_second_daemon_on_the_directory_is_refused(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path) as store:
            with pytest.raises(ConfigError, match="another daemon"):
                await Store.open(options(tmp_path), FakeClock())
            second = await asyncio.to_thread(
                subprocess.run, [sys.executable, "-c", OPEN_AND_PRINT, str(tmp_path)], capture_output=True, text=True
            )
            assert "another daemon" in second.stdout, second.stderr
            await append(store, "still works")
        async with opened(tmp_path) as store:
            assert store.journal.head == 1

    asyncio.run(main())


def test_files_belong_to_their_owner_alone(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path) as store:
            await append(store, "a")
            modes = _modes(tmp_path)
            assert set(modes) >= {"actionsd.db", "actionsd.db-wal", "lock", "reserve"}
            assert set(modes.values()) == {0o600}

    asyncio.run(main())


def _modes(path: Path) -> dict[str, int]:
    return {each.name: stat.S_IMODE(each.stat().st_mode) for each in path.iterdir()}


def test_r12_the_database_can_give_pages_back_and_runs_in_wal(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path, synchronous="full") as store:
            pragmas = {name: store._db.execute(f"pragma {name}").fetchone()[0] for name in _EXPECTED}
            assert pragmas == _EXPECTED

    asyncio.run(main())


_EXPECTED = {"auto_vacuum": 2, "journal_mode": "wal", "synchronous": 2, "wal_autocheckpoint": 0, "foreign_keys": 1}


@pytest.mark.parametrize("content", [b"this is no database" * 100, b""])
def test_a_file_that_is_no_database_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    async def main() -> None:
        (tmp_path / "actionsd.db").write_bytes(content)
        if content:
            with pytest.raises(ConfigError, match=r"actionsd\.db"):
                await Store.open(options(tmp_path), FakeClock())
            assert (tmp_path / "actionsd.db").read_bytes() == content
        else:
            async with opened(tmp_path) as store:
                assert store.ready

    asyncio.run(main())


def test_a_damaged_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path) as store:
            await append(store, "a")

    asyncio.run(main())
    path = tmp_path / "actionsd.db"
    damaged = path.read_bytes()[:4096] + b"\xff" * (path.stat().st_size - 4096)
    path.write_bytes(damaged)
    with pytest.raises(ConfigError, match=r"actionsd\.db: cannot be opened"):
        asyncio.run(Store.open(options(tmp_path), FakeClock()))


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path):
            pass
        db = sqlite3.connect(tmp_path / "actionsd.db")
        db.execute("pragma user_version = 99")
        db.close()
        with pytest.raises(ConfigError, match="newer actionsd"):
            await Store.open(options(tmp_path), FakeClock())

    asyncio.run(main())


def test_a_directory_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="nowhere"):
        asyncio.run(Store.open(options(tmp_path / "nowhere"), FakeClock()))
