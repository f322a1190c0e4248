"""Refreshed OAuth tokens outlive the daemon, sealed, and belong to the credentials they came from (RULES C10)."""

import asyncio
import threading
from pathlib import Path

import msgspec
import pytest

from actionsd.errors import ConfigError
from actionsd.sdk import Auth
from support.store import destination, opened, source

CONFIGURED = Auth(access_token="first", refresh_token="r1-of-the-test", client_id="c", client_secret="s3cr3t-of-app")
NEWEST = msgspec.structs.replace(CONFIGURED, access_token="second", refresh_token="r2-of-the-test")


def test_c10_the_newest_tokens_are_there_after_a_restart_and_a_rotation_of_keys(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path) as store:
            await store.workspace.declare([source()], [destination()])
            assert store.oauth.newest(1, CONFIGURED) == CONFIGURED
            await store.oauth.save(1, CONFIGURED, NEWEST)
            assert store.oauth.newest(1, CONFIGURED) == NEWEST
            assert await store.workspace.rotate_key() == 1
        async with opened(tmp_path) as store:
            assert store.oauth.newest(1, CONFIGURED) == NEWEST
        for secret in (b"second", b"r2-of-the-test", b"s3cr3t-of-app"):
            assert secret not in (tmp_path / "actionsd.db").read_bytes()
        (tmp_path / "secrets.key").unlink()
        with pytest.raises(ConfigError, match=r"secrets\.key"):
            async with opened(tmp_path):
                pass

    threads = threading.active_count()
    asyncio.run(main())
    assert threading.active_count() == threads, "none is left that keeps the process from ending"


def test_c10_tokens_of_another_connection_are_not_used(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path) as store:
            await store.workspace.declare([source()], [destination()])
            await store.oauth.save(1, CONFIGURED, NEWEST)
            again = msgspec.structs.replace(CONFIGURED, refresh_token="of-another-account")
            assert store.oauth.newest(1, again) == again
            assert store.oauth.newest(2, CONFIGURED) == CONFIGURED

    asyncio.run(main())


def test_tokens_go_with_their_destination(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path) as store:
            await store.workspace.declare([source()], [destination()])
            await store.oauth.save(1, CONFIGURED, NEWEST)
            await store.workspace.declare([source()], [])
            await store.workspace.forget("d")
            await store.oauth.save(1, CONFIGURED, NEWEST)
        async with opened(tmp_path) as store:
            assert store.oauth.newest(1, CONFIGURED) == CONFIGURED

    asyncio.run(main())
