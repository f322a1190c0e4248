"""Time, passed in everywhere: wall time for what is stored, monotonic time for what is waited for (RULES R31)."""

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """What the daemon may know of time. Tests pass one that they move by hand (``tests/support/clock.py``)."""

    def now(self) -> int:
        """Wall time in milliseconds since the epoch, UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds on a clock that never jumps; only differences mean anything."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait on the monotonic clock."""
        ...


class SystemClock:
    """The real clock."""

    def now(self) -> int:
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


JUMP_MS = 60_000  # of the wall clock against the monotonic one; less is drift (RULES R31)


def ahead(clock: Clock) -> int:
    """How far the wall clock is ahead of the monotonic one, in milliseconds; only differences mean anything."""
    return clock.now() - round(clock.monotonic() * 1000)
