"""Events packed into segments: what goes in comes out, damage is told, older databases follow (RULES R7, R13, R26)."""

import asyncio
import sqlite3
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actionsd.store import sql
from actionsd.store.connection import migrate
from actionsd.store.records import Dead, LaneKey, Retry, Settlement
from actionsd.store.segment import SEGMENT_BYTES, SEGMENT_EVENTS, Row, Segment, cut, pack, unpack
from support.clock import FakeClock
from support.store import accepted, append, destination, noise, opened, source

_events = st.lists(
    st.tuples(st.binary(max_size=50), st.binary(max_size=9000), st.binary(max_size=300), st.integers(0, 2**40)),
    max_size=20,
)


@given(_events)
def test_what_is_packed_comes_out_again(events: list[Row]) -> None:
    assert unpack(pack(events)) == events


@given(st.lists(st.integers(0, SEGMENT_BYTES * 2), max_size=400))
def test_cutting_leaves_nothing_out_and_keeps_the_bounds(sizes: list[int]) -> None:
    parts = [*cut(sizes)]
    assert [size for part in parts for size in sizes[part]] == sizes
    for part in parts:
        assert 1 <= len(sizes[part]) <= SEGMENT_EVENTS
        assert len(sizes[part]) == 1 or sum(sizes[part]) <= SEGMENT_BYTES


def test_a_segment_is_small_where_its_events_are_alike() -> None:
    events = [(b"m%d" % number, b'{"context":"%b"}' % (b"the same " * 100), b"{}", 0) for number in range(100)]
    assert len(pack(events)) * 20 < sum(len(body) for _, body, _, _ in events)


@pytest.mark.parametrize("damage", ["cut", "flipped", "one missing", "nothing"])
def test_r26_a_damaged_segment_keeps_its_positions_and_has_no_events(damage: str) -> None:
    events = [(b"m", b'{"event":"%b"}' % noise(40).hex().encode(), b"{}", 0) for _ in range(100)]
    packed = bytearray(pack(events[:-1] if damage == "one missing" else events))
    if damage == "cut":
        del packed[-20:]
    elif damage == "flipped":
        packed[len(packed) // 2] ^= 1
    elif damage == "nothing":
        packed.clear()
    entries = Segment(5, 104, 1, 7, 1, bytes(packed)).entries()
    assert [entry.position for entry in entries] == [*range(5, 105)]
    with pytest.raises(msgspec.DecodeError):
        _ = entries[0].event


@given(st.integers(1, 40), st.integers(0, 10_000), st.integers(1, 255), st.booleans())
def test_r26_whatever_becomes_of_its_bytes_a_segment_gives_its_positions(
    events: int, place: int, flip: int, cut_there: bool
) -> None:
    packed = bytearray(pack([(b"m%d" % number, b'{"event":"E"}' * number, b"{}", number) for number in range(events)]))
    packed[place % len(packed)] ^= flip
    if cut_there:
        del packed[place % len(packed) :]
    entries = Segment(1, events, 1, 7, 1, bytes(packed)).entries()
    assert [entry.position for entry in entries] == [*range(1, events + 1)]


def test_r07_events_of_several_sources_are_dense_and_their_requests_keep_their_order(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path) as store:
            requests = [
                (source, [accepted(f"{source}-{n}-{each}") for each in range(3)]) for n in range(5) for source in (2, 1)
            ]
            answers = await asyncio.gather(*(store.journal.append(source, events, {}) for source, events in requests))
            entries = {entry.position: entry for entry in await store.journal.read(0, limit=1000, max_bytes=10**9)}
            assert [*entries] == [*range(1, 31)]
            for (source_id, events), answer in zip(requests, answers, strict=True):
                there = [entries[position] for position in answer.positions]
                assert [(e.source, e.message_id) for e in there] == [(source_id, e.message_id) for e in events]
                assert [*answer.positions] == sorted(answer.positions)
            newest = [entry.message_id for entry in await store.journal.newest(1, before=2**40, limit=4)]
            assert newest == ["1-4-2", "1-4-1", "1-4-0", "1-3-2"]

    asyncio.run(main())


def test_a_span_that_begins_and_ends_inside_segments_is_counted_and_read_exactly(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path) as store:
            await store.workspace.declare([source()], [destination()])
            for batch in range(30):
                await append(store, *(f"{batch}-{n}" for n in range(100)), source=1 + batch % 2)
            for cursor in (0, 49, 100, 150, 1023, 1024, 2047, 2950, 2999):
                await store.ledger.settle(Settlement(LaneKey(1), cursor, b"", {}))
                expected = sum((position - 1) // 100 % 2 == 0 for position in range(cursor + 1, 3001))
                assert await store.ledger.lag(LaneKey(1), 3000) == expected, cursor
                page = await store.journal.read(cursor, limit=10, max_bytes=10**6)
                assert [entry.position for entry in page] == [*range(cursor + 1, min(cursor + 11, 3001))]
            found = await store.journal.entries([2999, 150, 7, 4000])
            assert {position: entry.message_id for position, entry in found.items()} == {
                7: "0-6", 150: "1-49", 2999: "29-98",
            }  # fmt: skip

    asyncio.run(main())


def test_r13_a_pinned_event_keeps_its_segment_and_a_dead_letter_only_itself(tmp_path: Path) -> None:
    async def main() -> None:
        clock, lane = FakeClock(), LaneKey(1)
        async with opened(tmp_path, clock, retention=1.0, retry_window=3600.0) as store:
            await store.workspace.declare([source()], [destination()])
            await append(store, *(f"a{n}" for n in range(10)))
            await append(store, *(f"b{n}" for n in range(10)))
            retry = Retry(lane, 1, 3, 1, clock.now(), clock.now(), "503", "")
            dead = Dead(lane, 1, 15, "expired", "503", "", 3, 1, 2)
            await store.ledger.settle(Settlement(lane, 20, b"", {}, retries=(retry,), dead=(dead,)))
            await clock.advance(700)
            await store.expire()
            left = await store.journal.read(0, limit=100, max_bytes=10**6)
            assert [entry.position for entry in left] == [*range(1, 11)]
            assert [*await store.journal.entries([*range(1, 21)])] == [*range(1, 11), 15]

    asyncio.run(main())


def _body(number: int) -> bytes:
    return b'{"event":"E%d","x":"%b"}' % (number, b"y" * number * 50)


def test_a_database_of_before_is_packed_when_it_is_opened(tmp_path: Path) -> None:
    db = sqlite3.connect(tmp_path / "actionsd.db", isolation_level=None)
    db.execute("pragma auto_vacuum = incremental")
    for number, script in enumerate(sql.migrations()[:10], 1):
        db.executescript(f"begin;{script};pragma user_version = {number};commit;")
    rows = [(n, 1 + n % 2, 1000 + n, b"m%d" % n, _body(n), b"{}", n) for n in range(1, 200)]
    db.executemany("insert into journal values (?, ?, ?, ?, ?, ?, ?)", rows)
    db.execute("insert into store_state (id, epoch, dedup_key, head, detailed) values (1, 'e', x'00', 199, 199)")
    db.close()

    async def main() -> None:
        async with opened(tmp_path) as store:
            entries = await store.journal.read(0, limit=1000, max_bytes=10**9)
            assert [
                (e.position, e.source, e.received_at, e.message_id.encode(), e.body, e.added, e.facet) for e in entries
            ] == rows
            assert (await append(store, "next")).positions == (200,)
            assert [entry.position for entry in await store.journal.find("m7", 2)] == [7]

    asyncio.run(main())


def test_a_migration_that_fails_leaves_the_database_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "actionsd.db"
    db = sqlite3.connect(path, isolation_level=None)
    for number, script in enumerate(sql.migrations()[:10], 1):
        db.executescript(f"begin;{script};pragma user_version = {number};commit;")
    db.execute("insert into journal values (1, 1, 1, x'00', x'7b7d', x'7b7d', 0)")
    db.execute("create table events_of_before (someone integer)")
    with pytest.raises(sqlite3.OperationalError, match="events_of_before"):
        migrate(db, path)
    db.close()
    db = sqlite3.connect(path)
    assert db.execute("pragma user_version").fetchone() == (10,)
    assert db.execute("select count(body) from journal").fetchone() == (1,)
    db.close()
