"""The dedup window: exact on disk, whatever the memory filter knows (RULES R9)."""

import asyncio
import sqlite3
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actionsd.store import dedup
from actionsd.store.bloom import Chain, Filter
from actionsd.store.dedup import bucket_at
from support.clock import FakeClock
from support.store import append, opened, spread, until

HOUR = 3600.0


def test_r09_the_window_holds_across_restarts_and_ends(tmp_path: Path) -> None:
    async def main() -> None:
        clock = FakeClock()
        async with opened(tmp_path, clock, dedup_window=2 * HOUR) as store:
            await append(store, "a")
            await store.expire()
        for _ in range(2):
            async with opened(tmp_path, clock, dedup_window=2 * HOUR) as store:
                assert (await append(store, "a")).duplicates == 1, "right from the first request"
        clock.jump(round(2 * HOUR * 1000))
        async with opened(tmp_path, clock, dedup_window=2 * HOUR) as store:
            assert (await append(store, "a")).duplicates == 1, "at least the window"
            clock.jump(3_600_000)
            assert (await append(store, "a")).duplicates == 0, "at most an hour more"
            assert len(await store.journal.find("a", 1)) == 2

    asyncio.run(main())


def test_r09_the_window_ends_for_keys_that_were_never_written_too(tmp_path: Path) -> None:
    """As when the machine slept: no sweep ran in between, and the late flush must not make the event younger."""

    async def main() -> None:
        clock = FakeClock()
        async with opened(tmp_path, clock, dedup_window=2 * HOUR) as store:
            await append(store, "a", "b")
            clock.jump(round(3 * HOUR * 1000))
            assert (await append(store, "a")).duplicates == 0
            await store.expire()
            assert (await append(store, "a", "b")).positions == (0, 4)

    asyncio.run(main())


def test_r09_keys_outlive_journal_rows(tmp_path: Path) -> None:
    async def main() -> None:
        clock = FakeClock()
        async with opened(tmp_path, clock, retention=1.0) as store:
            await append(store, "a")
            await clock.advance(700)
            await store.expire()
            assert await store.journal.find("a", 1) == []
            assert (await append(store, "a")).duplicates == 1

    asyncio.run(main())


def test_r09_keys_that_only_the_journal_holds_are_recovered(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path) as store:
            await append(store, *(f"m{number}" for number in range(2500)))
        async with opened(tmp_path) as store:
            again = await append(store, *(f"m{number}" for number in range(2500)), "new")
            assert again.duplicates == 2500

    asyncio.run(main())


class _EndsWhenAsked(Chain):
    """Does not have the key yet when it is asked, and is complete right after: the moment a builder thread may hit."""

    view: dedup.Dedup

    @property
    def filters(self) -> list[Filter]:  # type: ignore[override]
        self.view.built()
        return []


def test_r09_a_filter_that_becomes_complete_meanwhile_denies_nothing() -> None:
    db = sqlite3.connect(":memory:", isolation_level=None)
    db.executescript((dedup.sql.directory / "schema.sql").read_text("utf-8"))
    now, key = 1_000_000_000, spread(1)
    db.execute("insert into dedup values (?, ?, 7)", (bucket_at(now), key))
    view = dedup.Dedup(db, b"k", HOUR)
    view._built = _EndsWhenAsked.__new__(_EndsWhenAsked)
    view._built.view = view
    assert view.seen([key], now) == {key}
    db.close()


@pytest.mark.parametrize("built", [0, 1, 2, 3])
def test_r09_a_part_built_filter_answers_like_a_whole_one(built: int) -> None:
    """Of three buckets some are in the filter, the next one half; what is not is asked from the disk."""
    db = sqlite3.connect(":memory:", isolation_level=None)
    db.executescript((dedup.sql.directory / "schema.sql").read_text("utf-8"))
    now = 1_000_000_000
    buckets = [bucket_at(now - 3_600_000), bucket_at(now), bucket_at(now) + 1]
    keys = [[spread(10 * place + number) for number in range(4)] for place in range(3)]
    view = dedup.Dedup(db, b"k", 2 * HOUR)
    for place, bucket in enumerate(buckets):
        db.executemany("insert into dedup values (?, ?, 7)", [(bucket, key) for key in keys[place]])
        if place <= built:
            view.build(b"".join(keys[place] if place < built else keys[place][:2]), bucket)
    if built == 3:
        view.built()
    every = [key for some in keys for key in some]
    others = [spread(-number) for number in range(1, 1000)]
    assert view.seen(every + others, now) == set(every)
    assert view.seen(every, now + 10_800_000) == set(), "the window has left them"
    db.close()


def test_r09_a_built_filter_answers_like_the_disk(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path) as store:
            await append(store, *(f"m{number}" for number in range(3000)))
            await store.expire()
        async with opened(tmp_path) as store:
            await until(lambda: not store._filter.is_alive())
            answer = await append(store, *(f"m{number}" for number in range(2990, 3010)))
            assert answer.positions == (0,) * 10 + tuple(range(3001, 3011))

    asyncio.run(main())


def test_r09_keys_leave_the_memory_as_fast_as_they_come(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path) as store:
            staged = []
            for batch in range(60):
                await append(store, *(f"{batch}-{number}" for number in range(2000)))
                view = store._writer.dedup
                staged.append(sum(len(each.positions) for each in (*view._staged, view._leaving)))
            assert 16_384 < max(staged) < 3 * 16_384, "bounded, whatever comes (I4)"
            with sqlite3.connect(tmp_path / "actionsd.db") as db:
                (written,) = db.execute("select count(*) from dedup").fetchone()
                (flushed,) = db.execute("select flushed from store_state").fetchone()
            db.close()
            assert 120_000 - 3 * 16_384 < flushed <= written < 120_000
            assert (await append(store, "0-0", "30-1999", "59-0", "fresh")).duplicates == 3

    asyncio.run(main())


@settings(max_examples=20, deadline=None)
@given(steps=st.lists(st.integers(1, 100_000_000), min_size=1, max_size=30))
def test_purging_keeps_what_the_window_or_the_journal_needs(steps: list[int]) -> None:
    clock = 0
    db = sqlite3.connect(":memory:", isolation_level=None)
    db.executescript((dedup.sql.directory / "schema.sql").read_text("utf-8"))
    view = dedup.Dedup(db, b"k", 24 * HOUR)
    kept = []
    for position, step in enumerate(steps, 1):
        clock += step
        db.execute("insert into dedup values (?, ?, ?)", (bucket_at(clock), spread(position), position))
        kept.append((clock, position))
    first_kept = kept[len(kept) // 2][0]
    while view.purge(clock, first_kept, 3):
        pass
    left = {position for (position,) in db.execute("select position from dedup")}
    needed = {position for at, position in kept if at >= min(first_kept, clock - 86_400_000)}
    assert needed <= left
    db.close()


def test_an_hours_buckets_last_for_many_keys() -> None:
    """None takes so many that each key would be written to a page of its own, and the hour does not run out of them."""
    db = sqlite3.connect(":memory:", isolation_level=None)
    view = dedup.Dedup(db, b"k", 24 * HOUR)
    now, keys = 1_000_000_000, 10_000
    buckets = [view._next_bucket(now, keys) for _ in range(1500)]
    assert buckets == sorted(buckets)
    assert bucket_at(now) <= buckets[0]
    assert buckets[-1] < bucket_at(now + 3_600_000)
    assert keys * max(map(buckets.count, set(buckets))) < 600_000
    assert view._next_bucket(now + 3_600_000, keys) == bucket_at(now + 3_600_000)
    db.close()
