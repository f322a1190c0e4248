"""The retry rows that a lane has next, kept in memory a page at a time (RULES R13, R31)."""

from bisect import insort
from collections.abc import Iterable
from operator import itemgetter
from typing import NamedTuple

from actionsd.event import Entry
from actionsd.store.records import Retry, RetryKey

page = 64  # rows held in memory at most
_deadline = itemgetter(0)


def key_of(row: Retry) -> RetryKey:
    """The key of a retry row."""
    return RetryKey(row.lane.destination, row.lane.replay, row.mapping, row.position)


class Waiting(NamedTuple):
    """A retry row with the monotonic second at which it is due, and its event (None: the journal has lost it)."""

    deadline: float
    row: Retry
    entry: Entry | None


class Due:
    """The earliest retry rows. ``taken`` are being attempted.

    A page is asked for with :meth:`ask` and handed in with :meth:`load`; what is committed between the two is noted and
    applied after it, so that an old answer of the store brings no settled row back, and a new one no row twice.
    """

    def __init__(self) -> None:
        self._rows: list[Waiting] = []
        self._complete = False  # nothing is left in the store beyond what is held here or taken
        self._asked = 0
        self._outdated = False
        self._meanwhile: list[tuple[RetryKey, Waiting | None]] = []
        self.taken: set[RetryKey] = set()

    @property
    def wants_page(self) -> bool:
        """Whether the store may have rows while none are held here and none are on their way."""
        return not (self._rows or self._complete or self._asked)

    def ask(self) -> int:
        """A page is being read; returns how many of the earliest rows it must have, those being attempted included."""
        self._asked = page + len(self.taken)
        return self._asked

    def load(self, rows: Iterable[Waiting]) -> None:
        """The page that was asked for: the earliest rows, due or not."""
        found = list(rows)
        self._complete = len(found) < self._asked
        known = self.taken.union(key for key, _ in self._meanwhile)
        self._rows = sorted((waiting for waiting in found if key_of(waiting.row) not in known), key=_deadline)
        self._end_of_page()

    def fail(self) -> None:
        """The page that was asked for could not be read."""
        self._end_of_page()
        self.stale()

    def stale(self) -> None:
        """The store has changed behind the lane's back: ask again, also after a page that is on its way."""
        self._rows, self._complete, self._outdated = [], False, bool(self._asked)

    def settled(self, key: RetryKey) -> None:
        """The row is no more."""
        self._put(key, None)

    def add(self, waiting: Waiting) -> None:
        """A row was committed. It is left to the store when earlier rows wait there already."""
        self._put(key_of(waiting.row), waiting)

    def take(self, now: float) -> Waiting | None:
        """The earliest row that is due, now being attempted."""
        if not self._rows or self._rows[0].deadline > now:
            return None
        waiting = self._rows.pop(0)
        self.taken.add(key_of(waiting.row))
        return waiting

    def put_back(self, waiting: Waiting) -> None:
        """It was taken, but is not attempted before its new deadline."""
        self.taken.discard(key_of(waiting.row))
        insort(self._rows, waiting, key=_deadline)

    def next_at(self) -> float:
        """When the earliest row held is due; infinity when there is none."""
        return self._rows[0].deadline if self._rows else float("inf")

    def _put(self, key: RetryKey, waiting: Waiting | None) -> None:
        if self._asked:
            self._meanwhile.append((key, waiting))
            return
        self.taken.discard(key)
        if waiting is None or (not self._complete and (not self._rows or waiting.deadline > self._rows[-1].deadline)):
            return
        insort(self._rows, waiting, key=_deadline)
        if len(self._rows) > page:
            self._rows.pop()
            self._complete = False

    def _end_of_page(self) -> None:
        self._asked = 0
        if self._outdated:
            self.stale()
        meanwhile, self._meanwhile = self._meanwhile, []
        for key, waiting in meanwhile:
            self._put(key, waiting)
