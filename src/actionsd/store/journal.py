"""The journal: accepted events in the order of their positions (RULES R7, R8, R9, R10)."""

import asyncio
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate
from types import MappingProxyType

from msgspec import json

from actionsd.errors import Unavailable
from actionsd.event import Accepted, Entry
from actionsd.store import sql
from actionsd.store.append import BLOCK
from actionsd.store.dedup import Dedup
from actionsd.store.reader import Reader
from actionsd.store.records import Appended, Count
from actionsd.store.requests import Append, Details
from actionsd.store.segment import Segment, chosen, parted
from actionsd.store.writer import Writer

_sql = sql.load("journal")
_find_all = sql.load("dedup")["find_all"]

Subscriber = Callable[[list[Entry]], None]

_no_details: Details = MappingProxyType({})

MAX_ROWS = 1000  # of one read (RULES R34)


class Journal:
    """The loop's side. ``head`` is the last committed position. ``reader`` serves the lanes, ``listings`` people."""

    def __init__(self, writer: Writer, reader: Reader, listings: Reader, dedup: Dedup, queue_bytes: int) -> None:
        self._writer = writer
        self._reader = reader
        self._listings = listings
        self._dedup = dedup
        self._queue_bytes = queue_bytes
        self._subscribers: list[Subscriber] = []
        self.head = 0

    def append(
        self, source: int, events: Sequence[Accepted], counts: Mapping[Count, int], details: Details = _no_details
    ) -> "asyncio.Future[Appended]":
        """Commit events and counts together; ``events`` may be empty. Many calls share one commit.

        The future resolves after the commit. ``received`` and ``duplicate`` of the source are counted here; ``counts``
        are what else the request did, ``details`` how many of them are of which facet. It fails with
        :class:`Unavailable` (outcome: not stored) or :class:`StoreBroken` (outcome unknown, the daemon stops).
        Cancelling it before the writer took the request withdraws it; :meth:`withdraw` also tells whether it was in
        time.

        Raises:
            Unavailable: at once, when the disk is low or ``queue_bytes`` wait already.
        """
        writer = self._writer
        if writer.trouble:
            raise Unavailable(writer.trouble, reason="store")
        if writer.queue.bytes > self._queue_bytes:
            raise Unavailable(f"the writer is behind by {writer.queue.bytes} bytes", reason="overload")
        future: asyncio.Future[Appended] = writer.loop.create_future()
        writer.submit(Append(source, events, counts, details, future))
        return future

    def withdraw(self, appended: "asyncio.Future[Appended]") -> bool:
        """Take a request back that the writer has not taken yet: true, and nothing of it will be stored. Else false:
        the outcome is on its way (RULES R10)."""
        withdrawn = self._writer.queue.withdraw(appended)
        if withdrawn:
            appended.cancel()
        return withdrawn

    def subscribe(self, callback: Subscriber) -> None:
        """Call ``callback`` on the loop after each commit with its new entries, contiguous (RULES R8)."""
        self._subscribers.append(callback)

    def committed(self, head: int, entries: list[Entry]) -> None:
        """The writer committed; told on the loop, before the futures of the group resolve."""
        self.head = head
        if entries:
            for callback in self._subscribers:
                callback(entries)

    @property
    def queued_bytes(self) -> int:
        """What waits for the writer or is being written."""
        return self._writer.queue.bytes

    async def read(self, after: int, *, limit: int, max_bytes: int) -> list[Entry]:
        """Entries with ``position > after`` in order: at most ``limit`` (and 1,000), and as many as fit ``max_bytes``
        of bodies, but always one where there is one. A page rather ends with a segment than is full, so that the next
        need not unpack it again. Retention leaves gaps in the positions."""
        limit = min(limit, MAX_ROWS)
        sizes = await self._reader.rows(_sql["measure_page"], {"after": after, "limit": limit})
        segments = _fitting(sizes, after, limit, max_bytes)
        if not segments:
            return []
        page = await self._reader.rows(_sql["read_segments"], {"after": after, "limit": segments})
        entries = [entry for row in page for entry in Segment(*row).entries() if entry.position > after]
        if segments > 1:
            return entries
        taken = [*accumulate(len(entry.body) + len(entry.added) for entry in entries[:limit])]
        return entries[: max(1, bisect_right(taken, max_bytes))]

    async def entries(self, positions: Sequence[int]) -> dict[int, Entry]:
        """Events by position, from the journal or from what dead letters and requeued retries keep; those that are gone
        are left out. At most 1,000 at once."""
        return await read_entries(self._reader, positions[:MAX_ROWS])

    async def newest(self, source: int, *, before: int = 2**62, limit: int) -> list[Entry]:
        """A source's last entries with ``position < before``, the newest first, at most 1,000.

        Raises:
            Unavailable: a read took too long.
        """
        limit = min(limit, MAX_ROWS)
        found: list[Entry] = []
        blocks = {"source": source, "last": before // BLOCK, "limit": limit}
        for (block,) in await self._listings.rows(_sql["newest_blocks"], blocks):
            end = min(before, (block + 1) * BLOCK)
            given = {"source": source, "first": block * BLOCK, "before": end, "limit": limit - len(found)}
            for row in await self._listings.rows(_sql["read_backwards"], given):
                found += [each for each in reversed(Segment(*row).entries()) if block * BLOCK <= each.position < end]
            if len(found) >= limit:
                break
        return found[:limit]

    async def find(self, message_id: str, source: int) -> list[Entry]:
        """Events of a source with this message id that are still stored, oldest first. There are several where one came
        again after the dedup window."""
        (key,) = self._dedup.keys([source], [message_id.encode("utf-8", "surrogatepass")])
        rows = await self._reader.rows(_find_all, {"key": key})
        staged = self._dedup.staged_position(key)
        found = await self.entries([*(position for (position,) in rows), *([staged] if staged else [])])
        return list(found.values())

    async def range_of(self, since: int, until: int) -> tuple[int, int]:
        """First and last position received in ``since <= receivedAt < until`` (milliseconds); first > last when none.

        Binary search, as receivedAt never decreases with the position (RULES R31)."""
        ((low, high),) = await self._reader.rows(_sql["read_bounds"], {})
        first = await self._first_at(since, low, high)
        last = await self._first_at(until, first, high)
        return first, last - 1

    async def _first_at(self, time: int, low: int, high: int) -> int:
        high += 1
        while low < high:
            middle = (low + high) // 2
            rows = await self._reader.rows(_sql["read_time"], {"position": middle})
            if rows and rows[0][1] < time:
                low = rows[0][0] + 1
            else:
                high = middle
        return low


async def read_entries(reader: Reader, positions: Sequence[int]) -> dict[int, Entry]:
    """Events by position, from the journal or from what is kept beside it."""
    found: dict[int, Entry] = {}
    for some in parted(positions):
        wanted = {"positions": json.encode(some).decode()}
        segments = await reader.rows(_sql["read_segments_of"], wanted)
        found |= chosen(some, segments, await reader.rows(_sql["read_kept"], wanted))
    return found


def _fitting(sizes: Sequence[tuple[int, int, int]], after: int, limit: int, max_bytes: int) -> int:
    """How many segments (first, last, bytes) have no more than so many events, or bytes, after a position; at least
    one, where there is one."""
    segments = events = taken = 0
    for first, last, size in sizes:
        events += last - max(first - 1, after)
        taken += size
        if segments and (events > limit or taken > max_bytes):
            break
        segments += 1
    return segments
