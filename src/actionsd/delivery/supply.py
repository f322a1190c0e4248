"""Where a lane's next attempt comes from: retry rows that are due, fresh claims, batches that are ready.

Fresh deliveries and retries take turns, so that each gets half of the slots when both have work (RULES R14); one
mapping gets at most half of them while others have work (RULES R23).
"""

from collections.abc import Hashable

from actionsd.delivery.batcher import Batcher
from actionsd.delivery.breaker import Breaker
from actionsd.delivery.claims import Claims
from actionsd.delivery.context import Context
from actionsd.delivery.due import Waiting
from actionsd.delivery.gate import Gate
from actionsd.delivery.outcome import INTERNAL, classify
from actionsd.delivery.outcomes import Outcomes
from actionsd.delivery.plan import MappingPlan, Plan
from actionsd.delivery.retries import Retries
from actionsd.delivery.running import Running
from actionsd.delivery.settling import Settling
from actionsd.delivery.work import Attempt, Delivery, Ready
from actionsd.event import Entry

lost = "expired_unsent"  # the journal no longer has the event of a retry row
deleted = "mapping_deleted"
disabled = "mapping_disabled"
shortest_wait = 1.0  # seconds that what is parked waits at least

BatchKey = tuple[int, MappingPlan, Hashable]  # mapping, its version, values of its batch keys (RULES R24)


class Supply:
    """Gives attempts until there is nothing to do, or nothing may be claimed. ``plan`` is the current version."""

    def __init__(
        self, plan: Plan, gate: Gate, claims: Claims, retries: Retries, outcomes: Outcomes, settling: Settling,
        running: Running, context: Context,
    ) -> None:  # fmt: skip
        self.plan = plan
        self._gate = gate
        self._claims = claims
        self._retries = retries
        self._outcomes = outcomes
        self._settling = settling
        self._running = running
        self._context = context
        self._batcher: Batcher[BatchKey, Delivery] = Batcher(context.options.batch_linger)
        self._ready = Ready()
        self.closed = False

    def close(self) -> None:
        """Only what is claimed already is still given."""
        self.closed = True
        self.flush()

    def next(self, now: float) -> Attempt | None:
        """The next attempt to start."""
        self._batcher.flush_due(now)
        if self.closed:
            return self._fresh(now)
        if self._running.retrying <= self._running.fresh:
            return self._retried(now) or self._fresh(now)
        return self._fresh(now) or self._retried(now)

    def put_back(self, attempt: Attempt) -> None:
        """It could not start after all."""
        self._ready.put_back(attempt)

    def split(self, attempt: Attempt) -> None:
        """A batch was refused as a whole: its halves take its place (RULES R25)."""
        middle = len(attempt.deliveries) // 2
        for half in (attempt.deliveries[middle:], attempt.deliveries[:middle]):
            self._ready.put_back(Attempt(attempt.mapping, attempt.plan, half))

    def flush(self) -> None:
        """Send open batches as they are: a new version, or a stop (RULES R20, R32)."""
        self._batcher.flush()
        self._gather()

    def park(self) -> None:
        """What was claimed and waits for a slot waits in the retry queue instead."""
        self.flush()
        for attempt in self._ready.clear():
            for delivery in attempt.deliveries:
                self._outcomes.park(delivery, self._gate.breaker(attempt.mapping).reason, shortest_wait)

    def next_at(self) -> float:
        """When a batch has lingered long enough, or a retry is due."""
        return min(self._batcher.next_at(), self._retries.next_at())

    def _fresh(self, now: float) -> Attempt | None:
        """An attempt at what was claimed, or at what can be claimed now."""
        most = max(1, self._gate.limit.now // 2) if len(self.plan.mappings) > 1 else self._gate.limit.most
        while True:
            self._gather()
            attempt = self._ready.take(self._running.by_mapping, most)
            if attempt is None and not self._claim(now):
                attempt = self._ready.take(self._running.by_mapping, self._gate.limit.most)
                if attempt is None:
                    return None
            if attempt is not None and self._may_start(attempt, now):
                return attempt

    def _claim(self, now: float) -> bool:
        """Claim events that match until there is one more attempt. False when there are none, or no more may be in
        flight."""
        if self.closed:
            return False
        queued = False
        while not (queued or self._batcher.ready):
            if self._settling.full(len(self.plan.mappings)) or self._retries.full:
                if self._batcher.held * 2 >= self._settling.in_flight or self._settling.spans_too_much:
                    self._batcher.flush()  # else what is under way makes room, and the open batches get full
                return bool(self._batcher.ready)
            deliveries = self._claims.claim(self.plan, self._settling.gathering)
            if deliveries is None:
                return False
            for delivery in deliveries:
                self._settling.taken(delivery)
                queued |= self._queue(delivery, now)
        return True

    def _retried(self, now: float) -> Attempt | None:
        """An attempt at the earliest retry that is due; those of batched mappings join their batches."""
        while not self._settling.full(1) and (waiting := self._retries.take(now)) is not None:
            breaker = self._gate.breaker(waiting.row.mapping)
            if not breaker.allows(now):
                self._retries.postpone(waiting, now + _wait(breaker, now))
                continue
            delivery = self._revived(waiting)
            if delivery is None:
                continue
            plan = self.plan.mappings[delivery.mapping]
            if not plan.prepared.batches:
                return Attempt(delivery.mapping, plan, [delivery])
            self._queue(delivery, now)
        return None

    def _revived(self, waiting: Waiting) -> Delivery | None:
        """A retry as it is now: consent, filters and mapping of the current version, not the trigger (RULES R20)."""
        row, plan = waiting.row, self.plan
        entry = waiting.entry or Entry(row.position, 0, row.first_at, "", b"{}", b"{}")
        delivery = Delivery(entry, {}, row.mapping, row)
        self._settling.taken(delivery)
        if waiting.entry is None:
            self._outcomes.bury(delivery, lost)
            return None
        if row.mapping not in plan.mappings:
            self._leave(delivery)
            return None
        try:
            admitted, reason = plan.route.admit(entry.event, entry.metadata)
        except Exception as error:
            plan.log.exception("routing the event at %d again failed", row.position)
            self._outcomes.bury(delivery, INTERNAL, repr(error))
            return None
        if admitted is None:
            self._outcomes.discard(delivery, reason)
            return None
        delivery.event = admitted
        return delivery

    def _queue(self, delivery: Delivery, now: float) -> bool:
        """Into its mapping's queue (true), or into the open batch that it belongs to."""
        plan = self.plan.mappings[delivery.mapping]
        if not plan.prepared.batches:
            self._ready.put(Attempt(delivery.mapping, plan, [delivery]))
            return True
        try:
            delivery.payload = plan.prepared.payload(delivery.event, batch=True)
            key = (delivery.mapping, plan, plan.batch_key(delivery.payload))
        except Exception as error:
            outcome = classify(error, self._context.clock.now())
            self._outcomes.conclude(Attempt(delivery.mapping, plan, [delivery]), [outcome])
            return False
        self._batcher.add(key, delivery, now, most_items=plan.prepared.batch_size, most_bytes=plan.batch_bytes)
        return False

    def _gather(self) -> None:
        """Batches that are ready queue up like everything else."""
        while self._batcher.ready:
            batch = self._batcher.ready.popleft()
            mapping, plan, _ = batch.key
            self._ready.put(Attempt(mapping, plan, batch.items))

    def _may_start(self, attempt: Attempt, now: float) -> bool:
        """Whether an attempt that was queued is still to be made; else it is settled or parked here."""
        if not attempt.batched:
            plan = self.plan.mappings.get(attempt.mapping)
            if plan is None:
                self._leave(attempt.deliveries[0])
                return False
            attempt.plan = plan
        breaker = self._gate.breaker(attempt.mapping)
        if breaker.allows(now):
            return True
        for delivery in attempt.deliveries:
            self._outcomes.park(delivery, breaker.reason, _wait(breaker, now))
        return False

    def _leave(self, delivery: Delivery) -> None:
        """Its mapping is disabled (it can be requeued once it is back) or gone (RULES R20)."""
        if delivery.mapping in self.plan.disabled:
            self._outcomes.bury(delivery, disabled)
        else:
            self._outcomes.discard(delivery, deleted)


def _wait(breaker: Breaker, now: float) -> float:
    """Seconds until a broken mapping is worth another look; while a probe is under way nobody knows."""
    wait = breaker.next_at() - now
    return wait if shortest_wait < wait < float("inf") else shortest_wait
