"""Appending, reading and finding events on a real file."""

import asyncio
import sqlite3
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actionsd.errors import Unavailable
from actionsd.event import Entry
from actionsd.store import sql
from actionsd.store.records import Appended, Count
from support.clock import FakeClock
from support.store import accepted, append, opened, until


def test_r07_positions_are_dense_and_never_given_again_after_the_journal_was_emptied(tmp_path: Path) -> None:
    async def main() -> None:
        clock = FakeClock()
        async with opened(tmp_path, clock, retention=1.0) as store:
            assert (await append(store, "a", "b", "c")).positions == (1, 2, 3)
            await clock.advance(700)
            await store.expire()
            assert await store.journal.read(0, limit=10, max_bytes=1000) == []
            assert (await append(store, "d")).positions == (4,)
        async with opened(tmp_path, clock) as store:
            assert store.journal.head == 4
            assert (await append(store, "e")).positions == (5,)

    asyncio.run(main())


def test_r08_subscribers_get_contiguous_entries_after_the_commit_and_before_the_answer(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path) as store:
            seen: list[int] = []

            def handed_over(entries: list[Entry]) -> None:
                assert entries[-1].position == store.journal.head
                seen.extend(entry.position for entry in entries)

            store.journal.subscribe(handed_over)
            answers = [store.journal.append(1, [accepted(f"m{i}"), accepted(f"n{i}")], {}) for i in range(50)]
            last = await answers[-1]
            assert seen[-1] == last.positions[-1] == 100
            assert seen == list(range(1, 101))

    asyncio.run(main())


def test_r09_a_duplicate_of_an_uncommitted_event_is_answered_with_its_commit(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path) as store:
            first = store.journal.append(1, [accepted("a"), accepted("a")], {})
            second = store.journal.append(1, [accepted("a"), accepted("b")], {})
            other_source = store.journal.append(2, [accepted("a")], {})
            assert await second == Appended((0, 2), 1)
            assert first.done()
            assert first.result() == Appended((1, 0), 1)
            assert (await other_source).positions == (3,)
            assert store.counts[Count("received", source=1)] == 2
            assert store.counts[Count("duplicate", source=1)] == 2

    asyncio.run(main())


def test_r10_ids_that_are_no_text_in_utf8_are_stored_and_found(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path) as store:
            await append(store, "lone \ud800 surrogate", "nul \0 inside")
            (entry,) = await store.journal.find("lone \ud800 surrogate", 1)
            assert entry.message_id == "lone \ud800 surrogate"
            assert [each.position for each in await store.journal.find("nul \0 inside", 1)] == [2]

    asyncio.run(main())


def test_r10_a_queued_request_can_be_withdrawn_until_the_writer_takes_it(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path) as store:
            kept, withdrawn, cancelled = (store.journal.append(1, [accepted(each)], {}) for each in "abc")
            taken_back = store.journal.withdraw(withdrawn)
            cancelled.cancel()
            await kept
            assert not store.journal.withdraw(kept)
            assert taken_back == (not await store.journal.find("b", 1))
            await until(lambda: store.journal.queued_bytes == 0)

    asyncio.run(main())


def test_the_queue_is_bounded_in_bytes(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path, queue_bytes=10_000) as store:
            big = accepted("a", body=b'"' + b"x" * 9_000 + b'"')
            waiting: list[asyncio.Future[Appended]] = []

            def fill() -> None:
                waiting.extend(store.journal.append(1, [big], {}) for _ in range(100))

            with pytest.raises(Unavailable, match="behind"):
                fill()
            assert store.journal.queued_bytes <= 30_000
            await asyncio.gather(*waiting)
            await until(lambda: store.journal.queued_bytes == 0)
            await append(store, "later")

    asyncio.run(main())


def test_r34_reads_are_bounded_in_rows_and_bytes_but_always_go_on(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path) as store:
            await store.journal.append(1, [accepted(f"m{i}", body=b"x" * 100, added=b"") for i in range(1500)], {})
            page = await store.journal.read(0, limit=5000, max_bytes=10**9)
            assert [e.position for e in page] == [*range(1, 769)]  # three segments, and not the fourth, up to 1,024
            page = await store.journal.read(700, limit=300, max_bytes=10**9)
            assert [e.position for e in page] == [*range(701, 769)]
            page = await store.journal.read(760, limit=300, max_bytes=10**9)
            assert [e.position for e in page] == [*range(761, 1025)]
            assert [e.position for e in await store.journal.read(7, limit=10, max_bytes=250)] == [8, 9]
            assert [e.position for e in await store.journal.read(1498, limit=10, max_bytes=1)] == [1499]
            assert await store.journal.read(1500, limit=10, max_bytes=10**6) == []

    asyncio.run(main())


@settings(max_examples=40, deadline=None)
@given(
    calls=st.lists(st.sampled_from([1, 1, 2, 7, 256, 300]), min_size=1, max_size=12),
    gone=st.sets(st.integers(0, 20), max_size=10),
    limit=st.sampled_from([1, 3, 255, 500, 1000]),
)
def test_pages_have_all_events_whatever_is_gone_between_them(
    calls: list[int], gone: set[int], limit: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Of a journal with holes, also ones wider than a page, and segments of all sizes; and no page looks at the sizes
    of more segments than begin within so many positions."""
    folder, measure = tmp_path_factory.mktemp("journal"), sql.load("journal")["measure_page"]

    async def main() -> None:
        async with opened(folder) as store:
            for number, events in enumerate(calls):
                await append(store, *(f"{number}-{event}" for event in range(events)))
            writing = sqlite3.connect(folder / "actionsd.db", isolation_level=None)
            segments = writing.execute("select first, last from journal order by first").fetchall()
            for index in gone & {*range(len(segments))}:
                writing.execute("delete from journal where first = ?", (segments[index][0],))
            left = [segment for index, segment in enumerate(segments) if index not in gone]
            cursor, found = 0, list[int]()
            while page := await store.journal.read(cursor, limit=limit, max_bytes=1 << 20):
                assert len(page) <= limit
                looked_at = len(writing.execute(measure, {"after": cursor, "limit": limit}).fetchall())
                ahead = [first for first, _ in left if first > cursor]
                assert looked_at <= 1 + sum(first <= ahead[0] + limit for first in ahead)
                found += [entry.position for entry in page]
                cursor = found[-1]
            writing.close()
            assert found == [position for first, last in left for position in range(first, last + 1)]

    asyncio.run(main())


def test_events_are_found_by_message_id_before_and_after_their_keys_are_written(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path) as store:
            await append(store, "a", "b")
            before = await store.journal.find("b", 1)
            await store.expire()
            after = await store.journal.find("b", 1)
            assert [e.position for e in before] == [e.position for e in after] == [2]
            assert await store.journal.find("b", 2) == []
            assert set(await store.journal.entries([2, 1, 9])) == {1, 2}

    asyncio.run(main())


@settings(max_examples=15, deadline=None)
@given(
    times=st.lists(st.integers(-5_000, 5_000), min_size=1, max_size=12),
    since=st.integers(-1_000, 20_000),
    length=st.integers(0, 20_000),
)
def test_r31_received_at_never_decreases_and_ranges_follow_it(
    times: list[int], since: int, length: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    async def main() -> None:
        clock = FakeClock(100_000)
        async with opened(tmp_path_factory.mktemp("journal"), clock) as store:
            for number, jump in enumerate(times):
                clock.jump(jump)
                await append(store, f"m{number}", f"n{number}")
            entries = await store.journal.read(0, limit=1000, max_bytes=10**6)
            received = [entry.received_at for entry in entries]
            assert received == sorted(received)
            begin, end = 100_000 + since, 100_000 + since + length
            first, last = await store.journal.range_of(begin, end)
            expected = [entry.position for entry in entries if begin <= entry.received_at < end]
            assert list(range(first, last + 1)) == expected

    asyncio.run(main())


def test_the_newest_events_of_a_source_are_found_backwards_whatever_lies_between(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path) as store:
            await append(store, "first", source=2)
            for block in range(3):
                await append(store, *(f"{block}-{number}" for number in range(900)))
            await append(store, "second", "third", source=2)
            await append(store, "last")
            newest = await store.journal.newest(2, limit=10)
            assert [entry.message_id for entry in newest] == ["third", "second", "first"]
            assert [entry.message_id for entry in await store.journal.newest(2, limit=1)] == ["third"]
            before = await store.journal.newest(2, before=newest[1].position, limit=10)
            assert [entry.message_id for entry in before] == ["first"]
            ids = [entry.message_id for entry in await store.journal.newest(1, limit=1001)]
            assert (len(ids), ids[:2]) == (1000, ["last", "2-899"])
            assert await store.journal.newest(3, limit=10) == []

    asyncio.run(main())
