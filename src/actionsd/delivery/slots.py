"""Who may run how many attempts at once (RULES R14, R23, R28).

The pool is the process: each member has a reserved floor, the rest is shared. A gate's own limit falls while its
destination hangs and grows back with each delivery that arrives.
"""

from collections.abc import Callable

pool_size = 64  # more connections than this make aiohttp's client slower (bench/PERF.md section 5)
reserved = 2  # slots that a destination always gets


class Pool:
    """The slots of the process. ``wake`` callbacks run when a shared slot came free after somebody went without."""

    def __init__(self, size: int = pool_size) -> None:
        self._size = size
        self._members = 0
        self._shared = 0
        self._waiting: list[Callable[[], None]] = []

    def join(self) -> None:
        self._members += 1

    def leave(self) -> None:
        self._members -= 1

    def take(self, held: int, wake: Callable[[], None]) -> bool:
        """One more slot for a member that holds ``held``; if there is none, ``wake`` is called when one came free."""
        if held < reserved:
            return True
        if self._shared < self._size - reserved * self._members:
            self._shared += 1
            return True
        if wake not in self._waiting:
            self._waiting.append(wake)
        return False

    def give(self, held: int) -> None:
        """A member that held ``held`` gives one back."""
        if held <= reserved:
            return
        self._shared -= 1
        waiting, self._waiting = self._waiting, []
        for wake in waiting:
            wake()


class Limit:
    """How many attempts one destination may run; between 1 and ``most``."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.now = most

    def timed_out(self) -> None:
        """An attempt hung: a hanging destination shrinks to 1 (RULES R28)."""
        self.now = max(1, self.now // 2)

    def restart(self) -> None:
        """The breaker has closed: ramp up (RULES R15)."""
        self.now = 1

    def succeeded(self, deliveries: int = 1) -> None:
        self.now = min(self.most, self.now + deliveries)
