"""A lane's retry rows coming back: pages of the ledger with their events (RULES R13, R31)."""

from collections.abc import Coroutine, Mapping, Sequence
from typing import Any

from actionsd.clock import Clock
from actionsd.delivery.due import Due, Waiting, key_of
from actionsd.event import Entry
from actionsd.store import Store
from actionsd.store.records import LaneKey, Retry, Settlement

most_rows = 10_000  # of one destination; when full the lane stops claiming and its cursor waits (RULES R14)
most_bytes = 64 * 1024 * 1024
_ever = 2**62  # milliseconds; rows are asked for whenever they are due


class Retries:
    """The retry rows of one lane; ``rows`` is how many there are. A due time further off than ``longest`` seconds is a
    mistake of the wall clock and cut (RULES R31)."""

    def __init__(self, lane: LaneKey, store: Store, clock: Clock, longest: float) -> None:
        self._lane = lane
        self._store = store
        self._clock = clock
        self._longest = longest
        self._due = Due()
        self._size = 0
        self.rows = 0
        self.stale = True  # ``rows`` must be counted
        self.counting = False

    @property
    def full(self) -> bool:
        """Whether no more rows may be made of fresh events."""
        return self.rows >= most_rows or self._size >= most_bytes

    @property
    def wants_page(self) -> bool:
        """Whether :meth:`load_page` may find rows that are not here."""
        return self._due.wants_page

    def count(self) -> Coroutine[Any, Any, None]:
        """Ask the ledger how much there is. While :attr:`counting` nothing may be committed, or it is counted twice."""
        self.counting = True
        return self._count()

    def load_page(self) -> Coroutine[Any, Any, None]:
        """Read the earliest rows and their events."""
        return self._load(self._due.ask())

    async def _count(self) -> None:
        try:
            self.rows, self._size = await self._store.ledger.backlog(self._lane)
            self.stale = False
        finally:
            self.counting = False

    async def _load(self, limit: int) -> None:
        try:
            rows = await self._store.ledger.due(self._lane, until=_ever, limit=limit)
            entries = await self._store.journal.entries(sorted({row.position for row in rows}))
        except BaseException:
            self._due.fail()
            raise
        self._due.load([Waiting(self._deadline(row), row, entries.get(row.position)) for row in rows])

    def take(self, now: float) -> Waiting | None:
        """The earliest row that is due."""
        return self._due.take(now)

    def postpone(self, waiting: Waiting, deadline: float) -> None:
        """It was taken but may not start before the monotonic second ``deadline``."""
        self._due.put_back(waiting._replace(deadline=deadline))

    def committed(self, settlement: Settlement, entries: Mapping[int, Entry]) -> None:
        """Rows were written and removed; ``entries`` are the events of the written ones by position."""
        self.rows += self._grown(settlement.retries) - len(settlement.settled_retries)
        for key in settlement.settled_retries:
            self._due.settled(key)
        for row in settlement.retries:
            self._due.add(Waiting(self._deadline(row), row, entries[row.position]))

    def forget(self) -> None:
        """The ledger has changed otherwise: read and count again."""
        self.stale = True
        self._due.stale()

    def next_at(self) -> float:
        """When the next row that is held is due."""
        return self._due.next_at()

    def _grown(self, rows: Sequence[Retry]) -> int:
        return sum(key_of(row) not in self._due.taken for row in rows)

    def _deadline(self, row: Retry) -> float:
        wait = min((row.due_at - self._clock.now()) / 1000, self._longest)
        return self._clock.monotonic() + max(0.0, wait)
