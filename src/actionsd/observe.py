"""What happens, told live to whoever listens: ``actionsctl tail`` and the tester's console.

Nothing is kept and nothing waits: a listener that falls behind loses records and is told how many. While nobody listens
a publisher spends one attribute test: ``if tap.listening: tap.publish(...)``.
"""

from collections import deque

import anyio
import msgspec


class Seen(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that happened. ``step`` is accepted, duplicate, refused, filtered, discarded, delivered, retry or dead;
    ``at`` milliseconds since the epoch; ``position`` 0 where the event has none. It never holds secrets, and payloads
    only in ``exchange``: JSON of the requests and answers of an attempt, which is filled, as ``message`` is, while
    somebody listens who wants exchanges."""

    at: int
    step: str
    source: int
    message_id: str
    position: int = 0
    type: str = ""
    event: str = ""
    destination: int = 0
    mapping: int = 0
    reason: str = ""
    status: int = 0
    took_ms: float = 0.0
    message: str = ""
    exchange: bytes = b""


class Listener:
    """A bounded view on the tap. ``lost`` counts what it could not hold."""

    def __init__(self, size: int, exchanges: bool) -> None:
        self.exchanges = exchanges
        self._closed = False
        self._queue: deque[Seen] = deque()
        self._size = size
        self._wake = anyio.Event()
        self.lost = 0

    def put(self, seen: Seen) -> None:
        if len(self._queue) >= self._size:
            self.lost += 1
            return
        if seen.exchange and not self.exchanges:
            seen = msgspec.structs.replace(seen, exchange=b"")
        self._queue.append(seen)
        self._wake.set()

    async def next(self) -> Seen | None:
        """The oldest record not yet taken; waits for one. None: there will be no more."""
        while not (self._queue or self._closed):
            self._wake = anyio.Event()
            await self._wake.wait()
        return self._queue.popleft() if self._queue else None

    def close(self) -> None:
        """There will be no more."""
        self._closed = True
        self._wake.set()


class Tap:
    """Where the parts of the daemon publish what they did."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []
        self.listening = False
        self.exchanges = False  # somebody wants them

    def publish(self, seen: Seen) -> None:
        for listener in self._listeners:
            listener.put(seen)

    def listen(self, size: int = 1000, *, exchanges: bool = False) -> Listener:
        """A new listener that sees what comes from now on; hand it to :meth:`leave` when done."""
        listener = Listener(size, exchanges)
        self._listeners.append(listener)
        self._changed()
        return listener

    def close(self) -> None:
        """The daemon stops: let all listeners go, so that it need not wait for them."""
        for listener in self._listeners:
            listener.close()

    def leave(self, listener: Listener) -> None:
        self._listeners.remove(listener)
        self._changed()

    def _changed(self) -> None:
        self.listening = bool(self._listeners)
        self.exchanges = any(listener.exchanges for listener in self._listeners)
