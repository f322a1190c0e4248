"""I3: a destination that hangs, fails, resets or is slow changes nothing for the others."""

import asyncio
from pathlib import Path
from typing import Any

from actionsd.sdk import Request
from support.lanes import HOST, bench, destination, event, eventually, hang, mapping, reset, status

TROUBLED = ("hanging", "failing", "resetting", "limited")


def answer(request: Request) -> Any:
    slug = request.url.removeprefix(f"{HOST}/").partition("/")[0]
    return {"hanging": hang, "failing": lambda: status(500), "resetting": reset}.get(slug, lambda: None)()


def named(slug: str, **options: Any) -> Any:
    return destination(slug, mapping("all", "sendTo", url=f"{HOST}/{slug}"), **options)


def test_i3_a_healthy_lane_keeps_up_beside_those_in_trouble(tmp_path: Path) -> None:
    async def main() -> None:
        troubled = [named(slug, rate_limit=1.0 if slug == "limited" else None) for slug in TROUBLED]
        async with bench(tmp_path, *troubled, named("healthy"), request_timeout=5.0) as it:
            it.partner.respond = answer
            for round in range(20):
                await it.accept(*[event(f"{round}-{number}") for number in range(50)])
                await eventually(lambda: it.status("healthy").cursor == it.store.journal.head)
                await it.clock.advance(0.5)
            assert it.count("delivered", slug="healthy") == 1000
            for slug in TROUBLED:
                assert it.status(slug).cursor < 1000
            assert {it.status(slug).breaker for slug in ("hanging", "failing", "resetting")} <= {"open", "probing"}
            assert it.count("delivered", slug="limited") <= 20
            histogram = it.status("healthy").histogram
            assert histogram is not None
            assert histogram.counts[0] == 1000, "accepted and delivered within the same moment of the clock"

    asyncio.run(main())


def test_i4_a_stopped_lane_holds_little_of_its_backlog_in_memory(tmp_path: Path) -> None:
    async def main() -> None:
        async with bench(tmp_path, named("failing"), named("healthy")) as it:
            it.partner.respond = answer
            for round in range(20):
                await it.accept(*[event(f"{round}-{number}") for number in range(500)])
                await it.settled("healthy")
            lane = it.lanes._outlets[it.id("failing")].live
            assert lane is not None
            assert it.store.journal.head == 10_000
            assert len(lane._reader) <= 4_096
            assert it.status("failing").in_flight < 1_024

    asyncio.run(main())
