"""Tracking plans, what sources let in and transformations as code: plan, apply, export, and back (RULES C13)."""

import asyncio
import functools
import os
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as bounds
from hypothesis import strategies as st

import support.parts
from actionsd import catalog, settings, wire
from actionsd.errors import ConfigError, Forbidden
from actionsd.operate import configuring, export, plan, schemas
from actionsd.operate.callers import Caller
from actionsd.operate.parts import Parts
from actionsd.store.configs import PlanConfig, Put, RuleConfig, SchemaConfig, SourceConfig, TransformationConfig
from support.store import source

CATALOG = catalog.load()
ADA = Caller("ada", "admin")
KEY = "k3y-of-the-hashes"
SHOP = """
[[sources]]
slug = "shop"
write_keys = ["shop-key"]
[[tracking_plans]]
slug = "orders"
name = "Orders"
[[tracking_plans.rules]]
type = "TRACK"
key = "Order"
version = 1
jsonSchema = { required = ["userId"] }
[[schemas]]
source = "shop"
plan = "orders"
blocked_to = "web"
settings = { track = { allowUnplannedEvents = false } }
filters = { track = ["Debug"] }
[[transformations]]
name = "Hash"
source = "web"
definition = "webhook"
if = "event = 'Order'"
[transformations.edits.hashPropertiesConfiguration]
algorithm = "SHA256"
key = "env:HASH_KEY"
paths = ["email"]
"""


def running(tmp_path: Path) -> AbstractAsyncContextManager[Parts]:
    resolve = functools.partial(settings.resolve, folder=tmp_path)
    return support.parts.running(tmp_path, sources=[source()], catalog=CATALOG, resolve=resolve)


@pytest.fixture(autouse=True)
def environment() -> Any:
    with mock.patch.dict(os.environ, {"HASH_KEY": KEY}):
        yield


def told(planned: wire.ConfigPlan) -> list[str]:
    return [f"{item.verb} {item.kind} {item.name}" for item in planned.items]


def files(text: str, *, prune: bool = False) -> wire.ConfigFiles:
    return wire.ConfigFiles(files={"shop.toml": text}, prune=prune)


def test_all_of_it_is_applied_in_one_go_and_then_the_plan_is_empty(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(tmp_path) as parts:
            assert told(await plan.apply(parts, ADA, files(SHOP))) == [
                "add source shop", "add tracking_plan orders", "add rule orders / TRACK Order 1",
                "add transformation web / Hash", "add schema shop",
            ]  # fmt: skip
            web, shop = parts.workspace.sources
            (orders,) = parts.workspace.plans
            assert (shop.schema.config.plan, shop.schema.config.blocked_to) == (orders.id, web.id)
            (hashed,) = parts.workspace.transformations
            assert hashed.config.edits["hashPropertiesConfiguration"]["key"] == KEY
            assert told(await plan.plan(parts, ADA, files(SHOP))) == []

    asyncio.run(main())


def test_changes_are_told_field_by_field_and_show_no_key(tmp_path: Path) -> None:
    edited = SHOP.replace('["userId"]', '["userId", "event"]').replace('"Debug"', '"Test"').replace("env:HASH_KEY", "x")

    async def main() -> None:
        async with running(tmp_path) as parts:
            await plan.apply(parts, ADA, files(SHOP))
            planned = await plan.plan(parts, ADA, files(edited))
            assert told(planned) == [
                "change rule orders / TRACK Order 1", "change transformation web / Hash", "change schema shop",
            ]  # fmt: skip
            changes = [(each.field, each.before, each.after) for item in planned.items for each in item.changed]
            assert changes[0] == ("schema.required", ["userId"], ["userId", "event"])
            assert changes[2] == ("filters.track", ["Debug"], ["Test"])
            assert KEY not in str(planned)

    asyncio.run(main())


def test_what_no_file_has_goes_with_prune_that_of_declared_sources_too(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(tmp_path) as parts:
            await plan.apply(parts, ADA, files(SHOP))
            kept = await plan.plan(parts, ADA, files(""))
            assert (told(kept), len(kept.extra)) == ([], 5)
            assert told(await plan.apply(parts, ADA, files("", prune=True)))[:3] == [
                "remove schema shop", "remove transformation web / Hash", "remove rule orders / TRACK Order 1",
            ]  # fmt: skip
            current = parts.workspace
            assert (current.plans, current.transformations, len(current.sources)) == ((), (), 1)

    asyncio.run(main())


def test_a_schema_of_which_nothing_is_said_any_more_is_as_if_it_had_never_been(tmp_path: Path) -> None:
    text = (
        SHOP.replace('plan = "orders"\nblocked_to = "web"', "")
        .replace("{ track = { allow", "{}  #")
        .replace('"Debug"', "")
    )

    async def main() -> None:
        async with running(tmp_path) as parts:
            await plan.apply(parts, ADA, files(SHOP))
            assert told(await plan.apply(parts, ADA, files(text))) == ["change schema shop"]
            shop = parts.workspace.sources[1]
            assert schemas.named(parts, shop) == schemas.NOTHING
            assert told(await plan.plan(parts, ADA, files(text))) == []

    asyncio.run(main())


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('plan = "orders"', 'plan = "order"', r'shop.toml:15: schemas\[0\].plan: .*did you mean "orders"'),
        ('blocked_to = "web"', 'blocked_to = "x"', r"shop.toml:16: schemas\[0\].blocked_to: there is none"),
        ("allowUnplannedEvents", "allowUnplanned", r"shop.toml:\d+: schemas\[0\]: .*unknown field `allowUnplanned`"),
        ('type = "TRACK"', 'type = "X"', r"shop.toml:\d+: tracking_plans\[0\]: rules\[0\].type: expected one of"),
        ('["userId"]', '"userId"', r"shop.toml:\d+: tracking_plans\[0\]: rules\[0\].jsonSchema: .*draft-07"),
        ("event = 'Order'", "event =", r"shop.toml:\d+: transformations\[0\]: if: expected FQL"),
        ('definition = "webhook"', 'definition = "hook"', r"transformations\[0\]: no definition 'hook'"),
        ('source = "web"', 'source = "wbe"', r'shop.toml:21: transformations\[0\].source: .*did you mean "web"'),
        ("env:HASH_KEY", "env:NOT_SET", "NOT_SET is not set"),
        ('slug = "orders"', 'slug = "orders"\nslug2 = 1', 'shop.toml:7: .*unknown key; did you mean "slug"'),
    ],
)
def test_problems_are_told_with_file_and_line(tmp_path: Path, old: str, new: str, problem: str) -> None:
    async def main() -> None:
        async with running(tmp_path) as parts:
            with pytest.raises(ConfigError, match=problem):
                await plan.apply(parts, ADA, files(SHOP.replace(old, new)))
            assert parts.workspace.plans == ()

    asyncio.run(main())


def test_only_an_admin_has_a_reference_read(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(tmp_path) as parts:
            with pytest.raises(Forbidden, match=r"hashPropertiesConfiguration\.key"):
                await plan.plan(parts, Caller("token:ci", "write"), files(SHOP))

    asyncio.run(main())


_texts = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=8)
_schemas = st.recursive(
    st.sampled_from(({}, {"type": ["string", "null"]}, {"enum": ["a", None, 1]}, {"const": None}, {"minimum": 0.5})),
    lambda inner: st.fixed_dictionaries({"properties": st.dictionaries(_texts, inner, max_size=2)}),
    max_leaves=4,
)
_rules = st.lists(
    st.builds(RuleConfig, type=st.just("TRACK"), key=_texts.filter(bool), version=st.integers(0, 3), schema=_schemas),
    max_size=3,
    unique_by=lambda rule: (rule.key, rule.version),
)
_plans = st.builds(PlanConfig, slug=st.sampled_from(("p1", "p2")), name=_texts.filter(str.strip), description=_texts)
_edits = st.sampled_from(
    (
        {"newEventName": 'N"\\'},
        {"drop": True},
        {"propertyRenames": [{"oldName": "é", "newName": "b.c"}], "allowProperties": ["x"]},
        {"hashPropertiesConfiguration": {"algorithm": "MD5", "key": KEY, "paths": []}},
    )
)
_transformations = st.builds(
    TransformationConfig,
    name=_texts.filter(str.strip),
    condition=st.sampled_from(("all", "event = 'é'")),
    edits=_edits,
    definition=st.sampled_from(("", "webhook")),
    enabled=st.booleans(),
)
_settings = st.fixed_dictionaries(
    {}, optional={"track": st.fixed_dictionaries({}, optional={"allowUnplannedEvents": st.booleans()})}
)
_filters = st.fixed_dictionaries({}, optional={"track": st.lists(_texts, max_size=2, unique=True)})
_workspaces = st.tuples(
    st.lists(st.tuples(_plans, _rules), max_size=2, unique_by=lambda pair: pair[0].slug),
    st.lists(_transformations, max_size=3),
    _settings,
    _filters,
    st.booleans(),
)


@given(_workspaces)
@bounds(
    deadline=None,
    max_examples=30,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_what_is_exported_wiped_and_applied_is_the_same_and_the_plan_is_empty(
    tmp_path_factory: pytest.TempPathFactory, workspace: Any
) -> None:
    asyncio.run(_round_trip(tmp_path_factory.mktemp("trip"), *workspace))


async def _round_trip(
    home: Path, plans: Any, rewrites: Any, schema: dict[str, Any], filters: dict[str, Any], follows: bool
) -> None:
    async with running(home) as parts:
        shop = Put(config=SourceConfig(slug="shop", write_keys=("k",)))
        changes = [shop, *(Put(config=each, parent="shop") for each in rewrites)]
        for each, rules in plans:
            changes += [Put(config=each), *(Put(config=rule, parent=each.slug) for rule in rules)]
        names = {"violations_to": "shop"} | ({"plan": plans[0][0].slug} if plans and follows else {})
        changes.append(Put(config=SchemaConfig(settings=schema, filters=filters), parent="web", names=names))
        await configuring.commit(parts, ADA, changes)
        before = _seen(parts)
        exported = export.export(parts)
        assert KEY not in str(exported)
        with mock.patch.dict(os.environ, dict.fromkeys(exported.needs, KEY)):
            again = wire.ConfigFiles(files=exported.files, prune=True)
            assert told(await plan.plan(parts, ADA, again)) == []
            await plan.apply(parts, ADA, wire.ConfigFiles(files={}, prune=True))
            assert _seen(parts) == ([], [], [schemas.NOTHING])
            await plan.apply(parts, ADA, again)
            assert _seen(parts) == before
            assert told(await plan.plan(parts, ADA, again)) == []
            whole = export.export(parts, together=True)
        with mock.patch.dict(os.environ, dict.fromkeys(whole.needs, KEY)):
            assert told(await plan.plan(parts, ADA, wire.ConfigFiles(files=whole.files, prune=True))) == []


def _seen(parts: Parts) -> Any:
    """Without ids, versions and times."""
    current = parts.workspace
    return (
        [(each.config, [rule.config for rule in each.rules]) for each in current.plans],
        [each.config for each in current.transformations],
        [schemas.named(parts, each) for each in current.sources],
    )
