"""A clock moved by hand. ``sleep`` waits until ``advance`` has moved monotonic time past the deadline."""

import asyncio
import heapq
import itertools


class FakeClock:
    def __init__(self, now: int = 1_715_776_496_789) -> None:
        self._now = now
        self._monotonic = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = itertools.count()

    def now(self) -> int:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.tasks.sleep(0)
            return
        woken = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._monotonic + seconds, next(self._order), woken))
        await woken

    def jump(self, milliseconds: int) -> None:
        """Move the wall clock alone, as an administrator or NTP does."""
        self._now += milliseconds

    async def advance(self, seconds: float) -> None:
        """Move both clocks, waking sleepers in the order of their deadlines and letting each run."""
        end = self._monotonic + seconds
        while self._sleepers and self._sleepers[0][0] <= end:
            deadline, _, woken = heapq.heappop(self._sleepers)
            self._move_to(deadline)
            if not woken.done():
                woken.set_result(None)
            await settle()
        self._move_to(end)
        await settle()

    def _move_to(self, monotonic: float) -> None:
        self._now += round((monotonic - self._monotonic) * 1000)
        self._monotonic = monotonic


async def settle(rounds: int = 20) -> None:
    """Let ready tasks run for some rounds of the event loop."""
    for _ in range(rounds):
        await asyncio.tasks.sleep(0)
