"""What a lane keeps beside its counts: facets, latencies, samples (F169, F170, F175)."""

import asyncio
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from msgspec.structs import replace

from actionsd import wire
from actionsd.delivery.sampling import Sampler
from actionsd.event import Accepted
from actionsd.operate import alerts
from actionsd.settings import Delivery
from actionsd.store.records import Count, LaneKey, Sample, Settlement
from support.clock import FakeClock
from support.lanes import Bench, bench, destination, event, mapping, reset, status


def _counted(message_id: str, name: str, **members: Any) -> Accepted:
    made = event(message_id, event=name, **members)
    return replace(made, facet=("track", name, ""))


async def _details(it: Bench, step: str) -> dict[tuple[str, str], int]:
    """Deliveries by reason and event name."""
    rows = await it.store.history.details(1440, 0, 2**40, lambda count: count.step == step)
    found: dict[tuple[str, str], int] = {}
    for _, count, (_, name, _), events in rows:
        found[count.reason, name] = found.get((count.reason, name), 0) + events
    return found


async def _samples(it: Bench, step: str = "") -> list[Sample]:
    return [sample for _, sample in await it.store.samples.list(it.id(), step=step)]


def test_r29_outcomes_are_counted_by_facet_also_what_is_read_back_from_the_journal(tmp_path: Path) -> None:
    async def main() -> None:
        filters = ({"if": 'event = "Dropped"', "actions": [{"type": "DROP"}]},)
        async with bench(tmp_path, destination("one", filters=filters), retry_window=10.0) as it:
            answers = {"/bad": status(400), "/down": status(503)}
            it.partner.respond = lambda request: answers.get(request.url.removeprefix("https://partner.test"))
            await it.accept(_counted("ok", "A"), _counted("bad", "B"), _counted("down", "B"), _counted("no", "Dropped"))
            await it.advance_until(lambda: it.count("delivered") == 1 and it.count("dead") == 1)
            await it.advance_until(lambda: it.count("retry") >= 1)
            assert await _details(it, "delivered") == {("", "A"): 1}
            assert await _details(it, "dead") == {("errors.discarded.400", "B"): 1}
            assert await _details(it, "discarded") == {("FILTERED_BY_RULES", "Dropped"): 1}
            answers.clear()
            await it.advance_until(lambda: it.count("delivered") == 2)
            assert await _details(it, "delivered") == {("", "A"): 1, ("", "B"): 1}
            retried = await _details(it, "retry")
            assert retried["errors.awaiting-retry.503", "B"] == it.count("retry")

    asyncio.run(main())


def test_r29_after_a_crash_facets_still_add_up_to_the_totals(tmp_path: Path) -> None:
    async def main() -> None:
        it = Bench(tmp_path, FakeClock(), Delivery(in_flight=8))
        await it.start()
        await it.accept(*[_counted(f"{n}", f"name {n % 5}") for n in range(200)])
        await it.advance_until(lambda: it.count("delivered") > 40, step=0.001)
        await it.crash()
        await it.start()
        await it.advance_until(lambda: it.status().cursor == it.store.journal.head)
        found = await _details(it, "delivered")
        assert sum(found.values()) == it.count("delivered") == 200
        assert found == {("", f"name {n}"): 40 for n in range(5)}
        await it.stop()

    asyncio.run(main())


def test_f178_a_mapping_takes_an_alert_wherever_it_sends(tmp_path: Path) -> None:
    async def main() -> None:
        wanted = mapping("alerts", trigger='event = "Alert Raised" and properties.percent < 99')
        async with bench(tmp_path, destination("one", wanted)) as it:
            parts: Any = SimpleNamespace(
                store=it.store, clock=it.clock, workspace=it.store.workspace.current, lanes=it.lanes, tap=it.tap
            )
            await alerts.add(parts, wire.AlertRequest(name="rate", destination="one", percent=99.0))
            failed = {Count("dead", "errors.discarded.400", 1, it.id(), 1): 1}
            lane = await it.store.ledger.lane(LaneKey(it.id()))
            assert lane is not None
            await it.store.ledger.settle(Settlement(lane.lane, lane.cursor, b"", failed))
            await alerts.evaluate(parts)
            await it.advance_until(lambda: it.partner.received)
            assert it.partner.received == [f"alert-{it.store.epoch}-1-1"]

    asyncio.run(main())


def test_f175_latencies_are_kept_by_minute(tmp_path: Path) -> None:
    async def main() -> None:
        async with bench(tmp_path) as it:
            it.partner.respond = lambda request: reset() if len(it.partner.requests) < 2 else None
            await it.accept(event("slow"))
            await it.advance_until(lambda: it.count("delivered") == 1)
            await it.accept(event("fast"))
            await it.advance_until(lambda: it.count("delivered") == 2, step=0.001)
            latencies = await it.store.history.latencies(1, 0, 2**40, it.id())
            assert sorted(latencies.values()) == [1, 1]
            assert len({bucket for _, bucket in latencies}) == 2

    asyncio.run(main())


def test_f170_samples_have_event_payload_request_and_response_without_secrets(tmp_path: Path) -> None:
    async def main() -> None:
        async with bench(tmp_path) as it:
            it.partner.respond = lambda request: status(422, {"why": "no"}) if request.url.endswith("/bad") else None
            await it.accept(event("ok"), event("bad"), event("page", type="page"))
            await it.advance_until(lambda: it.count("delivered") and it.count("dead") and it.count("discarded"))
            (delivered,), (dead,), (discarded,) = [
                await _samples(it, step) for step in ("delivered", "dead", "discarded")
            ]
            assert (delivered.message_id, delivered.mapping) == ("ok", it.mapping_id("all"))
            assert json.loads(delivered.payload) == {"id": "ok"}
            (exchange,) = json.loads(dead.exchange)
            assert exchange["request"]["url"] == "https://partner.test/bad"
            assert (exchange["response"]["status"], dead.reason) == (422, "errors.discarded.422")
            assert (discarded.reason, discarded.payload, discarded.exchange) == ("FILTERED_AT_MAPPING", b"", b"")
            assert json.loads(discarded.body)["messageId"] == "page"

    asyncio.run(main())


def test_f170_a_healthy_lane_takes_one_sample_a_minute_of_each_mapping(tmp_path: Path) -> None:
    async def main() -> None:
        async with bench(tmp_path, destination("one", mapping("first"), mapping("second"))) as it:
            await it.accept(*[event(f"{n}") for n in range(50)])
            await it.advance_until(lambda: it.count("delivered") == 100, step=0.01)
            mappings = [sample.mapping for sample in await _samples(it)]
            assert sorted(mappings) == [it.mapping_id("first"), it.mapping_id("second")]
            await it.clock.advance(60)
            await it.accept(event("later"))
            await it.advance_until(lambda: it.count("delivered") == 102, step=0.01)
            assert len(await _samples(it)) == 4

    asyncio.run(main())


def test_f170_of_each_reason_ten_are_taken_and_then_one_a_minute() -> None:
    sampler = Sampler(1, FakeClock())
    assert sum(sampler.wants("a") for _ in range(100)) == 10
    assert sampler.wants("b")
    sampler.now += 59
    assert not sampler.wants("a")
    sampler.now += 1
    assert [sampler.wants("a"), sampler.wants("a")] == [True, False]
    sampler.now += 86_400
    assert sum(sampler.wants("a") for _ in range(100)) == 10
    assert sum(sampler.wants(f"code {n}") for n in range(1000)) < 200, "codes without end are not watched"
