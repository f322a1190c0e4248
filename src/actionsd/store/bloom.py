"""The memory filter of deduplication: tells of a key that it is surely not on disk, or that it may be (RULES R9)."""

from array import array
from collections.abc import Sequence
from itertools import compress

try:
    from actionsd.store._bloom import add, has
except ImportError:
    from actionsd.store.purebloom import add, has

KEY_BYTES = 16

_BITS = 20  # of a filter for each key: 0.2 % false "maybe" when full
_WORD_BITS = 6  # 2 ** 6 bits in a word


class Filter:
    """``2 ** exponent`` bits, for keys of the buckets ``first_bucket`` to ``last_bucket``; ``room`` for so many more.
    Keys come packed: one after the other in one bytes object."""

    __slots__ = ("first_bucket", "last_bucket", "room", "words")

    def __init__(self, exponent: int, bucket: int) -> None:
        self.words = array("Q", bytes(1 << (exponent - 3)))
        self.room = (1 << exponent) // _BITS
        self.first_bucket = self.last_bucket = bucket

    @property
    def exponent(self) -> int:
        return (len(self.words) - 1).bit_length() + _WORD_BITS

    def add(self, packed: bytes) -> bytes:
        """A byte for each key: 0 where it surely was not here before."""
        self.room -= len(packed) // KEY_BYTES
        return add(self.words, packed)

    def has(self, packed: bytes) -> bytes:
        """A byte for each key: 0 where it surely is not here."""
        return has(self.words, packed)


class Chain:
    """Filters that together cover the window. A full one is followed by one four times as large, up to 8 MB; one that
    covers half of the window by one of its size; one that the window has left is dropped. Near ``max_bytes`` they get
    smaller, then the last is overfilled: it says "maybe" more often, and the disk answers."""

    _SMALLEST, _LARGEST = 22, 26  # exponents of the number of bits: 512 KB, 8 MB

    def __init__(self, window_buckets: int, max_bytes: int, expected: int = 0) -> None:
        self._window = window_buckets
        self._max_bytes = max_bytes
        self._first = max(self._SMALLEST, (expected * _BITS).bit_length())
        self.filters: list[Filter] = []

    def add(self, packed: bytes, bucket: int) -> None:
        self.newest(bucket).add(packed)

    def newest(self, bucket: int) -> Filter:
        """The filter that takes keys of this bucket."""
        last = self.filters[-1] if self.filters else None
        if last is None or last.room <= 0 or bucket - last.first_bucket > self._window // 2:
            last = self._extend(last, bucket)
        last.last_bucket = max(last.last_bucket, bucket)
        return last

    def forget(self, oldest: int) -> None:
        """Drop what covers only buckets before ``oldest``."""
        self.filters = [each for each in self.filters if each.last_bucket >= oldest]

    def _extend(self, last: Filter | None, bucket: int) -> Filter:
        exponent = self._first
        if last is not None:
            exponent = min(last.exponent + (2 if last.room <= 0 else 0), self._LARGEST)
        room = 8 * (self._max_bytes - sum(len(each.words) * 8 for each in self.filters))
        exponent = min(exponent, room.bit_length() - 1)
        if last is not None and exponent < self._SMALLEST:
            last.first_bucket = bucket
            return last
        self.filters.append(Filter(exponent, bucket))
        return self.filters[-1]


def sift(keys: Sequence[bytes], bucket: int, chain: Chain, other: Chain) -> set[bytes]:
    """Those of the keys that may have been added to one of the chains; the others surely were not. Now all are in
    ``chain``: what is not stored in the end costs a look at the disk if it comes again."""
    packed = b"".join(keys)
    newest = chain.newest(bucket)
    found = {*compress(keys, newest.add(packed))}
    for older in (*chain.filters, *other.filters):
        if older is not newest:
            found.update(compress(keys, older.has(packed)))
    return found
