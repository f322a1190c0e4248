"""How long a delivery has been retried, whatever the wall clock does meanwhile (RULES R31)."""

from collections import deque

from actionsd.clock import JUMP_MS, Clock, ahead

_most_jumps = 100  # remembered


class Ages:
    """Ages by the wall clock, without its forward jumps of this run: a clock that is set right and a machine that slept
    are no time spent on retries. What an earlier run has seen is not known, so over a restart the wall clock alone
    counts. A jump back only makes things younger."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._offset = ahead(self._clock)
        self._jumps: deque[tuple[int, int]] = deque(maxlen=_most_jumps)  # wall time before it, at most; milliseconds

    def of(self, first_at: int, now: int) -> int:
        """Milliseconds from ``first_at`` to ``now``, which is the wall time of this moment."""
        jump = ahead(self._clock) - self._offset
        if abs(jump) > JUMP_MS:
            self._offset += jump
            if jump > 0:
                self._jumps.append((now - jump, jump))
        return now - first_at - sum(jump for before, jump in self._jumps if first_at <= before)
