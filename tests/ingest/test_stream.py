"""What a client of the stream sees (RULES R35)."""

import asyncio
import contextlib
import gc
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actionsd.errors import StoreBroken, Unavailable
from actionsd.ingest.stream import Lines, max_unanswered, max_unanswered_bytes
from support.clock import settle
from support.ingest import COMMITTED, KEY, Running, eventually, running

EVENT = {"type": "track", "userId": "u", "event": "E", "writeKey": KEY}


class Peer:
    """A client of the stream."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def send(self, *lines: Any) -> None:
        for line in lines:
            self.writer.write((line if isinstance(line, bytes) else json.dumps(line).encode()) + b"\n")

    async def answer(self) -> Any:
        return json.loads(await self.reader.readline())

    async def answers(self) -> list[Any]:
        """All that is left, after our side has ended."""
        self.writer.write_eof()
        return [json.loads(line) for line in (await self.reader.read()).splitlines()]


@contextlib.asynccontextmanager
async def connected(here: Running) -> AsyncIterator[Peer]:
    path = here.ingest.stream_addresses[0].path
    reader, writer = await asyncio.open_unix_connection(str(path))
    try:
        yield Peer(reader, writer)
    finally:
        writer.close()


def check(folder: Path, test: Callable[[Running, Peer], Awaitable[None]], **options: Any) -> None:
    async def main() -> None:
        async with running(folder, **options) as here, connected(here) as peer:
            await test(here, peer)

    asyncio.run(main())


def test_r35_each_line_is_answered_in_order(tmp_path: Path) -> None:
    async def test(here: Running, peer: Peer) -> None:
        peer.send(EVENT | {"messageId": "m1"}, b"{", EVENT | {"event": 5}, b"", b" \r", EVENT | {"messageId": "m2"})
        answers = await peer.answers()
        assert [answer.get("messageId") or answer["code"] for answer in answers] == [
            "m1",
            "bad_request",
            "event_not_string",
            "m2",
        ]
        assert [answer["ok"] for answer in answers] == [True, False, False, True]
        assert all(answer["ok"] or answer["message"] for answer in answers)
        assert here.journal.reasons() == {"bad_request": 1, "event_not_string": 1}

    check(tmp_path, test)


def test_r35_the_answer_comes_after_the_commit_and_errors_wait_behind_it(tmp_path: Path) -> None:
    async def test(here: Running, peer: Peer) -> None:
        here.journal.hold = True
        peer.send(EVENT | {"messageId": "m1"}, b"nothing", EVENT | {"messageId": "m2"})
        await eventually(lambda: len(here.journal.waiting) == 3)
        first, error, second = here.journal.waiting
        error.set_result(COMMITTED)
        second.set_result(COMMITTED)
        reading = asyncio.create_task(peer.answer())
        await settle()
        assert not reading.done()
        first.set_result(COMMITTED)
        assert (await reading)["messageId"] == "m1"
        assert (await peer.answer())["code"] == "bad_request"
        assert (await peer.answer())["messageId"] == "m2"

    check(tmp_path, test)


def test_r35_a_batch_is_one_transaction_and_one_answer(tmp_path: Path) -> None:
    async def test(here: Running, peer: Peer) -> None:
        here.journal.hold = True
        items = [EVENT, EVENT | {"messageId": "bad", "event": None}, 5, EVENT]
        peer.send({"batch": items, "context": {"a": 1}})
        await eventually(lambda: here.journal.waiting)
        assert (len(here.journal.waiting), len(here.journal.rows)) == (1, 2)
        here.journal.hold = False
        here.journal.commit()
        answer = await peer.answer()
        refused = [(item["index"], item["messageId"], item["code"]) for item in answer.pop("refused")]
        assert answer == {"ok": True, "accepted": 2}
        assert refused == [(1, "bad", "event_not_defined"), (2, "", "bad_request")]
        peer.send({"batch": [5], "writeKey": KEY}, {"batch": [], "writeKey": KEY}, EVENT | {"batch": 5})
        none, empty, event = await peer.answers()
        assert (none["ok"], none["code"], len(none["refused"])) == (False, "empty_batch_result", 1)
        assert (empty["ok"], empty["code"]) == (False, "empty_batch")
        assert event["ok"]

    check(tmp_path, test)


def test_an_odd_id_of_a_refused_event_does_not_break_its_answer(tmp_path: Path) -> None:
    async def test(here: Running, peer: Peer) -> None:
        peer.send({"batch": [EVENT | {"event": 5, "messageId": id} for id in ("\ud800", "x" * 999, 5)]})
        [answer] = await peer.answers()
        assert [item["messageId"] for item in answer["refused"]] == ["\ufffd", "x" * 100, ""]

    check(tmp_path, test)


@pytest.mark.parametrize(
    ("change", "code"), [({"writeKey": None}, "unknown_source"), ({"writeKey": "wk_off"}, "source_disabled")]
)
def test_the_stream_says_what_http_keeps_to_itself(tmp_path: Path, change: dict[str, Any], code: str) -> None:
    async def test(here: Running, peer: Peer) -> None:
        peer.send(EVENT | change)
        [answer] = await peer.answers()
        assert (answer["ok"], answer["code"]) == (False, code)
        assert here.journal.reasons() == {code: 1}

    check(tmp_path, test)


def test_f005_an_event_line_has_the_limits_of_http(tmp_path: Path) -> None:
    async def test(here: Running, peer: Peer) -> None:
        peer.send(EVENT | {"properties": {"a": "x" * 33_000}}, b"[" * 5000, EVENT)
        answers = await peer.answers()
        assert [answer["ok"] for answer in answers] == [False, False, True]
        assert "32768" in answers[0]["message"]

    check(tmp_path, test)


def test_r35_an_over_long_line_gets_an_error_and_is_skipped(tmp_path: Path) -> None:
    async def test(here: Running, peer: Peer) -> None:
        peer.send(b"x" * 512_001, EVENT | {"messageId": "m1"}, b"y" * 3_000_000, EVENT | {"messageId": "m2"})
        answers = await peer.answers()
        expected = ["bad_request", "m1", "bad_request", "m2"]
        assert [answer.get("messageId") or answer["code"] for answer in answers] == expected

    check(tmp_path, test)


@pytest.mark.parametrize("end", [b"", b"\n"])
def test_r35_half_close_still_gets_every_answer_and_a_last_line_needs_no_newline(tmp_path: Path, end: bytes) -> None:
    async def test(here: Running, peer: Peer) -> None:
        here.journal.hold = True
        peer.writer.write(json.dumps(EVENT | {"messageId": "m1"}).encode() + end)
        answering = asyncio.create_task(peer.answers())
        await eventually(lambda: here.journal.waiting)
        here.journal.commit()
        assert await answering == [{"ok": True, "messageId": "m1"}]

    check(tmp_path, test)


@pytest.mark.parametrize("error", [Unavailable("the disk is full", reason="store", retry_after=7), StoreBroken("gone")])
@pytest.mark.parametrize("when", ["at once", "at the commit"])
def test_r35_trouble_of_the_writer_is_unavailable(tmp_path: Path, error: Any, when: str) -> None:
    async def test(here: Running, peer: Peer) -> None:
        here.journal.trouble, here.journal.hold = (error, False) if when == "at once" else (None, True)
        peer.send(EVENT, b"{")
        if when != "at once":
            await eventually(lambda: len(here.journal.waiting) == 2)
            here.journal.commit(error)
        for _ in range(2):
            retry_after = getattr(error, "retry_after", 1)
            unavailable = {"ok": False, "code": "unavailable", "message": str(error), "retryAfter": retry_after}
            assert await peer.answer() == unavailable
        here.journal.trouble, here.journal.hold = None, False
        peer.send(EVENT)
        assert (await peer.answer())["ok"]

    check(tmp_path, test)


def test_f015_above_the_rate_limit_the_line_is_to_be_sent_again(tmp_path: Path) -> None:
    async def test(here: Running, peer: Peer) -> None:
        peer.send(EVENT, EVENT)
        taken, limited = await peer.answers()
        assert taken["ok"]
        assert (limited["ok"], limited["code"], limited["retryAfter"]) == (False, "too_many_requests", 1)

    check(tmp_path, test, rate_limit=1.0)


async def stuff(here: Running, peer: Peer) -> int:
    """Send lines and read no answer until the daemon takes no more; tells how many were sent. What the socket does not
    take any more waits in the client's own transport."""
    sent, taken = 0, -1
    while peer.writer.transport.get_write_buffer_size() < 256 * 1024 or taken < len(here.journal.rows):
        taken = len(here.journal.rows)
        peer.send(*([EVENT] * 200))
        sent += 200
        await settle(50)
    return sent


def test_r35_a_client_that_does_not_read_is_slowed_down_not_buffered(tmp_path: Path) -> None:
    async def test(here: Running, peer: Peer) -> None:
        sent = await stuff(here, peer)
        [stream] = here.ingest._streams._open.values()
        assert len(here.journal.rows) < sent
        assert len(stream._unanswered) <= max_unanswered
        assert stream._bytes <= max_unanswered_bytes + 1000
        assert stream._writer.transport.get_write_buffer_size() <= 256 * 1024
        answers = await peer.answers()
        assert len(answers) == sent == len(here.journal.rows)
        assert all(answer["ok"] for answer in answers)

    check(tmp_path, test)


def test_r32_a_stop_does_not_wait_for_a_client_that_does_not_read(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def test(here: Running, peer: Peer) -> None:
        await stuff(here, peer)
        [stream] = here.ingest._streams._open.values()
        await here.ingest._streams.stop(0.01)
        assert stream._writer.transport.is_closing()
        assert not here.ingest._streams._open

    check(tmp_path, test)
    assert not caplog.records


def test_r35_reading_stops_at_so_many_unanswered_lines(tmp_path: Path) -> None:
    async def test(here: Running, peer: Peer) -> None:
        here.journal.hold = True
        peer.send(*([EVENT] * (max_unanswered + 500)))
        await eventually(lambda: len(here.journal.waiting) >= max_unanswered)
        await settle(200)
        assert len(here.journal.waiting) == max_unanswered
        here.journal.hold = False
        here.journal.commit()
        assert len(await peer.answers()) == max_unanswered + 500

    check(tmp_path, test)


def test_r35_reading_stops_at_so_many_unanswered_bytes(tmp_path: Path) -> None:
    async def test(here: Running, peer: Peer) -> None:
        here.journal.hold = True
        big = {"batch": [EVENT | {"properties": {"a": "x" * 30_000}}] * 16}
        peer.send(big, big, big, big)
        await settle(2000)
        assert 0 < len(here.journal.waiting) * len(json.dumps(big)) < max_unanswered_bytes + len(json.dumps(big))
        assert len(here.journal.waiting) < 4
        here.journal.hold = False
        here.journal.commit()
        assert [answer["accepted"] for answer in await peer.answers()] == [16] * 4

    check(tmp_path, test)


def test_r32_a_stop_answers_what_was_read(tmp_path: Path) -> None:
    async def test(here: Running, peer: Peer) -> None:
        here.journal.hold = True
        peer.send(EVENT | {"messageId": "m1"})
        peer.writer.write(b'{"unfinished":')
        await eventually(lambda: here.journal.waiting)
        stopping = asyncio.create_task(here.ingest.stop())
        await settle()
        here.journal.commit()
        assert json.loads(await peer.reader.readline()) == {"ok": True, "messageId": "m1"}
        assert await peer.reader.read() == b""
        await stopping

    check(tmp_path, test)


@pytest.mark.parametrize("outcome", [None, StoreBroken("gone")])
def test_a_client_that_goes_away_leaves_no_trace(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, outcome: StoreBroken | None
) -> None:
    async def test(here: Running, peer: Peer) -> None:
        here.journal.hold = True
        async with connected(here) as other:
            other.send(*([EVENT] * 10))
            await eventually(lambda: len(here.journal.waiting) == 10)
            other.writer.transport.abort()
        await settle(50)
        here.journal.hold = False
        here.journal.commit(outcome)
        peer.send(EVENT)
        assert (await peer.answer())["ok"]
        await eventually(lambda: len(here.ingest._streams._open) == 1)

    check(tmp_path, test)
    gc.collect()
    assert not caplog.records


def test_what_a_client_sent_before_it_went_away_is_committed(tmp_path: Path) -> None:
    async def test(here: Running, peer: Peer) -> None:
        async with connected(here) as other:
            other.send(*([EVENT] * 10))
        await eventually(lambda: len(here.journal.rows) == 10)
        await eventually(lambda: len(here.ingest._streams._open) == 1)
        assert not here.journal.waiting

    check(tmp_path, test)


def test_many_streams_at_once(tmp_path: Path) -> None:
    async def test(here: Running, peer: Peer) -> None:
        async def one(number: int) -> list[Any]:
            async with connected(here) as other:
                other.send(*(EVENT | {"messageId": f"{number}-{n}"} for n in range(50)))
                return [answer["messageId"] for answer in await other.answers()]

        answers = await asyncio.gather(*(one(number) for number in range(20)))
        assert answers == [[f"{number}-{n}" for n in range(50)] for number in range(20)]

    check(tmp_path, test)


@given(st.binary(max_size=60).map(lambda data: data.replace(b"x", b"\n")), st.lists(st.integers(1, 9), max_size=60))
def test_lines_are_the_same_however_they_arrive(data: bytes, sizes: list[int]) -> None:
    limit = 8
    lines, at = Lines(limit), 0
    found: list[bytes | None] = []
    for size in sizes:
        found += lines.feed(data[at : at + size])
        at += size
    found += lines.feed(data[at:])
    *complete, rest = data.split(b"\n")
    expected = [line if len(line) <= limit else None for line in complete]
    assert found[: len(expected)] == expected
    assert found[len(expected) :] == ([None] if len(rest) > limit else [])
    assert lines.last() == (rest if len(rest) <= limit else b"")
