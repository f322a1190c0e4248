"""What retention removes, what pins events, and what it owes to lanes that it passes (RULES R11-R13, R29, R31)."""

import asyncio
import logging
from pathlib import Path

import msgspec
import pytest

from actionsd.store import Store
from actionsd.store.records import Count, Dead, LaneKey, Retry, Settlement
from support.clock import FakeClock
from support.store import accepted, append, destination, noise, opened, source

LANE = LaneKey(1)
PAST_HOLD = 700.0  # seconds: the ten minutes after a start are over


def _retry(position: int, first_at: int) -> Retry:
    return Retry(LANE, 1, position, 1, first_at, first_at, "503", "")


async def _filled(store: Store, events: int) -> None:
    """So many events, each in a segment of its own."""
    await store.workspace.declare([source()], [destination()])
    for number in range(events):
        await append(store, f"m{number}")


async def _positions(store: Store) -> list[int]:
    return [entry.position for entry in await store.journal.read(0, limit=1000, max_bytes=10**9)]


def test_r31_nothing_is_deleted_by_age_after_a_start_or_a_jump_of_the_clock(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        clock = FakeClock()
        async with opened(tmp_path, clock, retention=1.0) as store:
            await append(store, "a")
            await clock.advance(500)
            await store.expire()
            assert await _positions(store) == [1]
            clock.jump(86_400_000)
            with caplog.at_level(logging.WARNING):
                await clock.advance(200)
                await store.expire()
            assert await _positions(store) == [1]
            assert "jumped by 86400 s" in caplog.text
            await clock.advance(PAST_HOLD)
            await store.expire()
            assert await _positions(store) == []

    asyncio.run(main())


def test_r11_events_that_a_stopped_lane_has_not_claimed_become_one_counted_range(tmp_path: Path) -> None:
    async def main() -> None:
        clock = FakeClock()
        async with opened(tmp_path, clock, retention=1000.0) as store:
            await _filled(store, 300)
            await append(store, "foreign", source=9)
            await store.ledger.settle(Settlement(LANE, 100, b"", {}))
            await clock.advance(1500)
            await append(store, "young")
            await store.expire()
            assert await _positions(store) == [302]
            ((_, passed),) = await store.ledger.dead_ranges()
            assert (passed.first, passed.last, passed.events, passed.reason) == (101, 301, 200, "expired_unsent")
            lane = await store.ledger.lane(LANE)
            assert lane is not None
            assert lane.cursor == 301
            settled = store.counts[Count("dead", "expired_unsent", destination=1)] + 100
            assert settled + await store.ledger.lag(LANE, store.journal.head) == 301, "R29: settled + pending"

    asyncio.run(main())


def test_r11_what_a_lane_has_settled_beyond_its_cursor_is_not_counted_again(tmp_path: Path) -> None:
    async def main() -> None:
        clock = FakeClock()
        async with opened(tmp_path, clock, retention=1.0) as store:
            await _filled(store, 20)
            completed = msgspec.msgpack.encode([10, [[6, []], [9, [1]]]])
            await store.ledger.settle(Settlement(LANE, 5, completed, {}))
            await clock.advance(PAST_HOLD)
            await store.expire()
            ((_, passed),) = await store.ledger.dead_ranges()
            assert (passed.first, passed.last, passed.events) == (6, 20, 12)

    asyncio.run(main())


def test_r11_a_lane_with_work_in_flight_is_waited_for(tmp_path: Path) -> None:
    async def main() -> None:
        clock = FakeClock()
        async with opened(tmp_path, clock, retention=1.0) as store:
            await _filled(store, 20)
            asked = []

            def fence(key: LaneKey, upto: int) -> int:
                asked.append((key, upto))
                return 7

            await store.ledger.settle(Settlement(LANE, 7, b"", {}))
            store.ledger.fence = fence
            await clock.advance(PAST_HOLD)
            await store.expire()
            assert asked[-1] == (LANE, 20)
            assert await _positions(store) == list(range(8, 21))
            assert await store.ledger.dead_ranges() == []
            store.ledger.fence = lambda key, upto: upto
            await store.expire()
            assert await _positions(store) == []
            ((_, passed),) = await store.ledger.dead_ranges()
            assert (passed.first, passed.events) == (8, 13)

    asyncio.run(main())


def test_r13_retries_pin_their_events_until_their_window_is_over(tmp_path: Path) -> None:
    async def main() -> None:
        clock = FakeClock()
        async with opened(tmp_path, clock, retention=1.0, retry_window=3600.0) as store:
            await _filled(store, 20)
            retries = (_retry(3, clock.now()), _retry(5, clock.now() - 3_600_000))
            await store.ledger.settle(Settlement(LANE, 20, b"", {}, retries=retries))
            await clock.advance(PAST_HOLD)
            await store.expire()
            assert await _positions(store) == [3]
            ((letter),) = await store.ledger.dead()
            assert (letter.dead.position, letter.dead.reason) == (5, "expired_unsent")
            assert list(await store.journal.entries([3, 5])) == [3, 5]
            await clock.advance(3600)
            await store.expire()
            assert await _positions(store) == []
            assert (await store.ledger.backlog(LANE)).rows == 0
            assert list(await store.journal.entries([3, 5])) == [3, 5]

    asyncio.run(main())


def test_r12_above_max_size_the_oldest_go_and_new_events_are_taken(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path, max_size=2 << 20) as store:
            await store.workspace.declare([source()], [destination()])
            await store.journal.append(1, [accepted("0", body=noise(10_000))], {})
            await store.ledger.settle(Settlement(LANE, 1, b"", {}, retries=(_retry(1, 1),)))
            for batch in range(10):
                events = [accepted(f"{batch}-{number}", body=noise(10_000)) for number in range(50)]
                await store.journal.append(1, events, {})
                await store.expire()
            sizes = await store.sizes()
            assert sizes.used <= 2 << 20
            assert sizes.database < 8 << 20, "free pages are given back"
            kept = await _positions(store)
            assert kept == list(range(kept[0], 502))
            ((letter),) = await store.ledger.dead()
            assert letter.dead.position == 1
            ((_, passed),) = await store.ledger.dead_ranges()
            assert (passed.first, passed.events) == (2, kept[0] - 2)

    asyncio.run(main())


def test_r12_dead_letters_have_caps_by_size_count_and_age(tmp_path: Path) -> None:
    async def main() -> None:
        clock = FakeClock()
        caps = {"dead_max_bytes": 2000, "dead_max_rows": 250, "dead_retention": 3600.0}
        async with opened(tmp_path, clock, **caps) as store:
            await _filled(store, 300)
            dead = tuple(
                Dead(LANE, 1, position, "expired", "503", "", 3, 1, 2, exchange=b"x" * 50) for position in range(1, 301)
            )
            await store.ledger.settle(Settlement(LANE, 300, b"", {}, dead=dead))
            await store.expire()
            letters = await store.ledger.dead(limit=1000)
            assert [letter.dead.position for letter in letters] == list(range(51, 301)), "the newest stay"
            assert letters[0].dead.exchange == b""
            assert (await store.ledger.requeue([letters[0].id])) == [], "its event is in the journal still"
            await clock.advance(4000)
            await store.expire()
            assert await store.ledger.dead() == []
            assert store.counts[Count("requeued", destination=1, mapping=1)] == 1

    asyncio.run(main())
