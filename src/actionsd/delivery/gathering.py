"""What a lane has learnt since its last settlement; becomes the next one (RULES R3, R29)."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from actionsd.delivery.due import key_of
from actionsd.delivery.histogram import buckets
from actionsd.delivery.window import Window
from actionsd.delivery.work import Delivery
from actionsd.event import Entry
from actionsd.store.records import Count, Dead, LaneKey, Retry, RetryKey, Sample, Settlement

Counts = defaultdict[int, int]
"""Events by facet."""

_none: Callable[[], Counts] = partial(defaultdict, int)


class Gathering:
    """Outcomes of one lane, gathered between two commits. ``deliveries`` and ``size`` leave the window with them."""

    def __init__(self, lane: LaneKey, source: int) -> None:
        self.lane = lane
        self.source = source
        self.deliveries = 0
        self.size = 0  # bytes of their events
        self.retries: dict[RetryKey, Retry] = {}
        self.entries: dict[int, Entry] = {}  # the events of ``retries`` by position
        self.revived: list[RetryKey] = []  # rows that are no more
        self.dead: list[Dead] = []
        self.samples: list[Sample] = []
        self.intents: tuple[tuple[int, int], ...] | None = None
        self._counts: defaultdict[tuple[str, str, int], Counts] = defaultdict(_none)  # by step, reason and mapping
        self._latencies = [0] * buckets

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to write but the cursor."""
        return not (self._counts or self.retries or self.revived or self.dead) and self.intents is None

    @property
    def is_urgent(self) -> bool:
        """Whether something would be done again if the process died now."""
        return bool(self.deliveries or self.revived or self.dead) or self.intents is not None

    def discard(self, reason: str, facet: int, mapping: int = 0) -> None:
        """An event, or one of its deliveries, is not to be sent."""
        self._count("discarded", reason, mapping, facet)

    def delivered(self, mapping: int, facets: Mapping[int, int]) -> None:
        """So many of each facet have arrived."""
        of = self._counts["delivered", "", mapping]
        for facet, events in facets.items():
            of[facet] += events

    def took(self, bucket: int, events: int) -> None:
        """So many that have arrived took a time of this bucket of the histogram."""
        self._latencies[bucket] += events

    def retry(self, row: Retry, reason: str, entry: Entry) -> None:
        """An attempt has failed and there will be another; ``reason`` is what is counted."""
        self._count("retry", reason, row.mapping, entry.facet)
        self.park(row, entry)

    def park(self, row: Retry, entry: Entry) -> None:
        """A delivery waits without having been attempted, for its mapping's own address is down (RULES R15)."""
        self.retries[key_of(row)] = row
        self.entries[entry.position] = entry

    def die(self, dead: Dead, reason: str, facet: int) -> None:
        """A delivery is given up; ``reason`` is what is counted."""
        self._count("dead", reason, dead.mapping, facet)
        self.dead.append(dead)

    def release(self, deliveries: Sequence[Delivery], window: Window) -> None:
        """The deliveries are settled: they leave the window, or their retry rows go (unless :meth:`retry` replaced
        them)."""
        self.deliveries += len(deliveries)
        self.size += sum([len(delivery.entry.body) for delivery in deliveries])
        for delivery in deliveries:
            if delivery.retry is None:
                window.settle(delivery.entry.position, delivery.mapping)
            elif (key := key_of(delivery.retry)) not in self.retries:
                self.revived.append(key)

    def settlement(self, window: Window) -> Settlement:
        """All of it, with the cursor as it is now. A replay's events were accepted long ago: how long they took says
        nothing."""
        destination, replay = self.lane
        facets: dict[Count, dict[int, int]] = {
            Count(step, reason, self.source, destination, mapping, replay): of
            for (step, reason, mapping), of in self._counts.items()
        }
        return Settlement(
            lane=self.lane,
            cursor=window.cursor,
            completed=window.completed(),
            counts={what: sum(of.values()) for what, of in facets.items()},
            facets=facets,
            latencies={} if replay else {bucket: n for bucket, n in enumerate(self._latencies) if n},
            samples=tuple(self.samples),
            retries=tuple(self.retries.values()),
            settled_retries=tuple(self.revived),
            dead=tuple(self.dead),
            intents=self.intents,
        )

    def _count(self, step: str, reason: str, mapping: int, facet: int) -> None:
        self._counts[step, reason, mapping][facet] += 1


def discarded_code(code: str) -> str:
    """The delivery error code under which a refused delivery is counted.

    >>> discarded_code("400")
    'errors.discarded.400'
    """
    return f"errors.discarded.{code}"  # FEATURES F173


def awaiting_code(code: str) -> str:
    """The one under which an attempt is counted that will be repeated.

    >>> awaiting_code("ECONNRESET")
    'errors.awaiting-retry.ECONNRESET'
    """
    return f"errors.awaiting-retry.{code}"
