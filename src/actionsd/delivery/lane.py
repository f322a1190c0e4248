"""A lane: one destination's consumer of the journal, or one of its replays (DESIGN "How an event flows").

A lane has no task of its own. Whatever happens (a block was committed, an attempt ended, a settlement was written, a
page was read, an alarm rang) calls :meth:`Lane.wake`, and once per turn of the event loop it does all that can be done:
time out, fill the free slots, settle what was learnt, read on.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Any

from actionsd.delivery.attempt import Item, attempt_batch
from actionsd.delivery.attempt import attempt as attempt_one
from actionsd.delivery.careful import Careful, crashed
from actionsd.delivery.claims import Claims, Scope, events_at_once
from actionsd.delivery.context import Context
from actionsd.delivery.gate import Gate
from actionsd.delivery.histogram import Histogram
from actionsd.delivery.outcome import TIMED_OUT, Outcome, classify
from actionsd.delivery.outcomes import Outcomes
from actionsd.delivery.plan import Plan
from actionsd.delivery.rate import Bucket
from actionsd.delivery.reader import Reader, page_bytes, page_events
from actionsd.delivery.retries import Retries
from actionsd.delivery.running import Running
from actionsd.delivery.sampling import Sampler
from actionsd.delivery.session import Around
from actionsd.delivery.settling import Settling
from actionsd.delivery.status import LaneStatus
from actionsd.delivery.supply import Supply
from actionsd.delivery.telling import Teller
from actionsd.delivery.window import Window
from actionsd.delivery.work import Attempt
from actionsd.event import Entry
from actionsd.sdk import Transport
from actionsd.store.records import LaneState, Settlement

pause_after_error = 1.0  # seconds until a failed read of the store is tried again
_timed_out = Outcome(kind="retry", code=TIMED_OUT, message="no answer within the time limit", error="TimeoutError")
crowded = 0.002  # seconds that the pump is late when the loop has more to do than time
batches_in_a_crowd = 2  # that a lane attempts at once all the same: one is built while the other is on its way


class Lane:
    """Claims, attempts and settles. ``open`` tells whether it may claim and start; ``trouble`` why it cannot, or "".
    ``on_through`` is called, maybe more than once, when a replay has nothing left to do."""

    def __init__(
        self, state: LaneState, plan: Plan, gate: Gate, scope: Scope, histogram: Histogram, transport: Transport,
        context: Context, on_through: Callable[["Lane"], None],
    ) -> None:  # fmt: skip
        self.key = state.lane
        self.scope = scope
        self.gate = gate
        self.open = False
        self.trouble = ""
        self._transport = transport
        self._on_through = on_through
        self._context = context
        self._window = Window(state.cursor, state.completed)
        self._reader = Reader(state.cursor)
        teller = Teller(self.key.destination, context.clock, context.tap)
        self._sampler = Sampler(self.key.destination, context.clock)
        self._claims = Claims(scope, self._window, self._reader, teller, self._sampler)
        self._retries = Retries(self.key, context.store, context.clock, context.options.retry_cap)
        self._running = Running(self._ended, self._abandoned)
        self._settling = Settling(
            self.key, scope.source, self._window, gate.in_flight, self._retries, context, self._committed, self._broken
        )
        self._outcomes = Outcomes(self.key, plan, gate, self._settling, histogram, teller, self._sampler, context)
        self._supply = Supply(
            plan, gate, self._claims, self._retries, self._outcomes, self._settling, self._running, context
        )
        self._careful = Careful()
        self._tried: Attempt | None = None  # with an intent, from before its commit until it ends (RULES R26)
        self._reads: set[asyncio.Task[None]] = set()
        self._paging = False
        self._idle = asyncio.Event()
        self._commit = asyncio.Event()  # the next one
        self._pace = None if scope.rate is None else Bucket(scope.rate, context.clock.monotonic())
        self._aborted = False
        self._awake = False
        self._woken_at = 0.0
        self._lateness = 0.0  # of the pump, behind other work of the loop
        self._alarm_at = float("inf")

    async def prepare(self) -> None:
        """Read what the ledger knows beside the lane's state. Call it once, before :meth:`wake`."""
        await self._retries.count()
        store, options = self._context.store, self._context.options
        if store.unclean:
            intents = await store.ledger.intents(self.key)
            self._careful = Careful(options.in_flight, store.journal.head, intents)

    def offer(self, block: Sequence[Entry]) -> None:
        """A block was committed to the journal; it is read back later if it does not fit here (RULES R8)."""
        if self._reader.offer(block):
            self.wake()

    @property
    def through(self) -> bool:
        """Whether a replay has settled all of its range and no retry is left."""
        if self.scope.last is None or self._window.cursor < self.scope.last or self._retries.stale:
            return False
        return self._settling.idle and not self._retries.rows

    def wake(self) -> None:
        """Do what can be done, soon."""
        if not self._awake:
            self._awake = True
            self._woken_at = self._context.clock.monotonic()
            asyncio.get_running_loop().call_soon(self._pump)

    def replan(self, plan: Plan) -> None:
        """The destination has a new version: it holds for claims, retries and what waits for a slot (RULES R20). Open
        batches go out under their old one."""
        self._supply.flush()
        self._supply.plan = self._outcomes.plan = plan
        self.refresh()

    def refresh(self) -> None:
        """Rows of the retry queue were changed by others (requeued, dropped)."""
        self._retries.forget()
        self.wake()

    def yield_to(self, position: int) -> int:
        """Retention wants to remove events up to ``position``: the cursor that the lane agrees to (RULES R11). What is
        claimed and cannot start becomes retry rows, so that the cursor is free when it is asked again."""
        if self._window.read >= position or not self._settling.idle:
            if self.gate.stopped(self._context.clock.monotonic()):
                self._supply.park()
                self.wake()
            return min(position, self._settling.committed_cursor)
        self._reader.skip(position)
        self._window.pass_over(position)
        return position

    def of(self, task: "asyncio.Task[Any]") -> str:
        """What the attempt that runs in ``task`` is made with: "slug/action"; "" when it is none of this lane."""
        running = self._running.of(task)
        return "" if running is None else running.plan.name

    def status(self, state: str, histogram: Histogram | None) -> LaneStatus:
        """The lane as it is now; ``state`` is its destination's."""
        breaker = self.gate.worst()
        return LaneStatus(
            destination=self.key.destination,
            replay=self.key.replay,
            state=state,
            trouble="quarantined" if self.gate.quarantined else self.trouble,
            breaker=breaker.state.value,
            reason=breaker.reason,
            probe_at=breaker.next_at(),
            cursor=self._settling.committed_cursor,
            read=self._window.read,
            in_flight=self._settling.in_flight,
            running=len(self._running),
            retrying=self._retries.rows,
            limit=self.gate.limit.now,
            abandoned=self.gate.abandoned,
            histogram=histogram,
        )

    async def catch_up(self) -> None:
        """Wait until what is known now is committed, by the settlement under way or by the next one."""
        for _ in range(2):
            if self._settling.flushed or self.trouble:
                return
            self._settling.hurry()
            self.wake()
            await self._commit.wait()

    async def finish(self) -> None:
        """No claims and no retries any more; returns when all that was claimed is attempted and settled."""
        self.open = False
        self._supply.close()
        self._idle.clear()
        self.wake()
        await self._idle.wait()
        self._settling.leave()

    def abort(self) -> None:
        """The time to finish is over: cancel what runs. It is done again at the next start (RULES R32)."""
        self._aborted = True
        self._running.cancel_all(self._context.clock.monotonic())
        self.wake()

    def _pump(self) -> None:
        self._awake = False
        now = self._context.clock.monotonic()
        self._lateness = now - self._woken_at
        self._running.time_out(now)
        if not self.trouble:
            self._fill(now)
            if not self._retries.counting:
                self._settling.settle(now, last=self._supply.closed)
            self._read_on()
        if not self._running and (self._settling.flushed if self._aborted else self._settling.idle):
            self._idle.set()
        if self.through:
            self._on_through(self)
        self._arm(now)

    def _fill(self, now: float) -> None:
        """Start attempts while there are slots and something to attempt."""
        self._claims.budget = events_at_once
        self._sampler.now = now
        while self._may_start(now):
            attempt = self._supply.next(now)
            if attempt is None:
                return
            if self._would_crowd(attempt):
                self._supply.put_back(attempt)
                self.wake()  # to look again as soon as what makes the loop late is done
                return
            if not self.gate.take(attempt, replay=self.scope.is_replay):
                self._supply.put_back(attempt)
                return
            if self._pace is not None:
                self._pace.take(len(attempt.deliveries))
            if self._careful.applies_to(attempt):
                self._declare(attempt)
            else:
                self._start(attempt)

    def _may_start(self, now: float) -> bool:
        if self._aborted or self._tried is not None or not (self.open or self._supply.closed):
            return False
        if self._pace is not None and not self._pace.allows(now):
            return False
        return not self.gate.stopped(now) and self.gate.has_room(now, replay=self.scope.is_replay)

    def _would_crowd(self, attempt: Attempt) -> bool:
        """Whether one more batch would only wait for the processor: the loop has no time left, and enough run. Where a
        destination is slow the loop has time, and as many run as its concurrency allows."""
        return attempt.batched and self._lateness > crowded and len(self._running) >= batches_in_a_crowd

    def _declare(self, attempt: Attempt) -> None:
        """Write down what is about to be tried; what the process has died of twice is not (RULES R26)."""
        for delivery in [delivery for delivery in attempt.deliveries if self._careful.is_deadly(delivery)]:
            attempt.deliveries.remove(delivery)
            self._outcomes.bury(delivery, crashed, "the process died twice while this was attempted")
        if not attempt.deliveries:
            self.gate.give(attempt, replay=self.scope.is_replay)
            return
        self._tried = attempt
        self._settling.gathering.intents = tuple(
            (delivery.mapping, delivery.entry.position) for delivery in attempt.deliveries
        )

    def _start(self, attempt: Attempt) -> None:
        clock = self._context.clock
        attempt.started_at = clock.monotonic()
        deadline = attempt.started_at + self._supply.plan.timeout
        self._running.start(attempt, self._call(attempt, deadline), deadline)

    def _call(self, attempt: Attempt, deadline: float) -> Coroutine[Any, Any, Any]:
        prepared, first = attempt.plan.prepared, attempt.deliveries[0]
        around = Around(
            transport=self._transport,
            at_ms=self._context.clock.now(),
            attempt=first.attempts + 1,
            deadline=deadline,
            transaction=None if attempt.batched else first.shared,
        )
        items = [
            Item(
                event=delivery.event,
                identify=partial(self._context.delivery_id, self.key, delivery),
                payload=delivery.payload,
            )
            for delivery in attempt.deliveries
        ]
        if attempt.batched:
            return attempt_batch(prepared, items, around)
        return attempt_one(prepared, items[0], around)

    def _ended(self, attempt: Attempt, task: "asyncio.Task[Any]") -> None:
        if self._aborted and task.cancelled():
            self._log_unknown(attempt)
        elif _is_refused_whole(outcomes := self._results(attempt, task)):
            self._supply.split(attempt)
        else:
            self._outcomes.conclude(attempt, outcomes)
        self._leave(attempt)

    def _abandoned(self, attempt: Attempt) -> None:
        self.gate.abandoned += 1
        log = self._supply.plan.log
        log.error("an attempt of %s goes on after it was cancelled", attempt.plan.name)
        if self.gate.quarantined:
            log.error("too many attempts outlive their cancellation: the destination is quarantined")
        if self._aborted:
            self._log_unknown(attempt)
        else:
            self._outcomes.conclude(attempt, [_timed_out] * len(attempt.deliveries))
        self._leave(attempt)

    def _leave(self, attempt: Attempt) -> None:
        """An attempt gives back its slot."""
        self.gate.give(attempt, replay=self.scope.is_replay)
        if attempt is self._tried:
            self._tried = None
            self._careful.tried(attempt)
            self._settling.gathering.intents = ()
        self.wake()

    def _results(self, attempt: Attempt, task: "asyncio.Task[Any]") -> list[Outcome]:
        if task.cancelled():
            return [_timed_out] * len(attempt.deliveries)
        error = task.exception()
        if error is not None:
            return [classify(error)] * len(attempt.deliveries)
        result = task.result()
        return result if attempt.batched else [result]

    def _log_unknown(self, attempt: Attempt) -> None:
        for delivery in attempt.deliveries:
            self._supply.plan.log.warning(
                "unknown: %s was cancelled while delivering %s", attempt.plan.name, delivery.entry.message_id
            )

    def _committed(self, settlement: Settlement) -> None:
        if settlement.intents and self._tried is not None:
            (self._leave if self._aborted else self._start)(self._tried)
        self._commit.set()
        self._commit = asyncio.Event()
        self.wake()

    def _broken(self, error: BaseException) -> None:
        self.trouble = f"the store failed: {error}"
        self._supply.plan.log.error("the lane stands still: %s", error)
        self._idle.set()

    def _read_on(self) -> None:
        """Have the next page of the journal and of the retry queue read before it is needed."""
        if not self.open:
            return
        last = self._context.store.journal.head if self.scope.last is None else self.scope.last
        if not self._paging and len(self._reader) < page_events // 2 and self._reader.tail < last:
            self._paging = True
            self._read(self._page(last))
        if self._retries.wants_page:
            self._read(self._retries.load_page())
        if self._retries.stale and not (self._retries.counting or self._settling.committing):
            self._read(self._retries.count())

    async def _page(self, last: int) -> None:
        try:
            page = await self._context.store.journal.read(self._reader.tail, limit=page_events, max_bytes=page_bytes)
            page = [entry for entry in page if entry.position <= last]
            if page:
                self._reader.put(page)
            else:
                self._reader.pass_over(last)
        finally:
            self._paging = False

    def _read(self, call: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(call)
        self._reads.add(task)
        task.add_done_callback(self._was_read)

    def _was_read(self, task: "asyncio.Task[None]") -> None:
        self._reads.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is None:
            self.wake()
            return
        self._supply.plan.log.warning("the lane could not read from the store: %s", error)
        self._context.alarms.at(self._context.clock.monotonic() + pause_after_error, self.wake)

    def _arm(self, now: float) -> None:
        """Have the lane woken when time alone brings something to do."""
        if self.open and self._claims.budget <= 0:
            self.wake()
        times = [self._running.next_at(), self._settling.next_at()]
        if self.open or self._supply.closed:
            times += [self._supply.next_at(), self.gate.next_at(now)]
            if self._pace is not None:
                times.append(self._pace.next_at())
        at = min((time for time in times if time > now), default=float("inf"))
        if at < self._alarm_at:
            self._alarm_at = at
            self._context.alarms.at(at, self._rung)

    def _rung(self) -> None:
        self._alarm_at = float("inf")
        self.wake()


def _is_refused_whole(outcomes: Sequence[Outcome]) -> bool:
    """Whether one answer, 400 or 413, refused a batch of several for good, so that smaller ones may pass (R25)."""
    return len(outcomes) > 1 and all(
        outcome.kind == "discarded" and outcome.status in (400, 413) and outcome.error for outcome in outcomes
    )
