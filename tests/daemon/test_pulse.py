"""The loop's pulse: its delay, its beats, and who is named when it stops."""

import asyncio
import logging
import threading

import pytest

from actionsd.daemon import pulse
from actionsd.daemon.pulse import Pulse
from support.clock import FakeClock, settle


def test_each_beat_calls_and_lateness_is_kept() -> None:
    async def main() -> None:
        clock = FakeClock()
        beats: list[int] = []
        watched = Pulse(clock, [lambda: beats.append(1)], lambda task: "")
        running = asyncio.create_task(watched.run())
        await settle()
        assert len(beats) == 1
        await clock.advance(pulse.interval)
        assert (len(beats), watched.delay) == (2, 0.0)
        running.cancel()
        await asyncio.wait([running])

    asyncio.run(main())


def test_a_late_timer_is_the_delay() -> None:
    class FastClock(FakeClock):
        """Runs faster than the loop's timers."""

        def monotonic(self) -> float:
            return super().monotonic() * 1.4

    async def main() -> None:
        clock = FastClock()
        watched = Pulse(clock, [], lambda task: "")
        running = asyncio.create_task(watched.run())
        await settle()
        await clock.advance(pulse.interval)
        assert watched.delay == pytest.approx(0.2)
        running.cancel()
        await asyncio.wait([running])

    asyncio.run(main())


def test_r27_who_blocks_the_loop_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The loop's thread stands in a plugin's attempt; the watching thread tells which, and on which line."""
    monkeypatch.setattr(pulse, "interval", 0.01)
    monkeypatch.setattr(pulse, "patience", 0.05)
    told = threading.Event()
    records: list[logging.LogRecord] = []
    names: list[str] = []

    def who(task: "asyncio.Task[object]") -> str:
        names.append(task.get_name())
        return "hook/send"

    def keep(record: logging.LogRecord) -> bool:
        records.append(record)
        told.set()
        return True

    async def perform() -> None:
        assert told.wait(10), "nobody noticed"  # blocks the loop, as a plugin should not

    async def main() -> None:
        from actionsd.clock import SystemClock

        watched = Pulse(SystemClock(), [], who)
        running = asyncio.create_task(watched.run())
        await settle()
        await asyncio.create_task(perform(), name="attempt")
        running.cancel()
        await asyncio.wait([running])

    pulse.log.addFilter(keep)
    try:
        asyncio.run(main())
    finally:
        pulse.log.removeFilter(keep)
    assert names[0] == "attempt"
    assert records[0].getMessage() == "the event loop is blocked"
    assert vars(records[0])["running"] == "hook/send"
    assert "threading.py" in vars(records[0])["at"]
