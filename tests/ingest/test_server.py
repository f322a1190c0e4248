"""Listeners from start to stop (RULES R32)."""

import asyncio
import json
from pathlib import Path

import aiohttp
import pytest

from actionsd.errors import ConfigError
from actionsd.ingest import Ingest
from actionsd.observe import Listener, Tap
from actionsd.settings import Address
from actionsd.settings import Ingest as Options
from actionsd.store.records import Workspace
from support.clock import FakeClock, settle
from support.ingest import KEY, WORKSPACE, MemoryJournal, eventually, running

EVENT = {"userId": "u", "event": "E", "messageId": "m1", "writeKey": KEY}


def test_several_listeners_of_each_kind(tmp_path: Path) -> None:
    async def main() -> None:
        unix = [Address(kind="unix", path=tmp_path / name) for name in ("a", "b", "c", "d")]
        tcp = Address(kind="tcp", host="127.0.0.1", port=0)
        async with running(listen=(tcp, tcp, *unix[:2]), stream=(tcp, *unix[2:])) as here:
            ports = [address.port for address in (*here.ingest.addresses, *here.ingest.stream_addresses)]
            assert len({port for port in ports if port}) == 3
            for address in here.ingest.addresses[:2]:
                async with here.http.post(f"http://{address}/v1/t", json=EVENT) as answer:
                    assert answer.status == 200
            for address in here.ingest.stream_addresses:
                if address.kind == "unix":
                    reader, writer = await asyncio.open_unix_connection(str(address.path))
                else:
                    reader, writer = await asyncio.open_connection(address.host, address.port)
                writer.write(json.dumps(EVENT | {"type": "track"}).encode() + b"\n")
                assert json.loads(await reader.readline())["ok"]
                writer.close()
            assert len(here.journal.rows) == 5

    asyncio.run(main())
    assert not list(tmp_path.iterdir())


def test_one_address_that_cannot_be_bound_binds_none(tmp_path: Path) -> None:
    async def main() -> None:
        here, missing = (Address(kind="unix", path=tmp_path / name) for name in ("here", "missing/there"))
        ingest = Ingest(Options(listen=(here, missing)), MemoryJournal(), FakeClock(), Tap())
        with pytest.raises(ConfigError, match="missing/there"):
            await ingest.start()
        assert not here.path.exists()

    asyncio.run(main())


def test_r32_a_stop_answers_what_was_read_and_takes_nothing_new() -> None:
    async def main() -> None:
        async with running() as here:
            here.journal.hold = True
            posting = asyncio.create_task(here.post("/v1/t", EVENT))
            await eventually(lambda: here.journal.waiting)
            idle = aiohttp.ClientSession()
            async with idle.get(f"{here.url}/healthz") as answer:
                assert answer.status == 200
            stopping = asyncio.create_task(here.ingest.stop())
            await settle()
            with pytest.raises(aiohttp.ClientConnectionError):
                await idle.get(f"{here.url}/healthz")
            assert not stopping.done()
            here.journal.commit()
            assert (await posting)[0] == 200
            await stopping
            await idle.close()

    asyncio.run(main())


def test_r32_a_stop_does_not_wait_for_bodies_that_are_not_complete() -> None:
    async def main() -> None:
        async with running() as here:
            address = here.ingest.addresses[0]
            reader, writer = await asyncio.open_connection(address.host, address.port)
            writer.write(b"POST /v1/t HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
            await eventually(lambda: here.ingest._http and here.ingest._http._bodies._waiting)
            await here.ingest.stop()
            answer = await reader.read()
            assert answer.startswith(b"HTTP/1.1 503 ")
            assert b"Retry-After: 1" in answer
            writer.close()

    asyncio.run(main())


def test_a_stop_before_the_start_and_a_second_one_do_nothing() -> None:
    async def main() -> None:
        ingest = Ingest(Options(), MemoryJournal(), FakeClock(), Tap())
        await ingest.stop()
        await ingest.start()
        await ingest.stop()
        await ingest.stop()
        assert ingest.addresses == ()

    asyncio.run(main())


def test_a_new_workspace_holds_from_the_next_call_on() -> None:
    async def main() -> None:
        async with running(workspace=Workspace(version=1)) as here:
            assert (await here.post("/v1/t", EVENT))[0] == 200
            assert here.journal.rows == []
            here.ingest.apply(WORKSPACE)
            assert (await here.post("/v1/t", EVENT))[0] == 200
            assert len(here.journal.rows) == 1

    asyncio.run(main())


def drained(listener: Listener) -> list[tuple[str, str, int, str, str, str]]:
    seen = list(listener._queue)
    listener._queue.clear()
    return [(s.step, s.message_id, s.position, s.type, s.event, s.reason) for s in seen]


def test_the_tap_sees_what_came_after_its_commit_and_no_payload() -> None:
    async def main() -> None:
        async with running() as here:
            await here.post("/v1/t", EVENT)
            listener = here.tap.listen()
            here.journal.hold = True
            page = {"type": "page", "userId": "u", "name": "Home", "messageId": "m2", "properties": {"secret": "x"}}
            items = [EVENT | {"type": "track"}, page, {"type": "track", "messageId": "m3"}]
            posting = asyncio.create_task(here.post("/v1/b", {"batch": items, "writeKey": KEY}))
            await eventually(lambda: here.journal.waiting)
            assert drained(listener) == []
            here.journal.commit(positions=(0, 7))
            await posting
            assert drained(listener) == [
                ("duplicate", "m1", 0, "track", "E", ""),
                ("accepted", "m2", 7, "page", "Home", ""),
                ("refused", "m3", 0, "", "", "no_user_anon_id"),
            ]
            here.journal.hold = False
            await here.post("/v1/t", {"writeKey": "other"})
            assert drained(listener) == [("refused", "", 0, "", "", "unknown_source")]

    asyncio.run(main())
