"""Tells whether a message id was accepted before (RULES R9). Disk is the truth; a memory filter only says "surely new".

A key is a keyed 128-bit hash of source and message id. Keys lie in buckets by the hour, so a duplicate is recognised
for at least the window and at most an hour longer.
"""

import hashlib
import math
import sqlite3
import threading
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import chain, count
from pathlib import Path
from typing import NamedTuple

import msgspec

from actionsd.store import sql
from actionsd.store.bloom import KEY_BYTES, Chain, sift
from actionsd.store.segment import pages
from actionsd.store.transaction import Transaction

_sql = sql.load("dedup")

_HOUR_MS = 3_600_000
_PER_HOUR = 64  # numbers of buckets in an hour
_PAGE = 8192  # keys read at once while the filter is built
_PAUSE = 0.001  # seconds between pages: the events that come in meanwhile need the interpreter more


class Staged(NamedTuple):
    """Keys of a bucket that are not in the table yet, with their positions."""

    bucket: int
    positions: dict[bytes, int]


class _Bases(dict[int, hashlib.blake2b]):
    """The beginning of the hash of each source."""

    def __init__(self, hash_key: bytes) -> None:
        self._hash_key = hash_key

    def __missing__(self, source: int) -> hashlib.blake2b:
        base = hashlib.blake2b(source.to_bytes(8, "big"), key=self._hash_key, digest_size=KEY_BYTES)
        self[source] = base
        return base


class Dedup:
    """The writer's view on the keys. ``window`` in seconds; 0 turns deduplication off (events can still be found).

    Keys of the newest events stay in memory (``_staged``) and follow from the journal after a crash. They go to the
    table behind the events, thousands at once in key order: written one group at a time, each key would cost a page of
    its own in the WAL (measured: 45 % of the ingest throughput).
    """

    _FILTER_BYTES = 16 * 1024 * 1024  # of what was there at the start, and of what came since
    _STAGED = 16_384  # keys
    _SLICE = 512  # keys written with one group
    _BUCKET_KEYS = 131_072  # or more: larger ones take more pages for a slice, smaller ones more look-ups for a key

    def __init__(self, db: sqlite3.Connection, hash_key: bytes, window: float) -> None:
        self.enabled = window > 0
        self._db = db
        self._window_ms = int(window * 1000)
        self._bases = _Bases(hash_key)
        self._staged: list[Staged] = []  # oldest first; the last takes the new keys
        self._leaving = Staged(-1, {})  # being written to the table, slice by slice
        self._slices: list[list[bytes]] = []
        self._bucket, self._room = -1, 0
        self._recent = self._new_chain()
        self._built = self._new_chain()
        self._built_upto: float = -1  # buckets before this one are in ``_built``

    def _new_chain(self, expected: int = 0) -> Chain:
        return Chain(bucket_at(self._window_ms), self._FILTER_BYTES, expected)

    def keys(self, sources: Iterable[int], message_ids: Iterable[bytes]) -> list[bytes]:
        """128-bit keys of message ids within their sources; without ``hash_key`` nobody can make two ids collide."""
        bases = self._bases
        keys = []
        for source, message_id in zip(sources, message_ids, strict=True):
            keyed = bases[source].copy()
            keyed.update(message_id)
            keys.append(keyed.digest())
        return keys

    def oldest_bucket(self, now: int) -> int:
        return bucket_at(now - self._window_ms)

    def staged_position(self, key: bytes) -> int | None:
        """Where an event lies whose key is not in the table yet. Safe in any thread."""
        found = (staged.positions.get(key) for staged in (*reversed(self._staged), self._leaving))
        return next((position for position in found if position is not None), None)

    def seen(self, keys: Sequence[bytes], now: int) -> set[bytes]:
        """Those of the keys whose events were committed inside the window. The others are taken to be committed next.

        How far the filter is built is read before the filter itself: its builder runs in another thread, and a filter
        that becomes complete after it was asked must not be believed.
        """
        oldest = self.oldest_bucket(now)
        built_upto = self._built_upto
        suspects = sift(keys, bucket_at(now), self._recent, self._built)
        found: set[bytes] = set()
        for staged in (*self._staged, self._leaving):
            if staged.bucket >= oldest:
                found |= staged.positions.keys() & suspects
        found |= self._on_disk(suspects - found, oldest)
        if built_upto != math.inf:
            found |= self._on_disk(set(keys) - suspects, max(oldest, built_upto))
        return found

    def _on_disk(self, keys: Collection[bytes], oldest: float) -> set[bytes]:
        if not keys:
            return set()
        rows = self._db.execute(_sql["find_in_window"], {"oldest": oldest, "keys": b"".join(keys)}).fetchall()
        return {key for (key,) in rows}

    def recover(self) -> None:
        """Write the keys that a crash left to the journal alone. Runs before the first transaction of a start."""
        (last,) = self._db.execute(_sql["last_bucket"]).fetchone()
        self._bucket = -1 if last is None else last
        (after,) = self._db.execute(_sql["read_flushed"]).fetchone()
        for segments in pages(self._db, after):
            self._db.execute("begin immediate")
            buckets: dict[int, dict[bytes, int]] = {}
            for segment in segments:
                ids = [entry.message_id.encode("utf-8", "surrogatepass") for entry in segment.entries()]
                keys = self.keys([segment.source] * len(ids), ids)
                buckets.setdefault(bucket_at(segment.received_at), {}).update(zip(keys, count(segment.first)))
            for bucket, positions in buckets.items():
                self._insert(bucket, positions, sorted(positions))
            self._db.execute(_sql["mark_flushed"], {"position": segments[-1].last})
            self._db.execute("commit")

    def flush(self, transaction: Transaction, *, everything: bool = False) -> bool:
        """Write some staged keys, once enough have come together or ``everything`` shall go: a slice, and more beside
        many new events, so that keys leave faster than they come. Whether any were written; they count when
        :meth:`committed` follows."""
        if not self._slices and self._staged and (everything or self._is_due()):
            self._leaving = self._staged[0]
            del self._staged[0]
            self._slices = _slices(self._leaving.positions, max(1, len(self._leaving.positions) // self._SLICE))
        written = self._slices[: 1 + 2 * len(transaction.fresh) // self._SLICE]
        positions = self._leaving.positions
        if written:
            self._insert(self._leaving.bucket, positions, sorted(chain.from_iterable(written)))
        if written and len(written) == len(self._slices):
            self._db.execute(_sql["mark_flushed"], {"position": max(positions.values())})
        transaction.flushed = len(written)
        return bool(written)

    def _insert(self, bucket: int, positions: Mapping[bytes, int], keys: list[bytes]) -> None:
        """Write these keys, which are in order, to the table."""
        places = msgspec.json.encode([positions[key] for key in keys]).decode()
        self._db.execute(_sql["insert_keys"], {"bucket": bucket, "keys": b"".join(keys), "positions": places})

    def _is_due(self) -> bool:
        return len(self._staged) > 1 or len(self._staged[0].positions) >= self._STAGED

    def committed(self, transaction: Transaction) -> None:
        """The transaction is on disk, and with it its new events and the keys that it wrote."""
        if transaction.fresh:
            bucket = self._next_bucket(transaction.now, len(transaction.fresh))
            if not self._staged or self._staged[-1].bucket != bucket:
                self._staged.append(Staged(bucket, {}))
            self._staged[-1].positions.update(transaction.fresh)
        del self._slices[: transaction.flushed]
        if not self._slices:
            self._leaving = Staged(-1, {})

    def build(self, packed: bytes, bucket: int) -> None:
        """Add keys of a bucket that were on disk at the start; the buckets come in their order. Called in another
        thread than the rest."""
        self._built_upto = bucket
        self._built.add(packed, bucket)

    def built(self) -> None:
        """All keys of the start were added: from now on the memory filter is trusted."""
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
            self._open(bucket_at(now))
        elif self._room <= 0 and self._bucket % _PER_HOUR < _PER_HOUR - 1:
            self._open(self._bucket + 1)
        self._room -= keys
        return self._bucket

    def _open(self, bucket: int) -> None:
        """Buckets get larger as the hour's numbers run out: they last for 31 M keys."""
        self._bucket = bucket
        self._room = self._BUCKET_KEYS << bucket % _PER_HOUR // 16


def _slices(keys: Iterable[bytes], count: int) -> list[list[bytes]]:
    """The keys in ``count`` (at most 256) ranges of about the same length, in no order within each: to sort all at once
    would keep the interpreter from all others for too long."""
    slices: list[list[bytes]] = [[] for _ in range(count)]
    for key in keys:
        slices[key[0] * count >> 8].append(key)
    return slices


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
            self._dedup.expect(db.execute(_sql["count_keys"], {"oldest": self._oldest}).fetchone()[0])
            bucket = self._oldest - 1
            while (bucket := db.execute(_sql["next_bucket"], {"bucket": bucket}).fetchone()[0]) is not None:
                after: bytes | None = b""
                while after is not None:
                    page = {"bucket": bucket, "after": after, "limit": _PAGE}
                    text, after = db.execute(_sql["read_keys"], page).fetchone()
                    self._dedup.build(bytes.fromhex(text or ""), bucket)
                    if self._stopping.wait(_PAUSE):
                        return
        finally:
            db.close()
        self._dedup.built()

    def stop(self) -> None:
        self._stopping.set()
        self.join()
