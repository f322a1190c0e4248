"""A load generator for any server of the tracking API: keep-alive connections, one request in flight on each."""

import asyncio
import itertools
import math
import time
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import cast

import uvloop

from bench.workload import Template, message_id
from support.daemon import WRITE_KEY

_HEAD_END = b"\r\n\r\n"
_LENGTH = b"content-length:"


@dataclass
class Load:
    """What was sent, and how it was answered. ``latencies`` are seconds, one for each request."""

    events: int = 0
    failures: int = 0
    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Answered events a second."""
        return self.events / self.seconds

    def percentile(self, part: float) -> float:
        """Milliseconds that ``part`` of the requests did not exceed."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(len(ordered) * part))] * 1000


def singles(templates: list[Template], *, first: int = 0) -> Iterator[tuple[bytes, int]]:
    """Requests with one event each, as ``(wire bytes, events)``; messageIds count up from ``first``."""
    heads = [_head(f"/v1/{template.type}", template.size) for template in templates]
    for number, (template, head) in enumerate(itertools.cycle(zip(templates, heads, strict=True)), first):
        yield head + template.body(number), 1


def batches(templates: list[Template], size: int = 100, *, first: int = 0) -> Iterator[tuple[bytes, int]]:
    """Requests of ``size`` events each."""
    numbers = itertools.count(first)
    shapes = [_shape(some) for some in _parted(templates, size)]
    for request, places in itertools.cycle(shapes):
        for place in places:  # copying all else is the least work, for what it takes others cannot have
            request[place] = message_id(next(numbers))
        yield bytes(request), size


def _parted(templates: list[Template], size: int) -> Iterator[list[Template]]:
    """As many lists of so many as it takes to use all of them equally often."""
    endless = itertools.cycle(templates)
    return (list(itertools.islice(endless, size)) for _ in range(math.lcm(len(templates), size) // size))


def _shape(templates: list[Template]) -> tuple[bytearray, list[slice]]:
    """A request with all of these, and where its messageIds go."""
    body, places = bytearray(b'{"batch":['), []
    for template in templates:
        start = len(body) + len(template.before)
        places.append(slice(start, start + len(message_id(0))))
        body += template.body(0) + b","
    body[-1:] = b"]}"
    head = _head("/v1/batch", len(body))
    return bytearray(head) + body, [slice(each.start + len(head), each.stop + len(head)) for each in places]


def _head(path: str, length: int) -> bytes:
    basic = b64encode(f"{WRITE_KEY}:".encode()).decode()
    return (
        f"POST {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Basic {basic}\r\n"
        f"content-type: application/json\r\ncontent-length: {length}\r\n\r\n"
    ).encode()


def drive(
    port: int, requests: Iterator[tuple[bytes, int]], connections: int, *, events: int = 0, seconds: float = 0.0,
    rate: float = 0.0,
) -> Load:  # fmt: skip
    """Send requests until ``events`` were sent, or for ``seconds``, and wait for all answers; as fast as they come, or
    ``rate`` requests a second."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_drive(port, _enough(requests, events, seconds), connections, rate))


def _enough(requests: Iterator[tuple[bytes, int]], events: int, seconds: float) -> Iterator[tuple[bytes, int]]:
    deadline = time.perf_counter() + seconds
    sent = 0
    while sent < events or time.perf_counter() < deadline:
        request = next(requests)
        sent += request[1]
        yield request


async def _drive(port: int, requests: Iterator[tuple[bytes, int]], connections: int, rate: float) -> Load:
    load = Load()
    loop = asyncio.get_running_loop()
    pace = Pace(rate)
    started = time.perf_counter()
    clients = [
        (await loop.create_connection(lambda: _Client(load, requests, pace), "127.0.0.1", port))[1]
        for _ in range(connections)
    ]
    await asyncio.gather(*(client.done for client in clients))
    load.seconds = time.perf_counter() - started
    return load


class Pace:
    """When the next request is to be sent; without a rate, now."""

    def __init__(self, rate: float) -> None:
        self._interval = 1 / rate if rate else 0.0
        self._next = asyncio.get_running_loop().time()

    def wait(self) -> float:
        """Seconds until then."""
        self._next += self._interval
        return self._next - self._interval - asyncio.get_running_loop().time() if self._interval else 0.0


class _Client(asyncio.Protocol):
    """Sends the next request as soon as the last one is answered."""

    def __init__(self, load: Load, requests: Iterator[tuple[bytes, int]], pace: Pace) -> None:
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._load = load
        self._requests = requests
        self._pace = pace
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._send_on_time()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(error or ConnectionError("the server closed the connection"))

    def _send_on_time(self) -> None:
        wait = self._pace.wait()
        if wait > 0:
            asyncio.get_running_loop().call_later(wait, self._send)
        else:
            self._send()

    def _send(self) -> None:
        request = next(self._requests, None)
        if request is None:
            self.done.set_result(None)
            self._transport.close()
            return
        self._sent = time.perf_counter()
        self._events = request[1]
        self._transport.write(request[0])

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(_HEAD_END)
        if end < 0:
            return
        head = self._buffer[:end].lower()
        at = head.find(_LENGTH)
        length = int(head[at + len(_LENGTH) :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if len(self._buffer) < end + 4 + length:
            return
        self._buffer = b""
        self._load.latencies.append(time.perf_counter() - self._sent)
        if head.startswith(b"http/1.1 200"):
            self._load.events += self._events
        else:
            self._load.failures += 1
        self._send_on_time()
