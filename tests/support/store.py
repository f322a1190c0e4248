"""A store on a temporary directory, and the small things that its tests make again and again."""

import asyncio
import contextlib
import hashlib
import random
import sqlite3
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

from actionsd.event import Accepted
from actionsd.settings import DestinationDecl, MappingDecl, SourceDecl
from actionsd.store import Store, StoreOptions
from actionsd.store.dedup import bucket_at
from actionsd.store.records import Appended
from support.clock import FakeClock


def options(data_dir: Path, **changes: Any) -> StoreOptions:
    """Options that do not depend on the machine's disk; probes and checkpoints come at once."""
    quick = {"min_free": 0, "reserve": 4096, "checkpoint_interval": 0.0, "probe_interval": 0.01}
    return StoreOptions(data_dir=data_dir, **{**quick, **changes})


@contextlib.asynccontextmanager
async def opened(data_dir: Path, clock: FakeClock | None = None, **changes: Any) -> AsyncIterator[Store]:
    """An open store, closed at the end."""
    store = await Store.open(options(data_dir, **changes), clock or FakeClock())
    try:
        yield store
    finally:
        await store.close()


def accepted(message_id: str, body: bytes = b'{"event":"E"}', added: bytes = b'{"type":"track"}') -> Accepted:
    return Accepted(message_id, body, added)


_noise = random.Random(11)


def noise(size: int) -> bytes:
    """A body that cannot be compressed. It is no event."""
    return _noise.randbytes(size)


def spread(number: int) -> bytes:
    """A key of deduplication, as evenly spread as real ones."""
    return hashlib.blake2b(str(number).encode(), digest_size=16).digest()


async def append(store: Store, *message_ids: str, source: int = 1) -> Appended:
    """Commit one request with these events."""
    return await store.journal.append(source, [accepted(each) for each in message_ids], {})


def destination(
    slug: str = "d", *, source: str = "web", mappings: Sequence[str] = ("m",), **more: Any
) -> DestinationDecl:
    """A declared destination with mappings of these names."""
    declared = tuple(MappingDecl(name=name, action="send") for name in mappings)
    return DestinationDecl(slug=slug, source=source, definition="webhook", mappings=declared, **more)


def source(slug: str = "web") -> SourceDecl:
    return SourceDecl(slug=slug, write_keys=(f"{slug}-key",))


async def until(condition: Any, *, seconds: float = 10.0) -> None:
    """Wait for a condition that another thread makes true."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 (a thread cannot set the loop's event)
            await asyncio.sleep(0)


def fill_dedup_window(database: Path, ids: int, now: int) -> None:
    """Put random keys into the dedup window of a closed store, spread over the 24 hours before ``now`` (milliseconds):
    what a benchmark of the cost of deduplication starts from. 5 million take about 10 s and 150 MB."""
    keys = random.Random(1)
    db = sqlite3.connect(database, isolation_level=None)
    db.execute("pragma synchronous = off")
    db.execute("begin")
    for hour in range(24):
        bucket = bucket_at(now - hour * 3_600_000)
        rows = sorted(keys.randbytes(16) for _ in range(ids // 24))
        db.executemany("insert into dedup (bucket, key, position) values (?, ?, 0)", [(bucket, key) for key in rows])
    db.execute("commit")
    db.close()
