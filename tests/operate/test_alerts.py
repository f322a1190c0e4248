"""Alerts: raised and resolved once each, told as events, by the clock that is passed in (F178)."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest
from msgspec.structs import replace

from actionsd import wire
from actionsd.delivery.status import LaneStatus
from actionsd.errors import ConfigError, Conflict, NotFound
from actionsd.event import Accepted
from actionsd.observe import Tap
from actionsd.operate import alerts
from actionsd.operate.parts import Parts
from actionsd.store.records import Count, LaneKey, Retry, Settlement
from support.clock import FakeClock, settle
from support.store import destination, opened, source, until

HOUR = 3600.0


class Bench:
    """A store whose file declares two sources and a destination with two mappings."""

    def __init__(self, parts: Parts, clock: FakeClock) -> None:
        self.parts = parts
        self.store = parts.store
        self.clock = clock
        self._sent = 0

    def hold(self, **lane: str) -> None:
        """The destination's lane is as a status says."""
        self.parts.lanes = Mock(status=lambda: [LaneStatus(1, 0, "enabled", **lane), LaneStatus(1, 7, "enabled")])

    async def receive(self, events: int) -> None:
        self._sent += events
        sent = [Accepted(f"{self._sent - n}", b"{}", b"{}") for n in range(events)]
        await self.store.journal.append(1, sent, {})

    async def settle(self, step: str, events: int, mapping: int = 1, retries: tuple[Retry, ...] = ()) -> None:
        counts = {Count(step, "", 1, 1, mapping): events}
        await self.store.ledger.settle(Settlement(LaneKey(1), self.store.journal.head, b"", counts, retries=retries))

    async def told(self) -> list[tuple[int, str, float]]:
        """Source, event and percentage of what was told so far."""
        entries = await self.store.journal.read(0, limit=1000, max_bytes=1 << 24)
        found = [(entry.source, entry.event) for entry in entries if entry.message_id.startswith("alert-")]
        return [(source, event["event"], event["properties"]["percent"]) for source, event in found]

    async def pass_time(self, hours: float) -> None:
        """Move the clock on; the store's upkeep and the watch run meanwhile, as often as they do."""
        await self.clock.advance(hours * HOUR)
        await self.store.expire()


def _run(folder: Path, test: Callable[[Bench], Awaitable[None]]) -> None:
    async def main() -> None:
        clock = FakeClock()
        async with opened(folder, clock) as store:
            await store.workspace.declare([source(), source("ops")], [destination("d", mappings=("m", "n"))])
            parts: Any = SimpleNamespace(
                store=store, clock=clock, workspace=store.workspace.current, tap=Tap(), lanes=Mock(status=list)
            )
            await test(Bench(parts, clock))

    asyncio.run(main())


async def _add(it: Bench, **request: Any) -> None:
    await alerts.add(it.parts, wire.AlertRequest(**{"name": "a", **request}))


def test_f178_a_volume_that_changes_is_told_once_and_once_when_it_is_over(tmp_path: Path) -> None:
    async def test(it: Bench) -> None:
        await _add(it, source="web", percent=50.0, report_to="ops")
        await it.receive(100)
        await alerts.evaluate(it.parts)
        assert await it.told() == [], "there is nothing to compare with yet"
        await it.pass_time(25)
        await it.receive(60)
        await alerts.evaluate(it.parts)
        (row,) = await alerts.listed(it.parts)
        assert (row.raised, row.value, row.changed_at) == (False, pytest.approx(-40), None)
        await it.receive(90)
        for _ in range(3):
            await alerts.evaluate(it.parts)
        assert await it.told() == [(2, "Alert Raised", 50.0)]
        (row,) = await alerts.listed(it.parts)
        assert (row.raised, row.report_to, row.changed_at) == (True, "ops", wire.moment(it.clock.now()))
        await it.pass_time(24.5)
        await it.receive(150)
        for _ in range(3):
            await alerts.evaluate(it.parts)
        assert await it.told() == [(2, "Alert Raised", 50.0), (2, "Alert Resolved", 0.0)]
        await it.pass_time(25)
        await alerts.evaluate(it.parts)
        assert (await it.told())[2:] == [(2, "Alert Raised", -100.0)], "silence is a change too"

    _run(tmp_path, test)


def test_f178_a_delivery_rate_of_a_destination_or_of_one_mapping(tmp_path: Path) -> None:
    async def test(it: Bench) -> None:
        await _add(it, name="whole", destination="d", percent=90.0)
        await _add(it, name="one", destination="d", mapping="n", percent=90.0)
        await alerts.evaluate(it.parts)
        assert {row.value for row in await alerts.listed(it.parts)} == {None}
        await it.settle("delivered", 95, mapping=1)
        await it.settle("delivered", 5, mapping=2)
        await it.settle("dead", 5, mapping=2)
        await alerts.evaluate(it.parts)
        assert {row.name: row.raised for row in await alerts.listed(it.parts)} == {"whole": False, "one": True}
        assert await it.told() == [(1, "Alert Raised", 50.0)], "by default the destination's source is told"
        await it.settle("delivered", 90, mapping=2)
        await alerts.evaluate(it.parts)
        assert {row.name: row.raised for row in await alerts.listed(it.parts)} == {"whole": False, "one": False}
        await it.pass_time(25)
        await alerts.evaluate(it.parts)
        assert len(await it.told()) == 2, "no deliveries are no failure"

    _run(tmp_path, test)


def test_f178_the_last_24_hours_are_counted_to_the_minute(tmp_path: Path) -> None:
    async def test(it: Bench) -> None:
        await _add(it, destination="d", percent=50.0)
        await it.settle("dead", 10)
        await it.pass_time(23.9)
        await it.settle("delivered", 1)
        await alerts.evaluate(it.parts)
        (row,) = await alerts.listed(it.parts)
        assert row.raised
        await it.pass_time(0.2)
        await alerts.evaluate(it.parts)
        (row,) = await alerts.listed(it.parts)
        assert (row.raised, row.value) == (False, 100.0)

    _run(tmp_path, test)


def test_f178_an_outage_lowers_the_rate_before_anything_is_given_up(tmp_path: Path) -> None:
    async def test(it: Bench) -> None:
        await _add(it, name="whole", destination="d", percent=90.0)
        await _add(it, name="one", destination="d", mapping="n", percent=90.0)
        await it.receive(10)
        waiting = tuple(Retry(LaneKey(1), 2, position, 1, 0, 2**50, "503", "") for position in range(1, 11))
        await it.settle("delivered", 90, 1)
        await it.settle("delivered", 30, 2, waiting)
        await it.receive(280)
        assert await _values(it) == {"whole": 92.3, "one": 75.0}, "what is on its way is no failure"
        it.hold(breaker="open")
        assert await _values(it) == {"whole": 29.2, "one": 9.3}
        assert [name for _, name, _ in await it.told()] == ["Alert Raised", "Alert Raised"]
        it.hold()
        assert await _values(it) == {"whole": 92.3, "one": 75.0}
        it.hold(trouble="quarantined")
        assert (await _values(it))["one"] < 10
        it.hold()
        await it.settle("delivered", 280, 2)
        assert await _values(it) == {"whole": 97.6, "one": 96.9}
        assert {row.raised for row in await alerts.listed(it.parts)} == {False}

    _run(tmp_path, test)


async def _values(it: Bench) -> dict[str, float]:
    await alerts.evaluate(it.parts)
    return {row.name: round(row.value or 0, 1) for row in await alerts.listed(it.parts)}


def test_f178_events_about_alerts_are_no_volume(tmp_path: Path) -> None:
    async def test(it: Bench) -> None:
        await _add(it, source="web", percent=90.0)
        await it.receive(1)
        await it.pass_time(25)
        for _ in range(3):
            await alerts.evaluate(it.parts)
        assert await it.told() == [(1, "Alert Raised", -100.0)], "the event that tells of silence does not end it"
        await it.receive(1)
        await alerts.evaluate(it.parts)
        assert (await it.told())[1:] == [(1, "Alert Resolved", 0.0)]

    _run(tmp_path, test)


def test_f178_an_alert_on_what_is_gone_rests_and_says_so(tmp_path: Path) -> None:
    async def test(it: Bench) -> None:
        await _add(it, name="destination", destination="d", percent=50.0)
        await _add(it, name="mapping", destination="d", mapping="n", percent=50.0, report_to="ops")
        await _add(it, name="told", source="web", percent=50.0, report_to="ops")
        await it.settle("dead", 10, 2)
        whole = it.parts.workspace

        async def look(**changes: Any) -> dict[str, str]:
            it.parts.workspace = replace(whole, **changes)  # type: ignore[misc]
            await alerts.evaluate(it.parts)
            return {row.name: row.trouble for row in await alerts.listed(it.parts) if row.trouble}

        (kept,) = whole.destinations
        lost = "it rests: its destination is deleted or no longer declared"
        assert await look(destinations=()) == {"destination": lost, "mapping": lost}
        assert await it.told() == []
        gone = await look(destinations=(replace(kept, mappings=kept.mappings[:1]),), sources=whole.sources[:1])
        assert gone == {
            "mapping": "it rests: its mapping is deleted or no longer declared",
            "told": "it rests: the source that it is told in is deleted or no longer declared",
        }
        assert [source for source, *_ in await it.told()] == [1]
        assert await look() == {}
        assert [source for source, *_ in await it.told()] == [1, 2]

    _run(tmp_path, test)


def test_an_alert_shows_in_tail(tmp_path: Path) -> None:
    async def test(it: Bench) -> None:
        await _add(it, destination="d", percent=50.0, report_to="ops")
        await it.settle("dead", 1)
        listener = it.parts.tap.listen()
        await alerts.evaluate(it.parts)
        seen = await listener.next()
        assert seen is not None
        assert (seen.step, seen.source, seen.position, seen.event) == ("accepted", 2, 1, "Alert Raised")

    _run(tmp_path, test)


def test_r09_an_alert_that_was_told_before_a_crash_is_not_told_twice(tmp_path: Path) -> None:
    async def test(it: Bench) -> None:
        await _add(it, destination="d", percent=50.0)
        await it.settle("dead", 1)
        (rule,) = await it.store.alerts.list()
        await alerts._tell(it.parts, rule, 0.0)
        await alerts.evaluate(it.parts)
        assert await it.told() == [(1, "Alert Raised", 0.0)]
        assert (await it.store.alerts.list())[0].changes == 1

    _run(tmp_path, test)


def test_f178_the_daemon_looks_each_minute_and_goes_on_after_an_error(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def test(it: Bench) -> None:
        await _add(it, destination="d", percent=50.0)
        await it.settle("dead", 1)
        watching = asyncio.create_task(alerts.watch(it.parts))
        it.parts.workspace = None  # type: ignore[assignment, misc]
        await settle()
        await it.clock.advance(60)
        await until(lambda: "tried again" in caplog.text)
        it.parts.workspace = it.store.workspace.current  # type: ignore[misc]
        await settle()
        await it.clock.advance(60)
        await until(lambda: it.store.journal.head == 1)
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        assert [name for _, name, _ in await it.told()] == ["Alert Raised"]

    _run(tmp_path, test)


@pytest.mark.parametrize(
    ("request_", "error", "text"),
    [
        ({"percent": 5.0}, ConfigError, "either a source or a destination"),
        ({"percent": 5.0, "source": "web", "destination": "d"}, ConfigError, "either a source or a destination"),
        ({"percent": 0.0, "source": "web"}, ConfigError, "got 0"),
        ({"percent": 101.0, "destination": "d"}, ConfigError, "up to 100, got 101"),
        ({"percent": 5.0, "source": "web", "mapping": "m"}, ConfigError, "needs the destination"),
        ({"percent": 5.0, "source": "wep"}, NotFound, 'did you mean "web"'),
        ({"percent": 5.0, "destination": "d", "mapping": "o"}, NotFound, "no mapping"),
        ({"percent": 5.0, "source": "web", "name": " "}, ConfigError, "name: a text"),
        ({"percent": 5.0, "source": "web", "name": "there"}, Conflict, 'an alert "there" already'),
    ],
)
def test_f178_what_is_no_rule_is_refused(
    tmp_path: Path, request_: dict[str, Any], error: type[Exception], text: str
) -> None:
    async def test(it: Bench) -> None:
        await _add(it, name="there", source="web", percent=1.0)
        with pytest.raises(error, match=text):
            await _add(it, **request_)
        await alerts.remove(it.parts, "there")
        with pytest.raises(NotFound, match='no alert "there"'):
            await alerts.remove(it.parts, "there")

    _run(tmp_path, test)
