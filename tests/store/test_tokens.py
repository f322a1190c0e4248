"""Tokens: one of a name, found by their hash until they are revoked, uses written lazily."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from actionsd.errors import Conflict, NotFound
from actionsd.store import Store, tokens
from support.clock import FakeClock
from support.store import opened

NOW = FakeClock().now()
HASH, OTHER = b"h" * 32, b"o" * 32


async def names(store: Store) -> list[tuple[str, bool]]:
    return [(token.name, token.revoked_at is None) for token in await store.tokens.list(after=0, limit=100)]


def test_a_token_is_found_by_its_hash_also_after_a_restart(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path) as store:
            created = await store.tokens.create("ci", "write", HASH, NOW + 5)
            assert (created.role, created.created_at, created.expires_at) == ("write", NOW, NOW + 5)
            assert store.tokens.find(HASH) == created
            assert store.tokens.find(OTHER) is None
        async with opened(tmp_path) as store:
            assert store.tokens.find(HASH) == created

    asyncio.run(main())


def test_a_name_is_free_again_once_its_token_is_revoked(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path) as store:
            await store.tokens.create("ci", "read", HASH, None)
            with pytest.raises(Conflict, match='"ci" already'):
                await store.tokens.create("ci", "admin", OTHER, None)
            await store.tokens.revoke("ci")
            assert store.tokens.find(HASH) is None
            with pytest.raises(NotFound, match='"ci"'):
                await store.tokens.revoke("ci")
            second = await store.tokens.create("ci", "admin", OTHER, None)
            assert await names(store) == [("ci", False), ("ci", True)]
        async with opened(tmp_path) as store:
            assert (store.tokens.find(HASH), store.tokens.find(OTHER)) == (None, second)

    asyncio.run(main())


def test_uses_cost_no_write_until_the_upkeep(tmp_path: Path) -> None:
    async def main() -> None:
        clock = FakeClock()
        async with opened(tmp_path, clock) as store:
            token = await store.tokens.create("ci", "read", HASH, None)
            changes = store._db.total_changes
            for at in range(100):
                store.tokens.used(token, NOW + at)
            assert await last_used(store) == NOW + 99
            assert store._db.total_changes == changes
            assert stored_use(tmp_path) is None
            await store.tokens.note_uses()
            assert stored_use(tmp_path) == NOW + 99
            changes = store._db.total_changes
            await store.tokens.note_uses()
            assert store._db.total_changes == changes, "nothing new, nothing written"
            store.tokens.used(token, NOW + 500)
        assert stored_use(tmp_path) == NOW + 500, "a clean stop writes the last ones"

    asyncio.run(main())


async def last_used(store: Store) -> int | None:
    (token,) = await store.tokens.list(after=0, limit=1)
    return token.last_used_at


def stored_use(data_dir: Path) -> int | None:
    db = sqlite3.connect(data_dir / "actionsd.db")
    ((used_at,),) = db.execute("select last_used_at from tokens").fetchall()
    db.close()
    assert used_at is None or isinstance(used_at, int)
    return used_at


def test_r34_there_are_never_more_than_a_start_can_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "MAX_TOKENS", 3)

    async def main() -> None:
        async with opened(tmp_path) as store:
            for number in range(3):
                await store.tokens.create(f"t{number}", "read", bytes([number]) * 32, None)
            with pytest.raises(Conflict, match="3 tokens are in use"):
                await store.tokens.create("t3", "read", HASH, None)
            await store.tokens.revoke("t0")
            await store.tokens.create("t3", "read", HASH, None)
            page = await store.tokens.list(after=1, limit=2)
            assert [token.name for token in page] == ["t1", "t2"]

    asyncio.run(main())
