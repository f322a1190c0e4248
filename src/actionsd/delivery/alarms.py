"""Wake-ups for the lanes: one per lane at a time, never one per event."""

import asyncio
import heapq
import itertools
from collections.abc import Callable

from actionsd.clock import Clock


class Alarms:
    """Callbacks at monotonic seconds of ``clock``. An alarm cannot be taken back: its callback must bear it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._sleepers: dict[asyncio.Task[None], float] = {}

    def at(self, deadline: float, callback: Callable[[], None]) -> None:
        """Call ``callback`` once ``deadline`` has come."""
        heapq.heappush(self._heap, (deadline, next(self._order), callback))
        self._watch()

    def stop(self) -> None:
        """Forget all alarms."""
        self._heap.clear()
        for sleeper in list(self._sleepers):
            sleeper.cancel()

    def _watch(self) -> None:
        if self._heap and self._heap[0][0] < min(self._sleepers.values(), default=float("inf")):
            deadline = self._heap[0][0]
            sleeper = asyncio.get_running_loop().create_task(self._sleep_until(deadline), name="delivery alarm")
            self._sleepers[sleeper] = deadline
            sleeper.add_done_callback(self._woken)

    async def _sleep_until(self, deadline: float) -> None:
        await self._clock.sleep(max(0.0, deadline - self._clock.monotonic()))

    def _woken(self, sleeper: asyncio.Task[None]) -> None:
        del self._sleepers[sleeper]
        if sleeper.cancelled():
            return
        sleeper.result()
        now = self._clock.monotonic()
        while self._heap and self._heap[0][0] <= now:
            heapq.heappop(self._heap)[2]()
        self._watch()
