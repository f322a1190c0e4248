"""How a lane settles: outcomes are gathered, committed together, and leave the window only then (RULES R4)."""

import asyncio
from collections.abc import Callable, Sequence

from actionsd.delivery.context import Context
from actionsd.delivery.gathering import Gathering
from actionsd.delivery.inflight import InFlight
from actionsd.delivery.retries import Retries
from actionsd.delivery.window import Window, window_span
from actionsd.delivery.work import Delivery
from actionsd.store.records import LaneKey, Settlement

quiet_interval = 1.0  # seconds between settlements that only spare reading again


class Settling:
    """Deliveries between claim and commit, one settlement after the other. ``on_commit`` is called after each commit,
    ``on_failure`` when the store cannot tell what became of one: then nothing is settled any more. What is in flight
    takes its place in the window that all lanes of the destination have ``shared``."""

    def __init__(
        self,
        lane: LaneKey,
        source: int,
        window: Window,
        shared: InFlight,
        retries: Retries,
        context: Context,
        on_commit: Callable[[Settlement], None],
        on_failure: Callable[[BaseException], None],
    ) -> None:
        self._context = context
        self._lane = lane
        self._replays = lane.replay > 0
        self._source = source
        self._window = window
        self._shared = shared
        self._retries = retries
        self._on_commit = on_commit
        self._on_failure = on_failure
        self.committing = False
        self._next_quiet = 0.0
        self._in_flight_bytes = 0
        self.gathering = Gathering(lane, source)
        self.in_flight = 0
        self.committed_cursor = window.cursor

    def full(self, deliveries: int) -> bool:
        """Whether so many more may not be claimed before something is committed."""
        return self._shared.full(deliveries, self.in_flight, replay=self._replays) or self.spans_too_much

    @property
    def spans_too_much(self) -> bool:
        """Whether it is the oldest event that is not settled which keeps others from being claimed (RULES R23)."""
        window = self._window  # which need not look for that event while not even what is committed is so far behind
        return window.read - self.committed_cursor >= window_span and window.full

    @property
    def flushed(self) -> bool:
        """Whether all that was learnt is committed."""
        return not self.committing and self.gathering.is_empty and self._window.cursor == self.committed_cursor

    @property
    def idle(self) -> bool:
        """Whether all that was claimed is settled and committed."""
        return self.in_flight == 0 and self.flushed

    def taken(self, delivery: Delivery) -> None:
        """A delivery was claimed, or came back from its retry row."""
        size = len(delivery.entry.body)
        self.in_flight += 1
        self._in_flight_bytes += size
        self._shared.take(size, replay=self._replays)

    def released(self, deliveries: Sequence[Delivery]) -> None:
        """What became of the deliveries stands in ``gathering``."""
        self.gathering.release(deliveries, self._window)

    def settle(self, now: float, *, last: bool = False) -> None:
        """Hand what was gathered to the ledger, unless the last settlement is still being written. What only spares
        reading again can wait, but not when it may be the ``last`` chance."""
        gathering, crowded = self.gathering, self._shared.crowded_by(self.gathering.deliveries)
        if self.committing:
            if crowded:
                self._context.store.ledger.hurry()
            return
        if self.flushed or not (gathering.is_urgent or last or now >= self._next_quiet):
            return
        settlement = gathering.settlement(self._window)
        self.gathering = Gathering(self._lane, self._source)
        self.committing = True
        self._next_quiet = now + quiet_interval
        urgent = gathering.intents is not None or crowded
        future = self._context.store.ledger.settle(settlement, urgent=urgent)
        future.add_done_callback(lambda done: self._committed(done, settlement, gathering))

    def leave(self) -> None:
        """The lane is closed. What it has claimed and not settled is claimed again at its next start (RULES R32)."""
        self._give(self.in_flight, self._in_flight_bytes)

    def hurry(self) -> None:
        """Nothing may wait any longer: somebody looks at the cursor."""
        self._next_quiet = 0.0

    def next_at(self) -> float:
        """When :meth:`settle` has something to do that it has not now; infinity when not."""
        return float("inf") if self.committing or self.flushed else self._next_quiet

    def _committed(self, future: "asyncio.Future[None]", settlement: Settlement, gathering: Gathering) -> None:
        error = asyncio.CancelledError() if future.cancelled() else future.exception()
        if error is not None:
            self._on_failure(error)
            return
        self.committing = False
        self.committed_cursor = settlement.cursor
        self._give(gathering.deliveries, gathering.size)
        self._retries.committed(settlement, gathering.entries)
        self._on_commit(settlement)

    def _give(self, deliveries: int, size: int) -> None:
        self.in_flight -= deliveries
        self._in_flight_bytes -= size
        self._shared.give(deliveries, size, replay=self._replays)
