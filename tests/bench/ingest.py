"""Ingest: durable single calls against a server that does nothing, durable batches against SQLite alone."""

import itertools
import sqlite3
import tempfile
import time
from contextlib import AbstractContextManager
from pathlib import Path

from bench import load, servers
from bench.measure import Bench, Sample
from bench.workload import templates
from support.daemon import Daemon

CONNECTIONS = 64
BATCH_CONNECTIONS = 16
BATCH = 100


def measure(bench: Bench) -> None:
    seconds = max(0.3, 4.0 * bench.scale)

    def single(server: AbstractContextManager[servers.Server | Daemon]) -> Sample:
        with server as running:
            load.drive(running.port, load.singles(templates()), CONNECTIONS, seconds=seconds / 8)  # warm
            done = load.drive(running.port, load.singles(templates(), first=1_000_000), CONNECTIONS, seconds=seconds)
        assert not done.failures, f"{done.failures} requests were refused"
        return {"req/s": done.rate, "p50 ms": done.percentile(0.5), "p99 ms": done.percentile(0.99)}

    def batch() -> Sample:
        with _daemon(bench) as daemon:
            done = load.drive(daemon.port, load.batches(templates(), BATCH), BATCH_CONNECTIONS, seconds=seconds)
        assert not done.failures, f"{done.failures} requests were refused"
        return {"events/s": done.rate, "p99 ms": done.percentile(0.99)}

    rounds = bench.interleave(
        "ingest",
        {
            "no-op aiohttp, single": lambda: single(servers.noop()),
            "actionsd, single": lambda: single(_daemon(bench)),
            "SQLite, 100 rows a commit": lambda: raw_sqlite(bench.scratch, seconds),
            "actionsd, batches of 100": batch,
        },
    )
    bench.compare(
        "durable single calls / no-op aiohttp", rounds, "actionsd, single", "no-op aiohttp, single", "req/s",
        goal=0.63, floor=0.45,
    )  # fmt: skip
    bench.compare(
        "their p99 / its p99", rounds, "actionsd, single", "no-op aiohttp, single", "p99 ms",
        goal=2, floor=3, at_most=True,
    )  # fmt: skip
    bench.compare(
        "durable batches of 100 / raw SQLite", rounds, "actionsd, batches of 100", "SQLite, 100 rows a commit",
        "events/s", goal=0.8, floor=0.6,
    )  # fmt: skip


def _daemon(bench: Bench) -> Daemon:
    return Daemon(Path(tempfile.mkdtemp(dir=bench.scratch)))


def raw_sqlite(scratch: Path, seconds: float) -> Sample:
    """Rows of a journal's shape into one table, 100 a commit, WAL, synchronous=FULL: what the disk and SQLite allow."""
    bodies = [(str(number), template.body(number)) for number, template in enumerate(templates())]
    commits = itertools.cycle([bodies[first : first + BATCH] for first in range(0, len(bodies), BATCH)])
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        database = sqlite3.connect(f"{folder}/raw.db", isolation_level=None)
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        database.execute(
            "CREATE TABLE journal (position INTEGER PRIMARY KEY, source INTEGER, received_at INTEGER,"
            " message_id TEXT, added BLOB, body BLOB)"
        )
        rows = 0
        started = time.perf_counter()
        while time.perf_counter() - started < seconds:
            database.execute("BEGIN IMMEDIATE")
            database.executemany(
                "INSERT INTO journal (source, received_at, message_id, added, body) VALUES (1, 17e11, ?, '{}', ?)",
                next(commits),
            )
            database.execute("COMMIT")
            rows += BATCH
        took = time.perf_counter() - started
        database.close()
    return {"events/s": rows / took}
