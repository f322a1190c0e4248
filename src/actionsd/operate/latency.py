"""How long events took from accepted to delivered, read from counts in fixed buckets (FEATURES F175)."""

from collections.abc import Mapping

from actionsd.delivery.histogram import bounds


def percentile(share: float, counts: Mapping[int, int]) -> float | None:
    """The seconds within which this share of the deliveries arrived, by their number in each bucket of
    :data:`actionsd.delivery.histogram.bounds`; between two bounds as if spread evenly. None where nothing arrived.

    >>> percentile(0.95, {0: 90, 1: 10})
    0.0075
    """
    total = sum(counts.values())
    if not total:
        return None
    rank, seen = share * total, 0
    for bucket, count in sorted(counts.items()):
        if seen + count >= rank:
            if bucket >= len(bounds):
                return bounds[-1]
            low = bounds[bucket - 1] if bucket else 0.0
            return low + (bounds[bucket] - low) * (rank - seen) / count
        seen += count
    return bounds[-1]
