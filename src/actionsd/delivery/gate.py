"""What a destination may do now, shared by its live lane and its replays (RULES R4, R14, R15, R17, R27, R28, R30)."""

from collections.abc import Callable, Iterable

from actionsd.delivery.breaker import Breaker, State
from actionsd.delivery.inflight import InFlight
from actionsd.delivery.outcome import INTERNAL, TIMED_OUT, Outcome
from actionsd.delivery.rate import Bucket
from actionsd.delivery.slots import Limit, Pool
from actionsd.delivery.work import Attempt

abandoned_to_quarantine = 5  # attempts that did not end when they were cancelled (RULES R27)
_invalid = "PAYLOAD_VALIDATION_FAILED"  # found out before anything was sent
_shared = 0  # the breaker of all mappings that send to the destination's one address


class Gate:
    """Breakers, rate limit, attempt slots and in-flight window of a destination, the last of ``in_flight`` deliveries.
    ``wake`` is called when a slot or a place in the window came free; it lets the live lane look first."""

    def __init__(self, pool: Pool, wake: Callable[[], None], in_flight: int) -> None:
        self._pool = pool
        self._wake = wake
        self.in_flight = InFlight(in_flight, wake)
        self._own: frozenset[int] = frozenset()
        self._breakers: dict[int, Breaker] = {}
        self._bucket: Bucket | None = None
        self.limit = Limit(1)
        self.held = 0  # slots in use
        self.held_by_replays = 0
        self.abandoned = 0
        pool.join()

    def close(self) -> None:
        """The destination is gone; slots still in use are given back as their attempts end."""
        self._pool.leave()

    def configure(
        self, mappings: Iterable[int], own_url: Iterable[int], *, concurrency: int, rate: float | None, now: float
    ) -> None:
        """A new version of the destination. Its breakers start closed, for what failed may be mended (RULES R17).

        ``own_url`` are the mappings that carry their own URL: one of them failing breaks only itself (RULES R15).
        """
        self._own = frozenset(own_url)
        self._breakers = {self._key(mapping): Breaker() for mapping in mappings} or {_shared: Breaker()}
        self._bucket = Bucket(rate, now) if rate is not None else None
        self.limit = Limit(concurrency)
        self.abandoned = 0

    def reset(self) -> None:
        """Somebody says that the destination is well again (`actionsctl resume`)."""
        self._breakers = {key: Breaker() for key in self._breakers}
        self.abandoned = 0

    @property
    def quarantined(self) -> bool:
        """Whether too many of its attempts outlived their cancellation."""
        return self.abandoned >= abandoned_to_quarantine

    def breaker(self, mapping: int) -> Breaker:
        """The breaker that watches a mapping; one that is not of the current version (an old batch) is not watched."""
        return self._breakers.get(self._key(mapping)) or Breaker()

    def worst(self) -> Breaker:
        """The breaker to show for the destination as a whole: one that is not closed, if any."""
        breakers = list(self._breakers.values())
        return next((breaker for breaker in breakers if breaker.state is not State.CLOSED), breakers[0])

    def stopped(self, now: float) -> bool:
        """Whether nothing may start, whatever the mapping, so that the cursor waits."""
        return self.quarantined or not any(breaker.allows(now) for breaker in self._breakers.values())

    def has_room(self, now: float, *, replay: bool) -> bool:
        """Whether another attempt fits in the destination's own limits."""
        if self.held >= self.limit.now or (self._bucket is not None and not self._bucket.allows(now)):
            return False
        return not replay or self.held_by_replays < max(1, self.limit.now // 2)

    def take(self, attempt: Attempt, *, replay: bool) -> bool:
        """A slot for an attempt that its breaker allows; false when the pool has none."""
        if not self._pool.take(self.held, self._wake):
            return False
        self.held += 1
        self.held_by_replays += replay
        if self._bucket is not None:
            self._bucket.take(len(attempt.deliveries))
        breaker = self.breaker(attempt.mapping)
        attempt.probing = breaker.state is State.OPEN
        if attempt.probing:
            breaker.probe()
        return True

    def give(self, attempt: Attempt, *, replay: bool) -> None:
        """An attempt is over. If it was the probe and :meth:`learn` was told nothing of use, there is another one."""
        if attempt.probing:
            self.breaker(attempt.mapping).unprobe()
        self._pool.give(self.held)
        self.held -= 1
        self.held_by_replays -= replay
        self._wake()

    def arrived(self, mapping: int, deliveries: int) -> None:
        """So many deliveries of an attempt have arrived."""
        if self.breaker(mapping).succeeded():
            self.limit.restart()
            deliveries -= 1
        self.limit.succeeded(deliveries)

    def learn(self, mapping: int, position: int, outcome: Outcome, now: float) -> None:
        """How an attempt at the event at ``position`` ended."""
        breaker = self.breaker(mapping)
        if outcome.kind == "delivered":
            self.arrived(mapping, 1)
        elif outcome.kind == "retry":
            if outcome.code == TIMED_OUT:
                self.limit.timed_out()
            if outcome.code != INTERNAL or breaker.state is State.PROBING:
                breaker.failed(position, now, outcome.code, outcome.retry_after)
        elif outcome.status in (401, 403):
            breaker.refused(position, now)
        elif outcome.code not in (_invalid, INTERNAL) and breaker.answered():
            self.limit.restart()

    def next_at(self, now: float) -> float:
        """When something may start that may not now; infinity when only an outcome or a person can change it."""
        if self.quarantined:
            return float("inf")
        if self.stopped(now):
            return min(breaker.next_at() for breaker in self._breakers.values())
        return self._bucket.next_at() if self._bucket is not None and not self._bucket.allows(now) else float("inf")

    def _key(self, mapping: int) -> int:
        return mapping if mapping in self._own else _shared
