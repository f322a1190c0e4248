"""Tells whether a message id was accepted before (RULES R9). Disk is the truth; a memory filter only says "surely new".

A key is a keyed 128-bit hash of source and message id. Keys lie in buckets by the hour, so a duplicate is recognised
for at least the window and at most an hour longer.
"""

import hashlib
import math
import sqlite3
import struct
import threading
from collections.abc import Callable, Collection
from pathlib import Path

from actionsd.store import sql
from actionsd.store.bulk import BulkInsert
from actionsd.store.transaction import Transaction

_sql = sql.load("dedup")

_HOUR_MS = 3_600_000
_PER_HOUR = 64  # numbers of buckets in an hour
_BITS = 20  # of a filter for each key
_PAGE = 1000  # keys read at once while the filter is built
_PAUSE = 0.001  # seconds between pages: the events that come in meanwhile need the interpreter more
_insert_keys = BulkInsert(_sql["insert_key"])
_Place = tuple[int, int]  # bucket, position
_probes = struct.Struct("<3I4x").unpack


class Filter:
    """A Bloom filter over keys: 3 probes, 20 bits a key, 0.3 % false "maybe" when full."""

    __slots__ = ("bits", "first_bucket", "last_bucket", "mask", "room")

    def __init__(self, exponent: int, bucket: int) -> None:
        self.bits = bytearray(1 << (exponent - 3))
        self.mask = (1 << exponent) - 1
        self.room = (1 << exponent) // _BITS
        self.first_bucket = self.last_bucket = bucket

    def add(self, keys: Collection[bytes]) -> None:
        bits, mask = self.bits, self.mask
        for key in keys:
            for probe in _probes(key):
                probe &= mask
                bits[probe >> 3] |= 1 << (probe & 7)
        self.room -= len(keys)


class Chain:
    """Filters that together cover the window. A full one is followed by one four times as large, up to 8 MB; one that
    covers half of the window by one of its size; one that the window has left is dropped. Near ``max_bytes`` they get
    smaller, then the last is overfilled: it says "maybe" more often, and the disk answers."""

    _SMALLEST, _LARGEST = 20, 26  # exponents of the number of bits: 128 KB, 8 MB

    def __init__(self, window_buckets: int, max_bytes: int, expected: int = 0) -> None:
        self._window = window_buckets
        self._max_bytes = max_bytes
        self._first = max(self._SMALLEST, (expected * _BITS).bit_length())
        self.filters: list[Filter] = []

    def add(self, keys: Collection[bytes], bucket: int) -> None:
        last = self.filters[-1] if self.filters else None
        if last is None or last.room <= 0 or bucket - last.first_bucket > self._window // 2:
            last = self._extend(last, bucket)
        last.last_bucket = max(last.last_bucket, bucket)
        last.add(keys)

    def forget(self, oldest: int) -> None:
        """Drop what covers only buckets before ``oldest``."""
        self.filters = [each for each in self.filters if each.last_bucket >= oldest]

    def __contains__(self, key: bytes) -> bool:
        a, b, c = _probes(key)
        for each in self.filters:
            bits, mask = each.bits, each.mask
            if (
                bits[(a & mask) >> 3] >> (a & 7) & 1
                and bits[(b & mask) >> 3] >> (b & 7) & 1
                and bits[(c & mask) >> 3] >> (c & 7) & 1
            ):
                return True
        return False

    def _extend(self, last: Filter | None, bucket: int) -> Filter:
        exponent = self._first
        if last is not None:
            exponent = min(last.mask.bit_length() + (2 if last.room <= 0 else 0), self._LARGEST)
        room = 8 * (self._max_bytes - sum(len(each.bits) for each in self.filters))
        exponent = min(exponent, room.bit_length() - 1)
        if last is not None and exponent < self._SMALLEST:
            last.first_bucket = bucket
            return last
        self.filters.append(Filter(exponent, bucket))
        return self.filters[-1]


class Dedup:
    """The writer's view on the keys. ``window`` in seconds; 0 turns deduplication off (events can still be found).

    Keys of the newest events stay in memory (``_staged``) and follow from the journal after a crash. They go to the
    table behind the events, thousands at once in key order: written one group at a time, each key would cost a page of
    its own in the WAL (measured: 45 % of the ingest throughput).
    """

    _FILTER_BYTES = 16 * 1024 * 1024  # of what was there at the start, and of what came since
    _STAGED = 16_384  # keys
    _SLICE = 512  # keys written with one group
    _BUCKET_KEYS = 262_144

    def __init__(self, db: sqlite3.Connection, hash_key: bytes, window: float) -> None:
        self.enabled = window > 0
        self._db = db
        self._hash_key = hash_key
        self._window_ms = int(window * 1000)
        self._bases: dict[int, hashlib.blake2b] = {}
        self._staged: dict[bytes, _Place] = {}
        self._leaving: dict[bytes, _Place] = {}  # being written to the table, slice by slice
        self._slices: list[list[tuple[int, bytes, int]]] = []
        self._bucket, self._room = -1, 0
        self._recent = self._new_chain()
        self._built = self._new_chain()
        self._built_upto: float = -1  # buckets before this one are in ``_built``

    def _new_chain(self, expected: int = 0) -> Chain:
        return Chain(bucket_at(self._window_ms), self._FILTER_BYTES, expected)

    def key(self, source: int, message_id: bytes) -> bytes:
        """The 128-bit key of a message id within its source; without ``hash_key`` nobody can make two ids collide."""
        base = self._bases.get(source)
        if base is None:
            base = hashlib.blake2b(source.to_bytes(8, "big"), key=self._hash_key, digest_size=16)
            self._bases[source] = base
        keyed = base.copy()
        keyed.update(message_id)
        return keyed.digest()

    def oldest_bucket(self, now: int) -> int:
        return bucket_at(now - self._window_ms)

    def staged_position(self, key: bytes) -> int | None:
        """Where an event lies whose key is not in the table yet. Safe in any thread."""
        place = self._staged.get(key) or self._leaving.get(key)
        return None if place is None else place[1]

    def duplicates(self, now: int) -> Callable[[bytes], bool]:
        """The test of a group: whether an event with this key was committed inside the window.

        How far the filter is built is read before the filter itself: its builder runs in another thread, and a filter
        that becomes complete after it was asked must not be believed.
        """
        oldest = self.oldest_bucket(now)
        built_upto = self._built_upto
        staged, leaving, recent, built = self._staged, self._leaving, self._recent, self._built

        def is_duplicate(key: bytes) -> bool:
            place = staged.get(key) or leaving.get(key)
            if place is not None and place[0] >= oldest:
                return True
            if key in recent or key in built:
                return self._is_on_disk(key, oldest)
            return built_upto != math.inf and self._is_on_disk(key, max(oldest, built_upto))

        return is_duplicate

    def _is_on_disk(self, key: bytes, oldest: float) -> bool:
        return self._db.execute(_sql["find_in_window"], {"oldest": oldest, "key": key}).fetchone() is not None

    def recover(self) -> None:
        """Write the keys that a crash left to the journal alone. Runs before the first transaction of a start."""
        (last,) = self._db.execute(_sql["last_bucket"]).fetchone()
        self._bucket = -1 if last is None else last
        (after,) = self._db.execute(_sql["read_flushed"]).fetchone()
        while rows := self._db.execute(_sql["read_unflushed"], {"after": after}).fetchall():
            keys = [(bucket_at(received), self.key(source, id), position) for position, source, received, id in rows]
            after = rows[-1][0]
            self._db.execute("begin immediate")
            _insert_keys.execute(self._db, sorted(keys))
            self._db.execute(_sql["mark_flushed"], {"position": after})
            self._db.execute("commit")

    def flush(self, transaction: Transaction, *, everything: bool = False) -> bool:
        """Write some staged keys, once enough have come together or ``everything`` shall go: a slice, and more beside
        many new events, so that keys leave faster than they come. Whether any were written; they count when
        :meth:`committed` follows."""
        if not self._slices and len(self._staged) >= (1 if everything else self._STAGED):
            self._leaving, self._staged = self._staged, {}
            rows = sorted((bucket, key, position) for key, (bucket, position) in self._leaving.items())
            self._slices = [rows[start : start + self._SLICE] for start in range(0, len(rows), self._SLICE)]
        written = self._slices[: 1 + 2 * len(transaction.fresh) // self._SLICE]
        for rows in written:
            _insert_keys.execute(self._db, rows)
        if written and len(written) == len(self._slices):
            self._db.execute(
                _sql["mark_flushed"], {"position": max(position for _, position in self._leaving.values())}
            )
        transaction.flushed = len(written)
        return bool(written)

    def committed(self, transaction: Transaction) -> None:
        """The transaction is on disk, and with it its new events and the keys that it wrote."""
        if transaction.fresh:
            bucket = self._next_bucket(transaction.now, len(transaction.fresh))
            self._staged.update((key, (bucket, position)) for key, position in transaction.fresh.items())
        for rows in self._slices[: transaction.flushed]:
            self._recent.add([key for _, key, _ in rows], rows[-1][0])
        del self._slices[: transaction.flushed]
        if not self._slices:
            self._leaving = {}

    def build(self, rows: list[tuple[int, bytes]]) -> None:
        """Add a page of the keys that were on disk at the start, in the order of their buckets; an empty page is the
        end: from then on the memory filter is trusted. Called in another thread than the rest."""
        if rows:
            self._built_upto = rows[0][0]
            self._built.add([key for _, key in rows], rows[-1][0])
        else:
            self._built_upto = math.inf

    def expect(self, keys: int) -> None:
        """So many keys will come to :meth:`build`."""
        self._built = self._new_chain(keys)

    def purge(self, now: int, first_kept: int, limit: int) -> int:
        """Delete up to ``limit`` keys outside of the window; none of an event received at ``first_kept`` or later."""
        self._recent.forget(self.oldest_bucket(now))
        if self._built_upto == math.inf:
            self._built.forget(self.oldest_bucket(now))
        bucket = min(self.oldest_bucket(now), bucket_at(first_kept))
        return self._db.execute(_sql["purge"], {"bucket": bucket, "limit": limit}).rowcount

    def _next_bucket(self, now: int, keys: int) -> int:
        """Where so many keys of this moment go: an event keeps its hour, however late its key is written."""
        if bucket_at(now) > self._bucket:
            self._bucket, self._room = bucket_at(now), self._BUCKET_KEYS
        elif self._room <= 0 and self._bucket % _PER_HOUR < _PER_HOUR - 1:
            self._bucket, self._room = self._bucket + 1, self._BUCKET_KEYS
        self._room -= keys
        return self._bucket


def bucket_at(time: int) -> int:
    """The first bucket of the hour of a time in milliseconds."""
    return time // _HOUR_MS * _PER_HOUR


class FilterBuilder(threading.Thread):
    """Reads the window's keys after a start, in pages on a connection of its own, for the filter of ``dedup``."""

    def __init__(self, database: Path, dedup: Dedup, now: int) -> None:
        super().__init__(name="actionsd-dedup", daemon=True)
        self._database = database
        self._dedup = dedup
        self._oldest = dedup.oldest_bucket(now)
        self._stopping = threading.Event()

    def run(self) -> None:
        db = sqlite3.connect(self._database, isolation_level=None)
        try:
            after = (self._oldest - 1, b"\xff" * 17)
            self._dedup.expect(db.execute(_sql["count_keys"], {"oldest": self._oldest}).fetchone()[0])
            while rows := db.execute(_sql["read_keys"], (*after, _PAGE)).fetchall():
                self._dedup.build(rows)
                after = rows[-1]
                if self._stopping.wait(_PAUSE):
                    return
        finally:
            db.close()
        self._dedup.build([])

    def stop(self) -> None:
        self._stopping.set()
        self.join()
