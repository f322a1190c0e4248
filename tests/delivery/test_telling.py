"""What listeners hear of a lane: every end of an event, and what was sent while somebody wants to know."""

import asyncio
import json
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from actionsd.observe import Listener, Seen
from support.lanes import bench, destination, event, mapping, status


def run(main: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(main, 60))


async def heard(listener: Listener, count: int) -> list[Seen]:
    return [seen for _ in range(count) if (seen := await listener.next())]


def test_an_event_that_nobody_wants_is_told_with_the_reason(tmp_path: Path) -> None:
    async def main() -> None:
        drop = {"if": 'event = "Dropped"', "actions": [{"type": "drop"}]}
        mappings = (mapping("some", trigger='event = "Wanted"'),)
        async with bench(tmp_path, destination("one", *mappings, filters=(drop,))) as it:
            listener = it.tap.listen()
            await it.accept(event("a", event="Dropped"), event("b", event="Other"), event("c", event="Wanted"))
            told = {seen.message_id: seen for seen in await heard(listener, 3)}
        assert (told["a"].step, told["a"].reason, told["a"].event) == ("filtered", "FILTERED_BY_RULES", "Dropped")
        assert (told["b"].step, told["b"].reason, told["b"].type) == ("filtered", "FILTERED_AT_MAPPING", "track")
        assert (told["c"].step, told["c"].status, told["c"].exchange) == ("delivered", 200, b"")

    run(main())


def test_exchanges_are_told_only_to_those_who_want_them(tmp_path: Path) -> None:
    async def main() -> None:
        async with bench(tmp_path) as it:
            it.partner.respond = lambda request: status(400, {"why": "so"})
            plain, curious = it.tap.listen(), it.tap.listen(exchanges=True)
            await it.accept(event("a"))
            ((told,), (less,)) = await heard(curious, 1), await heard(plain, 1)
            it.tap.leave(curious)
            await it.accept(event("b"))
            (later,) = await heard(plain, 1)
        (exchange,) = json.loads(told.exchange)
        assert (told.step, told.status, told.reason, told.message) == ("dead", 400, "BAD_REQUEST", "Bad Request")
        assert exchange["request"]["url"].endswith("/a")
        assert exchange["response"]["body"] == '{"why": "so"}'
        assert less.exchange == later.exchange == b""

    run(main())


def test_a_batch_tells_its_exchange_once(tmp_path: Path) -> None:
    async def main() -> None:
        batched = mapping("batched", "batch", batch_size=3, id={"@path": "$.id"})
        async with bench(tmp_path, destination("one", batched), batch_linger=0.01) as it:
            listener = it.tap.listen(exchanges=True)
            await it.accept(event("a"), event("b", id="b"), event("c", id="c"), event("d", id="d"))
            told = {seen.message_id: seen for seen in await heard(listener, 4)}
        assert told["a"].step == "dead"
        assert "missing the required field" in told["a"].message
        assert [json.loads(told[name].exchange or b"[]") != [] for name in "abcd"] == [False, True, False, False]
        assert json.loads(json.loads(told["b"].exchange)[0]["request"]["body"]) == ["b", "c", "d"]

    run(main())
