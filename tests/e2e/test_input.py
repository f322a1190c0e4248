"""Bad input at the real daemon: no 5xx, no traceback, and it goes on serving.

Valid requests are damaged in ways that come from a seed: bytes flipped, cut, repeated and inserted, JSON values swapped
for others that parsers dislike. Ingest's own tests do the same in-process with many more.
"""

import copy
import gzip
import json
import os
import random
import re
import socket
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from support.daemon import WRITE_KEY, Daemon, webhook
from support.sink import Sink

TRIES = 50_000 if "ACTIONSD_SOAK" in os.environ else 4_000
PATHS = ("/v1/track", "/v1/t", "/v1/identify", "/v1/batch", "/v1/import", "/v1/m", "/v1/alias", "/v1/group", "/v1/page")
NASTY: tuple[Any, ...] = (
    None, True, 0, -1, 2**63, 2**64, 1e308, -0.0, "", " ", "\0", "\ud800", "a" * 200, "é" * 150, "2026-13-45T99:00:00Z",
    "9" * 400, [], {}, [[]] * 50, {"": ""}, {"__proto__": 1}, {"$": "."}, {"a": {"b": {"c": {}}}}, ["track", None],
)  # fmt: skip
Mutation = Callable[[random.Random, bytes], bytes]


def _event(chance: random.Random) -> dict[str, Any]:
    return {
        "type": chance.choice(("track", "identify", "page", "screen", "group", "alias")),
        "messageId": f"{chance.getrandbits(64):x}",
        "userId": "u",
        "event": "Fuzzed",
        "groupId": "g",
        "previousId": "p",
        "timestamp": "2026-05-01T10:00:00.000Z",
        "sentAt": "2026-05-01T10:00:01.000Z",
        "properties": {"revenue": 3, "products": [{"sku": "a"}, {"sku": "b"}]},
        "traits": {"email": "a@example.com"},
        "context": {"ip": "203.0.113.9", "page": {"url": "https://a.example/"}, "consent": {"categoryPreferences": {}}},
        "integrations": {"All": True, "hook": {"x": 1}},
    }


def _document(chance: random.Random) -> bytes:
    """A call or a batch, some of its values exchanged for nasty ones."""
    body: Any = _event(chance)
    if chance.random() < 0.4:
        body = {"batch": [_event(chance) for _ in range(chance.randrange(4))], "context": {"a": 1}, "sentAt": "now"}
    for _ in range(chance.randrange(4)):
        _exchange(chance, body)
    return json.dumps(body).encode("utf-8", "surrogatepass")


def _exchange(chance: random.Random, body: Any) -> None:
    inner = body
    while isinstance(inner, (dict, list)) and inner:
        key: Any = chance.choice(list(inner)) if isinstance(inner, dict) else chance.randrange(len(inner))
        if chance.random() < 0.4 or not isinstance(inner[key], (dict, list)) or not inner[key]:
            inner[key] = copy.deepcopy(chance.choice(NASTY))  # it may be damaged in turn
            return
        inner = inner[key]


def _flip(chance: random.Random, data: bytes) -> bytes:
    at = chance.randrange(len(data))
    return data[:at] + bytes([chance.randrange(256)]) + data[at + 1 :]


def _cut(chance: random.Random, data: bytes) -> bytes:
    return data[: chance.randrange(len(data))]


def _repeat(chance: random.Random, data: bytes) -> bytes:
    start = chance.randrange(len(data))
    piece = data[start : start + chance.randrange(40)]
    return data[:start] + piece * chance.randrange(1, 60) + data[start:]


def _insert(chance: random.Random, data: bytes) -> bytes:
    at = chance.randrange(len(data))
    return data[:at] + chance.randbytes(chance.randrange(1, 9)) + data[at:]


def _unchanged(chance: random.Random, data: bytes) -> bytes:
    return data


DAMAGE: tuple[Mutation, ...] = (_flip, _cut, _repeat, _insert, _unchanged)


def _request(chance: random.Random) -> bytes:
    """One HTTP request whose length is right, so that the connection can go on, or a wholly damaged one."""
    body = chance.choice(DAMAGE)(chance, _document(chance))
    headers = [
        f"content-type: {chance.choice(('application/json', 'text/plain', 'text/html', 'application/json; x=é'))}"
    ]
    if chance.random() < 0.2:
        body = chance.choice((_flip, _cut, _unchanged))(chance, gzip.compress(body))
        headers.append("content-encoding: gzip")
    key = chance.choice((WRITE_KEY, WRITE_KEY, "unknown", "", "\u20ac"))
    headers.append("authorization: Basic " + b64encode(f"{key}:".encode()).decode())
    path = chance.choice(PATHS) + chance.choice(("", "", "?a=%ff", "/x", "?writeKey=" + "k" * 300))
    head = f"POST {path} HTTP/1.1\r\nhost: a\r\n" + "".join(f"{line}\r\n" for line in headers)
    if chance.random() < 0.1:
        return chance.choice(DAMAGE)(chance, head.encode()) + b"connection: close\r\n\r\n"
    return head.encode() + b"content-length: %d\r\n\r\n" % len(body) + body


class _Http:
    """Sends requests one after the other and tells the status of each, 0 where the server just closed."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._connect()

    def _connect(self) -> None:
        self._socket = socket.create_connection(("127.0.0.1", self._port), timeout=20)
        self._buffer = b""

    def close(self) -> None:
        self._socket.close()

    def ask(self, request: bytes) -> int:
        self._socket.sendall(request)
        whole = b"content-length" in request
        if not whole:
            self._socket.shutdown(socket.SHUT_WR)
        status, keeps = self._answer()
        if not keeps or not whole:
            self._socket.close()
            self._connect()
        return status

    def _answer(self) -> tuple[int, bool]:
        while b"\r\n\r\n" not in self._buffer:
            if not self._read():
                return 0, False
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: *(\d+)", head)
        missing = int(length[1]) if length else 0
        while len(self._buffer) < missing:
            if not self._read():
                return 0, False
        self._buffer = self._buffer[missing:]
        return int(head.split(b" ", 2)[1]), b"connection: close" not in head.lower()

    def _read(self) -> bool:
        try:
            data = self._socket.recv(65536)
        except ConnectionResetError:
            return False
        self._buffer += data
        return bool(data)


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as running:
        yield running


def test_damaged_requests_get_no_5xx_and_no_traceback(tmp_path: Path, sink: Sink) -> None:
    chance = random.Random(1)
    statuses: Counter[int] = Counter()
    with Daemon(tmp_path, webhook("hook", sink.url())) as daemon:
        http = _Http(daemon.port)
        for _ in range(TRIES):
            request = _request(chance)
            status = http.ask(request)
            statuses[status] += 1
            assert status < 500, request
        http.close()
        _assert_still_serving(daemon, sink)
    assert statuses[200] > TRIES / 10
    assert statuses[400] > TRIES / 10, "too little of it was bad"


def test_damaged_lines_are_answered_in_order_and_nothing_breaks(tmp_path: Path, sink: Sink) -> None:
    chance = random.Random(2)
    outcomes: Counter[bool] = Counter()
    with Daemon(tmp_path, webhook("hook", sink.url())) as daemon:
        with socket.socket(socket.AF_UNIX) as stream:
            stream.settimeout(20)
            stream.connect(str(daemon.data / "events.sock"))
            answers = stream.makefile("rb")
            for _ in range(TRIES):
                line = chance.choice(DAMAGE)(chance, _keyed(chance)).replace(b"\n", b" ").strip()
                stream.sendall((line or b"{}") + b"\n")
                answer = json.loads(answers.readline())
                outcomes[answer["ok"]] += 1
                assert answer["ok"] or answer["code"] not in {"internal", "unavailable"}, line
            answers.close()
        _assert_still_serving(daemon, sink)
    assert outcomes[True] > TRIES / 10
    assert outcomes[False] > TRIES / 10


def _keyed(chance: random.Random) -> bytes:
    return _document(chance).replace(b"{", b'{"writeKey":"' + WRITE_KEY.encode() + b'",', 1)


def _assert_still_serving(daemon: Daemon, sink: Sink) -> None:
    daemon.send(["after-all-that"])
    sink.wait_for(len(sink.received["ok"] | Counter(["after-all-that"])))
    assert "Traceback" not in daemon.log.read_text(errors="replace")
