"""What a destination's lanes may have claimed and not yet committed, live one and replays together (RULES R4)."""

from collections.abc import Callable

window_bytes = 32 * 1024 * 1024  # of the events in flight (RULES R8)


class InFlight:
    """The in-flight window of one destination: ``most`` deliveries. The live lane may fill it, replays at most half of
    it. ``wake`` is called when there is room again, and lets the live lane look first."""

    def __init__(self, most: int, wake: Callable[[], None]) -> None:
        self._most = most
        self._wake = wake
        self.deliveries = 0
        self._bytes = 0
        self._replayed = 0
        self._replayed_bytes = 0

    def crowded_by(self, deliveries: int) -> bool:
        """Whether so many that are settled, and only wait for their commit, take half of it."""
        return deliveries * 2 >= self._most

    def full(self, deliveries: int, own: int, *, replay: bool) -> bool:
        """Whether a lane that has ``own`` in flight may not claim so many more. What is more than fits at all, of one
        event that many mappings want, the live lane claims when it has nothing else, a replay when nobody has."""
        total = self.deliveries + deliveries
        if self._bytes >= window_bytes or (own and total > self._most):
            return True
        if not replay or not self.deliveries:
            return False
        half_used = (self._replayed + deliveries) * 2 > self._most or self._replayed_bytes * 2 >= window_bytes
        return half_used or total > self._most

    def take(self, size: int, *, replay: bool) -> None:
        """A delivery of an event of ``size`` bytes was claimed."""
        self.deliveries += 1
        self._bytes += size
        if replay:
            self._replayed += 1
            self._replayed_bytes += size

    def give(self, deliveries: int, size: int, *, replay: bool) -> None:
        """So many, of events of ``size`` bytes together, are committed or will not be."""
        self.deliveries -= deliveries
        self._bytes -= size
        if replay:
            self._replayed -= deliveries
            self._replayed_bytes -= size
        self._wake()
