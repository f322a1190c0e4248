"""Bad input of every kind, from a fixed seed: nothing gets a 5xx or a traceback, what was taken can be decoded, and the
daemon still serves. In process, through the real parser and handlers, so that 24,000 cases take seconds."""

import asyncio
import base64
import gzip
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from actionsd.event import decode, types
from support.clock import settle
from support.ingest import KEY, MemoryJournal, Running, eventually, running

REQUESTS, LINES, TOGETHER = 14_000, 10_000, 200

EVENTS: list[dict[str, Any]] = [
    {"type": "track", "userId": "u", "event": "E", "properties": {"a": 1.5, "b": [1, {"c": None}], "d": "é😀"}},
    {"type": "identify", "anonymousId": "a", "userId": None, "traits": {"email": "a@b.co"}, "writeKey": KEY},
    {"type": "page", "userId": "u", "name": "Home", "context": {"ip": "1.2.3.4", "library": {"name": "analytics.js"}}},
    {"type": "screen", "userId": "u", "sentAt": "2024-01-01T00:00:00Z", "timestamp": "2024-01-01T00:00:00+01:00"},
    {"type": "group", "userId": "u", "groupId": "g", "context": {"direct": True, "device": {"advertisingId": "x"}}},
    {"type": "alias", "userId": "u", "previousId": "p", "_metadata": {"bundled": []}, "integrations": {"All": True}},
    {
        "type": "track",
        "event": "E",
        "messageId": "m",
        "anonymousId": "a",
        "context": {"consent": {"categoryPreferences": {"ads": True}, "version": 2}},
    },
]
NASTY: list[Any] = [
    *(None, True, False, 0, -1, 1e308, 10**30, "", " ", "\0", "\ud800", "\udfff\ud800", "é", "x" * 200, "x" * 40_000),
    *(
        [],
        {},
        [[]],
        [None] * 200,
        {"": ""},
        {"a": {"b": {"c": []}}},
        "2024-99-99",
        "9999-12-31T23:59:59-14:00",
        "track",
    ),
    *({"batch": []}, "unknown", KEY, "wk_off", ["track"], {"name": "analytics.js"}, "__proto__", "${x}", "%s%n"),
]
TOKENS = [
    b"NaN",
    b"1e999",
    b"-",
    b'"\\ud800"',
    b"\xff",
    b"\xef\xbb\xbf",
    b"[" * 150,
    b"{" * 2000,
    b"}",
    b'"',
    b",",
    b"\\",
]
TOKENS += [b"9" * 5000, b"0x1", b"//", b"\x00", b'{"a":1,"a":2}', b"\xed\xa0\x80", b"\n", b"\r\n", b'"batch"', b"'"]
PATHS = [
    f"/v1/{name}" for name in (*sorted(types), *"tipsga", "batch", "b", "import", "m", "nope", "projects/x/settings")
]
HEADERS: dict[str, list[str]] = {
    "Content-Type": [
        "application/json",
        "text/plain",
        "text/plain;charset=x",
        "x",
        "",
        ";",
        "application/json, text/html",
    ],
    "Content-Encoding": ["gzip", "identity", "br", "", "gzip, gzip"],
    "Authorization": [
        "Basic " + base64.b64encode(b"wk_probe:").decode(),
        "Basic",
        "Basic =",
        "Bearer x",
        "",
        "x" * 5000,
    ],
    "X-Retry-Count": ["1", "x", ""],
    "X-Forwarded-For": ["1.2.3.4", "::1", "x", ",,,", "[::1]:5"],
    "Expect": ["100-continue", "x"],
    "Access-Control-Request-Headers": ["authorization", ",,", "é"],
    "Connection": ["close", "keep-alive", "upgrade"],
    "Upgrade": ["websocket", "h2c"],
}


class Fuzzer:
    """Everything that is random, from one seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def value(self, value: Any) -> Any:
        """The value with something in it replaced, removed, repeated or wrapped."""
        pick = self.random
        if isinstance(value, dict) and value and pick.random() < 0.85:
            key = pick.choice(sorted(value))
            change = pick.random()
            if change < 0.15:
                return {name: own for name, own in value.items() if name != key}
            if change < 0.3:
                return value | {pick.choice([key.upper(), "batch", "writeKey", "context", ""]): pick.choice(NASTY)}
            return value | {key: self.value(value[key])}
        if isinstance(value, list) and value and pick.random() < 0.7:
            at = pick.randrange(len(value))
            return [*value[:at], self.value(value[at]), *value[at + pick.randrange(2) :]]
        return [value] * pick.randrange(4) if pick.random() < 0.1 else pick.choice(NASTY)

    def event(self) -> Any:
        event: Any = self.random.choice(EVENTS)
        for _ in range(self.random.choice([0, 1, 1, 2, 5])):
            event = self.value(event)
        return event

    def call(self) -> Any:
        """An event or a batch, alive or not."""
        if self.random.random() < 0.6:
            return self.event()
        batch = {"batch": [self.event() for _ in range(self.random.randrange(5))], "writeKey": KEY}
        return batch if self.random.random() < 0.5 else self.value(batch | {"context": {"a": 1}, "sentAt": "2024"})

    def damaged(self, body: bytes) -> bytes:
        """The bytes with something cut out, put in or changed."""
        pick = self.random
        at = pick.randrange(len(body) + 1)
        change = pick.randrange(5)
        if change == 0:
            return body[:at]
        if change == 1:
            return body[:at] + pick.choice(TOKENS) + body[at:]
        if change == 2:
            return body[:at] + bytes([pick.randrange(256)]) + body[at + 1 :]
        if change == 3:
            return body[:at] + body[at + pick.randrange(20) :]
        return body[at:] + body[:at]

    def body(self) -> bytes:
        body = json.dumps(self.call()).encode()
        for _ in range(self.random.choice([0, 0, 1, 3])):
            body = self.damaged(body)
        return body

    def request(self) -> bytes:
        """A whole HTTP request, as bytes on the wire."""
        pick = self.random
        method = pick.choices(["POST", "GET", "OPTIONS", "PUT", "HEAD", "po\0st"], [90, 4, 2, 2, 1, 1])[0]
        path = pick.choice(PATHS)
        if pick.random() < 0.05:
            path = "/v1/pixel/track?data=" + base64.b64encode(self.body()).decode()[:6000]
            method = "GET"
        elif pick.random() < 0.05:
            path += pick.choice(["/", "?a=b", "%", "%00", "//", "?" + "x" * 9000, "#", "/../track"])
        body = self.body()
        headers = {"Content-Type": "application/json"} if pick.random() < 0.8 else {}
        headers |= {
            name: pick.choice(HEADERS[name]) for name in pick.sample(sorted(HEADERS), pick.choice([0, 1, 1, 3]))
        }
        if headers.get("Content-Encoding") == "gzip" and pick.random() < 0.8:
            body = gzip.compress(body)
            body = self.damaged(body) if pick.random() < 0.5 else body
        if pick.random() < 0.1:
            headers["Transfer-Encoding"] = "chunked"
            size = len(body) if pick.random() < 0.7 else pick.choice([0, 1, len(body) + 5, 2**40])
            body = b"%x\r\n" % size + body + b"\r\n0\r\n\r\n"
        else:
            wrong = pick.random() < 0.05
            headers["Content-Length"] = pick.choice(["0", "-1", "x", "99999999999", "3"]) if wrong else str(len(body))
        lines = [f"{method} {path} HTTP/1.1", "Host: x", *(f"{name}: {value}" for name, value in headers.items())]
        head = "\r\n".join(lines).encode() + b"\r\n\r\n"
        return (self.damaged(head) if pick.random() < 0.03 else head) + body


class Wire(asyncio.Transport):
    """The server's end of a connection whose client sends one request and reads what comes."""

    def __init__(self, protocol: asyncio.Protocol) -> None:
        super().__init__()
        self.protocol = protocol
        self.sent = b""
        self.closed = False
        protocol.connection_made(self)

    def write(self, data: Any) -> None:
        self.sent += bytes(data)

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            asyncio.get_running_loop().call_soon(self.protocol.connection_lost, None)

    abort = close

    def is_closing(self) -> bool:
        return self.closed

    def get_write_buffer_size(self) -> int:
        return 0

    def pause_reading(self) -> None:
        """The one request is already there."""

    resume_reading = pause_reading

    @property
    def statuses(self) -> Iterator[int]:
        for part in self.sent.split(b"HTTP/1.1 ")[1:]:
            yield int(part[:3])


def check_rows(journal: MemoryJournal) -> None:
    """Everything that was taken is an event, and the journal can be read."""
    for source, row in journal.rows:
        event = decode(row.body, row.added)
        assert source == 1
        assert event["type"] in types
        assert event["messageId"] == row.message_id
        assert 0 < len(row.message_id) <= 100
        assert event["timestamp"]
        assert event["receivedAt"]
        row.message_id.encode()
    journal.rows.clear()


def fuzz(folder: Path, run: Callable[[Running, Fuzzer], Any]) -> None:
    async def main() -> None:
        async with running(folder) as here:
            await run(here, Fuzzer(20_260_101))
            good = EVENTS[0] | {"writeKey": KEY}
            assert (await here.post("/v1/track", good))[0] == 200
            assert len(here.journal.rows) == 1

    asyncio.run(main())


def test_mutated_requests(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    statuses: dict[int, int] = {}

    async def run(here: Running, fuzzer: Fuzzer) -> None:
        http = here.ingest._http
        assert http is not None
        for _ in range(REQUESTS // TOGETHER):
            wires = [Wire(http.connection()) for _ in range(TOGETHER)]
            for wire in wires:
                wire.protocol.data_received(fuzzer.request())
            await settle(30)
            for wire in wires:
                wire.close()
                for status in wire.statuses:
                    statuses[status] = statuses.get(status, 0) + 1
            check_rows(here.journal)
        await eventually(lambda: http._bodies._free == 64 * 1024 * 1024)

    fuzz(tmp_path, run)
    assert statuses.keys() <= {100, 200, 204, 400, 404, 405}, statuses
    assert min(statuses[200], statuses[400]) > REQUESTS // 20
    assert not caplog.records


def test_mutated_lines(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def run(here: Running, fuzzer: Fuzzer) -> None:
        reader, writer = await asyncio.open_unix_connection(str(here.ingest.stream_addresses[0].path))
        taken = 0
        for _ in range(LINES // TOGETHER):
            lines = [fuzzer.body().replace(b"\n", b" ") for _ in range(TOGETHER)]
            writer.write(b"\n".join(lines) + b"\n")
            for _ in [line for line in lines if line and not line.isspace()]:
                answer = json.loads(await reader.readline())
                assert answer["ok"] is True or (answer["ok"] is False and answer["code"] and answer["message"])
                assert answer.get("code") != "unavailable"
                taken += answer["ok"]
            check_rows(here.journal)
        assert taken > LINES // 20
        writer.close()

    fuzz(tmp_path, run)
    assert not caplog.records
