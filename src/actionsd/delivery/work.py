"""What a lane handles: deliveries, and the attempts made of them."""

from collections import Counter, deque
from typing import Any

from actionsd.delivery.plan import MappingPlan
from actionsd.event import Entry
from actionsd.store.records import Retry


class Delivery:
    """One (event, mapping). ``event`` is what the destination's filters have left of the entry's; ``retry`` the row
    that it comes from, None for a fresh one; ``payload`` is set when it goes into a batch; ``shared`` is one for all
    deliveries that a claim makes of an event, None where there is only one."""

    __slots__ = ("entry", "event", "mapping", "payload", "retry", "shared")

    def __init__(
        self, entry: Entry, event: dict[str, Any], mapping: int, retry: Retry | None = None,
        shared: dict[str, Any] | None = None,
    ) -> None:  # fmt: skip
        self.entry = entry
        self.event = event
        self.mapping = mapping
        self.retry = retry
        self.shared = shared
        self.payload: Any = None

    @property
    def size(self) -> int:
        """Bytes of its event, which stand for those of its payload: to measure that, it would be encoded twice."""
        return len(self.entry.body)

    @property
    def attempts(self) -> int:
        """How many attempts there were before."""
        return 0 if self.retry is None else self.retry.attempts


class Attempt:
    """One call of ``perform`` with one delivery, or of ``perform_batch`` with many of the same mapping.

    ``plan`` is the version of the mapping. ``deadline`` is the monotonic second at which it is cancelled, then the one
    at which it is abandoned. ``probing``: it tells whether the destination is back (RULES R15).
    """

    __slots__ = ("deadline", "deliveries", "mapping", "plan", "probing", "retrying", "started_at")

    def __init__(self, mapping: int, plan: MappingPlan, deliveries: list[Delivery]) -> None:
        self.mapping = mapping
        self.plan = plan
        self.deliveries = deliveries
        self.retrying = deliveries[0].retry is not None
        self.probing = False
        self.deadline = 0.0
        self.started_at = 0.0

    @property
    def batched(self) -> bool:
        """Whether it is made by ``perform_batch``, be it for one delivery (RULES R24)."""
        return self.plan.prepared.batches


class Ready:
    """Attempts that wait for a slot, by mapping, so that one slow mapping does not hold the others (RULES R23)."""

    def __init__(self) -> None:
        self._queues: dict[int, deque[Attempt]] = {}

    def __bool__(self) -> bool:
        return bool(self._queues)

    def put(self, attempt: Attempt) -> None:
        self._queues.setdefault(attempt.mapping, deque()).append(attempt)

    def put_back(self, attempt: Attempt) -> None:
        """It was taken, and could not start."""
        self._queues.setdefault(attempt.mapping, deque()).appendleft(attempt)

    def clear(self) -> list[Attempt]:
        """All of them, out of the queues."""
        attempts = [attempt for queue in self._queues.values() for attempt in queue]
        self._queues.clear()
        return attempts

    def take(self, running: Counter[int], most: int) -> Attempt | None:
        """The next attempt of a mapping that has fewer than ``most`` running; the mappings take turns."""
        for mapping, queue in self._queues.items():
            if running[mapping] < most:
                attempt = queue.popleft()
                del self._queues[mapping]
                if queue:
                    self._queues[mapping] = queue
                return attempt
        return None
