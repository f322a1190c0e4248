"""What a lane has learnt since its last settlement; becomes the next one (RULES R3, R29)."""

from actionsd.delivery.due import key_of
from actionsd.delivery.window import Window
from actionsd.delivery.work import Delivery
from actionsd.store.records import Count, Dead, LaneKey, Retry, RetryKey, Settlement

_failed = "errors.discarded."  # FEATURES F173
_waiting = "errors.awaiting-retry."


class Gathering:
    """Outcomes of one lane, gathered between two commits. ``deliveries`` and ``size`` leave the window with them."""

    def __init__(self, lane: LaneKey, source: int) -> None:
        self.lane = lane
        self.source = source
        self.deliveries = 0
        self.size = 0  # bytes of their events
        self.counts: dict[Count, int] = {}
        self.retries: dict[RetryKey, Retry] = {}
        self.revived: list[RetryKey] = []  # rows that are no more
        self.dead: list[Dead] = []
        self.intents: tuple[tuple[int, int], ...] | None = None
        self._delivered: dict[int, Count] = {}

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to write but the cursor."""
        return not (self.counts or self.retries or self.revived or self.dead) and self.intents is None

    @property
    def is_urgent(self) -> bool:
        """Whether something would be done again if the process died now."""
        return bool(self.deliveries or self.revived or self.dead) or self.intents is not None

    def discard(self, reason: str, mapping: int = 0) -> None:
        """An event, or one of its deliveries, is not to be sent."""
        self._count("discarded", reason, mapping)

    def delivered(self, delivery: Delivery) -> None:
        """It has arrived."""
        key = self._delivered.get(delivery.mapping)
        if key is None:
            key = self._key("delivered", "", delivery.mapping)
            self._delivered[delivery.mapping] = key
        self.counts[key] = self.counts.get(key, 0) + 1

    def retry(self, row: Retry) -> None:
        """An attempt has failed and there will be another."""
        self._count("retry", _waiting + row.code, row.mapping)
        self.retries[key_of(row)] = row

    def park(self, row: Retry) -> None:
        """A delivery waits without having been attempted, for its mapping's own address is down (RULES R15)."""
        self.retries[key_of(row)] = row

    def die(self, dead: Dead, reason: str) -> None:
        """A delivery is given up; ``reason`` is what is counted."""
        self._count("dead", reason, dead.mapping)
        self.dead.append(dead)

    def release(self, delivery: Delivery, window: Window) -> None:
        """The delivery is settled: it leaves the window, or its retry row goes (unless :meth:`retry` replaced it)."""
        self.deliveries += 1
        self.size += len(delivery.entry.body)
        if delivery.retry is None:
            window.settle(delivery.entry.position, delivery.mapping)
        elif (key := key_of(delivery.retry)) not in self.retries:
            self.revived.append(key)

    def settlement(self, window: Window) -> Settlement:
        """All of it, with the cursor as it is now."""
        return Settlement(
            lane=self.lane,
            cursor=window.cursor,
            completed=window.completed(),
            counts=self.counts,
            retries=tuple(self.retries.values()),
            settled_retries=tuple(self.revived),
            dead=tuple(self.dead),
            intents=self.intents,
        )

    def _count(self, step: str, reason: str, mapping: int) -> None:
        key = self._key(step, reason, mapping)
        self.counts[key] = self.counts.get(key, 0) + 1

    def _key(self, step: str, reason: str, mapping: int) -> Count:
        return Count(step, reason, self.source, self.lane.destination, mapping, self.lane.replay)


def discarded_code(code: str) -> str:
    """The delivery error code under which a refused delivery is counted.

    >>> discarded_code("400")
    'errors.discarded.400'
    """
    return _failed + code
