"""The event loop's pulse: how late its timers come, a sign of life for systemd, and the name of who blocks it.

A plugin that computes for seconds holds up everybody in the process (RULES R27). Nothing can stop it, but it can be
named: a thread watches the pulse and logs where the loop's thread stands when none came for a second.
"""

import asyncio
import logging
import sys
import threading
import traceback
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from actionsd.clock import Clock

log = logging.getLogger(__name__)

interval = 0.5  # seconds between beats
patience = 1.0  # seconds without a beat beyond which the loop counts as blocked (RULES R27)
_window = int(60 / interval)  # beats that the reported delay looks back on


class Pulse:
    """Beats while :meth:`run` runs. ``delay`` is the worst lateness of a timer in the last minute, in seconds."""

    def __init__(
        self, clock: Clock, on_beat: Sequence[Callable[[], None]], who_runs: Callable[[asyncio.Task[Any]], str]
    ) -> None:
        self._clock = clock
        self._on_beat = on_beat
        self._who_runs = who_runs
        self._delays: deque[float] = deque([0.0], maxlen=_window)
        self._last = clock.monotonic()
        self._stopped = threading.Event()
        self._loop = asyncio.get_running_loop()
        self._loop_thread = threading.get_ident()

    @property
    def delay(self) -> float:
        return max(self._delays)

    async def run(self) -> None:
        """Beat until cancelled; the watching thread lives as long."""
        watcher = threading.Thread(target=self._watch, name="pulse", daemon=True)
        watcher.start()
        try:
            while True:
                self._last = self._clock.monotonic()
                for call in self._on_beat:
                    call()
                await self._clock.sleep(interval)
                self._delays.append(max(0.0, self._clock.monotonic() - self._last - interval))
        finally:
            self._stopped.set()

    def _watch(self) -> None:
        told = 0.0
        while not self._stopped.wait(interval):
            late = self._clock.monotonic() - self._last - interval
            if late > patience and told != self._last:
                told = self._last
                self.report(late)

    def report(self, late: float) -> None:
        """Log who holds the loop, by the attempt that runs and the innermost line of its stack."""
        task = asyncio.current_task(self._loop)
        frame = sys._current_frames().get(self._loop_thread)
        where = traceback.extract_stack(frame)[-1] if frame else None
        log.warning(
            "the event loop is blocked",
            extra={
                "seconds": round(late, 1),
                "running": (self._who_runs(task) if task else "") or "the daemon itself",
                "at": f"{where.filename}:{where.lineno} {where.name}" if where else "unknown",
            },
        )
