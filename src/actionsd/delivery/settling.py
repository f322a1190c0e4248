"""How a lane settles: outcomes are gathered, committed one settlement at a time, and only then leave the window (R4)."""

import asyncio
from collections.abc import Callable

from actionsd.delivery.context import Context
from actionsd.delivery.gathering import Gathering
from actionsd.delivery.retries import Retries
from actionsd.delivery.window import Window
from actionsd.delivery.work import Delivery
from actionsd.event import Entry
from actionsd.store.records import LaneKey, Settlement

window_bytes = 32 * 1024 * 1024  # of events claimed and not settled (RULES R8)
quiet_interval = 1.0  # seconds between settlements that only spare reading again


class Settling:
    """Deliveries between claim and commit. ``on_commit`` is called after each commit, ``on_failure`` when the store does
    not tell what became of one: then nothing is settled any more."""

    def __init__(
        self,
        lane: LaneKey,
        source: int,
        window: Window,
        retries: Retries,
        context: Context,
        on_commit: Callable[[Settlement], None],
        on_failure: Callable[[BaseException], None],
    ) -> None:
        self._context = context
        self._lane = lane
        self._source = source
        self._window = window
        self._retries = retries
        self._on_commit = on_commit
        self._on_failure = on_failure
        self._committing = False
        self._entries: dict[int, Entry] = {}  # of the retry rows in ``gathering``
        self._next_quiet = 0.0
        self._in_flight_bytes = 0
        self.gathering = Gathering(lane, source)
        self.in_flight = 0
        self.committed_cursor = window.cursor

    @property
    def full(self) -> bool:
        """Whether nothing more may be claimed before something is committed."""
        return (
            self.in_flight >= self._context.options.in_flight
            or self._in_flight_bytes >= window_bytes
            or self._window.full
        )

    @property
    def idle(self) -> bool:
        """Whether all that was claimed is committed."""
        return self.in_flight == 0 and not self._committing and self.gathering.is_empty

    def taken(self, delivery: Delivery) -> None:
        """A delivery was claimed, or came back from its retry row."""
        self.in_flight += 1
        self._in_flight_bytes += len(delivery.entry.body)

    def released(self, delivery: Delivery) -> None:
        """What became of a delivery stands in ``gathering``."""
        self.gathering.release(delivery, self._window)
        self._entries[delivery.entry.position] = delivery.entry

    def settle(self, now: float) -> None:
        """Hand what was gathered to the ledger, unless the last settlement is still being written."""
        gathering = self.gathering
        if self._committing or not (gathering.is_urgent or now >= self._next_quiet):
            return
        if gathering.is_empty and self._window.cursor == self.committed_cursor:
            return
        settlement, entries = gathering.settlement(self._window), self._entries
        self.gathering, self._entries = Gathering(self._lane, self._source), {}
        self._committing = True
        self._next_quiet = now + quiet_interval
        urgent = gathering.intents is not None or self.in_flight * 2 > self._context.options.in_flight
        future = self._context.store.ledger.settle(settlement, urgent=urgent)
        future.add_done_callback(lambda done: self._committed(done, settlement, gathering, entries))

    def next_at(self) -> float:
        """When :meth:`settle` has something to do that it has not now; infinity when not."""
        return float("inf") if self.gathering.is_empty or self._committing else self._next_quiet

    def _committed(
        self, future: "asyncio.Future[None]", settlement: Settlement, gathering: Gathering, entries: dict[int, Entry]
    ) -> None:
        error = asyncio.CancelledError() if future.cancelled() else future.exception()
        if error is not None:
            self._on_failure(error)
            return
        self._committing = False
        self.committed_cursor = settlement.cursor
        self.in_flight -= gathering.deliveries
        self._in_flight_bytes -= gathering.size
        self._retries.committed(settlement, entries)
        self._on_commit(settlement)
