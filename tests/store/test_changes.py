"""What is configured here and not in the file: changed in one transaction, with history, sealed (RULES R18-R21)."""

import asyncio
import sqlite3
import stat
from pathlib import Path

import msgspec
import pytest

from actionsd.errors import ConfigError, Conflict, NotFound
from actionsd.store import Store
from actionsd.store.configs import Delete, DestinationConfig, FilterConfig, MappingConfig, Put, SourceConfig
from actionsd.store.records import Count, Destination, LaneKey, Retry, Settlement
from support.store import append, destination, opened, source

SECRET = "s3cr3t-" * 4
SITE = SourceConfig(slug="site", write_keys=("k1", "k2"))
HOOK = DestinationConfig(slug="hook", definition="webhook", settings={"token": SECRET})
SEND = MappingConfig(name="Send", action="send", trigger='type = "track"', fields={"url": SECRET})
DROP = FilterConfig(title="No tests", condition="event = 'Test'", actions=({"type": "DROP"},))

replace = msgspec.structs.replace


async def make(store: Store) -> tuple[int, int, int, int]:
    """A source, a destination, a mapping and a filter, made in one call."""
    changes = [
        Put(config=SITE), Put(config=HOOK, parent="site"),
        Put(config=SEND, parent="hook"), Put(config=DROP, parent="hook"),
    ]  # fmt: skip
    site, hook, send, drop = await store.workspace.change("ada", changes)
    return site, hook, send, drop


def only(store: Store) -> Destination:
    (found,) = store.workspace.current.destinations
    return found


def test_what_is_made_here_is_there_at_once_and_after_a_restart(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path) as store:
            await store.workspace.declare([], [])
            site, hook, send, drop = await make(store)
            made = store.workspace.current
            assert [(s.id, s.slug, s.name, s.write_keys, s.declared) for s in made.sources] == [
                (site, "site", "site", ("k1", "k2"), False)
            ]
            found = only(store)
            assert (found.id, found.source, found.settings, found.state) == (hook, site, {"token": SECRET}, "enabled")
            assert [(m.id, m.name, m.fields, m.enabled) for m in found.mappings] == [
                (send, "Send", {"url": SECRET}, False)
            ]
            assert [(f["id"], f["if"], f["enabled"]) for f in found.filters] == [(drop, "event = 'Test'", True)]
        async with opened(tmp_path) as store:
            await store.workspace.declare([], [])
            assert store.workspace.current.destinations == made.destinations
            assert store.workspace.current.sources == made.sources

    asyncio.run(main())


def test_r19_a_mapping_made_or_enabled_later_starts_at_the_head_and_an_edit_keeps_the_start(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path) as store:
            _, hook, send, _ = await make(store)
            await append(store, "a", "b")
            await store.workspace.change("ada", [Put(config=replace(SEND, enabled=True), id=send)])
            assert only(store).mappings[0].start == 2
            await append(store, "c")
            await store.workspace.change("ada", [Put(config=replace(SEND, enabled=True, name="Sent"), id=send)])
            (edited,) = only(store).mappings
            assert (edited.name, edited.start, edited.version) == ("Sent", 2, 3)
            await store.workspace.change("ada", [Put(config=replace(HOOK, enabled=False), id=hook)])
            await append(store, "d")
            await store.workspace.change("ada", [Put(config=HOOK, id=hook)])
            lane = await store.ledger.lane(LaneKey(hook))
            assert lane is not None
            assert (lane.start, lane.cursor) == (4, 0)
            for _ in range(2):
                await store.ledger.skip(hook, "destination_disabled")
            lane = await store.ledger.lane(LaneKey(hook))
            assert lane is not None
            assert (lane.start, lane.cursor) == (4, 4)

    asyncio.run(main())


def test_all_changes_of_a_call_are_made_or_none(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path) as store:
            await make(store)
            before = store.workspace.current
            other = Put(config=replace(SITE, slug="other"))
            with pytest.raises(Conflict, match="hook"):
                await store.workspace.change("ada", [other, Put(config=HOOK, parent=1)])
            with pytest.raises(NotFound, match="nowhere"):
                await store.workspace.change("ada", [Put(config=SEND, parent="nowhere")])
            with pytest.raises(Conflict, match="'Send'"):
                await store.workspace.change("ada", [Put(config=SEND, parent="hook")])
            with pytest.raises(NotFound, match="mapping 99"):
                await store.workspace.change("ada", [Put(config=SEND, id=99)])
            with pytest.raises(Conflict, match="destinations"):
                await store.workspace.change("ada", [Delete(kind="source", id=before.sources[0].id)])
            await store.workspace.declare([], [])
            assert store.workspace.current.sources == before.sources
            assert len(await store.workspace.history()) == 4

    asyncio.run(main())


def test_r21_what_the_file_declares_is_not_changed_here_and_slugs_are_unique_over_both(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path) as store:
            await store.workspace.declare([source()], [destination()])
            for change in (
                Put(config=replace(SITE, slug="web"), id=1), Put(config=HOOK, id=1), Put(config=SEND, id=1),
                Put(config=SEND, parent="d"), Put(config=DROP, parent=1), Delete(kind="mapping", id=1),
                Delete(kind="destination", id=1), Put(config=replace(HOOK, slug="d"), parent="web"),
            ):  # fmt: skip
                with pytest.raises(Conflict):
                    await store.workspace.change("ada", [change])
            await store.workspace.change("ada", [Put(config=HOOK, parent="web")])
            with pytest.raises(ConfigError, match="hook"):
                await store.workspace.declare([source()], [destination(), destination("hook")])
            with pytest.raises(Conflict, match="delete it"):
                await store.workspace.forget("hook")
            assert [each.slug for each in store.workspace.current.destinations] == ["d", "hook"]

    asyncio.run(main())


def test_r21_retries_of_what_is_made_here_come_back(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path) as store:
            site, hook, send, _ = await make(store)
            enabled = replace(SEND, enabled=True)
            await store.workspace.change("ada", [Put(config=enabled, id=send)])
            await append(store, "a", source=site)
            lane = LaneKey(hook)
            row = Retry(lane, send, 1, 1, 1, 5, "503", "")
            await store.ledger.settle(Settlement(lane, 1, b"", {}, retries=(row,)))
            assert await store.ledger.due(lane, until=9, limit=9) == [row]
            await store.workspace.change("ada", [Put(config=replace(enabled, trigger="all"), id=send)])
            assert await store.ledger.due(lane, until=9, limit=9) == [row]

    asyncio.run(main())


def test_r18_a_deleted_destination_leaves_dead_letters_and_can_be_restored_with_all_it_had(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path) as store:
            site, hook, send, drop = await make(store)
            await store.journal.append(site, [], {})
            await append(store, "a", "b", source=site)
            lane = LaneKey(hook)
            await store.ledger.settle(Settlement(lane, 1, b"", {}, retries=(Retry(lane, send, 1, 1, 1, 5, "503", ""),)))
            await store.workspace.change("ada", [Delete(kind="destination", id=hook)])
            assert store.workspace.current.destinations == ()
            (letter,) = await store.ledger.dead()
            assert (letter.dead.reason, letter.dead.requeueable) == ("destination_deleted", False)
            assert store.counts[Count("dead", "destination_deleted", destination=hook)] == 1
            (_, passed), *_ = await store.ledger.dead_ranges()
            assert (passed.destination, passed.reason, passed.events) == (hook, "destination_deleted", 1)

            gone = (await store.workspace.history(kind="destination", object=hook))[0]
            assert (gone.verb, gone.version, gone.config) == ("deleted", 2, HOOK)
            together = await store.workspace.changed_together(gone.batch)
            assert [(each.kind, each.object) for each in together] == [
                ("mapping", send), ("filter", drop), ("destination", hook)
            ]  # fmt: skip
            back = [Put(config=v.config, id=v.object, parent=v.parent, restored=True) for v in reversed(together)]
            await store.workspace.change("ada", back)
            found = only(store)
            assert (found.id, found.start, found.settings) == (hook, 2, {"token": SECRET})
            assert [m.id for m in found.mappings] == [send]
            assert [f["id"] for f in found.filters] == [drop]

    asyncio.run(main())


def test_the_history_tells_who_changed_what_and_cannot_be_cut(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path) as store:
            _, _, send, _ = await make(store)
            await store.workspace.change("eve", [Put(config=replace(SEND, trigger="event = 'x'"), id=send)])
            versions = await store.workspace.history(kind="mapping", object=send)
            assert [(v.who, v.verb, v.version, v.config.trigger) for v in versions] == [  # type: ignore[union-attr]
                ("eve", "changed", 2, "event = 'x'"), ("ada", "created", 1, 'type = "track"')
            ]  # fmt: skip
            assert len(await store.workspace.history(limit=2)) == 2
            (older, *_) = await store.workspace.history(before=versions[0].id)
            assert older.id == versions[0].id - 1
        db = sqlite3.connect(tmp_path / "actionsd.db")
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            db.execute("delete from changes")
        db.close()

    asyncio.run(main())


def test_i6_what_may_be_secret_is_sealed_and_keys_rotate(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path) as store:
            await make(store)
        assert SECRET.encode() not in (tmp_path / "actionsd.db").read_bytes()
        key = tmp_path / "secrets.key"
        assert stat.S_IMODE(key.stat().st_mode) == 0o600
        old = key.read_text()
        async with opened(tmp_path) as store:
            assert await store.workspace.rotate_key() == 4
            assert key.read_text() != old
            assert len(key.read_text().split()) == 1
            assert stat.S_IMODE(key.stat().st_mode) == 0o600
        async with opened(tmp_path) as store:
            await store.workspace.declare([], [])
            assert only(store).settings == {"token": SECRET}
            assert [v.verb for v in await store.workspace.history()] == ["created"] * 4
        key.write_text(old)
        async with opened(tmp_path) as store:
            with pytest.raises(ConfigError, match=r"secrets\.key"):
                await store.workspace.declare([], [])

    asyncio.run(main())


def test_a_reference_that_does_not_resolve_is_the_trouble_of_its_destination(tmp_path: Path) -> None:
    def resolve(value: object) -> object:
        if value == {"token": "env:GONE"}:
            raise ConfigError("token: the environment variable GONE is not set")
        return value

    async def main() -> None:
        async with opened(tmp_path, resolve=resolve) as store:
            await make(store)
            await store.workspace.change("ada", [Put(config=replace(HOOK, settings={"token": "env:GONE"}), id=1)])
            assert only(store).trouble == "token: the environment variable GONE is not set"
            await store.workspace.change("ada", [Put(config=HOOK, id=1)])
            assert only(store).trouble == ""

    asyncio.run(main())
