"""The overview for people: a window against the one before, and what is told of each destination (F167, F175)."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from actionsd import wire
from actionsd.errors import ConfigError, NotFound
from actionsd.operate.overview import Wanted, overview
from actionsd.store import Store
from actionsd.store.records import Count, LaneKey, Settlement
from support.clock import FakeClock
from support.store import accepted, destination, opened, source

HOUR = 3_600_000
DAY = 24 * HOUR

Look = Callable[..., Awaitable[wire.Overview]]


def _run(folder: Path, test: Callable[[Store, FakeClock, Look], Awaitable[None]]) -> None:
    async def main() -> None:
        clock = FakeClock()
        async with opened(folder, clock) as store:
            await store.workspace.declare([source()], [destination("d", mappings=("m", "n")), destination("e")])
            rates = SimpleNamespace(destination=lambda *anything: 0.0)
            lanes = SimpleNamespace(status=list)
            parts: Any = SimpleNamespace(
                store=store, clock=clock, workspace=store.workspace.current, lanes=lanes, rates=rates
            )

            async def look(span: int, **wanted: Any) -> wire.Overview:
                return await overview(parts, Wanted(since=clock.now() - span, until=clock.now() + 60_000, **wanted))

            await test(store, clock, look)

    asyncio.run(main())


async def _settle(store: Store, delivered: int, dead: int = 0, **more: Any) -> None:
    counts = {Count("delivered", "", 1, 1, 1): delivered, Count("dead", "errors.discarded.400", 1, 1, 2): dead}
    await store.ledger.settle(Settlement(LaneKey(1), 0, b"", counts, **more))


def _step(answer: wire.Overview, step: str) -> wire.FlowStep:
    return next(each for each in answer.steps if each.step == step)


def test_f167_a_step_is_compared_with_the_window_before(tmp_path: Path) -> None:
    async def test(store: Store, clock: FakeClock, look: Look) -> None:
        await _settle(store, 40)
        await clock.advance(90 * 60)
        await _settle(store, 50)
        answer = await look(HOUR)
        step = _step(answer, "successful_delivery")
        assert (step.total, step.previous, step.change) == (50, 40, 0.25)
        assert (answer.source, answer.granularity, len(answer.times)) == ("web", "MINUTE", len(step.series))
        assert sum(step.series) == step.series[-2] + step.series[-1] == 50
        failed = _step(answer, "failed_delivery")
        assert (failed.total, failed.previous, failed.change) == (0, 0, None)

    _run(tmp_path, test)


@pytest.mark.parametrize(
    ("span", "granularity", "known"), [(HOUR, "MINUTE", True), (DAY, "HOUR", True), (29 * DAY, "DAY", True)]
)
def test_f168_windows_have_the_granularity_that_suits_them(
    tmp_path: Path, span: int, granularity: str, known: bool
) -> None:
    async def test(store: Store, clock: FakeClock, look: Look) -> None:
        answer = await look(span)
        assert answer.granularity == granularity
        assert (_step(answer, "successfully_received").previous is not None) == known

    _run(tmp_path, test)


def test_f176_where_the_window_before_is_gone_nothing_is_compared(tmp_path: Path) -> None:
    async def test(store: Store, clock: FakeClock, look: Look) -> None:
        await _settle(store, 40)
        step = _step(await look(20 * DAY, granularity="DAY"), "successful_delivery")
        assert (step.total, step.previous) == (40, 0)
        clock.jump(13 * HOUR)
        step = _step(await look(13 * HOUR, granularity="HOUR"), "successful_delivery")
        assert (step.total, step.previous) == (40, 0), "no bucket counts twice"
        await store.expire()
        clock.jump(20 * DAY)
        step = _step(await look(13 * DAY, granularity="HOUR"), "successful_delivery")
        assert (step.total, step.previous) == (0, 40)
        clock.jump(10 * DAY)
        assert _step(await look(13 * DAY, granularity="HOUR"), "successful_delivery").previous == 0
        assert _step(await look(29 * DAY, granularity="DAY"), "successful_delivery").previous == 40
        with pytest.raises(ConfigError, match="at most 14 days long by HOUR"):
            await look(20 * DAY, granularity="HOUR")

    _run(tmp_path, test)


def test_f175_each_destination_tells_its_success_and_latency(tmp_path: Path) -> None:
    async def test(store: Store, clock: FakeClock, look: Look) -> None:
        await store.journal.append(1, [accepted("1")], {})
        await _settle(store, 75, 25, latencies={0: 50, 3: 50})
        answer = await look(HOUR)
        first, second = answer.destinations
        assert (first.slug, first.delivered, first.failed, first.success) == ("d", 75, 25, 0.75)
        assert first.latency is not None
        assert first.latency.p50 == pytest.approx(0.005)
        assert first.latency.p95 == pytest.approx(0.0475)
        assert (second.slug, second.success, second.latency, second.waiting) == ("e", None, None, 1)
        (only,) = (await look(HOUR, of="d")).destinations
        assert only == first

    _run(tmp_path, test)


def test_f169_breakdowns_name_mappings_and_leave_nothing_out(tmp_path: Path) -> None:
    async def test(store: Store, clock: FakeClock, look: Look) -> None:
        await _settle(store, 3, 2)
        groups = {group.key: group.steps for group in (await look(HOUR, of="d", by="mapping")).groups}
        assert groups == {"m": {"successful_delivery": 3}, "n": {"failed_delivery": 2}}
        groups = {group.key: group.steps for group in (await look(HOUR, of="d", mapping="n", by="reason")).groups}
        assert groups == {"errors.discarded.400": {"failed_delivery": 2}}
        groups = {group.key: group.steps for group in (await look(HOUR, by="event")).groups}
        assert groups == {"": {"successful_delivery": 3, "failed_delivery": 2}}

    _run(tmp_path, test)


def test_what_does_not_exist_is_named(tmp_path: Path) -> None:
    async def test(store: Store, clock: FakeClock, look: Look) -> None:
        with pytest.raises(NotFound, match='no source "f"'):
            await look(HOUR, of="f")
        with pytest.raises(NotFound, match="no mapping"):
            await look(HOUR, of="d", mapping="o")

    _run(tmp_path, test)
