"""Deliveries gathered into batches (RULES R24, R25; FEATURES F190-F195)."""

from collections import deque
from collections.abc import Hashable
from typing import Generic, Protocol, TypeVar


class Item(Protocol):
    """What a batch holds: a delivery whose payload is rendered. ``size`` is the payload's in bytes."""

    @property
    def size(self) -> int: ...


K = TypeVar("K", bound=Hashable)
T = TypeVar("T", bound=Item)


class Batch(Generic[K, T]):
    """Deliveries of one key, to be performed by one call. ``flush_at`` is a monotonic second."""

    __slots__ = ("flush_at", "items", "key", "size")

    def __init__(self, key: K, flush_at: float) -> None:
        self.key = key
        self.items: list[T] = []
        self.size = 0
        self.flush_at = flush_at


class Batcher(Generic[K, T]):
    """Open batches by key, and the full ones that wait for a slot. ``held`` counts the items of the open ones."""

    def __init__(self, linger: float) -> None:
        self._linger = linger
        self.held = 0
        self._open: dict[K, Batch[K, T]] = {}  # in the order in which they were opened, so by flush_at
        self.ready: deque[Batch[K, T]] = deque()

    def add(self, key: K, item: T, now: float, *, most_items: int, most_bytes: int) -> None:
        """Put the item into the open batch of its key; a batch that is full, or would be over-full, gets ready."""
        batch, size = self._open.get(key), item.size
        if batch is not None and batch.size + size > most_bytes:
            self._close(key)
            batch = None
        if batch is None:
            batch = self._open[key] = Batch[K, T](key, now + self._linger)
        batch.items.append(item)
        batch.size += size
        self.held += 1
        if len(batch.items) >= most_items or batch.size >= most_bytes:
            self._close(key)

    def flush_due(self, now: float) -> None:
        """Batches that have waited for ``linger`` get ready."""
        while self._open:
            key, batch = next(iter(self._open.items()))
            if batch.flush_at > now:
                return
            self._close(key)

    def flush(self) -> None:
        """All open batches get ready: a new version, a full window, a stop (RULES R20, R23, R32)."""
        self.ready.extend(self._open.values())
        self._open.clear()
        self.held = 0

    def _close(self, key: K) -> None:
        batch = self._open.pop(key)
        self.ready.append(batch)
        self.held -= len(batch.items)

    def next_at(self) -> float:
        """When :meth:`flush_due` has something to do; infinity when nothing is open."""
        for batch in self._open.values():
            return batch.flush_at
        return float("inf")
