"""The pipeline's counts over time: windows, breakdowns, what is left out (F167, F169, F176, C26)."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from actionsd.errors import ConfigError
from actionsd.event import Accepted
from actionsd.operate.latency import percentile
from actionsd.operate.parts import Parts
from actionsd.operate.pipeline import Granularity, Question, Window, measure, steps
from actionsd.store import Store
from actionsd.store.records import Count, LaneKey, Settlement
from support.clock import FakeClock
from support.store import destination, opened, source

HOUR = 3_600_000
DAY = 24 * HOUR


def _parts(store: Store, clock: FakeClock) -> Parts:
    """As much of a daemon as counting needs."""
    parts: Any = SimpleNamespace(store=store, clock=clock, workspace=store.workspace.current)
    return parts


def _run(folder: Path, test: Callable[[Parts, Store, FakeClock], Awaitable[None]]) -> None:
    async def main() -> None:
        clock = FakeClock()
        async with opened(folder, clock) as store:
            await store.workspace.declare([source(), source("app")], [destination(), destination("e", source="app")])
            await test(_parts(store, clock), store, clock)

    asyncio.run(main())


async def _receive(store: Store, *names: str, of: int = 1) -> None:
    head = store.journal.head
    events = [Accepted(f"{head + n}", b"{}", b"{}", ("track", name, "1.0")) for n, name in enumerate(names)]
    await store.journal.append(of, events, {})


async def _settle(store: Store, counts: dict[Count, int], facets: dict[Count, dict[int, int]] | None = None) -> None:
    await store.ledger.settle(Settlement(LaneKey(1), 1, b"", counts, facets or {}))


def _window(clock: FakeClock, span: int, granularity: Granularity) -> Window:
    return Window(clock.now() - span, clock.now() + 60_000, granularity)


@pytest.mark.parametrize(
    ("granularity", "span", "age"),
    [("MINUTE", 4 * HOUR, 2 * DAY), ("HOUR", 14 * DAY, 30 * DAY), ("DAY", 30 * DAY, 30 * DAY)],
)
def test_f176_a_window_is_bounded_by_its_granularity(granularity: Granularity, span: int, age: int) -> None:
    now = FakeClock().now()
    for since, until, fine in (
        (now - age, now - age + span, True),
        (now - age, now - age + span + 1, False),
        (now - age - 2 * DAY, now - age, False),
        (now, now, False),
        (now - span, now, True),
    ):
        problems = Window(since, until, granularity).problems(now)
        assert (problems == []) == fine, (since - now, until - now)


def test_a_window_covers_whole_buckets_and_the_one_before_has_its_length() -> None:
    window = Window(90_000, 210_000, "MINUTE")
    assert list(window.starts) == [1, 2, 3]
    assert list(Window(HOUR, 3 * HOUR, "HOUR").starts) == [60, 120]


def test_what_is_compared_is_as_long_as_what_has_passed_and_has_no_bucket_in_common() -> None:
    now = 100 * DAY + 10 * HOUR + 90_000
    minute = now // 60_000
    assert Window(now - HOUR, now, "MINUTE").before(now) == ((1, minute - 120, minute - 60),)
    hour = minute // 60 * 60
    (finer, rest) = Window(now - DAY, now + 9, "HOUR").before(now)
    assert finer == (1, hour - 48 * 60 - 1, hour - 48 * 60)
    assert rest == (60, hour - 48 * 60, hour - 24 * 60)
    today = 100 * 1440
    assert Window(now - 7 * DAY, now, "DAY").before(now) == (
        (60, today - 14 * 1440 - 10 * 60 - 60, today - 14 * 1440), (1440, today - 14 * 1440, today - 7 * 1440),
    )  # fmt: skip
    assert Window(now - 20 * DAY, now, "DAY").before(now) == ((1440, today - 41 * 1440, today - 20 * 1440),)
    assert Window(now - 5 * DAY, now - DAY, "HOUR").before(now)[0][0] == 60, "minutes are gone after 50 hours"
    assert Window(now - 20 * DAY, now - 9 * DAY, "HOUR").before(now) == ()


def test_f176_too_much_is_refused(tmp_path: Path) -> None:
    async def test(parts: Parts, store: Store, clock: FakeClock) -> None:
        with pytest.raises(ConfigError, match="at most 4 hours long by MINUTE"):
            await measure(parts, steps, Question(window=_window(clock, 5 * HOUR, "MINUTE")))

    _run(tmp_path, test)


def test_f167_each_step_has_its_own_counts_and_replays_have_none(tmp_path: Path) -> None:
    async def test(parts: Parts, store: Store, clock: FakeClock) -> None:
        await store.journal.append(1, [], {Count("refused", "no_user_anon_id", 1): 2, Count("batch", "x", 1): 9})
        await store.journal.append(1, [], {Count("filtered_at_source", "unplanned", 1): 3})
        await _receive(store, "A", "B")
        await _receive(store, "C", of=2)
        await _settle(
            store,
            {
                Count("delivered", "", 1, 1, 1): 4,
                Count("delivered", "", 1, 1, 2): 40,
                Count("discarded", "FILTERED_BY_RULES", 1, 1): 5,
                Count("dead", "errors.discarded.400", 0, 1, 1): 6,
                Count("retry", "errors.awaiting-retry.503", 1, 1, 1): 7,
                Count("delivered", "", 1, 1, 1, replay=1): 100,
                Count("delivered", "", 2, 2, 3): 1000,
            },
        )
        window = _window(clock, HOUR, "MINUTE")
        found = await measure(parts, steps, Question(window=window, source=1))
        assert {step: sum(g.total for g in groups.values()) for step, groups in found.items()} == {
            "successfully_received": 2, "failed_on_ingest": 2, "filtered_at_source": 3, "filtered_at_destination": 5,
            "failed_delivery": 6, "successful_delivery": 44,
        }  # fmt: skip
        (failed,) = found["failed_delivery"].values()
        assert failed.retried == 7
        asked = Question(window=window, source=1, destination=1, mapping=1, by=("subscriptionId", "discardReason"))
        found = await measure(parts, ("failed_delivery", "successful_delivery", "filtered_at_destination"), asked)
        assert {step: {key: g.total for key, g in groups.items()} for step, groups in found.items()} == {
            "failed_delivery": {("1", "errors.discarded.400"): 6, ("1", "errors.awaiting-retry.503"): 0},
            "successful_delivery": {("1", ""): 4},
            "filtered_at_destination": {},
        }

    _run(tmp_path, test)


def test_f169_a_breakdown_adds_up_to_the_total_and_can_be_narrowed(tmp_path: Path) -> None:
    async def test(parts: Parts, store: Store, clock: FakeClock) -> None:
        await _receive(store, "A", "A", "B")
        delivered = Count("delivered", "", 1, 1, 1)
        await _settle(store, {delivered: 5}, {delivered: {1: 2, 2: 1}})
        clock.jump(HOUR)
        await _settle(store, {delivered: 1}, {delivered: {1: 1}})
        window = _window(clock, 2 * HOUR, "HOUR")
        asked = Question(window=window, source=1, by=("eventName",))
        groups = (await measure(parts, ("successful_delivery",), asked))["successful_delivery"]
        assert {key: group.total for key, group in groups.items()} == {("A",): 3, ("",): 2, ("B",): 1}
        assert list(groups) == [("A",), ("",), ("B",)], "the largest first, ties by key"
        assert [groups[("A",)].counts.get(start, 0) for start in window.starts] == [0, 2, 1]
        narrow = {"eventName": frozenset({"A", "C"}), "appVersion": frozenset({"1.0"})}
        only = Question(window=window, source=1, only=narrow)  # type: ignore[arg-type]
        found = await measure(parts, ("successful_delivery", "successfully_received"), only)
        assert {step: groups[()].total for step, groups in found.items()} == {
            "successful_delivery": 3, "successfully_received": 2,
        }  # fmt: skip
        for granularity in ("MINUTE", "HOUR", "DAY"):
            await store.expire()
            asked = Question(window=_window(clock, 2 * HOUR, granularity), source=1, by=("eventType", "appVersion"))
            groups = (await measure(parts, ("successful_delivery",), asked))["successful_delivery"]
            assert {key: group.total for key, group in groups.items()} == {("track", "1.0"): 4, ("", ""): 2}

    _run(tmp_path, test)


@pytest.mark.parametrize(
    ("share", "counts", "seconds"),
    [
        (0.95, {}, None),
        (0.5, {0: 10}, 0.0025),
        (0.95, {0: 90, 3: 10}, 0.0375),
        (1.0, {0: 1, 5: 1}, 0.25),
        (0.95, {14: 1}, 3600.0),
    ],
)
def test_f175_percentiles_are_read_between_the_bounds(share: float, counts: dict[int, int], seconds: float) -> None:
    assert percentile(share, counts) == (None if seconds is None else pytest.approx(seconds))
