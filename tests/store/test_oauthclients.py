"""OAuth clients and the assertions they have used outlive the daemon (FEATURES F011)."""

import asyncio
from pathlib import Path

import pytest

from actionsd.errors import Conflict, NotFound
from actionsd.store.records import OAuthClientConfig
from support.clock import FakeClock
from support.store import opened

CONFIG = OAuthClientConfig(keys={"k": "pem"}, sources=(1, 2), token_life=60, token_key=b"s3cr3t-key-of-its-tokens")


def test_f011_clients_are_there_after_a_restart_and_a_rotation_of_keys(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path) as store:
            made = await store.oauth_clients.create("backend", CONFIG)
            with pytest.raises(Conflict, match='a client "backend" already'):
                await store.oauth_clients.create("backend", CONFIG)
            assert await store.workspace.rotate_key() == 1
        async with opened(tmp_path) as store:
            clients = store.oauth_clients
            assert (clients.find("backend"), clients.by_id(made.id), clients.list()) == (made, made, [made])
            await clients.remove(made)
            assert (clients.find("backend"), clients.by_id(made.id), clients.list()) == (None, None, [])
            with pytest.raises(NotFound, match='no client "backend" any more'):
                await clients.change(made, CONFIG)
            assert (await clients.create("backend", CONFIG)).id != made.id, "old tokens are not the new client's"
        assert b"s3cr3t-key" not in (tmp_path / "actionsd.db").read_bytes()

    asyncio.run(main())


def test_f011_an_assertion_is_used_once_over_a_restart_too(tmp_path: Path) -> None:
    async def main() -> None:
        clock = FakeClock()
        soon = clock.now() + 50_000
        async with opened(tmp_path, clock) as store:
            made = await store.oauth_clients.create("backend", CONFIG)
            other = await store.oauth_clients.create("other", CONFIG)
            assert await store.oauth_clients.use_assertion(made, "j1", soon)
            assert not await store.oauth_clients.use_assertion(made, "j1", soon)
            assert await store.oauth_clients.use_assertion(other, "j1", soon)
        async with opened(tmp_path, clock) as store:
            assert not await store.oauth_clients.use_assertion(made, "j1", soon)
            clock.jump(60_000)
            assert await store.oauth_clients.use_assertion(made, "j1", soon), "forgotten once it has expired"

    asyncio.run(main())
