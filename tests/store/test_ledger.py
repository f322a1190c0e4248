"""Lanes, retries, dead letters, intents (RULES R3, R13, R18, R20, R26, R29)."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from actionsd.errors import NotFound
from actionsd.store import Store
from actionsd.store.records import Count, Dead, Intent, LaneKey, Retry, RetryKey, Settlement
from support.clock import FakeClock
from support.store import append, destination, opened, source

LANE = LaneKey(1)


def _retry(position: int, *, due_at: int = 5, mapping: int = 1, **more: Any) -> Retry:
    return Retry(LANE, mapping, position, 1, 1, due_at, "503", "unavailable", **more)


def _dead(position: int, *, mapping: int = 1, **more: Any) -> Dead:
    return Dead(LANE, mapping, position, "expired", "503", "unavailable", 3, 1, 2, **more)


async def _settle(store: Store, cursor: int, **more: Any) -> None:
    await store.ledger.settle(Settlement(LANE, cursor, more.pop("completed", b""), more.pop("counts", {}), **more))


async def _filled(store: Store, events: int = 5) -> None:
    await store.workspace.declare([source()], [destination(mappings=("m", "n"))])
    await append(store, *(f"m{number}" for number in range(events)))


def test_r03_a_settlement_is_whole_after_a_restart(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path) as store:
            await _filled(store)
            counts = {Count("delivered", destination=1, mapping=1): 2}
            await _settle(store, 3, completed=b"C", counts=counts, retries=(_retry(2, due_at=9), _retry(3, due_at=7)))
            await _settle(store, 4, retries=(_retry(3, due_at=8),), settled_retries=(RetryKey(1, 0, 1, 2),))
        async with opened(tmp_path) as store:
            lane = await store.ledger.lane(LANE)
            assert lane is not None
            assert (lane.start, lane.cursor, lane.completed) == (0, 4, b"")
            assert await store.ledger.due(LANE, until=10, limit=10) == [_retry(3, due_at=8)]
            assert await store.ledger.due(LANE, until=7, limit=10) == []
            assert (await store.ledger.backlog(LANE)).rows == 1
            assert await store.ledger.pending(1, 1, 5) == {(1, 3)}
            assert store.counts[Count("delivered", destination=1, mapping=1)] == 2

    asyncio.run(main())


def test_a_late_settlement_does_not_move_the_cursor_back(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path) as store:
            await _filled(store)
            await _settle(store, 4, completed=b"new")
            await _settle(store, 2, completed=b"old")
            lane = await store.ledger.lane(LANE)
            assert lane is not None
            assert (lane.cursor, lane.completed) == (4, b"new")

    asyncio.run(main())


def test_due_retries_come_earliest_first_and_without_those_of_undeclared_mappings(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path) as store:
            await _filled(store)
            await _settle(
                store, 4, retries=(_retry(1, due_at=30), _retry(2, due_at=10), _retry(3, due_at=20, mapping=2))
            )
            assert [r.position for r in await store.ledger.due(LANE, until=99, limit=2)] == [2, 3]
            await store.workspace.declare([source()], [destination(mappings=("m",))])
            assert [r.position for r in await store.ledger.due(LANE, until=99, limit=9)] == [2, 1]
            await store.workspace.declare([source()], [destination(mappings=("m", "n"))])
            assert [r.position for r in await store.ledger.due(LANE, until=99, limit=9)] == [2, 3, 1]

    asyncio.run(main())


def test_r13_dead_letters_share_a_copy_of_their_event_until_the_last_is_gone(tmp_path: Path) -> None:
    async def main() -> None:
        clock = FakeClock()
        async with opened(tmp_path, clock, retention=1.0) as store:
            await _filled(store)
            await _settle(store, 5, dead=(_dead(2), _dead(2, mapping=2), _dead(3)))
            await clock.advance(700)
            await store.expire()
            assert list(await store.journal.entries([1, 2, 3])) == [2, 3]
            letters = await store.ledger.dead(destination=1)
            assert [(letter.dead.position, letter.dead.mapping) for letter in letters] == [(2, 1), (2, 2), (3, 1)]
            letter, entry = await store.ledger.dead_one(letters[0].id)
            assert letter == letters[0]
            assert entry is not None
            assert entry.message_id == "m1"
            assert await store.ledger.drop([letters[0].id]) == 1
            assert list(await store.journal.entries([2])) == [2]
            assert await store.ledger.drop([letters[0].id, letters[1].id]) == 1
            assert list(await store.journal.entries([2])) == []
            assert await store.ledger.buried() == {LANE: 1}
            with pytest.raises(NotFound):
                await store.ledger.dead_one(letters[0].id)

    asyncio.run(main())


def test_r13_requeue_begins_a_new_window_with_the_event_at_hand(tmp_path: Path) -> None:
    async def main() -> None:
        clock = FakeClock()
        async with opened(tmp_path, clock, retention=1.0) as store:
            await _filled(store)
            await _settle(store, 5, dead=(_dead(2, exchange=b"[]"), _dead(3, requeueable=False)))
            await clock.advance(700)
            await store.expire()
            ids = [letter.id for letter in await store.ledger.dead()]
            refused = await store.ledger.requeue([*ids, 77])
            assert refused == [f"dead letter {ids[1]}: expired is final", "dead letter 77: there is none"]
            (retry,) = await store.ledger.due(LANE, until=clock.now(), limit=9)
            assert (retry.position, retry.attempts, retry.first_at, retry.exchange) == (2, 0, clock.now(), b"[]")
            assert (await store.journal.entries([2]))[2].message_id == "m1"
            assert store.counts[Count("requeued", destination=1, mapping=1)] == 1
            await _settle(store, 5, settled_retries=(RetryKey(1, 0, 1, 2),))
            assert await store.journal.entries([2]) == {}

    asyncio.run(main())


def test_r13_requeue_is_refused_when_the_mapping_or_destination_is_gone(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path) as store:
            await _filled(store)
            await _settle(store, 5, dead=(_dead(2), _dead(3, mapping=9)), retries=(_retry(2),))
            assert await store.ledger.requeue([1, 2]) == [
                "dead letter 1: the delivery waits already",
                "dead letter 2: mapping 9 is gone",
            ]
            await store.workspace.declare([source()], [])
            await store.workspace.forget("d")
            assert await store.ledger.requeue([1]) == ["dead letter 1: destination 1 is gone"]

    asyncio.run(main())


def test_r18_retiring_a_lane_turns_everything_open_into_dead_letters_and_one_range(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path) as store:
            await _filled(store, 1100)
            await append(store, "foreign", source=2)
            await _settle(store, 2, retries=tuple(_retry(position) for position in (1, 2)))
            await store.workspace.declare([source()], [destination(mappings=("m", "n"), enabled=False)])
            for _ in range(2):
                await store.ledger.retire(LANE, "destination_disabled")
            assert (await store.ledger.backlog(LANE)).rows == 0
            assert {letter.dead.reason for letter in await store.ledger.dead()} == {"destination_disabled"}
            ((_, dead_range),) = await store.ledger.dead_ranges(destination=1)
            assert (dead_range.first, dead_range.last, dead_range.events) == (3, 1101, 1098)
            lane = await store.ledger.lane(LANE)
            assert lane is not None
            assert lane.cursor == 1101
            assert store.counts[Count("dead", "destination_disabled", destination=1, mapping=1)] == 2
            assert store.counts[Count("discarded", "destination_disabled", destination=1)] == 1098

    asyncio.run(main())


def test_r20_retries_of_a_deleted_mapping_become_a_counted_discard(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path) as store:
            await _filled(store, 600)
            await _settle(store, 600, retries=tuple(_retry(position) for position in range(1, 601)))
            assert await store.ledger.discard_retries(1, mapping=1, reason="mapping_deleted", keep=False) == 600
            assert await store.ledger.dead() == []
            assert store.counts[Count("discarded", "mapping_deleted", destination=1, mapping=1)] == 600

    asyncio.run(main())


def test_r26_intents_are_counted_at_unclean_starts_and_forgotten_at_clean_ones(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path) as store:
            await _filled(store)
            await _settle(store, 0, intents=((1, 1), (1, 2)))
            assert await store.ledger.intents(LANE) == [Intent(1, 1, 0), Intent(1, 2, 0)]
            await _crash(store)
        async with opened(tmp_path) as store:
            assert store.unclean
            assert await store.ledger.intents(LANE) == [Intent(1, 1, 1), Intent(1, 2, 1)]
            await _settle(store, 1, intents=((1, 2), (2, 3)))
            assert await store.ledger.intents(LANE) == [Intent(1, 2, 1), Intent(2, 3, 0)]
            await _settle(store, 1)
            assert len(await store.ledger.intents(LANE)) == 2
        async with opened(tmp_path) as store:
            assert not store.unclean
            assert await store.ledger.intents(LANE) == []

    asyncio.run(main())


async def _crash(store: Store) -> None:
    """End without the mark of a clean stop."""
    store._writer.broken = True


def test_r29_totals_equal_the_sum_of_their_buckets_of_any_width(tmp_path: Path) -> None:
    async def main() -> None:
        clock = FakeClock()
        async with opened(tmp_path, clock) as store:
            await _filled(store, 1)
            delivered = Count("delivered", destination=1)
            for hour in range(60):
                await clock.advance(3600)
                await _settle(store, 1, counts={delivered: hour})
                await store.expire()
            until = clock.now() // 60_000 + 1
            days = await store.history.counts(1440, 0, until, lambda what: what == delivered)
            assert len(days) >= 3
            assert sum(n for *_, n in days) == sum(range(60)) == store.counts[delivered]
            hours = await store.history.counts(60, 0, until, lambda what: what == delivered)
            assert [n for *_, n in hours] == list(range(1, 60))
            minutes = await store.history.counts(1, 0, until, lambda what: what == delivered)
            assert sum(n for *_, n in minutes) == sum(range(9, 60)), "minutes last 50 hours"
        async with opened(tmp_path, clock) as store:
            assert store.counts[delivered] == sum(range(60))

    asyncio.run(main())


def test_r30_a_replay_has_a_lane_of_its_own_bounded_by_the_live_cursor(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path) as store:
            await _filled(store)
            await _settle(store, 4)
            replay = await store.replays.create(1, first=2, last=99, event="E", rate=5.0)
            assert (replay.first, replay.last, replay.cursor, replay.state) == (2, 4, 1, "running")
            lane = LaneKey(1, replay.id)
            failed = Retry(lane, 1, 2, 1, 1, 5, "503", "")
            await store.ledger.settle(Settlement(lane, 3, b"", {}, retries=(failed,)))
            assert (await store.replays.get(replay.id)).cursor == 3
            assert await store.ledger.due(LANE, until=99, limit=9) == []
            stopped = await store.replays.set_state(replay.id, "stopped")
            assert stopped.state == "stopped"
            assert (await store.ledger.backlog(lane)).rows == 0
            count = Count("discarded", "replay_stopped", destination=1, mapping=1, replay=replay.id)
            assert store.counts[count] == 1
            await store.replays.set_state(replay.id, "running")
            done = await store.replays.set_state(replay.id, "done")
            assert await store.replays.list(destination=1) == [done]

    asyncio.run(main())
