"""A destination's ``rate_limit`` in deliveries a second, as a token bucket on monotonic seconds."""

_burst = 0.1  # seconds worth of tokens that may gather while nothing is sent
_least_wait = 0.001  # seconds


class Bucket:
    """May go into debt by one batch, so that a batch larger than the bucket can pass at all."""

    def __init__(self, rate: float, now: float) -> None:
        self._rate = rate
        self._size = max(1.0, rate * _burst)
        self._tokens = self._size
        self._at = now

    def allows(self, now: float) -> bool:
        """Whether a delivery may start now."""
        self._tokens = min(self._size, self._tokens + (now - self._at) * self._rate)
        self._at = now
        return self._tokens >= 1.0

    def take(self, deliveries: int) -> None:
        """So many have just started."""
        self._tokens -= deliveries

    def next_at(self) -> float:
        """When the next delivery may start; always later than the last look, whatever the rounding."""
        return self._at + max(_least_wait, (1.0 - self._tokens) / self._rate)
