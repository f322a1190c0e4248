"""What a lane makes of outcomes: the gate learns, the gathering is told, listeners see it (DESIGN step 5)."""

from collections import Counter
from collections.abc import Sequence

from actionsd.delivery.context import Context
from actionsd.delivery.decide import History, after_failure, dead_letter, rejected
from actionsd.delivery.gate import Gate
from actionsd.delivery.gathering import awaiting_code, discarded_code
from actionsd.delivery.histogram import Histogram
from actionsd.delivery.outcome import Outcome
from actionsd.delivery.plan import Plan
from actionsd.delivery.sampling import Sampler
from actionsd.delivery.settling import Settling
from actionsd.delivery.telling import Teller
from actionsd.delivery.work import Attempt, Delivery
from actionsd.store.records import Dead, LaneKey, Retry


class Outcomes:
    """Concludes deliveries of one lane. ``plan`` is the destination's current version."""

    def __init__(
        self, lane: LaneKey, plan: Plan, gate: Gate, settling: Settling, histogram: Histogram, teller: Teller,
        sampler: Sampler, context: Context,
    ) -> None:  # fmt: skip
        self.plan = plan
        self._lane = lane
        self._gate = gate
        self._settling = settling
        self._histogram = histogram
        self._teller = teller
        self._sampler = sampler
        self._context = context

    def conclude(self, attempt: Attempt, outcomes: Sequence[Outcome]) -> None:
        """An attempt has ended, with an outcome for each of its deliveries."""
        now, wall = self._context.clock.monotonic(), self._context.clock.now()
        self._sampler.now = now
        pairs = [*zip(attempt.deliveries, outcomes, strict=True)]
        arrived = [pair for pair in pairs if pair[1].kind == "delivered"]
        if arrived:
            self._arrived(attempt.mapping, arrived, wall)
        if len(arrived) == len(pairs):
            self._gate.arrived(attempt.mapping, len(pairs))
            steps = ["delivered"] * len(pairs)
        else:
            for delivery, outcome in pairs:
                self._gate.learn(attempt.mapping, delivery.entry.position, outcome, now)
            steps = [
                "delivered" if outcome.kind == "delivered" else self._failed(attempt, delivery, outcome, wall)
                for delivery, outcome in pairs
            ]
        self._settling.released(attempt.deliveries)
        if self._teller.listening:
            self._tell(attempt, pairs, steps, now)

    def _arrived(self, mapping: int, arrived: Sequence[tuple[Delivery, Outcome]], wall: int) -> None:
        """Deliveries of one mapping; those of a batch were mostly accepted together, and are of few facets."""
        gathering = self._settling.gathering
        gathering.delivered(mapping, Counter([delivery.entry.facet for delivery, _ in arrived]))
        for received_at, events in Counter([delivery.entry.received_at for delivery, _ in arrived]).items():
            gathering.took(self._histogram.add(wall - received_at, events), events)
        if self._sampler.wants_delivered(mapping):
            gathering.samples.append(self._sampler.ended(arrived[0][0], "delivered", "", arrived[0][1]))

    def _tell(
        self, attempt: Attempt, pairs: Sequence[tuple[Delivery, Outcome]], steps: Sequence[str], now: float
    ) -> None:
        took = (now - attempt.started_at) * 1000 if attempt.started_at else 0.0
        told = None
        for (delivery, outcome), step in zip(pairs, steps, strict=True):
            self._teller.ended(step, delivery, outcome, took, first=outcome.session is not told)
            told = outcome.session or told

    def discard(self, delivery: Delivery, reason: str) -> None:
        """A delivery is not to be made any more, and nobody wants to hear of it again."""
        gathering, entry = self._settling.gathering, delivery.entry
        gathering.discard(reason, entry.facet, delivery.mapping)
        if self._sampler.wants(reason):
            gathering.samples.append(self._sampler.unsent(entry, "discarded", reason, delivery.mapping))
        self._settling.released([delivery])
        if self._teller.listening:
            self._teller.given_up("discarded", delivery, reason)

    def bury(self, delivery: Delivery, reason: str, message: str = "") -> None:
        """A delivery is given up without another attempt."""
        history = self._history(delivery, "", delivery.attempts)
        row = delivery.retry
        outcome = Outcome(kind="discarded", code=reason if row is None else row.code, message=message)
        gathering, entry = self._settling.gathering, delivery.entry
        gathering.die(dead_letter(outcome, history, reason), reason, entry.facet)
        if self._sampler.wants(reason):
            gathering.samples.append(self._sampler.unsent(entry, "dead", reason, delivery.mapping, message))
        self._settling.released([delivery])
        if self._teller.listening:
            self._teller.given_up("dead", delivery, reason)

    def park(self, delivery: Delivery, code: str, wait: float) -> None:
        """It waits ``wait`` seconds in the retry queue, unattempted, for its address is down (RULES R11, R15)."""
        before = delivery.retry
        row = Retry(
            lane=self._lane,
            mapping=delivery.mapping,
            position=delivery.entry.position,
            attempts=delivery.attempts,
            first_at=0 if before is None else before.first_at,
            due_at=self._context.clock.now() + round(wait * 1000),
            code=code,
            message="its address is down",
        )
        self._settling.gathering.park(row, delivery.entry)
        self._settling.released([delivery])

    def _failed(self, attempt: Attempt, delivery: Delivery, outcome: Outcome, wall: int) -> str:
        history = self._history(delivery, attempt.plan.versions, delivery.attempts + 1)
        decision = after_failure(outcome, history, self.plan.policy)
        gathering, facet = self._settling.gathering, delivery.entry.facet
        if isinstance(decision, Retry):
            step, reason = "retry", awaiting_code(decision.code)
            gathering.retry(decision, reason, delivery.entry)
        else:
            step, reason = "dead", _counted(decision)
            gathering.die(decision, reason, facet)
        if self._sampler.wants(reason):
            gathering.samples.append(self._sampler.ended(delivery, step, reason, outcome))
        return step

    def _history(self, delivery: Delivery, versions: str, attempts: int) -> History:
        now = self._context.clock.now()
        first_at = delivery.retry.first_at if delivery.retry is not None and delivery.retry.first_at else now
        age = self._context.ages.of(first_at, now)
        return History(self._lane, delivery.mapping, delivery.entry.position, attempts, first_at, age, now, versions)


def _counted(dead: Dead) -> str:
    """The reason that a dead letter is counted under: the error code of FEATURES F173 where the destination refused."""
    return discarded_code(dead.code) if dead.reason == rejected else dead.reason
