"""Regulations, their reports, and who is suppressed."""

import asyncio
from pathlib import Path

import pytest

from actionsd.errors import Conflict, NotFound
from actionsd.store import regulations
from actionsd.store.regulations import Choice
from actionsd.store.suppressed import EVERYWHERE, Suppressed
from support.store import opened


def test_who_is_suppressed_stays_so_over_a_restart(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path) as store:
            made, suppressed = store.regulations, store.regulations.suppressed
            assert not suppressed
            await made.create("SUPPRESS_ONLY", EVERYWHERE, ["ada", "bob", "ada"], "ci")
            await made.create("SUPPRESS_ONLY", 7, ["eve"], "ci")
            assert [suppressed.holds(1, user) for user in ("ada", "bob", "eve")] == [True, True, False]
            assert suppressed.holds(7, "eve")
            await made.create("UNSUPPRESS", EVERYWHERE, ["bob"], "ci")
        async with opened(tmp_path) as store:
            suppressed = store.regulations.suppressed
            assert [suppressed.holds(7, user) for user in ("ada", "bob", "eve")] == [True, False, True]
            await store.regulations.create("UNSUPPRESS", EVERYWHERE, ["ada", "eve"], "ci")
            assert not suppressed, "so that ingest looks nobody up"

    asyncio.run(main())


def test_unsuppressing_at_one_source_leaves_the_others() -> None:
    suppressed = Suppressed(b"k")
    suppressed.add([(1, "ada"), (2, "ada")])
    suppressed.discard(1, ["ada"])
    assert [suppressed.holds(source, "ada") for source in (1, 2)] == [False, True]


def test_too_many_are_refused_and_nothing_is_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        async with opened(tmp_path) as store:
            with pytest.raises(Conflict, match="the most is 2"):
                await store.regulations.create("SUPPRESS_WITH_DELETE", EVERYWHERE, ["a", "b", "c"], "ci")
            assert await store.regulations.unfinished() == []
            assert not store.regulations.suppressed

    monkeypatch.setattr(regulations, "MAX_SUPPRESSED", 2)
    asyncio.run(main())


def test_lists_are_paged_forth_and_back(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path) as store:
            made = store.regulations
            ids = [await made.create("SUPPRESS_ONLY", each % 2, [f"u{each}"], "ci") for each in range(5)]
            first, page = await made.list_regulations(Choice(), limit=2)
            assert ([each.id for each in first], page.total, page.previous) == (ids[:2:-1], 5, None)
            assert page.next is not None
            second, page = await made.list_regulations(Choice(), first=page.next, limit=2)
            assert ([each.id for each in second], page.previous) == ([ids[2], ids[1]], ids[4])
            of_one, page = await made.list_regulations(Choice(source=1, types=("SUPPRESS_ONLY",)), limit=5)
            assert ([each.users for each in of_one], page.total) == ([("u3",), ("u1",)], 2)
            assert (await made.list_regulations(Choice(status="FAILED"), limit=5))[0] == []
            users, page = await made.list_suppressed(limit=2)
            assert [user for _, user in users] == ["u0", "u1"]
            assert page.next is not None
            users, page = await made.list_suppressed(first=page.next, limit=2)
            assert ([user for _, user in users], page.previous, page.total) == (["u2", "u3"], 1, 5)

    asyncio.run(main())


def test_only_what_has_not_begun_is_deleted(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path) as store:
            made = store.regulations
            waiting = await made.create("DELETE_ONLY", EVERYWHERE, ["u"], "ci")
            begun = await made.create("DELETE_ONLY", EVERYWHERE, ["u"], "ci")
            await made.set_status(begun, "RUNNING")
            await made.delete(waiting)
            with pytest.raises(NotFound):
                await made.get(waiting)
            with pytest.raises(Conflict, match="has begun"):
                await made.delete(begun)
            assert await made.unfinished() == [begun]

    asyncio.run(main())
