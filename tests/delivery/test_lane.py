"""Lanes on the real store, with a made-up partner and a clock moved by hand. Rules as in RULES.md."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from actionsd.delivery.breaker import failures_to_open
from actionsd.delivery.lane import batches_in_a_crowd
from actionsd.delivery.window import Window
from actionsd.errors import NotFound
from actionsd.event import Accepted
from actionsd.sdk import Request, Response
from actionsd.settings import Delivery
from actionsd.store.ledger import Ledger
from actionsd.store.records import LaneKey, Settlement
from support.clock import FakeClock, settle
from support.lanes import (
    HOST,
    Bench,
    bench,
    destination,
    event,
    eventually,
    hang,
    mapping,
    reset,
    status,
)


async def gated(gate: "asyncio.Future[None]") -> Response:
    await gate
    return status(200)


def run(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(main())


def names(count: int, prefix: str = "m") -> list[str]:
    return [f"{prefix}{number}" for number in range(count)]


def failing(*ids: str, answer: Callable[[], Any] = lambda: status(503)) -> Callable[[Request], Any]:
    """Answers ``answer()`` to requests for these ids."""
    return lambda request: answer() if request.url.rpartition("/")[2] in ids else None


def test_a_test_shares_connections_and_tokens_with_the_deliveries(tmp_path: Path) -> None:
    async def main() -> None:
        async with bench(tmp_path) as it:
            transport, credentials = it.lanes.link(it.id())
            assert transport is it.partner
            (outlet,) = it.lanes._outlets.values()
            assert outlet._plan is not None
            prepared = [each.prepared for each in outlet._plan.mappings.values()]
            assert all(each.credentials is credentials for each in prepared)
            await it.store.workspace.set_state(it.id(), "paused")
            it.lanes.apply(it.store.workspace.current)
            await it.lanes.applied()
            assert it.lanes.link(it.id()) == (it.partner, credentials), "they outlive a pause"
            with pytest.raises(NotFound):
                it.lanes.link(99)

    run(main)


def test_events_are_delivered_and_counted(tmp_path: Path) -> None:
    async def main() -> None:
        async with bench(tmp_path) as it:
            await it.accept(event("a"), event("b"))
            await it.settled()
            assert it.partner.received == ["a", "b"]
            assert it.count("delivered") == 2
            histogram = it.status().histogram
            assert histogram is not None
            assert sum(histogram.counts) == 2

    run(main)


def test_what_is_not_for_a_destination_is_passed_or_counted_with_its_reason(tmp_path: Path) -> None:
    async def main() -> None:
        filters = ({"if": 'event = "Dropped"', "actions": [{"type": "DROP"}]},)
        other = destination("other", mapping(trigger="event = 'none'"))
        async with bench(tmp_path, destination("one", consent=("ads",), filters=filters), other) as it:
            await it.accept(event("foreign"), source=it.source("app"))
            preferences = {"context": {"consent": {"categoryPreferences": {"ads": False}}}}
            await it.accept(
                event("page", type="page"),
                event("off", integrations={"All": False, "Segment.io": True}),
                event("misspelt", integrations={"All": False, "Partnr": True, "one": True}),
                event("elsewhere", integrations={"All": False, "other": True, "Nobody": False}),
                event("unknown", integrations={"All": False, "Partnr": {"key": 1}}),
                event("refused", integrations={"All": True}, **preferences),
                event("dropped", event="Dropped"),
                event("browser", _metadata={"bundled": ["Partner"]}),
                event("sent"),
            )
            await it.settled()
            await it.advance_until(lambda: it.count("discarded") == 7)
            assert sorted(it.partner.received) == ["misspelt", "sent"]
            for reason, events in (
                ("FILTERED_AT_MAPPING", 1), ("FILTERED_BY_INTEGRATIONS_OBJECT", 2), ("UNKNOWN_INTEGRATION", 1),
                ("FILTERED_BY_END_USER_CONSENT", 1), ("FILTERED_BY_RULES", 1), ("MESSAGE_SENT_CLIENT_SIDE", 1),
            ):  # fmt: skip
                assert it.count("discarded", reason) == events, reason
            await it.declare(destination("one", replace(mapping(), enabled=False)))
            await it.accept(event("nobody's"))
            await it.advance_until(lambda: it.count("discarded") == 8)
            assert it.count("discarded", "NO_MATCHING_MAPPING") == 1

    run(main)


def test_the_mappings_of_an_event_share_what_they_find_at_their_first_attempts(tmp_path: Path) -> None:
    async def main() -> None:
        first, second = mapping("first", "share"), mapping("second", "share", trigger='event = "E"')
        async with bench(tmp_path, destination("one", first, second)) as it:
            failed = iter([status(503)])
            it.partner.respond = lambda request: next(failed, None) if request.url == f"{HOST}/2/b" else None
            await it.accept(event("a"), event("b"), event("alone", event="Other"))
            await it.advance_until(lambda: it.count("delivered") == 5)
            sent = sorted(request.url.removeprefix(HOST) for request in it.partner.requests)
            assert sent == ["/1/a", "/1/alone", "/1/b", "/1/b", "/2/a", "/2/b"], "a retry starts anew"

    run(main)


def test_r03_the_cursor_waits_for_the_slowest_and_a_restart_repeats_only_that(tmp_path: Path) -> None:
    async def main() -> None:
        it = Bench(tmp_path, FakeClock(), Delivery(request_timeout=60.0))
        await it.start(destination("one", mapping("first"), mapping("second", "sendTo", url=f"{HOST}/2")))
        it.partner.respond = lambda request: hang() if request.url == f"{HOST}/2/b" else None
        await it.accept(event("a"), event("b"), event("c"))
        await eventually(lambda: it.count("delivered") == 5)
        assert it.status().cursor == 1
        await it.stop()
        it.partner.received.clear()
        it.partner.respond = lambda request: None
        await it.start()
        await it.settled()
        assert it.partner.received == ["b"]
        assert it.partner.requests[-1].url == f"{HOST}/2/b"
        assert it.count("delivered") == 6
        await it.stop()

    run(main)


def test_r03_what_cannot_be_routed_or_read_is_a_dead_letter_and_the_cursor_moves(tmp_path: Path) -> None:
    async def main() -> None:
        async with bench(tmp_path, destination("one", mapping("burst", "burst"))) as it:
            await it.accept(Accepted("broken", b"{", b"{}"))
            await it.settled()
            assert it.count("dead", "undecodable") == 1
            await it.accept(event("bug"))
            await it.settled()
            assert it.count("retry", "errors.awaiting-retry.INTERNAL") == 1

    run(main)


def test_r04_no_more_than_in_flight_deliveries_are_uncommitted(tmp_path: Path) -> None:
    async def main() -> None:
        async with bench(tmp_path, in_flight=4, concurrency=32) as it:
            it.partner.respond = lambda request: hang()
            await it.accept(*map(event, names(20)))
            await eventually(lambda: it.partner.active == 4)
            await it.accept(event("more"))
            assert (it.partner.most_active, it.status().in_flight) == (4, 4)

    run(main)


def test_r04_an_event_that_many_mappings_want_does_not_pass_the_limit(tmp_path: Path) -> None:
    async def main() -> None:
        mappings = [mapping(name) for name in "abc"]
        async with bench(tmp_path, destination("one", *mappings), in_flight=4, concurrency=32) as it:
            it.partner.respond = lambda request: hang()
            await it.accept(event("a"), event("b"))
            await eventually(lambda: it.partner.active == 3)
            await it.accept(event("c"))
            assert (it.partner.most_active, it.status().in_flight) == (3, 3)
        narrow = tmp_path / "narrow"
        narrow.mkdir()
        async with bench(narrow, destination("one", *mappings), in_flight=2) as it:
            await it.accept(event("a"), event("b"))
            await it.settled()
            assert it.count("delivered") == 6

    run(main)


def test_r08_a_backlog_is_read_back_in_pages(tmp_path: Path) -> None:
    async def main() -> None:
        it = Bench(tmp_path, FakeClock(), Delivery(concurrency=8))
        await it.start()
        await it.stop()
        await it.start()
        it.lanes._committed = lambda block: None  # type: ignore[method-assign]
        for first in range(0, 1500, 500):
            await it.accept(*map(event, names(500, f"{first}-")))
        await it.settled()
        assert len(set(it.partner.received)) == len(it.partner.received) == 1500
        await it.stop()

    run(main)


def test_r14_fresh_events_and_retries_share_the_slots(tmp_path: Path) -> None:
    async def main() -> None:
        async with bench(tmp_path, concurrency=4, request_timeout=60.0) as it:
            retried, fresh = names(4, "r"), names(4, "f")
            for name in retried:  # each with a success after it, so that the breaker stays closed
                it.partner.respond = failing(name)
                await it.accept(event(name), event(f"{name}-ok"))
                await it.settled()
            gate = asyncio.get_running_loop().create_future()
            it.partner.respond = lambda request: gated(gate) if "block" in request.url else hang()
            await it.accept(*map(event, names(4, "block")))
            await eventually(lambda: it.partner.active == 4)
            await it.accept(*map(event, fresh))
            await it.clock.advance(20)
            it.partner.requests.clear()
            gate.set_result(None)
            await eventually(lambda: len(it.partner.requests) == 4)
            started = [request.url.rpartition("/")[2] for request in it.partner.requests]
            assert len(set(started) & set(retried)) == len(set(started) & set(fresh)) == 2

    run(main)


def test_r15_a_destination_that_is_down_stops_its_lane_and_is_probed(tmp_path: Path) -> None:
    async def main() -> None:
        async with bench(tmp_path, concurrency=1) as it:
            it.partner.respond = lambda request: status(503)
            await it.accept(*map(event, names(100)))
            await eventually(lambda: it.count("retry") == failures_to_open)
            assert (it.status().breaker, it.status().reason) == ("open", "SERVICE_UNAVAILABLE")
            before = it.status().cursor
            probed = [request.url for request in it.partner.requests]
            await it.advance_until(lambda: len(it.partner.requests) >= failures_to_open + 4)
            probes = [request.url for request in it.partner.requests[failures_to_open:]]
            assert len(set(probes)) == len(probes), "each probe takes a different delivery"
            assert it.status().cursor <= before + len(probes)
            assert probed
            it.partner.respond = lambda request: None
            await it.advance_until(lambda: it.status().cursor == it.store.journal.head and not it.status().retrying)
            assert sorted(it.partner.received) == sorted(names(100))
            assert it.status().breaker == "closed"

    run(main)


def test_r15_retry_after_holds_the_lane(tmp_path: Path) -> None:
    async def main() -> None:
        async with bench(tmp_path, concurrency=1) as it:
            it.partner.respond = failing("m0", answer=lambda: status(429, retry_after="30"))
            await it.accept(*map(event, names(5)))
            await eventually(lambda: it.count("retry", "errors.awaiting-retry.429") == 1)
            it.partner.respond = lambda request: None
            await it.clock.advance(29)
            assert it.partner.received == []
            await it.advance_until(lambda: len(it.partner.received) == 5)

    run(main)


def test_r15_a_mapping_with_its_own_address_breaks_alone(tmp_path: Path) -> None:
    async def main() -> None:
        mappings = (mapping("good", "sendTo", url=f"{HOST}/good"), mapping("bad", "sendTo", url=f"{HOST}/bad"))
        async with bench(tmp_path, destination("one", *mappings)) as it:
            it.partner.respond = lambda request: reset() if "/bad/" in request.url else None
            await it.accept(*map(event, names(200)))
            await it.settled()
            assert sorted(it.partner.received) == sorted(names(200))
            tried = sum("/bad/" in request.url for request in it.partner.requests)
            assert tried < 60, "the rest is parked without an attempt"
            assert it.status().retrying == 200
            it.partner.respond = lambda request: None
            await it.advance_until(lambda: not it.status().retrying)
            assert len(it.partner.received) == 400

    run(main)


def test_r16_a_delivery_is_given_up_after_its_window_and_three_attempts(tmp_path: Path) -> None:
    async def main() -> None:
        async with bench(tmp_path, retry_window=100.0) as it:
            it.partner.respond = failing("bad")
            await it.accept(event("bad"))
            await it.advance_until(lambda: it.count("dead"))
            assert it.count("dead", "retry_window") == 1
            assert it.clock.monotonic() > 100
            (letter,) = await it.store.ledger.dead(destination=it.id())
            assert letter.dead.attempts == it.count("retry") + 1 >= 3
            assert letter.dead.code == "503"
            assert json.loads(letter.dead.exchange)[0]["response"]["status"] == 503

    run(main)


def test_r31_a_clock_that_jumps_ahead_gives_up_no_delivery(tmp_path: Path) -> None:
    async def main() -> None:
        async with bench(tmp_path, retry_window=100.0, retry_cap=10.0) as it:
            it.partner.respond = failing(*names(3))
            await it.accept(*map(event, names(3)))
            await it.advance_until(lambda: it.count("retry") >= 9)
            for _ in range(2):
                before = it.count("retry")
                it.clock.jump(86_400_000)
                await it.advance_until(lambda before=before: it.count("retry") >= before + 6)
            assert it.clock.monotonic() < 80, "or they would be over their window"
            assert it.count("dead") == 0
            await it.advance_until(lambda: it.count("dead", "retry_window") == 3)
            assert 100 < it.clock.monotonic() < 130

    run(main)


def test_r31_across_a_restart_the_wall_clock_counts(tmp_path: Path) -> None:
    async def main() -> None:
        it = Bench(tmp_path, FakeClock(), Delivery(retry_window=100.0))
        await it.start()
        it.partner.respond = failing("bad")
        await it.accept(event("bad"))
        await it.advance_until(lambda: it.count("retry") == 3)
        await it.stop()
        it.clock.jump(100_000)
        await it.start()
        await it.advance_until(lambda: it.count("dead", "retry_window") == 1)
        assert it.count("retry") == 3
        await it.stop()

    run(main)


def test_r17_refused_credentials_are_final_and_stop_the_lane(tmp_path: Path) -> None:
    async def main() -> None:
        async with bench(tmp_path, concurrency=1) as it:
            it.partner.respond = lambda request: status(401)
            await it.accept(*map(event, names(50)))
            await eventually(lambda: it.count("dead", "errors.discarded.401") == failures_to_open)
            assert (it.status().breaker, it.status().reason) == ("open", "auth")
            assert it.status().cursor == failures_to_open
            it.partner.respond = lambda request: None
            await it.lanes.resume(it.id())
            await it.settled()
            assert len(it.partner.received) == 50 - failures_to_open

    run(main)


def test_r17_other_refusals_never_stop_it(tmp_path: Path) -> None:
    async def main() -> None:
        async with bench(tmp_path) as it:
            it.partner.respond = lambda request: status(404)
            await it.accept(*map(event, names(50)))
            await it.settled()
            assert it.count("dead", "errors.discarded.404") == 50
            assert it.status().breaker == "closed"

    run(main)


def test_r18_a_paused_destination_waits_and_goes_on_where_it_was(tmp_path: Path) -> None:
    async def main() -> None:
        async with bench(tmp_path) as it:
            await it.accept(event("a"))
            await it.settled()
            it.lanes.apply(await it.store.workspace.set_state(it.id(), "paused"))
            await it.lanes.applied()
            await it.accept(event("b"), event("c"))
            assert it.status().cursor == 1
            it.lanes.apply(await it.store.workspace.set_state(it.id(), "enabled"))
            await it.settled()
            assert it.partner.received == ["a", "b", "c"]

    run(main)


def test_r18_a_disabled_destination_gives_up_what_it_has_and_starts_at_the_head(tmp_path: Path) -> None:
    async def main() -> None:
        async with bench(tmp_path, concurrency=1) as it:
            it.partner.respond = failing("retried")
            await it.accept(event("retried"))
            await it.settled()
            it.partner.respond = lambda request: status(503)
            await it.accept(*map(event, names(50)))
            await eventually(lambda: it.status().breaker == "open")
            await it.declare(destination("one", enabled=False))
            assert it.status().state == "disabled"
            dead, ((_, passed),) = it.count("dead"), await it.store.ledger.dead_ranges(destination=it.id())
            assert dead + it.count("discarded", "destination_disabled") == 51
            assert passed.events == it.count("discarded", "destination_disabled") == 51 - dead
            assert dead == len(await it.store.ledger.dead(destination=it.id()))
            it.partner.respond = lambda request: None
            await it.accept(event("while-off"))
            await it.declare(destination("one"))
            assert it.count("discarded", "destination_disabled") == 51 - dead + 1
            await it.accept(event("after"))
            await it.settled()
            assert it.partner.received == ["after"]

    run(main)


def test_r18_what_comes_after_enabling_arrives_even_while_an_attempt_of_before_still_runs(tmp_path: Path) -> None:
    async def main() -> None:
        async with bench(tmp_path) as it:
            answer: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
            it.partner.respond = lambda request: answer if request.url.endswith("running") else None
            await it.accept(event("running"))
            await eventually(lambda: it.partner.active)
            for enabled in (False, True):
                it.lanes.apply(await it.store.workspace.declare(it.sources, [destination("one", enabled=enabled)]))
                await it.accept(event("off" if not enabled else "on"))
            answer.set_result(status(200))
            await it.lanes.applied()
            await it.settled()
            assert it.partner.received == ["running", "on"]
            assert (it.count("delivered"), it.count("discarded", "destination_disabled")) == (2, 1)

    run(main)


def test_r19_a_mapping_added_later_takes_only_later_events(tmp_path: Path) -> None:
    async def main() -> None:
        async with bench(tmp_path, concurrency=1) as it:
            it.partner.respond = lambda request: hang()
            await it.accept(event("a"), event("b"))
            await eventually(lambda: it.partner.active)
            await it.declare(destination("one", mapping(), mapping("later", "sendTo", url=f"{HOST}/later")))
            it.partner.respond = lambda request: None
            await it.accept(event("c"))
            await it.advance_until(lambda: it.status().cursor == 3 and not it.status().retrying)
            urls = {request.url for request in it.partner.requests}
            assert urls == {f"{HOST}/{path}" for path in ("a", "b", "c", "later/c")}

    run(main)


def test_r20_a_retry_goes_by_the_configuration_of_now(tmp_path: Path) -> None:
    async def main() -> None:
        other = mapping("other", "sendTo", url=f"{HOST}/x")
        async with bench(tmp_path, destination("one", mapping("kept"), other)) as it:
            it.partner.respond = lambda request: status(503)
            await it.accept(event("a"))
            await it.settled()
            assert it.count("retry") == 2
            changed = mapping("kept", id={"@template": "new-{{messageId}}"}, trigger='type = "page"')
            await it.declare(destination("one", changed, replace(other, enabled=False)))
            it.partner.respond = lambda request: None
            await it.advance_until(lambda: it.count("delivered") == 1 and not it.status().retrying)
            assert it.partner.received == ["new-a"], "the mapping is the new one, the trigger is not asked again"
            assert it.count("dead", "mapping_disabled") == 1

    run(main)


def test_a_filter_that_cannot_be_decided_sends_nothing_and_is_counted_apart(tmp_path: Path) -> None:
    async def main() -> None:
        async with bench(tmp_path) as it:
            drop = {"if": "'a' in properties.list", "actions": [{"type": "DROP"}]}
            await it.declare(destination("one", filters=(drop,)))
            await it.accept(event("no list", properties={"list": 5}), event("sent", properties={"list": ["b"]}))
            await it.advance_until(lambda: it.count("discarded", "FILTERED_UNDECIDABLE") == 1)
            await it.settled()
            assert it.partner.received == ["sent"]

    run(main)


def test_r20_a_retry_that_a_new_filter_drops_is_a_counted_discard(tmp_path: Path) -> None:
    async def main() -> None:
        async with bench(tmp_path) as it:
            it.partner.respond = lambda request: status(503)
            await it.accept(event("a"))
            await it.settled()
            drop = {"if": "all", "actions": [{"type": "DROP"}]}
            await it.declare(destination("one", filters=(drop,)))
            await it.advance_until(lambda: it.count("discarded", "FILTERED_BY_RULES") == 1)
            assert it.status().retrying == 0

    run(main)


def test_r23_one_mapping_leaves_half_of_the_slots_to_others(tmp_path: Path) -> None:
    async def main() -> None:
        mappings = (mapping("slow", trigger='event = "Slow"'), mapping("quick", trigger='event = "Quick"'))
        async with bench(tmp_path, destination("one", *mappings), concurrency=4) as it:
            it.partner.respond = lambda request: hang() if "slow" in request.url else None
            events = [event(name, event="Slow") for name in names(20, "slow")]
            await it.accept(*events, *[event(name, event="Quick") for name in names(20, "quick")])
            await eventually(lambda: len(it.partner.received) == 20)
            await eventually(lambda: it.partner.active == 4, "nobody else has work: the slow one may use all slots")
            assert it.partner.most_active == 4

    run(main)


def test_r23_an_attempt_that_takes_too_long_becomes_a_retry(tmp_path: Path) -> None:
    async def main() -> None:
        async with bench(tmp_path, request_timeout=5.0) as it:
            it.partner.respond = lambda request: hang()
            await it.accept(event("a"))
            await eventually(lambda: it.partner.active == 1)
            await it.clock.advance(4.9)
            assert it.count("retry") == 0
            await it.clock.advance(0.2)
            await it.settled()
            assert it.count("retry", "errors.awaiting-retry.ETIMEDOUT") == 1

    run(main)


def batch(*more: Any, **fields: Any) -> Any:
    return destination("one", mapping("batched", "batch", **fields), *more)


def bodies(it: Bench) -> list[list[str]]:
    return [json.loads(request.body) for request in it.partner.requests]


def test_r24_batches_are_filled_or_sent_after_the_linger(tmp_path: Path) -> None:
    async def main() -> None:
        async with bench(tmp_path, batch(batch_size=3)) as it:
            await it.accept(*map(event, names(7)))
            await eventually(lambda: it.status().cursor == 6)
            await it.clock.advance(1.0)
            await it.settled()
            assert bodies(it) == [["m0", "m1", "m2"], ["m3", "m4", "m5"], ["m6"]]

    run(main)


def test_r24_a_full_window_does_not_send_batches_before_they_are_full(tmp_path: Path) -> None:
    async def main() -> None:
        async with bench(tmp_path, batch(batch_size=4), in_flight=10) as it:
            await it.accept(*map(event, names(20)))
            await it.settled()
            assert [len(body) for body in bodies(it)] == [4] * 5

    run(main)


def test_r24_a_window_that_is_full_of_open_batches_sends_them(tmp_path: Path) -> None:
    async def main() -> None:
        async with bench(tmp_path, batch(batch_keys=["group"]), in_flight=4) as it:
            await it.accept(*[event(name, properties={"group": name}) for name in names(12)])
            await eventually(lambda: len(bodies(it)) == 12, "without waiting for the linger")
            assert bodies(it) == [[name] for name in names(12)]

    run(main)


def test_r24_a_batch_shares_its_batch_keys(tmp_path: Path) -> None:
    async def main() -> None:
        async with bench(tmp_path, batch(batch_keys=["group"])) as it:
            groups = {"a": "x", "b": "y", "c": "x"}
            await it.accept(*[event(name, properties={"group": group}) for name, group in groups.items()])
            await it.advance_until(lambda: it.status().cursor == 3)
            assert sorted(bodies(it)) == [["a", "c"], ["b"]]

    run(main)


def test_r24_an_open_batch_goes_out_under_its_old_version(tmp_path: Path) -> None:
    async def main() -> None:
        async with bench(tmp_path, batch()) as it:
            await it.accept(event("old"))
            await eventually(lambda: it.status().in_flight == 1)
            await it.declare(batch(id={"@template": "new-{{messageId}}"}))
            await it.accept(event("x"))
            await it.advance_until(lambda: it.status().cursor == 2)
            assert bodies(it) == [["old"], ["new-x"]]

    run(main)


def test_r25_each_item_settles_on_its_own(tmp_path: Path) -> None:
    async def main() -> None:
        async with bench(tmp_path, batch(batch_size=4)) as it:
            it.partner.respond = lambda request: status(207, [200, 503, 400, 0])
            await it.accept(*map(event, names(4)))
            await it.settled()
            assert it.count("delivered") == 1
            assert it.count("retry", "errors.awaiting-retry.503") == 1
            assert it.count("dead", "errors.discarded.400") == 1
            assert it.count("dead", "bad_batch_result") == 1
            it.partner.respond = lambda request: None
            await it.advance_until(lambda: not it.status().retrying)
            assert bodies(it)[1:] == [["m1"]], "only what failed is tried again"

    run(main)


def test_r25_a_batch_refused_as_a_whole_is_split_until_the_bad_one_stands_alone(tmp_path: Path) -> None:
    async def main() -> None:
        async with bench(tmp_path, batch(batch_size=8)) as it:
            it.partner.respond = lambda request: status(413) if "m5" in json.loads(request.body) else None
            await it.accept(*map(event, names(8)))
            await it.settled()
            assert (it.count("delivered"), it.count("dead", "errors.discarded.413")) == (7, 1)
            assert sorted(it.partner.received) == sorted(set(names(8)) - {"m5"})

    run(main)


def test_r25_invalid_items_settle_before_sending(tmp_path: Path) -> None:
    async def main() -> None:
        async with bench(tmp_path, batch(batch_size=2, id={"@path": "$.properties.id"})) as it:
            await it.accept(event("bad"), event("a", properties={"id": "A"}), event("b", properties={"id": "B"}))
            await it.settled()
            assert bodies(it) == [["A", "B"]]
            assert it.count("dead", "errors.discarded.400") == 1

    run(main)


def test_r26_after_a_crash_what_is_tried_is_written_down_and_kills_only_twice(tmp_path: Path) -> None:
    async def main() -> None:
        it = Bench(tmp_path, FakeClock(), Delivery())
        await it.start()
        it.partner.respond = lambda request: hang()
        await it.accept(event("deadly"), event("b"), event("c"))
        await eventually(lambda: it.partner.active == 3)
        for _ in range(2):
            await it.crash()
            await it.start()
            await eventually(lambda: it.partner.active == 1)
            await eventually(lambda: [request.url for request in it.partner.requests][-1].endswith("deadly"))
        assert it.partner.most_active == 3, "before the crash all were tried at once"
        it.partner.most_active = 0
        await it.crash()
        it.partner.respond = lambda request: None
        await it.start()
        await it.settled()
        assert it.partner.received == ["b", "c"]
        assert it.partner.most_active == 1
        assert it.count("dead", "crashed_process") == 1
        await it.stop()
        await it.start()
        assert not it.store.unclean
        await it.stop()

    run(main)


def test_r26_what_is_written_down_when_the_time_to_finish_is_over_is_not_tried_any_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[tuple[Settlement, asyncio.Future[None]]] = []

    def hold(ledger: Ledger, settlement: Settlement, urgent: bool = False) -> "asyncio.Future[None]":
        held.append((settlement, asyncio.get_running_loop().create_future()))
        return held[-1][1]

    async def main() -> None:
        it = Bench(tmp_path, FakeClock(), Delivery(request_timeout=60.0))
        await it.start()
        it.partner.respond = lambda request: hang()
        await it.accept(event("a"))
        await eventually(lambda: it.partner.active == 1)
        await it.crash()
        it.partner.requests.clear()
        monkeypatch.setattr(Ledger, "settle", hold)
        await it.start()
        await eventually(lambda: held)
        (lane,) = it.lanes._outlets[it.id()].lanes
        stopping = asyncio.ensure_future(it.lanes.stop())
        await it.advance_until(lambda: lane._aborted)
        monkeypatch.undo()
        ((intent, committed),) = held
        assert intent.intents
        await it.store.ledger.settle(intent, urgent=True)
        committed.set_result(None)
        await eventually(stopping.done)
        assert it.partner.requests == []
        await it.store.close()

    run(main)


def test_r27_an_attempt_that_outlives_its_cancellation_is_abandoned_and_quarantines(tmp_path: Path) -> None:
    async def stubborn(release: asyncio.Event) -> Response:
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue
        return status(200)

    async def main() -> None:
        release = asyncio.Event()
        async with bench(tmp_path, request_timeout=2.0, concurrency=8) as it:
            it.partner.respond = lambda request: stubborn(release)
            await it.accept(*map(event, names(5)))
            await eventually(lambda: it.partner.active == 5)
            await it.clock.advance(2.0)
            assert it.status().running == 5
            await it.clock.advance(1.0)
            await it.settled()
            assert (it.status().running, it.status().abandoned, it.status().trouble) == (0, 5, "quarantined")
            assert it.count("retry", "errors.awaiting-retry.ETIMEDOUT") == 5
            await it.accept(event("more"))
            await it.clock.advance(100.0)
            assert len(it.partner.requests) == 5
            release.set()
            it.partner.respond = lambda request: None
            await eventually(lambda: it.partner.active == 0)
            await it.lanes.resume(it.id())
            await it.advance_until(lambda: not it.status().retrying)
            assert it.count("delivered") == 6, "what an abandoned attempt did later changes nothing"

    run(main)


def test_r28_a_hanging_destination_shrinks_to_one_slot(tmp_path: Path) -> None:
    async def main() -> None:
        async with bench(tmp_path, request_timeout=5.0, concurrency=8) as it:
            it.partner.respond = lambda request: hang()
            await it.accept(*map(event, names(40)))
            await eventually(lambda: it.partner.active == 8)
            await it.clock.advance(5.1)
            await it.advance_until(lambda: it.status().limit == 1)
            assert it.partner.active <= 1

    run(main)


def test_r32_a_clean_stop_repeats_nothing(tmp_path: Path) -> None:
    async def main() -> None:
        it = Bench(tmp_path, FakeClock(), Delivery(concurrency=4))
        await it.start(batch(mapping("single", "sendTo", url=f"{HOST}/single")))
        for round in range(5):
            await it.accept(*map(event, names(10, f"{round}-")))
            await it.stop()
            await it.start()
        await it.advance_until(lambda: it.status().cursor == it.store.journal.head)
        await it.stop()
        assert len(it.partner.received) == 100
        sent = [f"{round}-{number}" for round in range(5) for number in range(10)]
        assert sorted(it.partner.received) == sorted(2 * sent)

    run(main)


def test_r32_what_does_not_finish_in_time_is_logged_and_tried_again(tmp_path: Path, caplog: Any) -> None:
    async def main() -> None:
        it = Bench(tmp_path, FakeClock(), Delivery(drain_timeout=3.0, request_timeout=60.0))
        await it.start()
        it.partner.respond = failing("slow", answer=hang)
        await it.accept(event("quick"), event("slow"))
        await eventually(lambda: it.count("delivered") == 1)
        await it.stop()
        assert "unknown: one/send was cancelled while delivering slow" in caplog.text
        it.partner.respond = lambda request: None
        await it.start()
        await it.settled()
        assert it.partner.received == ["quick", "slow"]
        await it.stop()

    run(main)


def test_r11_retention_passes_a_lane_that_has_nothing_in_flight(tmp_path: Path) -> None:
    async def main() -> None:
        async with bench(tmp_path, concurrency=1) as it:
            it.partner.respond = lambda request: hang()
            await it.accept(*map(event, names(50)))
            await eventually(lambda: it.partner.active)
            fence = it.store.ledger.fence
            assert fence(LaneKey(it.id()), 30) == 0, "it waits for what is in flight"
            assert fence(LaneKey(999), 30) == 30

    run(main)


def test_r11_a_batch_that_cannot_go_out_does_not_hold_retention(tmp_path: Path) -> None:
    async def main() -> None:
        async with bench(tmp_path, batch(batch_size=4), concurrency=2) as it:
            it.partner.respond = lambda request: status(503)
            await it.accept(*map(event, names(30)))
            await eventually(lambda: it.status().breaker == "open")
            await it.accept(*map(event, names(30, "later")))
            fence, key, head = it.store.ledger.fence, LaneKey(it.id()), it.store.journal.head
            await it.advance_until(lambda: fence(key, head) == head)
            assert it.status().breaker != "closed"
            it.partner.respond = lambda request: None
            await it.advance_until(lambda: not it.status().retrying)
            assert it.count("delivered") == len(set(it.partner.received))

    run(main)


def test_window_of_a_stored_lane_tells_what_is_settled(tmp_path: Path) -> None:
    async def main() -> None:
        async with bench(tmp_path) as it:
            it.partner.respond = failing("b", answer=hang)
            await it.accept(event("a"), event("b"), event("c"))
            await eventually(lambda: it.count("delivered") == 2)
            state = await it.store.ledger.lane(LaneKey(it.id()))
            assert state is not None
            window = Window(state.cursor, state.completed)
            assert (window.cursor, window.settled_mappings(2), window.settled_mappings(3)) == (1, [], None)

    run(main)


class Busy(FakeClock):
    """The clock of a loop that has no time: everything comes some milliseconds late."""

    late = True

    def monotonic(self) -> float:
        if self.late:
            self._move_to(self._monotonic + 0.005)
        return super().monotonic()


@pytest.mark.parametrize(("late", "most"), [(True, batches_in_a_crowd), (False, 10)])
def test_batches_wait_for_the_loop_and_not_for_each_other(tmp_path: Path, late: bool, most: int) -> None:
    async def main() -> None:
        clock = Busy()
        it = Bench(tmp_path, clock, Delivery(concurrency=10, batch_linger=0.001))
        clock.late = False
        await it.start(destination("one", mapping("all", "batch", batch_size=2)))
        clock.late = late
        answer, waiting = asyncio.Event(), [0]

        async def respond() -> Response:
            waiting.append(waiting[-1] + 1)
            await answer.wait()
            return Response(200, {}, b"{}")

        it.partner.respond = lambda request: respond()
        await it.accept(*(event(f"e{number}") for number in range(40)))
        await eventually(lambda: waiting[-1] >= most, f"{most} batches under way")
        await settle()
        assert waiting[-1] == most
        clock.late = False
        await eventually(lambda: waiting[-1] == 10, "all that the concurrency allows, once the loop has time")
        answer.set()
        await eventually(lambda: it.count("delivered") == 40, "all delivered")
        await it.stop()

    run(main)
