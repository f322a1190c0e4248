"""Counters by facet and over time: exact, bounded, and the same whichever way they are read (R29; F169, F176)."""

import asyncio
import shutil
import sqlite3
from pathlib import Path

import pytest

from actionsd.errors import Unavailable
from actionsd.event import Accepted, Facet
from actionsd.store import Store, counters, facets, faults
from actionsd.store.facets import OTHER
from actionsd.store.records import Count, LaneKey, Settlement
from support.clock import FakeClock
from support.store import destination, opened, source

RECEIVED = Count("received", source=1)
DELIVERED = Count("delivered", destination=1)


def _event(message_id: str, name: str, type: str = "track", version: str = "") -> Accepted:
    return Accepted(message_id, b"{}", b"{}", (type, name, version))


async def _details(store: Store, what: Count, width: counters.Width = 1) -> dict[Facet, int]:
    found: dict[Facet, int] = {}
    rows = await store.history.details(width, 0, 2**40, lambda count: count == what)
    for _, count, facet, events in rows:
        assert count == what
        found[facet] = found.get(facet, 0) + events
    return found


async def _settle(store: Store, **more: object) -> None:
    lane = LaneKey(1)
    await store.ledger.settle(Settlement(lane, 1, b"", **{"counts": {}, **more}))  # type: ignore[arg-type]


def test_r29_events_are_counted_by_facet_and_duplicates_are_not(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path) as store:
            first = [_event("1", "A"), _event("2", "A"), _event("3", "A", version="2.0"), _event("4", "", "identify")]
            await store.journal.append(1, first, {})
            await store.journal.append(1, [_event("1", "A"), _event("5", "A")], {})
            await store.journal.append(2, [_event("1", "B")], {})
            expected = {("track", "A", ""): 3, ("track", "A", "2.0"): 1, ("identify", "", ""): 1}
            assert await _details(store, RECEIVED) == expected
            assert store.counts[RECEIVED] == 5
            entries = await store.journal.read(0, limit=9, max_bytes=999)
            assert [entry.facet for entry in entries] == [1, 1, 2, 3, 1, 4]
        async with opened(tmp_path) as store:
            await store.journal.append(1, [_event("6", "A")], {})
            assert (await _details(store, RECEIVED))["track", "A", ""] == 4, "facets keep their ids over a restart"

    asyncio.run(main())


def _as_crashed(folder: Path) -> Path:
    """A copy of the files of an open store: what is left when the process is killed now."""
    copy = folder.with_name(f"{folder.name}-crashed")
    shutil.copytree(folder, copy)
    return copy


def test_r29_facets_of_accepted_events_are_counted_behind_and_none_is_lost_in_a_crash(tmp_path: Path) -> None:
    async def main() -> None:
        clock, folder = FakeClock(), tmp_path / "data"
        folder.mkdir()
        async with opened(folder, clock) as store:
            await store.journal.append(1, [_event("1", "A"), _event("2", "B")], {})
            clock.jump(500)
            await store.journal.append(1, [_event("3", "A")], {})
            assert await store._reader.rows("select * from facet_buckets", {}) == []
            left = _as_crashed(folder)
            clock.jump(500)
            await store.journal.append(1, [_event("4", "A")], {})
            assert len(await store._reader.rows("select * from facet_buckets", {})) == 2, "after a second"
            await store.journal.append(1, [_event("5", "B"), _event("6", "C")], {})
            found = await _details(store, RECEIVED)
            assert {name: n for (_, name, _), n in found.items()} == {"A": 3, "B": 2, "C": 1}
        async with opened(left, clock) as store:
            assert await _details(store, RECEIVED) == {("track", "A", ""): 2, ("track", "B", ""): 1}
            clock.jump(3_600_000)
            await store.journal.append(1, [_event("7", "A")], {})
            await store.expire()
            for width in counters.WIDTHS:
                assert await _details(store, RECEIVED, width) == {("track", "A", ""): 3, ("track", "B", ""): 1}
        async with opened(folder, clock) as store:
            assert sum((await _details(store, RECEIVED)).values()) == store.counts[RECEIVED] == 6

    asyncio.run(main())


def test_i4_a_source_has_a_bounded_number_of_facets_and_totals_stay_exact(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(facets, "MOST", 3)

    async def main() -> None:
        async with opened(tmp_path) as store:
            await store.journal.append(1, [_event(f"{n}", f"name {n}") for n in range(20)], {})
            await store.journal.append(1, [_event("page", "Home", "page"), _event("again", "name 1")], {})
            found = await _details(store, RECEIVED)
            assert found["track", OTHER, OTHER] == 17
            assert found["page", OTHER, OTHER] == 1, "the type is told still"
            assert found["track", "name 1", ""] == 2
            assert sum(found.values()) == store.counts[RECEIVED] == 22
            assert len(found) == 5

    asyncio.run(main())


def test_i4_facets_that_are_not_counted_any_more_make_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facets, "MOST", 2)

    async def main() -> None:
        clock = FakeClock()
        async with opened(tmp_path, clock) as store:
            await store.journal.append(1, [_event("1", "junk 1"), _event("2", "junk 2"), _event("3", "A")], {})
            assert ("track", OTHER, OTHER) in await _details(store, RECEIVED)
            await clock.advance(63 * 86_400)
            await store.expire()
            await store.journal.append(1, [_event("4", "A")], {})
            assert await _details(store, RECEIVED) == {("track", "A", ""): 1}

    asyncio.run(main())


def test_r31_a_clock_that_jumps_takes_no_buckets(tmp_path: Path) -> None:
    async def main() -> None:
        clock = FakeClock()
        async with opened(tmp_path, clock) as store:
            await store.journal.append(1, [_event("1", "A")], {})
            clock.jump(63 * 86_400_000)
            await store.expire()
            for width in counters.WIDTHS:
                assert await _details(store, RECEIVED, width) == {("track", "A", ""): 1}

    asyncio.run(main())


def test_r10_names_that_cannot_be_stored_are_made_storable(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path) as store:
            names = ["\ud800", "x" * 1000, "é"]
            await store.journal.append(1, [_event(f"{n}", name, version=name) for n, name in enumerate(names)], {})
            await store.journal.append(1, [_event("again", "x" * 999)], {}, {(RECEIVED, ("no type", "", "")): 0})
            assert [name for _, name, _ in await _details(store, RECEIVED)] == ["\ufffd", "x" * 200, "é", "x" * 200, ""]

    asyncio.run(main())


def test_r29_a_rolled_back_group_leaves_no_facet_behind(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path) as store:
            faults.arm("before_commit", lambda: faults.fail("full"))
            with pytest.raises(Unavailable):
                await store.journal.append(1, [_event("1", "lost")], {})
            faults.disarm()
            while not store.ready:  # noqa: ASYNC110 (the writer's thread says so)
                await asyncio.sleep(0)
            await store.journal.append(1, [_event("1", "kept")], {})
            assert await _details(store, RECEIVED) == {("track", "kept", ""): 1}

    asyncio.run(main())


def test_r29_facets_and_latencies_commit_with_the_cursor_and_are_rolled_up(tmp_path: Path) -> None:
    async def main() -> None:
        clock = FakeClock()
        async with opened(tmp_path, clock) as store:
            await store.workspace.declare([source()], [destination()])
            await store.journal.append(1, [_event("1", "A"), _event("2", "B")], {})
            for _ in range(130):
                facets = {DELIVERED: {1: 2, 2: 1, 0: 1}}
                await _settle(store, counts={DELIVERED: 4}, facets=facets, latencies={0: 1, 14: 3})
                clock.jump(60_000)
                await store.expire()
            expected = {("track", "A", ""): 260, ("track", "B", ""): 130}
            for width in counters.WIDTHS:
                assert await _details(store, DELIVERED, width) == expected
                latencies = await store.history.latencies(width, 0, 2**40, 1)
                assert sum(n for (_, bucket), n in latencies.items() if bucket == 14) == 390
            hours = await store.history.counts(60, 0, 2**40, lambda count: count == DELIVERED)
            assert [n for *_, n in hours] == [4 * 26, 240, 4 * 44], "it began at 12:34"
            await clock.advance(63 * 86_400)
            await store.expire()
            assert await _details(store, DELIVERED, 1440) == {}, "a breakdown lasts 62 days"
            days = await store.history.counts(1440, 0, 2**40, lambda count: count == DELIVERED)
            assert sum(n for *_, n in days) == store.counts[DELIVERED] == 520, "totals stay"

    asyncio.run(main())


def test_i4_too_many_buckets_by_facet_go_early_the_oldest_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counters, "MOST_DETAILS", 50)

    async def main() -> None:
        clock = FakeClock()
        async with opened(tmp_path, clock) as store:
            for minute in range(10):
                await store.journal.append(1, [_event(f"{minute} {n}", f"{n}") for n in range(20)], {})
                clock.jump(60_000)
            await store.expire()
            assert sum((await _details(store, RECEIVED)).values()) <= 50
            assert sum((await _details(store, RECEIVED, 60)).values()) == store.counts[RECEIVED] == 200

    asyncio.run(main())


def test_a_database_of_the_first_version_keeps_its_counts(tmp_path: Path) -> None:
    """Hours and days were made when minutes went; now they hold everything that is over."""
    from actionsd.store import sql

    first, *_ = sql.migrations()
    db = sqlite3.connect(tmp_path / "actionsd.db", isolation_level=None)
    db.executescript(first)
    now = FakeClock().now() // 60_000
    db.execute("insert into counters values (1, 'received', '', 1, 0, 0, 0, 111)")
    day, hour = now // 1440 * 1440, now // 60 * 60
    for row in ((1440, day - 40 * 1440, 1, 1), (60, hour - 72 * 60, 1, 10), (1, now - 600, 1, 100)):
        db.execute("insert into counter_buckets values (?, ?, ?, ?)", row)
    db.execute("pragma user_version = 1")
    db.close()

    async def main() -> None:
        async with opened(tmp_path) as store:
            await store.expire()
            rows = await store.history.counts(1440, 0, 2**40, lambda count: count == RECEIVED)
            assert sum(n for *_, n in rows) == store.counts[RECEIVED] == 111
            hours = await store.history.counts(60, 0, 2**40, lambda count: count == RECEIVED)
            assert sum(n for *_, n in hours) == 110

    asyncio.run(main())


def test_r29_totals_are_the_same_after_a_restart_however_their_minutes_were_rolled(tmp_path: Path) -> None:
    async def main() -> None:
        clock, expected = FakeClock(), 0
        for round in range(6):
            async with opened(tmp_path, clock) as store:
                assert store.counts.get(RECEIVED, 0) == expected
                for minute in range(3):
                    names = [f"{round} {minute} {number}" for number in range(minute + 2)]
                    await store.journal.append(1, [_event(name, "A") for name in names], {})
                    expected += len(names)
                    clock.jump(60_000 * (1, 61, 1441, 40 * 1440)[(round + minute) % 4])
                if round % 2:
                    await store.expire()
                assert store.counts[RECEIVED] == expected

    asyncio.run(main())


def test_a_database_of_version_11_keeps_totals_that_its_buckets_do_not_have(tmp_path: Path) -> None:
    from actionsd.store import sql

    async def before() -> None:
        async with opened(tmp_path) as store:
            await store.journal.append(1, [_event(str(number), "A") for number in range(5)], {})

    async def after() -> None:
        async with opened(tmp_path) as store:
            assert store.counts[RECEIVED] == 105
            await store.journal.append(1, [_event("new", "A")], {})
            assert store.counts[RECEIVED] == 106
        async with opened(tmp_path) as store:
            assert store.counts[RECEIVED] == 106

    asyncio.run(before())
    db = sqlite3.connect(tmp_path / "actionsd.db", isolation_level=None)
    db.execute("alter table counters rename column unbucketed to total")  # as version 11 had it
    db.execute("update counters set total = 105 where step = 'received'")
    db.execute("pragma user_version = 11")
    db.close()
    assert len(sql.migrations()) == 12
    asyncio.run(after())
