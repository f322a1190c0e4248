"""Counters: exact totals, and the same numbers by minute, hour and day, and by facet (RULES R29; FEATURES F169, F176).

A minute is written with the commit that counts. Once it is over it is added to its hour and its day, so that a look at
a month reads days and not minutes; :class:`actionsd.store.history.History` puts them together.

The facets of accepted events stand in the journal. So they are counted behind it, at most a second, and after a crash
from there: written with each commit they would cost a tenth of the ingest where names are many (measured).
"""

import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Literal

import msgspec

from actionsd.store import sql
from actionsd.store.bulk import BulkInsert
from actionsd.store.facets import Facets
from actionsd.store.records import Count
from actionsd.store.segment import pages
from actionsd.store.transaction import Transaction

_sql = sql.load("counters")

_HOUR, _DAY = 60, 24 * 60  # minutes
Width = Literal[1, 60, 1440]
"""Minutes of a bucket."""

WIDTHS: tuple[Width, ...] = (1, 60, 1440)
# Minutes after which buckets go (FEATURES F176, C26). Two hours more let 24 hours and those before end at any minute.
_AGES = {1: 2 * _DAY + 2 * _HOUR, _HOUR: 30 * _DAY}
_DETAIL_AGES = _AGES | {_DAY: 62 * _DAY}  # 30 days and the 30 before them, to compare; totals by day stay
MOST_DETAILS = 1_000_000  # facet buckets of a width, about 15 MB; beyond it the oldest go early
_ACCEPTED = "received"
_BEHIND_MS = 1000  # so long the facets of accepted events may not be counted
_MOST_BEHIND = 5000  # ... and so many, at a minute, counter and facet each
_ROLLED_AT_ONCE = 10  # minutes in one transaction
_SLICE = 1000  # rows deleted in one transaction, a few milliseconds

_add_facets = BulkInsert(_sql["add_facet_minute"])
_add_latencies = BulkInsert(_sql["add_latency_minute"])


class Counters:
    """The writer's side: knows the row of each counter and of each facet."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._rows: dict[Count, int] = {}
        self._behind: dict[tuple[int, Count, int], int] = {}  # accepted events by minute, counter and facet
        self._behind_since = 0
        self.facets = Facets(db)

    def load(self) -> dict[Count, int]:
        """All totals; also what to call after a rollback, which may have undone new rows."""
        totals = {}
        self._rows.clear()
        for row, *what, total in self._db.execute(_sql["load_counters"]).fetchall():
            count = Count(*what)
            self._rows[count] = row
            totals[count] = total
        self.facets.load()
        return totals

    @property
    def is_behind(self) -> bool:
        """Whether facets of accepted events are not yet counted."""
        return bool(self._behind)

    def recover(self) -> None:
        """Count the facets of the events that the last run was behind with. Call it once, before all else."""
        detailed, head = self._db.execute(_sql["read_detailed"]).fetchone()
        if detailed == head:
            return
        self.load()
        for segments in pages(self._db, detailed):
            accepted = Counter(
                (segment.received_at // 60_000, Count(_ACCEPTED, source=segment.source), entry.facet)
                for segment in segments
                for entry in segment.entries()
                if entry.facet
            )
            self._db.execute("begin immediate")
            self._add_accepted(accepted)
            self._db.execute(_sql["mark_detailed_to"], {"position": segments[-1].last})
            self._db.execute("commit")

    def catch_up(self, transaction: Transaction) -> None:
        """Count the facets of all accepted events, this transaction's too."""
        minute = transaction.now // 60_000
        behind = dict(self._behind)
        for what, facet, events in _accepted(transaction):
            behind[minute, what, facet] = behind.get((minute, what, facet), 0) + events
        self._add_accepted(behind)
        self._db.execute(_sql["mark_detailed_to"], {"position": transaction.head})
        transaction.caught_up = True

    def committed(self, transaction: Transaction) -> None:
        """The transaction is on disk."""
        if transaction.caught_up:
            self._behind.clear()
            return
        if not self._behind:
            self._behind_since = transaction.now
        minute = transaction.now // 60_000
        for what, facet, events in _accepted(transaction):
            key = (minute, what, facet)
            self._behind[key] = self._behind.get(key, 0) + events

    def write(self, transaction: Transaction) -> None:
        """Add the transaction's counts to their minute, which the totals are the sums of."""
        is_due = transaction.now - self._behind_since >= _BEHIND_MS or len(self._behind) >= _MOST_BEHIND
        if self._behind and is_due and not transaction.caught_up:
            self.catch_up(transaction)
        minute = transaction.now // 60_000
        counts = [(self._row(what), events) for what, events in transaction.counts.items() if events]
        if counts:
            given = msgspec.json.encode(counts).decode()
            self._db.execute(_sql["add_minutes"], {"counts": given, "minute": minute})
        details = [
            (minute, self._row(what), facet, events)
            for what, facets in transaction.facets.items()
            if what.step != _ACCEPTED
            for facet, events in facets.items()
        ]
        _add_facets.execute(self._db, details)
        _add_latencies.execute(self._db, [(minute, *where, n) for where, n in transaction.latencies.items()])

    def _add_accepted(self, events: Mapping[tuple[int, Count, int], int]) -> None:
        """Events by minute, counter and facet."""
        _add_facets.execute(self._db, [(at, self._row(what), facet, n) for (at, what, facet), n in events.items()])

    def _row(self, what: Count) -> int:
        row = self._rows.get(what)
        if row is None:
            row = self._db.execute(_sql["create_counter"], what).lastrowid
            assert row is not None
            self._rows[what] = row
        return row


def _accepted(transaction: Transaction) -> Iterator[tuple[Count, int, int]]:
    for what, facets in transaction.facets.items():
        if what.step == _ACCEPTED:
            for facet, events in facets.items():
                yield what, facet, events


def roll(transaction: Transaction) -> int:
    """Add some minutes that are over to their hours and days; 0 when there are none left. All that was counted must be
    in its minute: see :meth:`Counters.catch_up`."""
    db, current = transaction.db, transaction.now // 60_000
    (rolled,) = db.execute(_sql["read_rolled"]).fetchone()
    (since,) = db.execute(_sql["first_unrolled"], {"minute": rolled}).fetchone()
    until = current if since is None else min(since + _ROLLED_AT_ONCE, current)
    if until <= rolled:
        return 0
    if since is not None and since < until:
        for wide in (_HOUR, _DAY):
            bounds = {"wide": wide, "since": since, "until": until}
            for statement in ("roll", "roll_facets", "roll_latencies"):
                db.execute(_sql[statement], bounds)
    db.execute(_sql["mark_rolled"], {"until": until})
    return int(until - rolled)


def drop_old(transaction: Transaction) -> int:
    """Delete a slice of the buckets that are too old; returns how many."""
    db, now = transaction.db, transaction.now // 60_000
    (rolled,) = db.execute(_sql["read_rolled"]).fetchone()
    dropped = 0
    for statement, ages in (
        ("drop_buckets", _AGES), ("drop_facet_buckets", _DETAIL_AGES), ("drop_latency_buckets", _DETAIL_AGES),
    ):  # fmt: skip
        for width, age in ages.items():
            before = min(now - age, rolled) // width * width
            dropped += db.execute(_sql[statement], {"width": width, "before": before, "limit": _SLICE}).rowcount
    return dropped


def drop_details(transaction: Transaction, width: int, before: int) -> int:
    """Delete a slice of the facet buckets of a width that start before a minute."""
    bounds = {"width": width, "before": before, "limit": _SLICE}
    return transaction.db.execute(_sql["drop_facet_buckets"], bounds).rowcount


def merge(totals: dict[Count, int], deltas: Mapping[Count, int]) -> None:
    """Add committed deltas to the totals in memory."""
    for what, events in deltas.items():
        totals[what] = totals.get(what, 0) + events
