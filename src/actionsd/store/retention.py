"""Removes what is no longer needed: events by age and size, keys of the dedup window, dead letters beyond their caps.

Everything runs in the writer's thread in slices of a few milliseconds, each its own transaction (RULES R9, R11-R13).
"""

import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from actionsd.clock import JUMP_MS, Clock, ahead
from actionsd.store import counters, facets, sql
from actionsd.store.append import BLOCK
from actionsd.store.journal import Journal
from actionsd.store.ledger import Ledger
from actionsd.store.options import StoreOptions
from actionsd.store.reader import Reader
from actionsd.store.records import LaneKey, LaneState
from actionsd.store.samples import limit_samples
from actionsd.store.settle import bury_retries, pass_over, retry_of
from actionsd.store.transaction import Transaction
from actionsd.store.writer import Writer

log = logging.getLogger(__name__)

_sql = sql.load("retention")
_connection_sql = sql.load("connection")
_ledger_sql = sql.load("ledger")
_counters_sql = sql.load("counters")

_SLICE_SECONDS = 0.005  # of the writer's time (RULES R11)
_FIRST_SLICE = 4  # segments; later slices follow what this one took
_LARGEST_SLICE = 1024
_KEYS = 500  # dedup keys a slice
_LETTERS = 100  # dead letters a slice
_HOLD = 600.0  # seconds without deleting by age after a start or a jump of the clock (RULES R31)
_UNUSED_SECONDS = 3600.0  # between looks for facets that no bucket has: it reads all buckets
_FREE_SHARE = 4  # pages are given back while more than a quarter of the file is free
_VACUUM_SLICES = 50  # a sweep


class Retention:
    """One sweep is :meth:`expire`."""

    def __init__(
        self, writer: Writer, reader: Reader, journal: Journal, ledger: Ledger, options: StoreOptions, clock: Clock
    ) -> None:
        self._writer = writer
        self._reader = reader
        self._journal = journal
        self._ledger = ledger
        self._options = options
        self._clock = clock
        self._segments = _FIRST_SLICE
        self._offset = ahead(clock)
        self._held_until = clock.monotonic() + _HOLD
        self._next_unused = 0.0

    async def expire(self) -> None:
        """One sweep over everything that can be removed.

        Raises:
            Unavailable: the disk is full or the database locked; the next sweep goes on.
            StoreBroken: the writer is dead.
        """
        head = self._journal.head
        await self._repeat(lambda transaction: self._writer.dedup.flush(transaction, everything=True))
        await self._writer.run(self._writer.counters.catch_up)
        if not self._ages_are_held():
            now = self._clock.now()
            await self._expire_events(await self._before(now - int(self._options.retention * 1000)), forced=False)
            await self._purge_dedup()
        await self._enforce_size(head)
        await self._limit_dead_letters()
        held = self._ages_are_held()
        await self._repeat(partial(limit_samples, by_age=not held))
        await self._repeat(self._roll)
        if not held:
            await self._repeat(counters.drop_old)
        await self._limit_details()
        await self._give_back_pages()

    def _ages_are_held(self) -> bool:
        """Whether a start or a jump of the wall clock is too recent to delete by age."""
        offset = ahead(self._clock)
        drift = offset - self._offset
        self._offset = offset
        if abs(drift) > JUMP_MS:
            self._held_until = self._clock.monotonic() + _HOLD
            log.warning("the clock jumped by %.0f s: nothing is deleted by age for 10 minutes", drift / 1000)
        return self._clock.monotonic() < self._held_until

    async def _before(self, time: int) -> int:
        """The last position received before a time."""
        _, last = await self._journal.range_of(0, time)
        return last

    async def _enforce_size(self, head: int) -> None:
        """Above ``max_size`` the oldest events go, whoever still waits for them; none after ``head``, because the keys
        of later ones may stand in the journal alone (RULES R9, R12)."""
        if self._options.max_size is None:
            return
        after = 0
        while await self._used() > self._options.max_size:
            end = await self._slice_end(after, head)
            if end is None:
                return
            moved = await self._expire_slice(after, end, forced=True)
            if moved <= after:
                return
            after = moved

    async def _used(self) -> int:
        ((pages, free, size),) = await self._reader.rows(_connection_sql["measure"], {})
        return int((pages - free) * size)

    async def _expire_events(self, upto: int, *, forced: bool) -> None:
        after = 0
        while (end := await self._slice_end(after, upto)) is not None:
            moved = await self._expire_slice(after, end, forced=forced)
            if moved <= after:
                return
            after = moved

    async def _slice_end(self, after: int, upto: int) -> int | None:
        bounds = {"after": after, "upto": upto, "segments": self._segments}
        ((end,),) = await self._reader.rows(_sql["slice_end"], bounds)
        return end if end is None else int(end)

    async def _expire_slice(self, after: int, last: int, *, forced: bool) -> int:
        """Delete the events of a slice; returns how far it got: a lane with work in flight there is waited for."""
        passed = await self._pass_lanes(last)
        last = min([last, *passed.values()])
        if last <= after:
            await self._writer.run(lambda transaction: _pass_all(transaction, passed))
            return after
        window_start = self._clock.now() - int(self._options.retry_window * 1000)
        bounds = {"after": after, "last": last, "forced": forced, "window_start": window_start}

        def delete(transaction: Transaction) -> float:
            begun = self._clock.monotonic()
            _pass_all(transaction, passed)
            rows = transaction.db.execute(_sql["read_expired_retries"], bounds).fetchall()
            bury_retries(transaction, map(retry_of, rows), "expired_unsent", requeueable=True)
            transaction.db.execute(_sql["delete_events"], bounds)
            transaction.db.execute(_sql["delete_blocks"], {"block": (last + 1) // BLOCK})
            return self._clock.monotonic() - begun

        took = await self._writer.run(delete)
        factor = 2.0 if took <= 0 else min(2.0, _SLICE_SECONDS / took)
        self._segments = max(1, min(_LARGEST_SLICE, int(self._segments * factor)))
        return last

    async def _pass_lanes(self, last: int) -> dict[int, int]:
        """Ask the live lanes that have not passed ``last``; how far each may be moved (RULES R11)."""
        passed = {}
        for lane, enabled in await self._live_lanes():
            if enabled and lane.cursor < last:
                passed[lane.lane.destination] = self._ledger.fence(lane.lane, last)
        return passed

    async def _live_lanes(self) -> list[tuple[LaneState, bool]]:
        rows = await self._reader.rows(_ledger_sql["list_lanes"], {})
        return [
            (LaneState(LaneKey(destination, replay), start, cursor, completed), bool(enabled))
            for destination, replay, start, cursor, completed, _, enabled in rows
        ]

    async def _purge_dedup(self) -> None:
        def purge(transaction: Transaction) -> int:
            row = transaction.db.execute(_sql["first_received"]).fetchone()
            return self._writer.dedup.purge(transaction.now, row[0] if row else transaction.now, _KEYS)

        await self._repeat(purge)

    async def _limit_dead_letters(self) -> None:
        options = self._options
        before = self._clock.now() - int(options.dead_retention * 1000)
        if not self._ages_are_held():
            await self._repeat(_deleting("delete_old_dead_letters", {"before": before, "limit": _LETTERS}))
        surplus = {"rows": options.dead_max_rows, "limit": _LETTERS}
        await self._repeat(_deleting("delete_surplus_dead_letters", surplus))

        def shrink(transaction: Transaction) -> int:
            if transaction.db.execute(_sql["kept_bytes"]).fetchone()[0] <= options.dead_max_bytes:
                return 0
            limit = {"limit": _LETTERS}
            cleared = transaction.db.execute(_sql["clear_exchanges"], limit).rowcount
            return cleared + transaction.db.execute(_sql["drop_kept_events"], limit).rowcount

        await self._repeat(shrink)

    def _roll(self, transaction: Transaction) -> int:
        self._writer.counters.catch_up(transaction)
        return counters.roll(transaction)

    async def _limit_details(self) -> None:
        """Too many buckets by facet go, the oldest first. Facets that no bucket has any more make room for others where
        their source has as many as it may have."""
        for width in counters.WIDTHS:
            ((rows,),) = await self._reader.rows(_counters_sql["count_facet_buckets"], {"width": width})
            surplus = {"width": width, "surplus": rows - counters.MOST_DETAILS}
            if surplus["surplus"] > 0:
                ((start,),) = await self._reader.rows(_counters_sql["nth_facet_bucket"], surplus)
                await self._repeat(partial(counters.drop_details, width=width, before=start + 1))
        if self._clock.monotonic() >= self._next_unused:
            self._next_unused = self._clock.monotonic() + _UNUSED_SECONDS
            rows = await self._reader.rows(_counters_sql["unused_facets"], {"most": facets.MOST, "limit": facets.MOST})
            if unused := [id for (id,) in rows]:
                await self._writer.run(lambda transaction: self._writer.counters.facets.drop(unused))

    async def _give_back_pages(self) -> None:
        for _ in range(_VACUUM_SLICES):
            ((pages, free, _),) = await self._reader.rows(_connection_sql["measure"], {})
            if free * _FREE_SHARE <= pages:
                return
            await self._writer.run(lambda transaction: len(transaction.db.execute(_sql["give_back_pages"]).fetchall()))

    async def _repeat(self, work: Callable[[Transaction], int]) -> None:
        """Slice after slice, until one finds nothing to do."""
        while await self._writer.run(work):
            pass


def _pass_all(transaction: Transaction, passed: Mapping[int, int]) -> None:
    for destination, upto in passed.items():
        pass_over(transaction, destination, upto, "expired_unsent")


def _deleting(statement: str, parameters: Mapping[str, Any]) -> Callable[[Transaction], int]:
    return lambda transaction: transaction.db.execute(_sql[statement], parameters).rowcount
