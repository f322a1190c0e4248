"""How much may come in: a rate of events over all sources (FEATURES F015)."""

import math

from actionsd.clock import Clock
from actionsd.ingest.refusal import TooMany


class RateLimit:
    """A token bucket that holds one second's worth. A batch may overdraw it, the debt is then waited off: otherwise a
    batch larger than the rate could never pass."""

    def __init__(self, rate: float | None, clock: Clock) -> None:
        self._rate = rate
        self._clock = clock
        self._tokens = max(rate or 0.0, 1.0)
        self._filled_at = clock.monotonic()

    def take(self, events: int) -> None:
        """Let ``events`` pass.

        Raises:
            TooMany: nothing is left; it says after how many whole seconds there is.
        """
        if self._rate is None:
            return
        now = self._clock.monotonic()
        filled = self._tokens + (now - self._filled_at) * self._rate
        self._tokens, self._filled_at = min(filled, max(self._rate, 1.0)), now
        if self._tokens < 1:
            raise TooMany(math.ceil((1 - self._tokens) / self._rate))
        self._tokens -= events
