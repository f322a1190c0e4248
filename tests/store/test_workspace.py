"""Ids, versions, states and starts of what is declared (RULES R18, R19, R21)."""

import asyncio
import sqlite3
from pathlib import Path

import msgspec
import pytest

from actionsd.errors import ConfigError, Conflict, NotFound
from actionsd.store.records import Count, LaneKey, Retry, Settlement
from support.store import append, destination, opened, source


def test_r19_new_and_newly_enabled_objects_start_at_the_head_and_edits_keep_their_start(tmp_path: Path) -> None:
    async def main() -> None:
        off = destination(mappings=("m", "n"))
        off = msgspec.structs.replace(
            off, mappings=(off.mappings[0], msgspec.structs.replace(off.mappings[1], enabled=False))
        )
        async with opened(tmp_path) as store:
            await append(store, "a", "b")
            (first,) = (await store.workspace.declare([source()], [off])).destinations
            assert (first.start, first.mappings[0].start, first.version) == (2, 2, 1)
            await append(store, "c")
            edited = msgspec.structs.replace(
                off, settings={"url": "x"}, mappings=destination(mappings=("m", "n")).mappings
            )
            (second,) = (await store.workspace.declare([source()], [edited])).destinations
            assert (second.id, second.start, second.version) == (first.id, 2, 2)
            assert [(m.start, m.version) for m in second.mappings] == [(2, 1), (3, 1)]
        async with opened(tmp_path) as store:
            (third,) = (await store.workspace.declare([source()], [edited])).destinations
            assert third == second

    asyncio.run(main())


def test_r18_enabling_a_destination_starts_at_the_head(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path) as store:
            await store.workspace.declare([source()], [destination()])
            await append(store, "a")
            (off,) = (await store.workspace.declare([source()], [destination(enabled=False)])).destinations
            assert off.state == "disabled"
            await append(store, "b", "c")
            (on,) = (await store.workspace.declare([source()], [destination()])).destinations
            assert (on.state, on.start) == ("enabled", 3)
            await store.ledger.skip(on.id, "destination_disabled")
            lane = await store.ledger.lane(LaneKey(on.id))
            assert lane is not None
            assert (lane.start, lane.cursor) == (3, 3)

    asyncio.run(main())


def test_r21_a_missing_destination_is_undeclared_and_comes_back_unchanged(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path) as store:
            before = await store.workspace.declare([source()], [destination(), destination("e")])
            await append(store, "a")
            gone = await store.workspace.declare([source()], [destination("e")])
            assert [(each.slug, each.state) for each in gone.destinations] == [("d", "undeclared"), ("e", "enabled")]
            back = await store.workspace.declare([source()], [destination(), destination("e")])
            assert back.destinations == before.destinations

    asyncio.run(main())


def test_r21_a_bad_declaration_changes_nothing(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path) as store:
            before = await store.workspace.declare([source()], [destination()])
            with pytest.raises(ConfigError, match=r"'d'.*'elsewhere'.*'web'"):
                await store.workspace.declare([source()], [destination(source="elsewhere")])
            assert store.workspace.current == before

    asyncio.run(main())


def test_r21_forget_deletes_what_is_undeclared_and_ids_are_not_used_again(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path) as store:
            await store.workspace.declare([source()], [destination()])
            await append(store, "a", "b")
            lane = LaneKey(1)
            await store.ledger.settle(Settlement(lane, 1, b"", {}, retries=(Retry(lane, 1, 1, 1, 1, 5, "503", ""),)))
            with pytest.raises(Conflict, match="declared"):
                await store.workspace.forget("d")
            with pytest.raises(NotFound, match="'x'"):
                await store.workspace.forget("x")
            await store.workspace.declare([], [])
            with pytest.raises(Conflict, match="destinations"):
                await store.workspace.forget("web")
            await store.workspace.forget("d")
            await store.workspace.forget("web")
            assert await store.ledger.lane(lane) is None
            (letter,) = await store.ledger.dead()
            assert (letter.dead.reason, letter.dead.requeueable) == ("destination_deleted", False)
            assert store.counts[Count("dead", "destination_deleted", destination=1)] == 1
            again = await store.workspace.declare([source()], [destination()])
            assert (again.sources[0].id, again.destinations[0].id) == (2, 2)

    asyncio.run(main())


def test_r18_pause_outlives_reloads_and_restarts(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path) as store:
            await store.workspace.declare([source()], [destination()])
            await store.workspace.set_state(1, "paused")
            with pytest.raises(NotFound):
                await store.workspace.set_state(9, "paused")
        async with opened(tmp_path) as store:
            (paused,) = (await store.workspace.declare([source()], [destination()])).destinations
            assert paused.state == "paused"
            (resumed,) = (await store.workspace.set_state(1, "enabled")).destinations
            assert resumed.state == "enabled"

    asyncio.run(main())


def test_r20_retries_of_a_disabled_mapping_become_dead_letters(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path) as store:
            await store.workspace.declare([source()], [destination()])
            await append(store, "a")
            lane = LaneKey(1)
            await store.ledger.settle(Settlement(lane, 1, b"", {}, retries=(Retry(lane, 1, 1, 1, 1, 5, "503", ""),)))
            declared = destination()
            off = msgspec.structs.replace(declared.mappings[0], enabled=False)
            await store.workspace.declare([source()], [msgspec.structs.replace(declared, mappings=(off,))])
            (letter,) = await store.ledger.dead()
            assert (letter.dead.reason, letter.dead.requeueable) == ("mapping_disabled", True)

    asyncio.run(main())


def test_i6_references_of_the_file_are_shown_as_they_were_written(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path) as store:
            written = destination(settings={"token": "env:TOKEN"})
            send = msgspec.structs.replace(written.mappings[0], fields={"headers": {"x": "file:key"}})
            written = msgspec.structs.replace(written, mappings=(send,))
            used = msgspec.structs.replace(
                written,
                settings={"token": "secret"},
                mappings=(msgspec.structs.replace(send, fields={"headers": {"x": "key"}}),),
            )
            (found,) = (await store.workspace.declare([source()], [used], {"d": written})).destinations
            assert found.config is not None
            assert (found.settings, found.config.settings) == ({"token": "secret"}, {"token": "env:TOKEN"})
            (mapping,) = found.mappings
            assert mapping.config is not None
            assert mapping.fields == {"headers": {"x": "key"}}
            assert mapping.config.fields == {"headers": {"x": "file:key"}}

    asyncio.run(main())


def test_i6_secrets_of_the_file_are_not_written_to_the_database(tmp_path: Path) -> None:
    async def main() -> None:
        secret = "s3cr3t-" * 4
        async with opened(tmp_path) as store:
            workspace = await store.workspace.declare([source()], [destination(settings={"token": secret})])
            assert workspace.destinations[0].settings == {"token": secret}
        assert secret.encode() not in (tmp_path / "actionsd.db").read_bytes()
        db = sqlite3.connect(tmp_path / "actionsd.db")
        ((fingerprint,),) = db.execute("select fingerprint from destinations").fetchall()
        assert len(fingerprint) == 16
        db.close()

    asyncio.run(main())
