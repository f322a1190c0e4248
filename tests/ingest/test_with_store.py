"""Ingest in front of the real store: what was answered 200 is on disk, whatever it was."""

import asyncio
import json
from pathlib import Path
from typing import Any

import aiohttp

from actionsd.clock import SystemClock
from actionsd.ingest import Ingest
from actionsd.observe import Tap
from actionsd.settings import Address
from actionsd.settings import Ingest as Options
from actionsd.store import Store, StoreOptions
from actionsd.store.records import Count
from support.ingest import KEY, WORKSPACE

EVENT = {"type": "track", "userId": "u", "event": "E", "writeKey": KEY}


async def through_ingest(folder: Path, bodies: list[tuple[str, Any]]) -> tuple[list[dict[str, Any]], dict[Count, int]]:
    """Post these, stop everything, open the store again and read what it holds: events and counts."""
    clock, tap = SystemClock(), Tap()
    options = StoreOptions(data_dir=folder, min_free=0, reserve=0)
    store = await Store.open(options, clock)
    ingest = Ingest(Options(listen=(Address(kind="unix", path=folder / "http.sock"),)), store.journal, clock, tap)
    ingest.apply(WORKSPACE)
    await ingest.start()
    try:
        async with aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(folder / "http.sock"))) as client:
            for path, body in bodies:
                data = body if isinstance(body, bytes) else json.dumps(body).encode()
                headers = {"Content-Type": "application/json"}
                async with client.post(f"http://x{path}", data=data, headers=headers) as answer:
                    assert await answer.json() == {"success": True}
    finally:
        await ingest.stop()
        await store.close()
    store = await Store.open(options, clock)
    try:
        entries = await store.journal.read(0, limit=100, max_bytes=10**7)
        return [entry.event for entry in entries], dict(store.counts)
    finally:
        await store.close()


def test_r9_a_duplicate_is_answered_like_the_first_and_stored_once(tmp_path: Path) -> None:
    event = EVENT | {"messageId": "m1"}
    batch = {"batch": [event, EVENT | {"messageId": "m2"}, event | {"event": "other"}]}
    events, counts = asyncio.run(through_ingest(tmp_path, [("/v1/t", event), ("/v1/t", event), ("/v1/b", batch)]))
    assert [event["messageId"] for event in events] == ["m1", "m2"]
    assert (counts[Count("received", source=1)], counts[Count("duplicate", source=1)]) == (2, 3)


def test_r10_texts_and_numbers_that_no_database_likes_are_stored(tmp_path: Path) -> None:
    start = rb'{"type":"track","event":"E","writeKey":"wk_probe","userId":"u\ud800\u0000","messageId":"\udc00\u0000m"'
    bodies = [("/v1/t", start + b',"n":[1e999,' + b"9" * 5000 + b"]}"), ("/v1/b", b'{"batch":[' + start + b"}]}")]
    events, _ = asyncio.run(through_ingest(tmp_path, bodies))
    assert [event["userId"] for event in events] == ["u\ud800\0"]
    assert (events[0]["messageId"], events[0]["n"]) == ("\ufffd\0m", [float("inf")] * 2)


def test_r29_refused_events_are_counted_in_the_store(tmp_path: Path) -> None:
    bodies = [
        ("/v1/t", {"writeKey": "other"}),
        ("/v1/t", {"writeKey": KEY}),
        ("/v1/b", {"batch": [5], "writeKey": KEY}),
    ]
    events, counts = asyncio.run(through_ingest(tmp_path, bodies))
    assert events == []
    assert counts[Count("refused", "unknown_source")] == 1
    assert counts[Count("refused", "no_user_anon_id", source=1)] == 1
    assert counts[Count("refused", "bad_request", source=1)] == 1
    assert counts[Count("batch", "empty_batch_result", source=1)] == 1
