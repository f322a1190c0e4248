"""What the writer is asked to do, and the queue where it waits: filled on the event loop, emptied by a thread."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from actionsd.event import Accepted, Facet
from actionsd.store.records import Appended, Count, Settlement
from actionsd.store.transaction import Transaction

Details = Mapping[tuple[Count, Facet], int]

GROUP_BYTES = 8 * 1024 * 1024  # of one transaction (RULES R10)


class Append:
    """Events of one source, all or none of them committed (RULES R10). ``details`` say how many of ``counts`` are of
    which facet; ``size`` is what the events take in memory."""

    __slots__ = ("counts", "details", "events", "future", "size", "source")

    def __init__(
        self,
        source: int,
        events: Sequence[Accepted],
        counts: Mapping[Count, int],
        details: Details,
        future: "asyncio.Future[Appended]",
    ) -> None:
        self.source = source
        self.events = events
        self.counts = counts
        self.details = details
        self.future = future
        self.size = sum([len(event.body) + len(event.added) + 200 for event in events])


class Settle:
    """What a lane has learnt, to be written with the next commit."""

    __slots__ = ("future", "settlement")
    size = 0

    def __init__(self, settlement: Settlement, future: "asyncio.Future[None]") -> None:
        self.settlement = settlement
        self.future = future


class Job:
    """Anything else that writes: a function that gets a transaction of its own."""

    __slots__ = ("future", "run")
    size = 0

    def __init__(self, run: Callable[[Transaction], Any], future: "asyncio.Future[Any]") -> None:
        self.run = run
        self.future = future


Request = Append | Settle | Job


class RequestQueue:
    """First in, first out. ``bytes`` counts what waits or is being written."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._requests: deque[Request] = deque()
        self._hurry = False
        self._closed = False
        self.bytes = 0

    def put(self, request: Request, *, hurry: bool = True) -> bool:
        """Add a request; without ``hurry`` it waits for the next that has, or for :meth:`hurry`. False when closed."""
        with self._changed:
            if self._closed:
                return False
            self._requests.append(request)
            self.bytes += request.size
            if hurry and not self._hurry:
                self._hurry = True
                self._changed.notify()
            return True

    def hurry(self) -> None:
        with self._changed:
            self._hurry = True
            self._changed.notify()

    def close(self) -> None:
        """Let the writer end once it has taken everything."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def withdraw(self, future: "asyncio.Future[Any]") -> bool:
        """Remove the request with this future if the writer has not taken it; tells whether it did (RULES R10)."""
        with self._changed:
            for index, request in enumerate(self._requests):
                if request.future is future:
                    del self._requests[index]
                    self.bytes -= request.size
                    return True
        return False

    def take(self, timeout: float) -> list[Request] | None:
        """The next group: a job alone, or everything before the next job up to ``GROUP_BYTES``. Requests are never
        split. Empty after ``timeout`` seconds without anything to do, ``None`` when closed and empty."""
        with self._changed:
            if not self._hurry and not self._closed:
                self._changed.wait(timeout)
            if not self._hurry and not self._closed:
                return []
            group = self._next_group()
            self._hurry = bool(self._requests)
            return group or (None if self._closed else [])

    def drain(self) -> list[Request]:
        """Close, and take everything that waits; for a writer that ends before its time."""
        with self._changed:
            self._closed = True
            requests = list(self._requests)
            self._requests.clear()
            return requests

    def release(self, size: int) -> None:
        """The writer is done with requests of this size."""
        with self._changed:
            self.bytes -= size

    def _next_group(self) -> list[Request]:
        group: list[Request] = []
        size = 0
        while self._requests:
            request = self._requests[0]
            if group and (isinstance(request, Job) or size + request.size > GROUP_BYTES):
                break
            self._requests.popleft()
            if request.future.cancelled():
                self.bytes -= request.size
                continue
            group.append(request)
            size += request.size
            if isinstance(request, Job):
                break
        return group
