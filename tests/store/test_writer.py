"""What failures do to a group: full disk, foreign lock, broken file, one bad request (RULES R5, R6, R10)."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from actionsd.errors import NotFound, StoreBroken, Unavailable
from actionsd.event import Accepted
from actionsd.store import Store, disk, faults
from actionsd.store.records import Count, LaneKey, Settlement
from support.clock import FakeClock
from support.store import accepted, append, destination, noise, opened, options, source, until

LANE = LaneKey(1)


@pytest.fixture(autouse=True)
def _no_faults() -> Iterator[None]:
    yield
    faults.disarm()


def _settlement(cursor: int, lane: LaneKey = LANE) -> Settlement:
    return Settlement(lane, cursor, b"", {Count("delivered", destination=lane.destination): 1})


async def _with_lane(store: Store) -> None:
    await store.workspace.declare([source()], [destination()])


class _Times:
    """Fails the next so many times, then never again."""

    def __init__(self, times: int, action: Callable[[], None]) -> None:
        self.left = times
        self._action = action

    def __call__(self) -> None:
        if self.left:
            self.left -= 1
            self._action()


@pytest.mark.parametrize("kind", ["full", "busy"])
def test_r05_full_and_busy_are_recovered_in_place(tmp_path: Path, kind: str) -> None:
    async def main() -> None:
        async with opened(tmp_path) as store:
            await _with_lane(store)
            await append(store, "before")
            fault = _Times(3, partial(faults.fail, kind))
            faults.arm("before_commit", fault)
            with pytest.raises(Unavailable):
                await append(store, "lost")
            await until(lambda: not fault.left and store.ready)
            assert store.trouble == ""
            assert (await append(store, "lost", "after")).positions == (2, 3)

    asyncio.run(main())


def test_r06_on_a_full_disk_the_ledger_part_of_a_group_is_committed_alone(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path) as store:
            await _with_lane(store)
            await append(store, "a")
            reserve = tmp_path / "reserve"
            assert reserve.stat().st_size == 4096
            seen = []
            fault = _Times(1, partial(faults.fail, "full"))
            faults.arm("before_commit", fault)
            faults.arm("after_commit", lambda: seen.append(reserve.exists()))
            settled = store.ledger.settle(_settlement(1))
            refused = store.journal.append(1, [accepted("b")], {})
            with pytest.raises(Unavailable, match="disk full"):
                await refused
            await settled
            assert seen[0] is False, "the reserve is given back before the ledger's commit"
            await until(lambda: store.ready)
            assert reserve.exists()
            lane = await store.ledger.lane(LANE)
            assert lane is not None
            assert lane.cursor == 1
            assert store.counts[Count("delivered", destination=1)] == 1

    asyncio.run(main())


def test_r04_settlements_wait_while_nothing_can_be_written_and_are_not_lost(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path) as store:
            await _with_lane(store)
            await append(store, "a")
            full = _Times(20, partial(faults.fail, "full"))
            faults.arm("before_commit", full)
            settled = store.ledger.settle(_settlement(1), urgent=True)
            await until(lambda: not store.ready)
            with pytest.raises(Unavailable, match="disk full"):
                store.journal.append(1, [accepted("b")], {})
            assert not settled.done()
            await settled
            assert full.left == 0

    asyncio.run(main())


def test_r06_below_min_free_events_are_refused_and_the_ledger_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        free = [10**9]
        monkeypatch.setattr(disk, "free_bytes", lambda files: free[0])
        async with opened(tmp_path, min_free=10**6) as store:
            await _with_lane(store)
            await append(store, "a")
            free[0] = 10**5
            await until(lambda: not store.ready)
            assert "min_free" in store.trouble
            with pytest.raises(Unavailable):
                await append(store, "b")
            await store.ledger.settle(_settlement(1), urgent=True)
            free[0] = 10**9
            await until(lambda: store.ready)
            assert (await append(store, "b")).positions == (2,)

    asyncio.run(main())


def test_r05_any_other_failure_of_commit_breaks_the_store(tmp_path: Path) -> None:
    async def main() -> None:
        broken: list[StoreBroken] = []
        async with opened(tmp_path) as store:
            store.on_broken = broken.append
            faults.arm("before_commit", partial(faults.fail, "io"))
            answers = [store.journal.append(1, [accepted(each)], {}) for each in "ab"]
            for answer in answers:
                with pytest.raises(StoreBroken):
                    await answer
            await until(lambda: bool(broken))
            assert not store.ready
            with pytest.raises(Unavailable):
                await append(store, "c")
            with pytest.raises(StoreBroken):
                await store.ledger.settle(_settlement(1))
            with pytest.raises(StoreBroken):
                await store.expire()
        assert len(broken) == 1
        faults.disarm()
        async with opened(tmp_path) as store:
            assert store.unclean
            assert (await append(store, "a")).duplicates == 0

    asyncio.run(main())


def test_r10_one_bad_request_does_not_fail_its_group(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path) as store:
            await _with_lane(store)
            bad_facet = Accepted("bad", b"{}", b"{}", ("track", 5, ""))  # type: ignore[arg-type]
            first = store.journal.append(1, [accepted("a")], {})
            bad = store.journal.append(1, [accepted("b"), bad_facet], {})
            too_large = store.journal.append(1, [], {Count("refused", source=1): 2**63})
            no_lane = store.ledger.settle(_settlement(1, LaneKey(99)))
            last = store.journal.append(1, [accepted("b")], {})
            assert (await first).positions == (1,)
            with pytest.raises(TypeError):
                await bad
            with pytest.raises(sqlite3.IntegrityError):
                await too_large
            with pytest.raises(NotFound, match="99"):
                await no_lane
            assert await last == ((2,), 0)
            assert [e.position for e in await store.journal.read(0, limit=9, max_bytes=999)] == [1, 2]
            assert store.counts[Count("received", source=1)] == 2

    asyncio.run(main())


def test_r05_a_lock_held_by_another_connection_is_waited_out(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path) as store:
            await append(store, "a")
            other = sqlite3.connect(tmp_path / "actionsd.db", isolation_level=None)
            other.execute("begin immediate")
            with pytest.raises(Unavailable, match="locked"):
                await append(store, "b")
            assert "locked" in store.trouble
            other.execute("rollback")
            other.close()
            await until(lambda: store.ready)
            assert (await append(store, "b")).positions == (2,)

    asyncio.run(main())


def test_r01_the_wal_stays_bounded_under_load_and_beside_a_reader(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path, wal_limit=1 << 20) as store:
            sizes = []
            for number in range(60):
                events = [accepted(f"{number}-{each}", body=noise(20_000)) for each in range(20)]
                await store.journal.append(1, events, {})
                sizes.append((await store.sizes()).wal)
            assert max(sizes) < 16 << 20
            assert (await store.sizes()).database > 20 << 20

    asyncio.run(main())


def test_r32_closing_commits_what_is_queued_and_folds_the_wal(tmp_path: Path) -> None:
    async def main() -> None:
        store = await Store.open(options(tmp_path), FakeClock())
        answers = [store.journal.append(1, [accepted(f"m{each}")], {}) for each in range(100)]
        await store.close()
        assert all(answer.done() for answer in answers)
        with pytest.raises(Unavailable, match="closed"):
            await append(store, "late")
        assert not (tmp_path / "actionsd.db-wal").exists()
        async with opened(tmp_path) as store:
            assert not store.unclean
            assert store.journal.head == 100

    asyncio.run(main())
