"""How many calls each caller may make: a fixed window of a minute (FEATURES F235, C39)."""

from email.utils import formatdate

import msgspec

from actionsd.clock import Clock

WINDOW = 60.0  # seconds
POINTS = 10_000  # calls in a window; generous, it only keeps a loop gone wild from starving the events
_MOST_CALLERS = 2048  # that are told apart; there are at most 1,000 tokens


class Spent(msgspec.Struct, frozen=True):
    """How a caller stands after one more call. ``over``: this one was too many."""

    consumed: int
    remaining: int
    reset_in: float
    reset_at: float
    over: bool

    @property
    def headers(self) -> dict[str, str]:
        """Those that every success carries; the reset is a date, not a number of seconds (C39)."""
        return {
            "X-RateLimit-Consumed": str(self.consumed),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset": formatdate(self.reset_at, usegmt=True),
        }

    @property
    def data(self) -> dict[str, int]:
        """What the error of a call too many tells."""
        return {
            "msBeforeNext": round(self.reset_in * 1000),
            "remainingPoints": self.remaining,
            "consumedPoints": self.consumed,
        }


class Limits:
    """Counts calls by the caller's name; memory is bounded by the number of tokens."""

    def __init__(self, clock: Clock, points: int = POINTS) -> None:
        self._clock = clock
        self._points = points
        self._windows: dict[str, tuple[float, int]] = {}  # end of the window on the monotonic clock, calls in it

    @property
    def callers(self) -> int:
        """How many are told apart now."""
        return len(self._windows)

    def spend(self, caller: str) -> Spent:
        """Note one call."""
        now = self._clock.monotonic()
        end, calls = self._windows.get(caller, (now + WINDOW, 0))
        if end <= now:
            end, calls = now + WINDOW, 0
        if caller not in self._windows and len(self._windows) >= _MOST_CALLERS:
            self._windows = {name: window for name, window in self._windows.items() if window[0] > now}
        calls += 1
        self._windows[caller] = end, calls
        over = calls > self._points
        return Spent(
            min(calls, self._points),
            max(self._points - calls, 0),
            end - now,
            self._clock.now() / 1000 + end - now,
            over,
        )
