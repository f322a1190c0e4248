"""Replays: lanes of their own over a range of the journal (RULES R30)."""

import asyncio
from pathlib import Path

from actionsd.sdk import Response
from actionsd.store.records import Replay
from support.lanes import HOST, bench, destination, event, eventually, hang, mapping, status


def test_r30_a_replay_delivers_its_range_again_and_is_done(tmp_path: Path) -> None:
    async def main() -> None:
        async with bench(tmp_path) as it:
            await it.accept(*[event(f"m{number}") for number in range(10)], event("other", event="Other"))
            await it.settled()
            it.partner.received.clear()
            replay = await it.store.replays.create(it.id(), event="E", first=3, last=99)
            assert replay.last == 11, "it ends where the live lane stood"
            await it.lanes.start_replay(replay)
            await it.accept(event("live"))
            await it.advance_until(lambda: it.count("delivered") == 20)
            await eventually_done(it.store.replays.get, replay.id)
            assert sorted(it.partner.received) == ["live", *[f"m{number}" for number in range(2, 10)]]
            assert [lane.replay for lane in it.lanes.status()] == [0]

    asyncio.run(main())


def test_r30_the_cursor_catches_up_when_a_replay_is_made(tmp_path: Path) -> None:
    async def main() -> None:
        async with bench(tmp_path) as it:
            await it.accept(event("a"))
            await it.settled()
            await it.accept(event("skipped", type="identify"))
            await eventually(lambda: it.status().read == it.store.journal.head)
            assert it.status().cursor < it.store.journal.head, "what was only skipped is settled once a second"
            await it.lanes.catch_up(it.id())
            assert it.status().cursor == it.store.journal.head
            await it.accept(event("b"))
            await eventually(lambda: it.partner.received == ["a", "b"])
            await it.lanes.catch_up(it.id())
            assert it.status().cursor == it.store.journal.head

    asyncio.run(main())


async def eventually_done(get, id: int) -> Replay:  # type: ignore[no-untyped-def]
    replay: Replay = await get(id)
    for _ in range(2000):
        if replay.state == "done":
            break
        await asyncio.wait((asyncio.get_running_loop().create_future(),), timeout=0.001)
        replay = await get(id)
    assert replay.state == "done"
    return replay


def test_r30_a_mapping_may_be_chosen_and_events_before_it_count(tmp_path: Path) -> None:
    async def main() -> None:
        async with bench(tmp_path) as it:
            await it.accept(event("a"), event("b"))
            await it.settled()
            await it.declare(destination("one", mapping(), mapping("later", "sendTo", url=f"{HOST}/later")))
            it.partner.requests.clear()
            chosen = it.mapping_id("later")
            replay = await it.store.replays.create(it.id(), mapping=chosen, first=1, last=2)
            await it.lanes.start_replay(replay)
            await eventually_done(it.store.replays.get, replay.id)
            assert sorted(request.url for request in it.partner.requests) == [f"{HOST}/later/a", f"{HOST}/later/b"]

    asyncio.run(main())


def test_r30_what_is_pending_live_is_left_to_the_live_lane(tmp_path: Path) -> None:
    async def main() -> None:
        async with bench(tmp_path) as it:
            it.partner.respond = lambda request: status(503) if request.url.endswith("/b") else None
            await it.accept(event("a"), event("b"))
            await it.settled()
            replay = await it.store.replays.create(it.id(), first=1, last=2)
            await it.lanes.start_replay(replay)
            await eventually_done(it.store.replays.get, replay.id)
            assert it.partner.received == ["a", "a"]
            assert it.status().retrying == 1

    asyncio.run(main())


def test_r30_it_takes_at_most_half_of_the_slots(tmp_path: Path) -> None:
    async def main() -> None:
        async with bench(tmp_path, concurrency=4) as it:
            await it.accept(*[event(f"m{number}") for number in range(10)])
            await it.settled()
            it.partner.respond = lambda request: hang()
            await it.lanes.start_replay(await it.store.replays.create(it.id(), first=1, last=10))
            await eventually(lambda: it.partner.active == 2)
            await it.accept(*[event(f"live{number}") for number in range(10)])
            await eventually(lambda: it.partner.active == 4)
            assert sum("live" in request.url for request in it.partner.requests[10:]) == 2

    asyncio.run(main())


def test_r04_a_replay_takes_places_of_the_live_lanes_window(tmp_path: Path) -> None:
    async def main() -> None:
        async with bench(tmp_path, in_flight=4, concurrency=32) as it:
            await it.accept(*[event(f"m{number}") for number in range(10)])
            await it.settled()
            it.partner.respond = lambda request: hang()
            it.partner.most_active = 0
            await it.lanes.start_replay(await it.store.replays.create(it.id(), first=1, last=10))
            await eventually(lambda: it.partner.active == 2)
            await it.accept(*[event(f"live{number}") for number in range(10)])
            await eventually(lambda: it.partner.active == 4)
            assert [lane.in_flight for lane in it.lanes.status()] == [2, 2], "a crash repeats no more than in_flight"
            it.partner.respond = lambda request: None
            await it.advance_until(lambda: it.count("delivered") == 30)
            assert it.partner.most_active == 4

    asyncio.run(main())


def test_r04_live_traffic_goes_first(tmp_path: Path) -> None:
    async def main() -> None:
        async with bench(tmp_path, in_flight=2, concurrency=32) as it:
            await it.accept(*[event(f"m{number}") for number in range(4)])
            await it.settled()
            it.partner.received.clear()
            held: list[asyncio.Future[Response]] = []

            async def answer() -> Response:
                held.append(asyncio.get_running_loop().create_future())
                return await held[-1]

            it.partner.respond = lambda request: answer()
            await it.accept(*[event(f"live{number}") for number in range(20)])
            await eventually(lambda: len(held) == 2)
            replay = await it.store.replays.create(it.id(), first=1, last=4)
            await it.lanes.start_replay(replay)
            for expected in [2] * 20 + [1] * 4:
                await eventually(lambda expected=expected: len(held) == expected)
                held.pop(0).set_result(status(200))
            await eventually_done(it.store.replays.get, replay.id)
            assert all("live" in id for id in it.partner.received[:20])
            assert len(set(it.partner.received)) == 24

    asyncio.run(main())


def test_r04_what_a_closed_lane_gave_up_takes_no_place_in_the_window(tmp_path: Path) -> None:
    async def main() -> None:
        async with bench(tmp_path, in_flight=4, request_timeout=60.0, concurrency=32) as it:
            await it.accept(*[event(f"m{number}") for number in range(10)])
            await it.settled()
            it.partner.respond = lambda request: hang()
            replay = await it.store.replays.create(it.id(), first=1, last=10)
            for _ in range(3):
                await it.lanes.start_replay(replay)
                await eventually(lambda: it.partner.active == 2)
                stopping = asyncio.ensure_future(it.lanes.stop_replay(replay))
                await it.advance_until(stopping.done)
            await it.accept(*[event(f"live{number}") for number in range(10)])
            await eventually(lambda: it.partner.active == 4)
            assert it.status().in_flight == 4

    asyncio.run(main())


def test_r04_an_event_that_many_mappings_want_is_not_kept_out_by_a_replay(tmp_path: Path) -> None:
    async def main() -> None:
        mappings = [mapping(name) for name in "abcd"]
        async with bench(tmp_path, destination("one", *mappings), in_flight=4, concurrency=32) as it:
            await it.accept(*[event(f"m{number}") for number in range(10)])
            await it.settled()
            it.partner.respond = lambda request: hang()
            await it.lanes.start_replay(await it.store.replays.create(it.id(), first=1, last=10))
            await eventually(lambda: it.partner.active == 4)
            await it.accept(event("live"))
            await eventually(lambda: it.partner.active == 8)
            assert it.status().in_flight == 4

    asyncio.run(main())


def test_a_replay_gives_the_only_slot_to_live_traffic_that_waits(tmp_path: Path) -> None:
    async def main() -> None:
        async with bench(tmp_path, concurrency=1) as it:
            await it.accept(*[event(f"m{number}") for number in range(4)])
            await it.settled()
            it.partner.received.clear()
            first: asyncio.Future[Response] = asyncio.get_running_loop().create_future()

            async def answer() -> Response:
                return await first

            it.partner.respond = lambda request: None if first.done() else answer()
            await it.lanes.start_replay(await it.store.replays.create(it.id(), first=1, last=4))
            await eventually(lambda: it.partner.active == 1)
            await it.accept(event("live"))
            first.set_result(status(200))
            await eventually(lambda: len(it.partner.received) == 5)
            assert it.partner.received[1] == "live"

    asyncio.run(main())


def test_r30_a_replay_can_be_slowed_stopped_and_resumed(tmp_path: Path) -> None:
    async def main() -> None:
        async with bench(tmp_path) as it:
            await it.accept(*[event(f"m{number}") for number in range(10)])
            await it.settled()
            it.partner.received.clear()
            replay = await it.store.replays.create(it.id(), first=1, last=10, rate=1.0)
            await it.lanes.start_replay(replay)
            await it.advance_until(lambda: len(it.partner.received) >= 3, step=0.25)
            assert it.clock.monotonic() >= 2.0
            stopping = asyncio.ensure_future(it.lanes.stop_replay(replay))
            await it.advance_until(stopping.done)
            before = len(it.partner.received)
            await it.clock.advance(20)
            assert len(it.partner.received) == before < 10
            await it.lanes.start_replay(await it.store.replays.get(replay.id))
            await it.advance_until(lambda: len(it.partner.received) == 10)
            await eventually_done(it.store.replays.get, replay.id)
            assert sorted(set(it.partner.received)) == sorted(it.partner.received)

    asyncio.run(main())
