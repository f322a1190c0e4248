"""One write transaction: what it will have changed once it is committed. Lives in the writer's thread only."""

import sqlite3
from collections.abc import Mapping

from actionsd.event import Entry
from actionsd.store.records import Count


class Transaction:
    """Passed to everything that writes. ``now`` is the writer's time in milliseconds, which never decreases (R31);
    ``head`` moves as positions are given (R7); ``counts`` go to disk with the rest (R29), ``facets`` say how many of
    each count are of which facet, ``latencies`` how many deliveries of a destination fell into which bucket;
    ``caught_up`` tells that the facets of all accepted events are counted with it.
    ``entries`` are the new events as the lanes get them (R8), ``fresh`` their dedup keys; ``flushed`` slices of older
    keys were written (R9); ``written`` are about the bytes of the rows that were inserted.
    """

    __slots__ = (
        "caught_up", "counts", "db", "entries", "facets", "flushed", "fresh", "head", "latencies", "now", "written",
    )  # fmt: skip

    def __init__(self, db: sqlite3.Connection, head: int, now: int) -> None:
        self.db = db
        self.head = head
        self.now = now
        self.counts: dict[Count, int] = {}
        self.facets: dict[Count, dict[int, int]] = {}
        self.caught_up = False
        self.latencies: dict[tuple[int, int], int] = {}
        self.entries: list[Entry] = []
        self.fresh: dict[bytes, int] = {}
        self.flushed = 0
        self.written = 0

    def count(self, what: Count, events: int) -> None:
        self.counts[what] = self.counts.get(what, 0) + events

    def count_all(self, counts: Mapping[Count, int]) -> None:
        for what, events in counts.items():
            self.count(what, events)

    def detail(self, what: Count, facet: int, events: int = 1) -> None:
        """So many of what :meth:`count` is told are of this facet; 0 is none and needs no telling."""
        if facet:
            of = self.facets.setdefault(what, {})
            of[facet] = of.get(facet, 0) + events
