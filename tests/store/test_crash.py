"""The store killed at its fault points, its WAL cut and damaged, its disk really full (RULES R5, R6, I1, I7)."""

import asyncio
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from actionsd.errors import Unavailable
from actionsd.store.records import LaneKey
from support.store import accepted, append, destination, noise, opened, source, until

# Appends and settles for ever; prints each answer, and how long the synced WAL was before it.
WORKLOAD = """
import asyncio, json, sys
from pathlib import Path
from actionsd.clock import SystemClock
from actionsd.store.records import Count, LaneKey, Settlement
from support.store import Store, accepted, destination, options, source

async def main():
    data_dir = Path(sys.argv[1])
    store = await Store.open(options(data_dir, wal_limit=100_000), SystemClock())
    await store.workspace.declare([source()], [destination()])
    run, settled = store.journal.head, 0
    async def client(number):
        nonlocal settled
        for turn in range(1000):
            ids = [f"{run}-{number}-{turn}-{item}" for item in range(3)]
            appended = await store.journal.append(1, [accepted(each, body=b"x" * 300) for each in ids], {})
            print(json.dumps({"ids": ids, "positions": appended.positions}), flush=True)
            if number == 0:
                cursor = store.journal.head
                delivered = {Count("delivered", destination=1): cursor - settled}
                settled = cursor
                await store.ledger.settle(Settlement(LaneKey(1), cursor, b"", delivered), urgent=True)
                print(json.dumps({"cursor": cursor}), flush=True)
    await asyncio.gather(*(client(number) for number in range(8)))
asyncio.run(main())
"""


def _run_until_it_dies(data_dir: Path, faults: str) -> list[dict[str, object]]:
    """The answers that were given before the process died."""
    environment = {**os.environ, "ACTIONSD_FAULTS": faults, "PYTHONPATH": str(Path(__file__).parents[1])}
    done = subprocess.run(
        [sys.executable, "-c", WORKLOAD, str(data_dir)], capture_output=True, text=True, env=environment, timeout=60
    )
    assert done.returncode == 9, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines() if line.endswith("}")]


async def _check(data_dir: Path, answers: list[dict[str, object]]) -> None:
    """Everything answered is there, under the position that was told; nothing is there twice."""
    async with opened(data_dir) as store:
        assert store.unclean
        entries = []
        while page := await store.journal.read(entries[-1].position if entries else 0, limit=1000, max_bytes=10**9):
            entries += page
        stored = {entry.message_id: entry.position for entry in entries}
        assert len(stored) == len(entries)
        assert [entry.position for entry in entries] == list(range(1, store.journal.head + 1))
        for answer in answers:
            if "ids" in answer:
                assert [stored.get(each) for each in answer["ids"]] == answer["positions"]
        cursors = [answer["cursor"] for answer in answers if "cursor" in answer]
        if cursors:
            lane = await store.ledger.lane(LaneKey(1))
            assert lane is not None
            assert lane.cursor >= max(cursors)
        again = await append(store, *list(stored)[:50], "new after the crash")
        assert again.duplicates == min(50, len(stored))
        assert again.positions[-1] == store.journal.head


@pytest.mark.parametrize("point", ["before_write", "before_commit", "after_commit", "before_checkpoint"])
def test_r05_killed_at_each_point_nothing_answered_is_lost(tmp_path: Path, point: str) -> None:
    answers: list[dict[str, object]] = []
    for nth in (1, 7, 20) if point != "before_checkpoint" else (1, 2, 3):
        answers += _run_until_it_dies(tmp_path, f"{point}=exit@{nth}")
    asyncio.run(_check(tmp_path, answers))


@pytest.mark.parametrize("damage", ["cut", "garbage", "flipped"])
def test_r05_a_wal_torn_behind_the_last_commit_loses_nothing_answered(tmp_path: Path, damage: str) -> None:
    """What lies behind the last synced frame may be anything after a power cut."""
    answers = _run_until_it_dies(tmp_path, "before_commit=exit@25")
    synced = (tmp_path / "actionsd.db-wal").stat().st_size
    with (tmp_path / "actionsd.db-wal").open("r+b") as wal:
        if damage == "cut":
            wal.seek(0, os.SEEK_END)
            wal.write(random.Random(5).randbytes(10_000))
            wal.truncate(synced + 3_333)
        elif damage == "garbage":
            wal.seek(0, os.SEEK_END)
            wal.write(random.Random(6).randbytes(50_000))
        else:
            _append_damaged_transaction(tmp_path, wal.fileno())
    asyncio.run(_check(tmp_path, answers))


def _append_damaged_transaction(data_dir: Path, wal: int) -> None:
    """A commit of a copy of the file, with one bit flipped in its last frame."""
    copy = data_dir.parent / "copy"
    copy.mkdir()
    for suffix in ("", "-wal"):
        shutil.copy(data_dir / f"actionsd.db{suffix}", copy / f"actionsd.db{suffix}")
    before = (copy / "actionsd.db-wal").stat().st_size
    db = sqlite3.connect(copy / "actionsd.db", isolation_level=None)
    db.execute("pragma wal_autocheckpoint = 0")
    db.execute("insert into journal values (999999, 999999, 1, 1, 1, x'90')")
    tail = bytearray((copy / "actionsd.db-wal").read_bytes()[before:])
    db.close()
    tail[-100] ^= 1
    os.lseek(wal, before, os.SEEK_SET)
    os.write(wal, tail)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 24 MB of its own; skipped where nobody may mount one."""
    mount = shutil.which("mount")
    path = tmp_path / "small"
    path.mkdir()
    if (
        mount is None
        or subprocess.run([mount, "-t", "tmpfs", "-o", "size=24m", "tmpfs", path], capture_output=True).returncode
    ):
        pytest.skip("mounting a small tmpfs is not allowed here")
    yield path
    subprocess.run(["umount", "-l", path], check=True)


def test_r06_a_really_full_disk_refuses_events_and_recovers_without_a_restart(small_disk: Path) -> None:
    async def main() -> None:
        stored = []
        async with opened(small_disk, reserve=6_000_000) as store:
            await store.workspace.declare([source()], [destination()])
            ballast = small_disk / "ballast"
            ballast.write_bytes(b"\0" * 4_000_000)
            for number in range(200):
                try:
                    await store.journal.append(1, [accepted(f"m{number}", body=noise(100_000))], {})
                except Unavailable:
                    break
                stored.append(f"m{number}")
            assert 10 < len(stored) < 200
            ballast.unlink()
            await until(lambda: store.ready)
            stored.append("after")
            assert (await append(store, "after")).duplicates == 0
        async with opened(small_disk, reserve=4096) as store:
            entries = await store.journal.read(0, limit=1000, max_bytes=10**9)
            assert [entry.message_id for entry in entries] == stored

    asyncio.run(main())
