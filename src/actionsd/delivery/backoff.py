"""How long a delivery waits for its next attempt: full jitter, doubling up to a cap (FEATURES part 7)."""

from collections.abc import Callable

retry_after_limit = 3600.0  # seconds; no destination may hold itself back for longer (RULES R15)
_last_doubling = 32  # 2**32 times any base is beyond any cap, and stays a float


def delay(
    attempts: int, *, base: float, cap: float, random: Callable[[], float], retry_after: float | None = None
) -> float:
    """Seconds until the next attempt after ``attempts`` (from 1) have failed.

    ``random`` gives numbers in [0, 1). What the destination asked for wins where it is larger, up to an hour.

    >>> [delay(n, base=10, cap=600, random=lambda: 0.5) for n in (1, 2, 3, 20)]
    [5.0, 10.0, 20.0, 300.0]
    >>> delay(1, base=10, cap=600, random=lambda: 0.5, retry_after=30)
    30
    """
    ceiling = min(cap, base * 2.0 ** min(attempts - 1, _last_doubling))
    wait = random() * ceiling
    if retry_after is None:
        return wait
    return max(wait, min(retry_after, retry_after_limit))
