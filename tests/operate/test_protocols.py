"""Tracking plans, what sources let in, and transformations, as the surfaces change them (F148-F155)."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from actionsd.errors import ConfigError, Conflict, NotFound
from actionsd.operate import history, schemas, shown, sources, trackingplans, transformations
from actionsd.operate.callers import Caller
from actionsd.operate.parts import Parts
from actionsd.sdk.payload import MASK
from actionsd.store.configs import PlanConfig, SourceConfig, TransformationConfig
from actionsd.store.records import Source, TrackingPlan
from support.acme import acme
from support.parts import running
from support.store import source

WHO = Caller("socket", "admin")
KEY = "k3y-" * 6
WEB, APP = source("web"), source("app")


def rule(key: str = "Order", version: int = 1, **members: Any) -> dict[str, Any]:
    return {"type": "TRACK", "key": key, "version": version, "jsonSchema": {}} | members


def web(parts: Parts) -> Source:
    return parts.workspace.sources[0]


async def shop(parts: Parts, *rules: dict[str, Any]) -> TrackingPlan:
    return await trackingplans.create(parts, WHO, PlanConfig(slug="", name="My Shop"), rules)


def keys(parts: Parts) -> list[tuple[str, int, dict[str, Any]]]:
    (plan,) = parts.workspace.plans
    return [(each.config.key, each.config.version, each.config.schema) for each in plan.rules]


def test_a_plan_is_made_with_its_rules_changed_and_deleted(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(tmp_path, sources=[WEB]) as parts:
            plan = await shop(parts, rule())
            assert (plan.config.slug, [trackingplans.rule_json(each) for each in plan.rules]) == ("my-shop", [rule()])
            plan = await trackingplans.change(parts, WHO, plan, description="d")
            assert plan.config.description == "d"
            with pytest.raises(ConfigError, match="name: expected a text"):
                await trackingplans.change(parts, WHO, plan, name=" ")
            with pytest.raises(ConfigError, match=r"type: expected one of ENGAGE, .*, got 'X'"):
                await trackingplans.change(parts, WHO, plan, type="X")
            await trackingplans.connect(parts, WHO, plan, web(parts))
            await trackingplans.delete(parts, WHO, plan)
            assert (parts.workspace.plans, web(parts).schema.config.plan) == ((), 0)
            with pytest.raises(NotFound, match="no tracking plan"):
                trackingplans.by_slug(parts, "my-shop")

    asyncio.run(main())


def test_rules_are_added_changed_renamed_replaced_and_removed(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(tmp_path) as parts:
            plan = await shop(parts, rule())
            needs = {"required": ["userId"]}
            await trackingplans.upsert_rules(parts, WHO, plan, [rule(jsonSchema=needs), rule(version=2)])
            assert keys(parts) == [("Order", 1, needs), ("Order", 2, {})]
            (plan,) = parts.workspace.plans
            await trackingplans.upsert_rules(parts, WHO, plan, [rule(jsonSchema=needs, newKey="Ordered")])
            (plan,) = parts.workspace.plans
            assert keys(parts) == [("Ordered", 1, needs), ("Order", 2, {})]
            kept = plan.rules[1].id
            await trackingplans.replace_rules(parts, WHO, plan, [rule(version=2), rule("New")])
            (plan,) = parts.workspace.plans
            assert (keys(parts), plan.rules[0].id) == ([("Order", 2, {}), ("New", 1, {})], kept)
            with pytest.raises(NotFound, match="my-shop has no rule of type TRACK, key 'New', version 2"):
                await trackingplans.remove_rules(parts, WHO, plan, [("TRACK", "Order", 2), ("TRACK", "New", 2)])
            await trackingplans.remove_rules(parts, WHO, plan, [("TRACK", "Order", 2)])
            assert keys(parts) == [("New", 1, {})]

    asyncio.run(main())


def test_f149_bad_rules_change_nothing(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(tmp_path) as parts:
            plan = await shop(parts, rule())
            bad = rule("Bad", jsonSchema={"type": "text"})
            with pytest.raises(ConfigError, match=r"rules\[1\].jsonSchema: expected a JSON schema of draft-07; type"):
                await trackingplans.upsert_rules(parts, WHO, plan, [rule("Fine"), bad])
            with pytest.raises(ConfigError, match=r"rules\[0\].type: expected one of COMMON"):
                await trackingplans.replace_rules(parts, WHO, plan, [rule(type="X")])
            many = [rule(version=version) for version in range(2, 2001)]
            await trackingplans.upsert_rules(parts, WHO, plan, many)
            (plan,) = parts.workspace.plans
            with pytest.raises(ConfigError, match="at most 2000, this one would have 2001"):
                await trackingplans.upsert_rules(parts, WHO, plan, [rule("More")])
            assert len(keys(parts)) == 2000

    asyncio.run(main())


def test_a_source_follows_one_plan(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(tmp_path, sources=[WEB, APP]) as parts:
            one, other = await shop(parts), await shop(parts)
            assert (one.config.slug, other.config.slug) == ("my-shop", "my-shop-2")
            await trackingplans.connect(parts, WHO, one, web(parts))
            assert trackingplans.followers(parts, one) == [web(parts)]
            await trackingplans.connect(parts, WHO, one, web(parts))
            assert web(parts).schema.version == 1
            with pytest.raises(Conflict, match="source web follows tracking plan my-shop; disconnect it first"):
                await trackingplans.connect(parts, WHO, other, web(parts))
            with pytest.raises(NotFound, match="web does not follow tracking plan my-shop-2"):
                await trackingplans.disconnect(parts, WHO, other, web(parts))
            await trackingplans.disconnect(parts, WHO, one, web(parts))
            assert trackingplans.followers(parts, one) == []

    asyncio.run(main())


def test_f150_settings_of_a_source_are_patched_member_by_member(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(tmp_path, sources=[WEB, APP]) as parts:
            app = parts.workspace.sources[1]
            await schemas.change_settings(parts, WHO, web(parts), {"track": {"allowUnplannedEvents": False}})
            changes = {"track": {"commonEventOnViolations": "BLOCK"}, "forwardingViolationsTo": str(app.id)}
            settings = schemas.settings_of(await schemas.change_settings(parts, WHO, web(parts), changes))
            assert not settings.track.allow_unplanned_events
            assert (settings.track.common_event_on_violations, settings.forwarding_violations_to) == ("BLOCK", "2")
            with pytest.raises(ConfigError, match=r"Expected `bool`, got `int` - at `\$.group.allowUnplannedTraits`"):
                await schemas.change_settings(parts, WHO, web(parts), {"group": {"allowUnplannedTraits": 1}})
            with pytest.raises(ConfigError, match="forwardingBlockedEventsTo: expected the id of another source"):
                await schemas.change_settings(parts, WHO, web(parts), {"forwardingBlockedEventsTo": "1"})
            with pytest.raises(NotFound, match="there is no source 9"):
                await schemas.change_settings(parts, WHO, web(parts), {"forwardingBlockedEventsTo": "9"})
            await schemas.change_settings(parts, WHO, web(parts), {"forwardingViolationsTo": ""})
            assert web(parts).schema.config.violations_to == 0

    asyncio.run(main())


def test_f148_schema_filters_of_a_source_are_patched(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(tmp_path, sources=[WEB]) as parts:
            await schemas.change_filters(parts, WHO, web(parts), {"track": ["Debug"]})
            filters = schemas.filters_of(await schemas.change_filters(parts, WHO, web(parts), {"page": ["Home"]}))
            assert (filters.track, filters.page) == ({"Debug"}, {"Home"})
            with pytest.raises(ConfigError, match="unknown field `tracks`"):
                await schemas.change_filters(parts, WHO, web(parts), {"tracks": []})

    asyncio.run(main())


RENAME = TransformationConfig(name="Rename", condition="event = 'a'", edits={"newEventName": "b"})


def test_a_transformation_is_made_changed_moved_and_deleted(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(tmp_path, sources=[WEB, APP], definitions=[acme]) as parts:
            made = await transformations.create(parts, WHO, web(parts), RENAME)
            assert web(parts).transformations == (made,)
            made = await transformations.change(parts, WHO, made, definition="Acme", source=2)
            assert (made.source, made.config.definition) == (2, "acme")
            assert web(parts).transformations == ()
            with pytest.raises(NotFound, match="no definition 'nope'"):
                await transformations.change(parts, WHO, made, definition="nope")
            with pytest.raises(ConfigError, match=r"^if: expected FQL: .* \(column \d+\)$"):
                await transformations.change(parts, WHO, made, condition="event =")
            with pytest.raises(ConfigError, match="expected one of newEventName, "):
                await transformations.change(parts, WHO, made, edits={"propertyRenames": []})
            await transformations.delete(parts, WHO, made)
            assert parts.workspace.transformations == ()

    asyncio.run(main())


def test_f154_two_transformations_do_not_do_the_same_to_the_same_events(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(tmp_path, sources=[WEB, APP], definitions=[acme]) as parts:
            await transformations.create(parts, WHO, web(parts), RENAME)
            with pytest.raises(Conflict, match="transformation 'Rename' has newEventName for the same events already"):
                await transformations.create(parts, WHO, web(parts), RENAME)
            await transformations.create(parts, WHO, parts.workspace.sources[1], RENAME)
            drop = TransformationConfig(name="Drop", condition="event = 'a'", edits={"drop": True})
            await transformations.create(parts, WHO, web(parts), drop)
            assert len(parts.workspace.transformations) == 3

    asyncio.run(main())


def test_i6_a_key_of_hashes_is_never_shown_and_stays_when_its_mask_comes_back(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(tmp_path, sources=[WEB]) as parts:
            hashed = {"hashPropertiesConfiguration": {"algorithm": "MD5", "key": KEY, "paths": ["email"]}}
            config = TransformationConfig(name="Hash", condition="all", edits=hashed)
            made = await transformations.create(parts, WHO, web(parts), config)
            masked = shown.edits(made.config.edits)
            assert masked["hashPropertiesConfiguration"]["key"] == MASK
            made = await transformations.change(parts, WHO, made, edits=masked | {"newEventName": "x"})
            assert made.config.edits["hashPropertiesConfiguration"]["key"] == KEY
            page = await history.listed(parts)
            assert KEY not in str(page)
            assert {row.kind for row in page.items} == {"transformation"}

    asyncio.run(main())


def test_a_deleted_plan_comes_back_with_its_rules_and_sources(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(tmp_path, sources=[WEB, APP]) as parts:
            plan = await shop(parts, rule(), rule("New"))
            other = await shop(parts, rule())
            await schemas.change_filters(parts, WHO, web(parts), {"track": ["Debug"]})
            await trackingplans.connect(parts, WHO, plan, web(parts))
            await trackingplans.delete(parts, WHO, plan)
            await schemas.change_filters(parts, WHO, web(parts), {"track": ["Test"]})
            done = await history.restore(parts, WHO, await deleted(parts, "my-shop"))
            assert (done.changed, done.refused) == (4, [])
            assert parts.workspace.plans == (trackingplans.by_id(parts, plan.id), other)
            assert [each.config for each in trackingplans.by_id(parts, plan.id).rules] == [r.config for r in plan.rules]
            assert trackingplans.followers(parts, plan) == [web(parts)]
            assert schemas.filters_of(web(parts)).track == {"Test"}, "what was said of the source since holds"

    asyncio.run(main())


async def deleted(parts: Parts, name: str) -> int:
    """The change that deleted an object."""
    rows = (await history.listed(parts)).items
    return next(row.id for row in rows if row.name == name and row.verb == "deleted")


def test_what_a_restored_plan_does_not_get_back_is_told(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(tmp_path, sources=[WEB]) as parts:
            plan, other = await shop(parts, rule()), await shop(parts)
            old = await sources.create(parts, WHO, SourceConfig(slug="old"))
            await trackingplans.connect(parts, WHO, plan, web(parts))
            await trackingplans.connect(parts, WHO, plan, old)
            await trackingplans.delete(parts, WHO, plan)
            await trackingplans.connect(parts, WHO, other, web(parts))
            await sources.delete(parts, WHO, sources.by_id(parts, old.id))
            done = await history.restore(parts, WHO, await deleted(parts, "my-shop"))
            assert done.changed == 2
            assert done.refused == [
                "source web followed it; it follows tracking plan my-shop-2 now",
                "source old followed it; it is deleted",
            ]
            assert trackingplans.followers(parts, other) == [web(parts)]

    asyncio.run(main())


def test_what_a_restored_source_refers_to_in_vain_is_told(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(tmp_path, sources=[WEB]) as parts:
            plan = await shop(parts, rule())
            inbox, old = [await sources.create(parts, WHO, SourceConfig(slug=slug)) for slug in ("inbox", "old")]
            await schemas.change_settings(parts, WHO, old, {"forwardingViolationsTo": str(inbox.id)})
            await trackingplans.connect(parts, WHO, plan, sources.by_id(parts, old.id))
            await sources.delete(parts, WHO, sources.by_id(parts, old.id))
            await sources.delete(parts, WHO, inbox)
            await trackingplans.delete(parts, WHO, plan)
            done = await history.restore(parts, WHO, await deleted(parts, "old"))
            assert done.changed == 2
            assert done.refused == [
                "source old refers to source inbox, now deleted",
                "source old refers to tracking plan my-shop, now deleted",
            ]
            assert (await history.restore(parts, WHO, await deleted(parts, "my-shop"))).refused == []
            assert [each.slug for each in trackingplans.followers(parts, plan)] == ["old"]

    asyncio.run(main())


def test_earlier_schemas_and_deleted_sources_come_back_with_what_was_theirs(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(tmp_path, sources=[WEB]) as parts:
            await schemas.change_filters(parts, WHO, web(parts), {"track": ["Debug"]})
            row = (await history.listed(parts, kind="schema")).items[0]
            assert (row.name, {each.field: each.after for each in row.changed}["filters.track"]) == ("web", ["Debug"])
            first = row.id
            await schemas.change_filters(parts, WHO, web(parts), {"track": ["Test"]})
            await history.restore(parts, WHO, first)
            assert schemas.filters_of(web(parts)).track == {"Debug"}

            shop = await sources.create(parts, WHO, SourceConfig(slug="shop"))
            await schemas.change_filters(parts, WHO, shop, {"page": ["Home"]})
            made = await transformations.create(parts, WHO, shop, RENAME)
            await sources.delete(parts, WHO, sources.by_id(parts, shop.id))
            assert parts.workspace.transformations == ()
            (deleted,) = [row for row in (await history.listed(parts, kind="source")).items if row.verb == "deleted"]
            assert (await history.restore(parts, WHO, deleted.id)).changed == 3
            back = sources.by_id(parts, shop.id)
            assert [each.id for each in back.transformations] == [made.id]
            assert schemas.filters_of(back).page == {"Home"}

    asyncio.run(main())
