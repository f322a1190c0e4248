"""How long events take from being accepted to being delivered, in fixed buckets."""

from bisect import bisect_left

bounds = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0, 600.0, 3600.0)  # seconds

buckets = len(bounds) + 1

_milliseconds = tuple(round(bound * 1000) for bound in bounds)


class Histogram:
    """``counts[i]`` are those up to ``bounds[i]`` and above the bound before; the last one counts the rest."""

    __slots__ = ("counts", "milliseconds")

    def __init__(self) -> None:
        self.counts = [0] * buckets
        self.milliseconds = 0

    def add(self, milliseconds: int, events: int = 1) -> int:
        """So many events took this long; returns the number of their bucket."""
        bucket = bisect_left(_milliseconds, milliseconds)
        self.counts[bucket] += events
        self.milliseconds += milliseconds * events
        return bucket
