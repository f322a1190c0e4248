"""The store against a model: appends with duplicates, settlements, crashes, restarts, retention, jumps of the clock
(RULES R3, R7, R9, R11, R13, R29)."""

import asyncio
import shutil
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from actionsd.store import Store
from actionsd.store.dedup import bucket_at
from actionsd.store.records import Count, Dead, LaneKey, Retry, RetryKey, Settlement
from support.clock import FakeClock
from support.store import accepted, destination, options, source

WINDOW = 7200  # seconds
RETENTION = 36_000
LANE = LaneKey(1)
SOURCE = 1
IDS = st.sampled_from([f"m{number}" for number in range(12)])


class StoreMachine(RuleBasedStateMachine):
    """``seen`` is the model: message id to the times and positions at which it was accepted."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.generation = 0
        self.clock = FakeClock()
        self.runner = asyncio.Runner()
        self.time = self.clock.now()  # the writer's: never decreases
        self.accepted: dict[int, tuple[str, int]] = {}  # position: id, time
        self.deleted: set[int] = set()
        self.cursor = 0
        self.retries: set[int] = set()
        self.dead: set[int] = set()
        self.passed = 0  # events that retention counted
        self.counts: Counter[str] = Counter()
        self._open()

    @property
    def data_dir(self) -> Path:
        return self.folder / str(self.generation)

    def _run(self, work: Any) -> Any:
        return self.runner.run(work)

    def _open(self) -> None:
        self.data_dir.mkdir(exist_ok=True)
        self.store: Store = self._run(
            Store.open(options(self.data_dir, dedup_window=WINDOW, retention=RETENTION, retry_window=60.0), self.clock)
        )
        self._tick()
        self._run(self.store.workspace.declare([source()], [destination()]))

    def _tick(self) -> None:
        self.time = max(self.time, self.clock.now())

    @rule(requests=st.lists(st.lists(IDS, min_size=1, max_size=4), min_size=1, max_size=4))
    def append(self, requests: list[list[str]]) -> None:
        async def send() -> list[Any]:
            futures = [self.store.journal.append(SOURCE, [accepted(each) for each in ids], {}) for ids in requests]
            return [await future for future in futures]

        self._tick()
        for ids, answer in zip(requests, self._run(send()), strict=True):
            for id, position in zip(ids, answer.positions, strict=True):
                self._check_fate(id, position)

    def _check_fate(self, id: str, position: int) -> None:
        times = [at for known, at in self.accepted.values() if known == id]
        if position:
            assert position == len(self.accepted) + 1, "positions are dense"
            assert all(at <= self.time - WINDOW * 1000 for at in times), f"{id} came twice inside the window"
            self.accepted[position] = (id, self.time)
            self.counts["received"] += 1
        else:
            oldest = bucket_at(self.time - WINDOW * 1000)
            assert any(bucket_at(at) >= oldest for at in times), f"{id} is no duplicate"
            self.counts["duplicate"] += 1

    @rule(data=st.data())
    @precondition(lambda self: self.cursor < len(self.accepted))
    def settle(self, data: st.DataObject) -> None:
        upto = data.draw(st.integers(self.cursor + 1, len(self.accepted)))
        fates = {each: data.draw(st.sampled_from("drx")) for each in range(self.cursor + 1, upto + 1)}
        again = data.draw(st.sets(st.sampled_from(sorted(self.retries)), max_size=2)) if self.retries else set()
        now = self.clock.now()
        failed = {each for each, fate in fates.items() if fate == "r"}
        died = {each for each, fate in fates.items() if fate == "x"} | again
        delivered = len(fates) - len(failed) - len(died - again)
        counts = {Count("delivered", destination=1): delivered, Count("dead", destination=1): len(died)}
        settlement = Settlement(
            LANE,
            upto,
            b"",
            counts,
            retries=tuple(Retry(LANE, 1, each, 1, now, now, "503", "") for each in failed),
            settled_retries=tuple(RetryKey(1, 0, 1, each) for each in again),
            dead=tuple(Dead(LANE, 1, each, "expired", "", "", 1, now, now) for each in died),
        )
        self._tick()
        self._run(self._settle(settlement))
        self.cursor = upto
        self.retries = (self.retries | failed) - again
        self.dead |= died
        self.counts["delivered"] += delivered
        self.counts["dead"] += len(died)

    async def _settle(self, settlement: Settlement) -> None:
        await self.store.ledger.settle(settlement, urgent=True)

    @rule()
    def crash(self) -> None:
        """The process is gone; what SQLite wrote so far is all that is left."""
        before, self.generation = self.data_dir, self.generation + 1
        self.data_dir.mkdir()
        for name in ("actionsd.db", "actionsd.db-wal"):
            shutil.copy(before / name, self.data_dir / name)
        self._run(self.store.close())
        self._open()
        assert self.store.unclean

    @rule()
    def restart(self) -> None:
        self._run(self.store.close())
        self._open()
        assert not self.store.unclean

    @rule(milliseconds=st.integers(-8_000_000, 20_000_000))
    def jump(self, milliseconds: int) -> None:
        self.clock.jump(milliseconds)

    @rule()
    def expire(self) -> None:
        self._run(self.store.expire())  # sees the jump of the clock, if there was one
        self._run(self.clock.advance(601))
        self._run(self.store.expire())
        self._tick()
        old = {each for each, (_, at) in self.accepted.items() if at < self.clock.now() - RETENTION * 1000}
        if old:
            self.passed += max(0, max(old) - self.cursor)
            self.cursor = max(self.cursor, max(old))
        expired = self.retries & old
        self.retries -= expired
        self.dead |= expired
        self.counts["dead"] += len(expired)
        self.deleted |= old

    @invariant()
    def everything_is_where_it_belongs(self) -> None:
        self._run(self._compare())

    async def _compare(self) -> None:
        store = self.store
        assert store.journal.head == len(self.accepted)
        entries = await store.journal.read(0, limit=1000, max_bytes=10**9)
        assert {e.position: (e.message_id, e.received_at) for e in entries} == {
            position: event for position, event in self.accepted.items() if position not in self.deleted
        }
        lane = await store.ledger.lane(LANE)
        assert lane is not None
        assert lane.cursor == self.cursor
        assert {retry.position for retry in await store.ledger.due(LANE, until=2**60, limit=1000)} == self.retries
        assert {letter.dead.position for letter in await store.ledger.dead(limit=1000)} == self.dead
        wanted = sorted(self.retries | self.dead)
        assert list(await store.journal.entries(wanted)) == wanted, "retries and dead letters have their events"

    @invariant()
    def counters_are_exact(self) -> None:
        counted: Counter[str] = Counter()
        for what, events in self.store.counts.items():
            counted[what.step] += events
        expected = self.counts + Counter(dead=self.passed)
        assert +counted == +expected
        settled = self.counts["delivered"] + self.counts["dead"] + self.passed + len(self.retries)
        assert settled == self.cursor, "R29: every event up to the cursor is settled once"

    def teardown(self) -> None:
        self._run(self.store.close())
        self.runner.close()
        shutil.rmtree(self.folder)


TestStoreMachine = StoreMachine.TestCase
TestStoreMachine.settings = settings(max_examples=30, stateful_step_count=25, deadline=None)
