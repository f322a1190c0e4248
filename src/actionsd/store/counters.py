"""Counters: exact totals, and the same numbers by minute, hour and day (RULES R29)."""

import sqlite3
from collections.abc import Mapping

from actionsd.store import sql
from actionsd.store.records import Count
from actionsd.store.transaction import Transaction

_sql = sql.load("counters")

_HOUR, _DAY = 60, 24 * 60  # minutes
_WIDEN = ((1, _HOUR, 2 * _DAY), (_HOUR, _DAY, 30 * _DAY))  # from, to, after so many minutes (FEATURES F176)


class Counters:
    """The writer's side: knows the row of each counter."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._rows: dict[Count, int] = {}

    def load(self) -> dict[Count, int]:
        """All totals; also what to call after a rollback, which may have undone new rows."""
        totals = {}
        self._rows.clear()
        for row, *what, total in self._db.execute(_sql["load_counters"]).fetchall():
            count = Count(*what)
            self._rows[count] = row
            totals[count] = total
        return totals

    def write(self, transaction: Transaction) -> None:
        """Add the transaction's counts to totals and minute buckets."""
        minute = transaction.now // 60_000
        rows = [
            {"counter": self._row(what), "minute": minute, "events": events}
            for what, events in transaction.counts.items()
            if events
        ]
        self._db.executemany(_sql["add_total"], rows)
        self._db.executemany(_sql["add_minute"], rows)

    def _row(self, what: Count) -> int:
        row = self._rows.get(what)
        if row is None:
            row = self._db.execute(_sql["create_counter"], what).lastrowid
            assert row is not None
            self._rows[what] = row
        return row


def compact(transaction: Transaction) -> None:
    """Turn minutes older than two days into hours, and hours older than 30 days into days."""
    minute = transaction.now // 60_000
    for narrow, wide, age in _WIDEN:
        bounds = {"narrow": narrow, "wide": wide, "before": (minute - age) // wide * wide}
        transaction.db.execute(_sql["widen"], bounds)
        transaction.db.execute(_sql["drop_widened"], {"narrow": narrow, "before": bounds["before"]})


def merge(totals: dict[Count, int], deltas: Mapping[Count, int]) -> None:
    """Add committed deltas to the totals in memory."""
    for what, events in deltas.items():
        totals[what] = totals.get(what, 0) + events
