"""When to stop sending to a destination that does not answer, and when to try again (RULES R15, R17).

A pure state machine on monotonic seconds. Closed: everything goes. Open: nothing goes until ``probe_at``. Probing: one
delivery, always another one, is under way and its outcome decides.
"""

from enum import Enum

from actionsd.delivery.backoff import retry_after_limit

failures_to_open = 10  # distinct events without a success between
first_pause = 1.0  # seconds until the first probe; doubles with each that fails
longest_pause = 60.0
auth_pause = 300.0  # refused credentials rarely mend themselves: probe slowly (RULES R17)


class State(Enum):
    CLOSED = "closed"
    OPEN = "open"
    PROBING = "probing"


class Breaker:
    """One destination, or one mapping where mappings carry their own URL (RULES R15)."""

    def __init__(self) -> None:
        self.state = State.CLOSED
        self.reason = ""  # "auth", or the code of the failure that opened it
        self.probe_at = 0.0
        self._held_until = 0.0
        self._failed: set[int] = set()
        self._refused: set[int] = set()
        self._pause = first_pause

    def allows(self, now: float) -> bool:
        """Whether a delivery may start. In state open this is true once the probe is due; then call :meth:`probe`."""
        if now < self._held_until:
            return False
        return self.state is State.CLOSED or (self.state is State.OPEN and now >= self.probe_at)

    def next_at(self) -> float:
        """When :meth:`allows` may turn true by itself; infinity while only an outcome can change it."""
        if self.state is State.PROBING:
            return float("inf")
        return max(self._held_until, self.probe_at if self.state is State.OPEN else 0.0)

    def probe(self) -> None:
        """A delivery starts while the breaker is open: it is the probe."""
        self.state = State.PROBING

    def unprobe(self) -> None:
        """The probe ended without telling anything; the next one may start at once."""
        if self.state is State.PROBING:
            self.state = State.OPEN

    def succeeded(self) -> bool:
        """A delivery arrived. True when this closes the breaker: ramp up slowly then."""
        self._failed.clear()
        self._refused.clear()
        return self._close()

    def answered(self) -> bool:
        """The destination refused one delivery for good, yet it is alive. True when this closes the breaker."""
        return self.state is State.PROBING and self._close()

    def failed(self, position: int, now: float, code: str, retry_after: float | None = None) -> None:
        """No answer, 429 or 5xx for the event at ``position``."""
        if retry_after is not None:
            self._held_until = max(self._held_until, now + min(retry_after, retry_after_limit))
        self._failed.add(position)
        if self.state is State.PROBING:
            self._open(now, self.reason)
        elif self.state is State.CLOSED and len(self._failed) >= failures_to_open:
            self._open(now, code)

    def refused(self, position: int, now: float) -> None:
        """401 or 403 for the event at ``position`` (RULES R17)."""
        self._refused.add(position)
        if self.state is State.PROBING or (self.state is State.CLOSED and len(self._refused) >= failures_to_open):
            self._open(now, "auth")

    def _open(self, now: float, reason: str) -> None:
        self.state, self.reason = State.OPEN, reason
        self.probe_at = now + (auth_pause if reason == "auth" else self._pause)
        self._pause = min(self._pause * 2, longest_pause)
        self._failed.clear()
        self._refused.clear()

    def _close(self) -> bool:
        was_open = self.state is not State.CLOSED
        self.state, self.reason, self._pause = State.CLOSED, "", first_pause
        return was_open
