"""Tracking plans, what sources let in, transformations: stored with their history, gone with what they belong to."""

import asyncio
from pathlib import Path

import msgspec
import pytest

from actionsd.errors import Conflict, NotFound
from actionsd.store import Store
from actionsd.store.configs import (
    Delete,
    DestinationConfig,
    PlanConfig,
    Put,
    RuleConfig,
    SchemaConfig,
    SourceConfig,
    TransformationConfig,
)
from support.store import destination, opened, source

KEY = "k3y-" * 6
PLAN = PlanConfig(slug="shop", name="Shop")
ORDER = RuleConfig(type="TRACK", key="Order", version=1, schema={"required": ["userId"]})
SCHEMA = SchemaConfig(settings={"track": {"allowUnplannedEvents": False}}, filters={"track": ["Debug"]})
HASH = TransformationConfig(name="Hash", condition="all", edits={"hashPropertiesConfiguration": {"key": KEY}})
RENAME = TransformationConfig(name="Rename", condition="all", edits={"newEventName": "X"}, definition="webhook")

replace = msgspec.structs.replace


async def make(store: Store) -> tuple[int, ...]:
    """The file's source and destination; a plan with a rule for it, its schema, and two transformations."""
    workspace = await store.workspace.declare([source()], [replace(destination(), definition="webhook")])
    (web,) = [each.id for each in workspace.sources]
    plan, *rest = await store.workspace.change(
        "ada",
        [
            Put(config=PLAN),
            Put(config=ORDER, parent="shop"),
            Put(config=SCHEMA, id=web),
            Put(config=HASH, parent=web),
            Put(config=RENAME, parent="web"),
        ],
    )
    await store.workspace.change("ada", [Put(config=replace(SCHEMA, plan=plan), id=web)])
    return web, plan, *rest


def test_all_of_it_is_there_at_once_and_after_a_restart(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path) as store:
            _, plan, rule, _, hash, rename = await make(store)
            made = store.workspace.current
            (web,), (hook,) = made.sources, made.destinations
            assert web.declared
            assert (web.schema.version, web.schema.config) == (2, replace(SCHEMA, plan=plan))
            assert [(each.id, each.config) for each in web.transformations] == [(hash, HASH)]
            assert [(each.id, each.config) for each in hook.transformations] == [(rename, RENAME)]
            assert hook.transformations[0].as_json() == {"if": "all", "enabled": True, "newEventName": "X"}
            assert [(each.id, each.config) for each in made.plans] == [(plan, PLAN)]
            assert [(each.id, each.config) for each in made.plans[0].rules] == [(rule, ORDER)]
        async with opened(tmp_path) as store:
            again = await store.workspace.declare([source()], [replace(destination(), definition="webhook")])
            assert (again.sources, again.plans, again.transformations) == (
                made.sources,
                made.plans,
                made.transformations,
            )

    asyncio.run(main())


def test_plans_are_read_again_only_when_one_changed(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path) as store:
            web, _, rule, *_ = await make(store)
            before = store.workspace.current.plans
            await store.workspace.change("ada", [Put(config=replace(SCHEMA, plan=0), id=web)])
            assert store.workspace.current.plans is before
            await store.workspace.change("ada", [Put(config=replace(ORDER, schema={}), id=rule)])
            await store.workspace.change("ada", [Put(config=replace(ORDER, version=2), parent="shop")])
            (plan,) = store.workspace.current.plans
            assert [(each.version, each.config.schema) for each in plan.rules] == [(2, {}), (1, ORDER.schema)]
            await store.workspace.change("ada", [Put(config=replace(PLAN, name="S"), id=plan.id)])
            assert store.workspace.current.plans[0].rules[0] is plan.rules[0]

    asyncio.run(main())


def test_deleting_takes_along_what_belongs_to_it_and_the_history_has_it(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path) as store:
            await store.workspace.declare([], [])
            site, plan, _, _ = await store.workspace.change(
                "ada",
                [
                    Put(config=SourceConfig(slug="site")),
                    Put(config=PLAN),
                    Put(config=ORDER, parent="shop"),
                    Put(config=HASH, parent="site"),
                ],
            )
            await store.workspace.change("ada", [Put(config=SCHEMA, id=site)])
            await store.workspace.change("ada", [Delete(kind="source", id=site), Delete(kind="tracking_plan", id=plan)])
            current = store.workspace.current
            assert (current.sources, current.plans, current.transformations) == ((), (), ())
            deleted = [each.kind for each in await store.workspace.history() if each.verb == "deleted"]
            assert deleted == ["tracking_plan", "rule", "source", "schema", "transformation"]
            (new,) = await store.workspace.change("ada", [Put(config=PLAN)])
            assert new != plan
            assert store.workspace.current.plans[0].rules == ()

    asyncio.run(main())


def test_forgetting_a_source_of_the_file_takes_along_what_was_said_of_it_here(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path) as store:
            await make(store)
            await store.workspace.declare([], [])
            await store.workspace.forget("d")
            await store.workspace.forget("web")
            assert store.workspace.current.transformations == ()
            await store.workspace.declare([source()], [])
            assert store.workspace.current.sources[0].schema.version == 0

    asyncio.run(main())


def test_what_can_not_be_is_refused(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path) as store:
            _, plan, *_ = await make(store)
            with pytest.raises(Conflict, match="a rule of type TRACK, key 'Order', version 1 already"):
                await store.workspace.change("ada", [Put(config=ORDER, parent=plan)])
            with pytest.raises(Conflict, match="the slug 'shop' is taken"):
                await store.workspace.change("ada", [Put(config=PLAN)])
            with pytest.raises(NotFound, match="there is no tracking plan 99"):
                await store.workspace.change("ada", [Put(config=ORDER, parent=99)])
            with pytest.raises(NotFound, match="there is no tracking plan 99"):
                await store.workspace.change("ada", [Delete(kind="tracking_plan", id=99)])
            with pytest.raises(NotFound, match="there is no source 99"):
                await store.workspace.change("ada", [Put(config=SCHEMA, id=99)])

    asyncio.run(main())


def test_r20_transformations_move_between_sources_and_are_part_of_the_destinations_version(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path) as store:
            *_, rename = await make(store)
            site, _ = await store.workspace.change(
                "ada",
                [
                    Put(config=SourceConfig(slug="site")),
                    Put(config=DestinationConfig(slug="other", definition="webhook"), parent="site"),
                ],
            )
            await store.workspace.change("ada", [Put(config=RENAME, id=rename, parent=site)])
            first, second = store.workspace.current.destinations
            assert (first.transformations, [each.id for each in second.transformations]) == ((), [rename])
            await store.workspace.change("ada", [Put(config=replace(RENAME, name="Renamed"), id=rename)])
            changed = store.workspace.current.destinations[1]
            assert changed.transformations[0].config.name == "Renamed"
            assert changed.version > second.version

    asyncio.run(main())


def test_i6_the_key_of_hashes_is_sealed_and_rotated(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path) as store:
            await make(store)
            assert await store.workspace.rotate_key() == 4
        async with opened(tmp_path) as store:
            await store.workspace.declare([source()], [])
            assert store.workspace.current.transformations[0].config == HASH

    asyncio.run(main())
    for file in tmp_path.iterdir():
        assert file.name == "lock" or KEY.encode() not in file.read_bytes()
