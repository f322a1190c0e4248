"""Backup and what a restored copy does at its first start (RULES R33)."""

import asyncio
import shutil
from pathlib import Path

import pytest

from actionsd.errors import Conflict, Unavailable
from actionsd.store import disk
from actionsd.store.records import LaneKey, Settlement
from support.store import append, destination, opened, source


def test_r33_a_copy_made_under_load_opens_held_with_a_new_epoch(tmp_path: Path) -> None:
    async def main() -> None:
        live, restored = tmp_path / "live", tmp_path / "restored"
        live.mkdir()
        restored.mkdir()
        async with opened(live) as store:
            await store.workspace.declare([source()], [destination()])
            await append(store, "a", "b", "c")
            await store.ledger.settle(Settlement(LaneKey(1), 1, b"", {}))
            writing = [append(store, f"m{number}") for number in range(50)]
            size, *_ = await asyncio.gather(store.backup(restored / "actionsd.db"), *writing)
            assert size == (restored / "actionsd.db").stat().st_size
            assert (restored / "actionsd.db").stat().st_mode & 0o777 == 0o600
            epoch = store.epoch
        async with opened(restored) as copy:
            assert copy.held
            assert copy.epoch != epoch
            await copy.workspace.declare([source()], [destination()])
            assert await copy.pending() == {LaneKey(1): (copy.journal.head - 1, 0)}
            renewed = copy.epoch
        async with opened(restored) as copy:
            assert copy.held, "until a person says so"
            assert copy.epoch == renewed
            await copy.release()
        async with opened(restored) as copy:
            assert not copy.held

    asyncio.run(main())


def test_r33_a_backup_is_refused_without_room_or_over_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        async with opened(tmp_path) as store:
            taken = tmp_path / "taken"
            taken.write_text("mine")
            with pytest.raises(Conflict, match="exists already"):
                await store.backup(taken)
            with pytest.raises(Conflict, match="no directory"):
                await store.backup(tmp_path / "nowhere" / "copy")
            usage = shutil.disk_usage(tmp_path)
            monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=1000))
            with pytest.raises(Unavailable, match="1000"):
                await store.backup(tmp_path / "copy")
            assert taken.read_text() == "mine"

    asyncio.run(main())
    assert list(tmp_path.glob("*copy*")) == []


def test_sizes_are_measured_without_opening_the_files(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path) as store:
            await append(store, "a")
            sizes = await store.sizes()
            assert 0 < sizes.used <= sizes.database + sizes.wal
            assert sizes.disk_free == pytest.approx(disk.free_bytes(store._files), rel=0.2)

    asyncio.run(main())
