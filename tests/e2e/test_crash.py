"""Nothing answered is lost: kill -9 under load, a torn WAL, a full disk, a locked file (DESIGN I1, I2, I7)."""

import contextlib
import os
import random
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.daemon import Daemon, webhook
from support.sink import Sink
from support.traffic import Traffic
from support.waiting import until

SOAK = "ACTIONSD_SOAK" in os.environ
KILLS = 500 if SOAK else 50
IN_FLIGHT = 32
TIGHT = f"[delivery]\nin_flight = {IN_FLIGHT}\n"  # the window bounds what a crash may repeat


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as running:
        yield running


def test_i1_i2_kill_9_under_load_loses_nothing(tmp_path: Path, sink: Sink) -> None:
    chance = random.Random(7)
    with Daemon(tmp_path, webhook("hook", sink.url()), more=TIGHT) as daemon, Traffic(daemon) as traffic:
        for _ in range(KILLS):
            traffic.wait_for(chance.randrange(1, 200))
            daemon.kill()
            daemon.start()
        traffic.wait_for(200)
        traffic.stop()
        _assert_all_arrived(daemon, traffic, sink)
        assert sink.duplicates() <= KILLS * IN_FLIGHT
        assert daemon.stop() == 0


def test_i1_retries_of_a_mapping_made_by_actionsctl_outlive_kill_9_and_a_change(tmp_path: Path, sink: Sink) -> None:
    quick = '[delivery]\nretry_base = "500ms"\nretry_cap = "500ms"\n'
    with Daemon(tmp_path, more=quick) as daemon:
        for command in (
            ["destinations", "add", "webhook", "--source", "website"],
            ["mappings", "add", "webhook", "All", "--action", "send", "--enable", "--field", "method=POST",
             "--field", f"url={sink.url('error')}", "--field", 'data={"@path":"$."}'],
        ):  # fmt: skip
            done = daemon.ctl(*command)
            assert done.returncode == 0, done.stderr
        daemon.send(["m1"])
        until(lambda: daemon.ask("retries")["items"], timeout=20, every=0, what="a retry row")
        daemon.kill()
        daemon.start()
        before = sink.requests["error"]
        until(lambda: sink.requests["error"] > before, timeout=20, what="another attempt after the restart")
        done = daemon.ctl("mappings", "set", "webhook", "All", "--field", f"url={sink.url()}")
        assert done.returncode == 0, done.stderr
        sink.wait_for(1, timeout=20)


def test_r05_a_torn_end_of_the_wal_loses_nothing(tmp_path: Path, sink: Sink) -> None:
    """What stands in the WAL behind the last commit is what a power cut may leave there: anything."""
    chance = random.Random(5)
    with Daemon(tmp_path, webhook("hook", sink.url()), more=TIGHT) as daemon, Traffic(daemon) as traffic:
        for _ in range(5):
            traffic.wait_for(50)
            daemon.kill()
            wal = daemon.data / "actionsd.db-wal"
            frames = wal.read_bytes()
            with wal.open("ab") as torn:
                torn.write(frames[32 : 32 + chance.randrange(len(frames) - 32)])
                torn.write(chance.randbytes(3000))
            daemon.start()
        traffic.wait_for(50)
        traffic.stop()
        _assert_all_arrived(daemon, traffic, sink)


def test_i7_a_locked_database_refuses_for_a_while_and_loses_nothing(tmp_path: Path, sink: Sink) -> None:
    """Someone opens the file with the sqlite3 shell and holds a write lock."""
    with Daemon(tmp_path, webhook("hook", sink.url())) as daemon, Traffic(daemon) as traffic:
        traffic.wait_for(100)
        intruder = sqlite3.connect(daemon.data / "actionsd.db", isolation_level=None, timeout=20)
        intruder.execute("BEGIN IMMEDIATE")
        before = traffic.statuses[503]
        until(lambda: traffic.statuses[503] > before, timeout=60, what="a 503 while the file is locked")
        intruder.execute("ROLLBACK")
        intruder.close()
        traffic.wait_for(200)
        traffic.stop()
        assert set(traffic.statuses) <= {200, 503}
        _assert_all_arrived(daemon, traffic, sink)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.geteuid() or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", folder]).returncode:
        pytest.skip("a file system of its own needs root")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def test_r06_a_full_disk_refuses_and_recovers_without_a_restart(small_disk: Path, sink: Sink) -> None:
    more = '[journal]\nmin_free = "4MB"\n'
    with Daemon(small_disk / "d", webhook("hook", sink.url()), more=more) as daemon, Traffic(daemon) as traffic:
        traffic.wait_for(100)
        ballast = small_disk / "ballast"
        with ballast.open("wb", buffering=0) as fill, contextlib.suppress(OSError):  # which says that it is full
            while shutil.disk_usage(small_disk).free:
                fill.write(bytes(65536))
        before = traffic.statuses[503]
        until(lambda: traffic.statuses[503] > before + 20, timeout=60, what="503 on a full disk")
        ballast.unlink()
        traffic.wait_for(200)
        traffic.stop()
        assert set(traffic.statuses) <= {200, 503}, "never a 4xx, never a broken connection"
        _assert_all_arrived(daemon, traffic, sink)


def _assert_all_arrived(daemon: Daemon, traffic: Traffic, sink: Sink) -> None:
    """Every answered event came to the destination, or is a dead letter (an event that was being tried at two crashes
    in a row is given up on purpose, RULES R26)."""

    def missing() -> set[str]:
        return traffic.answered - set(sink.received["ok"])

    def dead() -> set[str]:
        return {row["messageId"] for row in daemon.ask("dead", "list", "--limit", "1000")["items"]}

    try:
        until(lambda: not missing(), timeout=30)
    except TimeoutError:
        until(lambda: missing() <= dead(), timeout=30, every=1, what=f"{len(missing())} events are lost")
    assert set(sink.received["ok"]) <= traffic.sent
