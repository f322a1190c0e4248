"""What a long journal costs: claims, disk writes, deduplication, memory."""

import asyncio
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from actionsd.clock import SystemClock
from actionsd.event import Accepted
from actionsd.settings import DestinationDecl, SourceDecl
from actionsd.store import Store, StoreOptions
from actionsd.store.records import LaneKey, Settlement
from bench import load, servers
from bench.ingest import BATCH, BATCH_CONNECTIONS, CONNECTIONS
from bench.measure import Bench, Sample, at_rest, memory, written
from bench.workload import templates
from support.daemon import Daemon, free_port, webhook

PAGE = 500
Requests = Iterator[tuple[bytes, int]]

RATE = 500  # events a second that ten destinations follow on two cores
SOURCES = (SourceDecl(slug="website", write_keys=("key",)),)
DESTINATIONS = (DestinationDecl(slug="hook", source="website", definition="webhook"),)


def measure_claims(bench: Bench) -> None:
    """Reading the next page after a cursor and settling it, with a short and a long journal behind it."""
    stores = {name: _filled(bench, bench.amount(count)) for name, count in (("10 k", 10_000), ("5 M", 5_000_000))}
    rounds = bench.interleave("claims", {name: partial(_claim, folder) for name, folder in stores.items()})
    bench.compare("claiming an event, 5 M waiting / 10 k", rounds, "5 M", "10 k", "us", goal=1.3, floor=2, at_most=True)


def _filled(bench: Bench, events: int) -> Path:
    """A data directory with ``events`` small events in its journal."""
    folder = Path(tempfile.mkdtemp(dir=bench.scratch))
    started = time.perf_counter()
    asyncio.run(_fill(folder, events))
    print(f"  filled {folder.name} with {events} events in {time.perf_counter() - started:.0f} s")
    return folder


async def _fill(folder: Path, events: int) -> None:
    store = await Store.open(StoreOptions(data_dir=folder, min_free=0), SystemClock())
    await store.workspace.declare(SOURCES, DESTINATIONS)
    waiting = []
    for first in range(0, events, PAGE):
        waiting.append(store.journal.append(1, [_small(number) for number in range(first, first + PAGE)], {}))
        if len(waiting) == 20:
            await asyncio.gather(*waiting)
            waiting.clear()
    await asyncio.gather(*waiting)
    await store.close()
    os.sync()  # what is measured next should not wait for this to reach the disk


def _small(number: int) -> Accepted:
    name = f"filled-{number:032}"
    body = b'{"type":"track","event":"Filled","userId":"u","messageId":"%b"}' % name.encode()
    return Accepted(name, body, b'{"receivedAt":"2026-05-01T00:00:00.000Z"}')


def _claim(folder: Path) -> Sample:
    """Claim 10,000 events from the start, page by page; and the same with each page settled."""
    return asyncio.run(_claim_pages(folder))


async def _claim_pages(folder: Path) -> Sample:
    store = await Store.open(StoreOptions(data_dir=folder, min_free=0), SystemClock())
    await store.workspace.declare(SOURCES, DESTINATIONS)
    for thread in threading.enumerate():
        if thread.name == "actionsd-dedup":  # reads all ids of the window, once after a start
            thread.join()
    claimed, cursor, claiming = 0, 0, 0.0
    started = time.perf_counter()
    while claimed < 10_000:
        asked = time.perf_counter()
        page = await store.journal.read(cursor, limit=PAGE, max_bytes=1 << 22)
        claiming += time.perf_counter() - asked
        if not page:
            break
        cursor = page[-1].position
        claimed += len(page)
        await store.ledger.settle(Settlement(LaneKey(1), cursor, b"", {}), urgent=True)
    took = time.perf_counter() - started
    await store.close()
    return {"us": claiming / claimed * 1e6, "us with its settlement": took / claimed * 1e6}


def measure_writes(bench: Bench) -> None:
    """Bytes that the daemon writes for an event that all its destinations take: at a rate which ten can follow, so that
    what is written by the clock counts for both alike, and, to be seen, as fast as the events are taken."""

    def with_destinations(count: int, requests: Requests, connections: int, events: int, rate: float) -> Sample:
        home = Path(tempfile.mkdtemp(dir=bench.scratch))
        with servers.sink() as sink:
            names = [f"d{number}" for number in range(count)]
            targets = "".join(webhook(name, sink.url(name), batch=BATCH) for name in names)
            with Daemon(home, targets) as daemon:
                before = written(daemon.pid)
                done = load.drive(daemon.port, requests, connections, events=events, rate=rate)
                for name in names:
                    sink.wait_for(done.events, name)
                return {"bytes": (written(daemon.pid) - before) / done.events}

    def healthy(count: int) -> Sample:
        events = bench.amount(5_000, least=500)
        return with_destinations(count, load.singles(templates()), CONNECTIONS, events, RATE)

    def rushed(count: int) -> Sample:
        events = bench.amount(40_000, least=1000)
        return with_destinations(count, load.batches(templates(), BATCH), BATCH_CONNECTIONS, events, 0)

    rounds = bench.interleave(
        "writes",
        {
            "10 destinations": lambda: healthy(10),
            "1 destination": lambda: healthy(1),
            "10 destinations, rushed": lambda: rushed(10),
            "1 destination, rushed": lambda: rushed(1),
        },
    )
    bench.compare(
        "disk writes for an event, 10 destinations / 1", rounds, "10 destinations", "1 destination", "bytes",
        goal=1.0, floor=1.3, at_most=True,
    )  # fmt: skip


def measure_dedup(bench: Bench) -> None:
    """Ingest with 5 million ids in the window of deduplication, against an empty one."""
    seconds = max(0.3, 4.0 * bench.scale)
    numbers = iter(range(1, 1000))
    homes = {name: Path(tempfile.mkdtemp(dir=bench.scratch)) for name in ("5 M ids", "no ids")}
    (homes["5 M ids"] / "data").mkdir()
    asyncio.run(_fill(homes["5 M ids"] / "data", bench.amount(5_000_000)))

    def ingest(home: Path) -> Sample:
        requests = _numbered(next(numbers))
        with Daemon(home) as daemon:
            load.drive(daemon.port, requests, BATCH_CONNECTIONS, seconds=seconds / 4)  # warm
            at_rest(daemon.pid)  # it has read the ids of the window
            return {
                "events/s": load.drive(daemon.port, requests, BATCH_CONNECTIONS, seconds=seconds).rate,
                "MB": memory(daemon.pid),
            }

    rounds = bench.interleave("dedup", {name: partial(ingest, home) for name, home in homes.items()})
    bench.compare(
        "batches of 100, 5 M ids in the window / none", rounds, "5 M ids", "no ids", "events/s", goal=0.9, floor=0.8
    )


def _numbered(run: int) -> Iterator[tuple[bytes, int]]:
    """Batches with messageIds of their own."""
    return load.batches(templates(), BATCH, first=run * 100_000_000)


def measure_backlog(bench: Bench) -> None:
    """A million events for a destination that is down: memory while they pile up, and while they are worked off."""
    events = bench.amount(1_000_000, least=2000)
    port = free_port()
    home = Path(tempfile.mkdtemp(dir=bench.scratch))
    with Daemon(home, webhook("hook", f"http://127.0.0.1:{port}/ok", batch=BATCH)) as daemon:
        requests = _numbered(1)
        load.drive(daemon.port, requests, BATCH_CONNECTIONS, events=events // 100)
        early = memory(daemon.pid)
        load.drive(daemon.port, requests, BATCH_CONNECTIONS, events=events - events // 100)
        late = memory(daemon.pid, "VmHWM")
        with servers.sink(port) as sink:
            daemon.ctl("resume", "hook")
            reached = {tenth: sink.wait_for(events * tenth // 10, timeout=600) for tenth in (1, 2, 8, 9)}
            sink.wait_for(events, timeout=600)  # the last are those that were tried while it was down, and wait
        peak = memory(daemon.pid, "VmHWM")
    bench.row(
        "peak memory with a backlog of 1 M / with 10 k", max(late, peak) / early, goal=1.5, floor=2, at_most=True,
        detail=f"{early:.0f} MB after the first hundredth, {late:.0f} MB full, {peak:.0f} MB worked off",
    )  # fmt: skip
    early_pace, late_pace = (events / 10 / (reached[end] - reached[end - 1]) for end in (2, 9))
    bench.row(
        "working it off: the ninth tenth / the second", late_pace / early_pace, goal=0.9, floor=0.7,
        detail=f"{late_pace:.0f} to {early_pace:.0f} events/s",
    )  # fmt: skip
