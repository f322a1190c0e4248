"""A destination that counts: an HTTP server that remembers every event it got and misbehaves on demand.

The first segment of the path says how it answers:

    /ok        200                         /error     500
    /reset     closes without an answer    /cut       closes in the middle of one
    /hang      never answers               /slow      200, one request a second
    /throttle  429 with Retry-After: 1     /faulty    a seeded mixture of all of these, mostly 200
    /fickle    200; for one id in 50 503 at first, for another 400 always (ids end in a number)

An event counts as received when its request was read whole, whatever the answer. Use it in a test as a context manager
(it runs in a thread), or as a process of its own: ``python -m support.sink --port 9000``; ``GET /counts`` tells.
"""

import argparse
import asyncio
import json
import random
import re
import threading
import time
from collections import Counter, defaultdict
from types import TracebackType
from typing import cast

import uvloop

_HEAD_END = b"\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_MESSAGE_ID = re.compile(rb'"messageId": ?"([^"]*)"')
_NUMBER = re.compile(r"(\d+)$")
_REFUSED = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 2\r\n\r\nno"
_OK = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"
_ERROR = b"HTTP/1.1 500 Internal Server Error\r\ncontent-length: 5\r\n\r\nno no"
_THROTTLE = b"HTTP/1.1 429 Too Many Requests\r\nretry-after: 1\r\ncontent-length: 4\r\n\r\nslow"
_MIXTURE = ("ok",) * 88 + ("error",) * 5 + ("throttle",) * 3 + ("reset",) * 2 + ("cut",) + ("hang",)


class Sink:
    """``received[name]`` counts each messageId that came to ``/name``; ``requests[name]`` its requests, and
    ``answered[name]`` those that were answered with 200."""

    def __init__(self, port: int = 0, *, ids: bool = True, seed: int = 1) -> None:
        self.received: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.requests: Counter[str] = Counter()
        self.events: Counter[str] = Counter()
        self.port = port
        self.answered: Counter[str] = Counter()
        self.connections: set[_Connection] = set()
        self._ids = ids
        self._random = random.Random(seed)
        self._changed = threading.Condition()
        self._loop = uvloop.new_event_loop()
        self._next_slow = 0.0
        self._thread = threading.Thread(target=self._loop.run_forever, name="sink", daemon=True)

    def url(self, name: str = "ok") -> str:
        return f"http://127.0.0.1:{self.port}/{name}"

    def __enter__(self) -> "Sink":
        self._server = self._loop.run_until_complete(
            self._loop.create_server(lambda: _Connection(self), "127.0.0.1", self.port, backlog=1024)
        )
        self.port = cast(asyncio.Server, self._server).sockets[0].getsockname()[1]
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _close(self) -> None:
        self._server.close()
        for connection in self.connections:
            connection.transport.abort()
        await asyncio.gather(*(connection.closed for connection in self.connections))

    def wait_for(self, events: int, name: str = "ok", *, timeout: float = 60.0) -> None:
        """Wait until ``events`` different ones came to ``/name``.

        Raises:
            TimeoutError: with the number that did.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: len(self.received[name]) >= events, timeout):
                raise TimeoutError(f"{len(self.received[name])} of {events} events came to /{name} in {timeout:g} s")

    def duplicates(self, name: str = "ok") -> int:
        """How many deliveries were repetitions."""
        return sum(self.received[name].values()) - len(self.received[name])

    def counts(self) -> dict[str, dict[str, int]]:
        return {
            name: {"requests": self.requests[name], "events": self.events[name], "unique": len(self.received[name])}
            for name in self.requests
        }

    def take(self, name: str, body: bytes) -> list[str]:
        """Count one request that was read whole; the ids in it, where they are remembered."""
        self.requests[name] += 1
        if not self._ids:
            self.events[name] += body.count(b'"messageId"')
            return []
        ids = [match.decode() for match in _MESSAGE_ID.findall(body)]
        with self._changed:
            self.events[name] += len(ids)
            self.received[name].update(ids)
            self._changed.notify_all()
        return ids

    def behaviour(self, name: str, ids: list[str]) -> str:
        if name == "fickle":
            return next(filter(None, (fickle(one, self.received[name][one]) for one in ids)), "ok")
        return self._random.choice(_MIXTURE) if name == "faulty" else name

    def slot(self) -> float:
        """Seconds until /slow may answer again: it takes one request a second, whoever asks."""
        now = time.monotonic()
        self._next_slow = max(self._next_slow, now) + 1.0
        return self._next_slow - now


def fickle(message_id: str, times: int) -> str:
    """What /fickle does when an id comes for the so manieth time; "" when it takes it."""
    number = _NUMBER.search(message_id)
    share = int(number[1]) % 50 if number else 0
    return "refuse" if share == 9 else "error" if share == 7 and times == 1 else ""


class _Connection(asyncio.Protocol):
    """Just enough of HTTP/1.1: requests with a Content-Length, answered in order."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.closed = asyncio.get_running_loop().create_future()
        self._sink.connections.add(self)

    def connection_lost(self, error: Exception | None) -> None:
        self._sink.connections.discard(self)
        self.closed.set_result(None)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(_HEAD_END)) >= 0:
            length = _LENGTH.search(self._buffer, 0, end)
            stop = end + 4 + (int(length[1]) if length else 0)
            if len(self._buffer) < stop:
                return
            head, body, self._buffer = self._buffer[:end], self._buffer[end + 4 : stop], self._buffer[stop:]
            path = head.split(b" ", 2)[1].decode()
            self._answer(path.strip("/").split("/")[0].partition("?")[0], body)

    def _answer(self, name: str, body: bytes) -> None:
        if name == "counts":
            text = json.dumps(self._sink.counts()).encode()
            self.transport.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(text), text))
            return
        ids = self._sink.take(name, body)
        match self._sink.behaviour(name, ids):
            case "error":
                self.transport.write(_ERROR)
            case "refuse":
                self.transport.write(_REFUSED)
            case "throttle":
                self.transport.write(_THROTTLE)
            case "reset":
                self.transport.abort()
            case "cut":
                self.transport.write(_OK[:-1])
                self.transport.close()
            case "slow":
                asyncio.get_running_loop().call_later(self._sink.slot(), self._accept, name)
            case "hang":
                pass
            case _:
                self._accept(name)

    def _accept(self, name: str) -> None:
        self._sink.answered[name] += 1
        self.transport.write(_OK)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--port", type=int, default=9000)
    options.add_argument("--count-only", action="store_true", help="do not remember ids: cheaper, for benches")
    given = options.parse_args()
    with Sink(given.port, ids=not given.count_only):
        threading.Event().wait()


if __name__ == "__main__":
    main()
