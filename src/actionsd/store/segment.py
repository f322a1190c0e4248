"""Segments: the events of one source that were committed together, packed into one row of the journal.

A row for each event costs SQLite more than all else that ingest does, and events of one client repeat each other:
packed and compressed they take a tenth of the room and half of the writer's time (tests/bench/NOTES.md). Positions stay
those of events: a segment has all from ``first`` to ``last``, and is written, read and deleted as a whole.
"""

import sqlite3
import sys
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import msgspec

from actionsd.event import Entry
from actionsd.store import sql

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_sql = sql.load("journal")

SEGMENT_EVENTS = 256  # at most: who needs one of them unpacks all, in about 0.2 ms
SEGMENT_BYTES = 512 * 1024  # ... and no more than so many bytes of bodies, but for a single event

_PAGE = 32  # segments read at once
_WORTHWHILE = 4096  # bytes; what is smaller than a page is not made much smaller, and would be slower to read
_MAGIC = b"\x28\xb5\x2f\xfd"  # of a zstd frame; a msgpack array never begins so
_LEVEL = 1  # of events of 1.5 KB a fourteenth is left, in 1.2 us each; 3 leaves no less and takes half as long again
_OPTIONS: dict[int, int] = {
    zstd.CompressionParameter.compression_level: _LEVEL,
    zstd.CompressionParameter.checksum_flag: 1,
}

Row = tuple[bytes, bytes, bytes, int]
"""messageId, body, what the server added, and facet."""

_compressor = zstd.ZstdCompressor(options=_OPTIONS)  # has a lock; a new one for each segment takes a tenth longer
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[Row]).decode


class Segment(NamedTuple):
    """A row of the journal. ``size``: bytes of its bodies and additions; ``packed``: what :func:`pack` made of them,
    inflated or not."""

    first: int
    last: int
    source: int
    received_at: int
    size: int
    packed: bytes

    def entries(self) -> list[Entry]:
        """Its events in order. Of one that is damaged nothing can be told but their positions: their bodies are empty,
        which is no event and ends as a dead letter (RULES R26: ``undecodable``)."""
        try:
            return self._placed(unpack(self.packed))
        except (msgspec.DecodeError, ValueError):
            return self._placed([(b"", b"", b"", 0)] * (self.last - self.first + 1))

    def _placed(self, rows: Sequence[Row]) -> list[Entry]:
        positions, source, received_at = range(self.first, self.last + 1), self.source, self.received_at
        return [_entry(position, source, received_at, *row) for position, row in zip(positions, rows, strict=True)]


Kept = tuple[int, int, int, bytes, bytes, bytes, int]
"""A row of ``kept_events``: position, source, receivedAt, messageId, body, added and facet."""


def kept(entry: Entry) -> Kept:
    """An event as dead letters keep it."""
    id = entry.message_id.encode("utf-8", "surrogatepass")
    return entry.position, entry.source, entry.received_at, id, entry.body, entry.added, entry.facet


def chosen(positions: Sequence[int], segments: Sequence[Sequence[Any]], kept: Sequence[Kept]) -> dict[int, Entry]:
    """Events at these positions, by position in order, out of rows of the journal and of ``kept_events``."""
    wanted = set(positions)
    found = {row[0]: _entry(*row) for row in kept}
    for row in segments:
        found |= {entry.position: entry for entry in Segment(*row).entries() if entry.position in wanted}
    return dict(sorted(found.items()))


def entries_at(db: sqlite3.Connection, positions: Sequence[int]) -> dict[int, Entry]:
    """What :meth:`actionsd.store.journal.Journal.entries` gives, inside a transaction."""
    found: dict[int, Entry] = {}
    for some in parted(positions):
        wanted = {"positions": msgspec.json.encode(some).decode()}
        segments = db.execute(_sql["read_segments_of"], wanted).fetchall()
        found |= chosen(some, segments, db.execute(_sql["read_kept"], wanted).fetchall())
    return found


def parted(positions: Sequence[int]) -> Iterator[list[int]]:
    """The positions in order, some at once: each may be in a segment of its own."""
    ordered = sorted(positions)
    return (ordered[start : start + _PAGE] for start in range(0, len(ordered), _PAGE))


def pages(db: sqlite3.Connection, after: int) -> Iterator[list[Segment]]:
    """All segments with events after a position, some at once; between two pages the database may be written to."""
    while rows := db.execute(_sql["read_segments"], {"after": after, "limit": _PAGE}).fetchall():
        yield [Segment(*row) for row in rows]
        after = rows[-1][1]


def pack(rows: Sequence[Row]) -> bytes:
    """Events as they stand in a segment."""
    packed = _encode(rows)
    return packed if len(packed) < _WORTHWHILE else _compressor.compress(packed, zstd.ZstdCompressor.FLUSH_FRAME)


def inflated(packed: bytes) -> bytes:
    """What was packed before it was compressed, for :func:`unpack` to take as well; as it is, where it is damaged."""
    try:
        return zstd.decompress(packed) if packed.startswith(_MAGIC) else packed
    except zstd.ZstdError:
        return packed


def unpack(packed: bytes) -> list[Row]:
    """The reverse of :func:`pack`.

    Raises:
        msgspec.DecodeError: it is damaged.
    """
    return _decode(inflated(packed))


def cut(sizes: Sequence[int]) -> Iterator[slice]:
    """Where segments of events of these sizes begin and end.

    >>> [*cut([1, 1])], [*cut([200_000, 200_000, 1])]
    ([slice(0, 2, None)], [slice(0, 1, None), slice(1, 3, None)])
    """
    first = taken = 0
    for index, size in enumerate(sizes):
        if index > first and (index - first == SEGMENT_EVENTS or taken + size > SEGMENT_BYTES):
            yield slice(first, index)
            first, taken = index, 0
        taken += size
    if first < len(sizes):
        yield slice(first, len(sizes))


def _entry(position: int, source: int, received_at: int, id: bytes, body: bytes, added: bytes, facet: int) -> Entry:
    return Entry(position, source, received_at, id.decode("utf-8", "surrogatepass"), body, added, facet)
