"""The committed counters added up the ways people ask for them, and what of it happened lately."""

from collections import Counter, deque
from collections.abc import Callable, Mapping

from actionsd.clock import Clock
from actionsd.store.records import Count

_step = 5.0  # seconds between samples
_window = 12  # samples that a rate looks back on: one minute


class Totals:
    """Counts by (step, id). Live deliveries and those of replays are kept apart (RULES R30)."""

    def __init__(self, counts: Mapping[Count, int]) -> None:
        self.source: Counter[tuple[str, int]] = Counter()
        self.destination: Counter[tuple[str, int]] = Counter()
        self.mapping: Counter[tuple[str, int]] = Counter()
        self.replay: Counter[tuple[str, int]] = Counter()
        for count, amount in counts.items():
            if count.replay:
                self.replay[count.step, count.replay] += amount
            elif count.destination:
                self.destination[count.step, count.destination] += amount
                self.mapping[count.step, count.mapping] += amount
            else:
                self.source[count.step, count.source] += amount


class Rates:
    """What the counters gained a second in the last minute. :meth:`sample` is called often and keeps a value now and
    then."""

    def __init__(self, counts: Mapping[Count, int], clock: Clock) -> None:
        self._counts = counts
        self._clock = clock
        self._samples: deque[tuple[float, Totals]] = deque(maxlen=_window + 1)

    def sample(self) -> None:
        now = self._clock.monotonic()
        if not self._samples or now - self._samples[-1][0] >= _step:
            self._samples.append((now, Totals(self._counts)))

    def source(self, totals: Totals, step: str, id: int) -> float:
        """Events a second of a source, up to ``totals``, which is now."""
        return self._rate(totals.source[step, id], lambda before: before.source[step, id])

    def destination(self, totals: Totals, step: str, id: int) -> float:
        """Deliveries a second of a destination, up to ``totals``, which is now."""
        return self._rate(totals.destination[step, id], lambda before: before.destination[step, id])

    def _rate(self, now: int, before: Callable[[Totals], int]) -> float:
        if not self._samples:
            return 0.0
        at, oldest = self._samples[0]
        passed = self._clock.monotonic() - at
        return round((now - before(oldest)) / passed, 2) if passed > 0 else 0.0
