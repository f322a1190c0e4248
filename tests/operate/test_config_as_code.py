"""Config as code: plan, apply and export, and that an export says all there is (RULES C13)."""

import asyncio
import functools
import os
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any
from unittest import mock

import msgspec
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as bounds
from hypothesis import strategies as st

import support.parts
from actionsd import catalog, settings, wire
from actionsd.errors import ConfigError, Conflict, Forbidden
from actionsd.operate import configuring, export, plan
from actionsd.operate.callers import Caller
from actionsd.operate.parts import Parts
from actionsd.store.configs import Delete, DestinationConfig, FilterConfig, Label, MappingConfig, Put, SourceConfig
from support.store import source

CATALOG = catalog.load()
ADA = Caller("ada", "admin")
SECRET = "s3cr3t-of-the-hook"
SHOP = """
[[sources]]
slug = "shop"
write_keys = ["shop-key"]
labels = [{ key = "team", value = "web" }]
[[destinations]]
slug = "hook"
source = "shop"
definition = "webhook"
settings = { sharedSecret = "env:HOOK_SECRET" }
timeout = "2s"
[[destinations.mappings]]
name = "Signed up"
action = "send"
trigger = 'event = "Signed Up"'
fields = { url = "https://hook.test/", method = "POST", data = { "@path" = "$." } }
[[destinations.filters]]
title = "No tests"
if = "event = 'Test'"
actions = [{ type = "DROP" }]
"""


def running(tmp_path: Path) -> AbstractAsyncContextManager[Parts]:
    """Parts that resolve references as the daemon does, with one declared source and all that is installed."""
    resolve = functools.partial(settings.resolve, folder=tmp_path)
    return support.parts.running(tmp_path, sources=[source()], catalog=CATALOG, resolve=resolve)


@pytest.fixture(autouse=True)
def environment() -> Iterator[None]:
    with mock.patch.dict(os.environ, {"HOOK_SECRET": SECRET}):
        yield


def told(planned: wire.ConfigPlan) -> list[str]:
    return [f"{item.verb} {item.kind} {item.name}" for item in planned.items]


async def planned(parts: Parts, text: str, *, prune: bool = False, who: Caller = ADA) -> wire.ConfigPlan:
    return await plan.plan(parts, who, wire.ConfigFiles(files={"shop.toml": text}, prune=prune))


async def applied(parts: Parts, text: str, *, prune: bool = False, version: int | None = None) -> wire.ConfigPlan:
    request = wire.ConfigFiles(files={"shop.toml": text}, prune=prune, version=version)
    return await plan.apply(parts, ADA, request)


def test_a_plan_changes_nothing_and_apply_does_what_it_said(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(tmp_path) as parts:
            before = parts.workspace
            first = await planned(parts, SHOP)
            assert parts.workspace == before
            everything = ["add source shop", "add destination hook", "add mapping hook / Signed up"]
            assert told(first) == [*everything, "add filter hook / No tests"]
            assert told(await applied(parts, SHOP, version=first.version)) == told(first)
            (hook,) = parts.workspace.destinations
            assert (hook.settings, hook.timeout, hook.trouble) == ({"sharedSecret": SECRET}, 2.0, "")
            assert hook.config is not None
            assert hook.config.settings == {"sharedSecret": "env:HOOK_SECRET"}
            assert hook.mappings[0].enabled
            assert told(await planned(parts, SHOP)) == []
            with pytest.raises(Conflict, match="since the plan"):
                await applied(parts, SHOP.replace("2s", "3s"), version=first.version)

    asyncio.run(main())


def test_a_plan_tells_each_field_and_shows_no_secret(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(tmp_path) as parts:
            await applied(parts, SHOP)
            edited = SHOP.replace('"2s"', '"1m"').replace('"POST"', '"PUT"').replace("env:HOOK_SECRET", SECRET + "-two")
            (destination, mapping) = (await planned(parts, edited)).items
            assert [(c.field, c.before, c.after) for c in destination.changed] == [
                ("settings.sharedSecret", "env:HOOK_SECRET", "••••••"),
                ("timeout", 2.0, 60.0),
            ]
            assert [(c.field, c.before, c.after) for c in mapping.changed] == [("fields.method", "POST", "PUT")]

    asyncio.run(main())


def test_what_no_file_has_goes_only_with_prune(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(tmp_path) as parts:
            await applied(parts, SHOP)
            only_source = SHOP[: SHOP.index("[[destinations]]")]
            kept = await planned(parts, only_source)
            assert (told(kept), kept.extra) == ([], ["hook / Signed up", "hook / No tests", "hook"])
            assert told(await applied(parts, only_source, prune=True)) == [
                "remove mapping hook / Signed up", "remove filter hook / No tests", "remove destination hook"
            ]  # fmt: skip
            assert told(await applied(parts, "", prune=True)) == ["remove source shop"]
            assert [each.slug for each in parts.workspace.sources] == ["web"]

    asyncio.run(main())


def test_all_problems_are_told_at_once_with_file_and_line_and_nothing_is_changed(tmp_path: Path) -> None:
    wrong = (
        SHOP.replace('"shop"\nwrite', '"web"\nwrite')
        .replace("webhook", "webhok")
        .replace("timeout", "timeuot")
        .replace("env:HOOK_SECRET", "env:NOT_SET")
    )

    async def main() -> None:
        async with running(tmp_path) as parts:
            with pytest.raises(ConfigError) as caught:
                await applied(parts, wrong)
            assert [line.split(": ", 2)[1:] for line in caught.value.problems] == [
                ["destinations[0].timeuot", 'unknown key; did you mean "timeout"?'],
                ["sources[0].slug", f'source "web" is declared in {tmp_path / "actionsd.toml"}; it is changed there'],
            ]
            keyless = 'write_keyz = ["k"]\n[[destinations]]\nslug = "b"\nsource = "a"\ndefinition = "webhok"\n'
            with pytest.raises(ConfigError) as caught:
                await applied(parts, f'[[sources]]\nslug = "a"\n{keyless}')
            assert [line.split(": ")[:2] for line in caught.value.problems] == [
                ["shop.toml:3", "sources[0].write_keyz"], ["shop.toml:1", "sources[0]"],
                ["shop.toml:7", "destinations[0].definition"],
            ], "a source that cannot be read is there for what names it"  # fmt: skip
            with pytest.raises(ConfigError) as caught:
                await applied(parts, wrong.replace("timeuot", "timeout"))
            lines = [line.split(": ")[0] for line in caught.value.problems]
            assert lines == ["shop.toml:3", "shop.toml:10", "shop.toml:8", "shop.toml:9"]
            assert "NOT_SET is not set" in str(caught.value)
            assert "did you mean 'webhook'" in str(caught.value)
            for text, why in (
                (SHOP.replace("event = 'Test'", "event ="), r"^shop.toml:\d+: destinations\[0\].filters\[0\]: [^\n]*$"),
                (SHOP.replace("'event = ", "'event "), r"shop.toml:15: .*trigger"),
                (SHOP.replace('method = "POST", ', ""), r'shop.toml:\d+: .*requires the field "method"'),
                (SHOP + SHOP, "is already taken by sources"),
                ("[[sources]]\nslug = 5\nwrite_keys = []", "shop.toml:2: "),
                ("[ingest]\n", "unknown key"),
                ("sources = [", "not valid TOML"),
            ):
                with pytest.raises(ConfigError, match=why):
                    await applied(parts, text)
            assert parts.workspace.destinations == ()

    asyncio.run(main())


def test_only_an_admin_applies_references(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(tmp_path) as parts:
            with pytest.raises(Forbidden, match="HOOK_SECRET"):
                await planned(parts, SHOP, who=Caller("token:ci", "write"))

    asyncio.run(main())


def test_an_export_holds_no_secret_wherever_it_stands(tmp_path: Path) -> None:
    slack = {"url": {"@template": f"https://hooks.test/{SECRET}/{{{{userId}}}}"}, "text": "hi"}
    oauth = {"refresh_token": SECRET, "scopes": [SECRET, 1]}

    async def main() -> None:
        async with running(tmp_path) as parts:
            team = DestinationConfig(slug="team", definition="slack", settings={"oauth": oauth})
            changes = [
                Put(config=SourceConfig(slug="shop", write_keys=("k",))),
                Put(config=team, parent="shop"),
                Put(config=MappingConfig(name="é!", action="postToChannel", trigger="", fields=slack), parent="team"),
                Put(config=DestinationConfig(slug="gone", definition="gone", settings={"x": SECRET}), parent="shop"),
            ]
            await configuring.commit(parts, ADA, changes)
            exported = export.export(parts)
            assert SECRET not in str(exported)
            assert exported.needs == [
                "ACTIONSD_GONE_X", "ACTIONSD_TEAM_OAUTH_REFRESH_TOKEN", "ACTIONSD_TEAM_OAUTH_SCOPES_0",
                "ACTIONSD_TEAM_URL_TEMPLATE",
            ]  # fmt: skip
            text = exported.files["destination-team.toml"]
            assert '"@template" = "env:ACTIONSD_TEAM_URL_TEMPLATE"' in text
            assert text.startswith("# Set these before it is applied:\n#   ACTIONSD_TEAM_OAUTH_REFRESH_TOKEN\n")

    asyncio.run(main())


_texts = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12)
_names = st.text(st.sampled_from("abc XYZ-é\"'\\\n."), min_size=1, max_size=12).filter(str.strip)
_keys = st.text(st.sampled_from("abc XYZ-é'\\\n"), min_size=1, max_size=12) | st.sampled_from(['"a.b"', "x.y", 'q"'])
_json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(-1e9, 1e9) | _texts.map(lambda t: f"x{t}"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_keys, inner, max_size=3),
    max_leaves=6,
)
_mappings = st.builds(
    MappingConfig,
    name=_names,
    action=st.just("send"),
    trigger=st.sampled_from(['type = "track"', 'event = "It\'s é"']),
    enabled=st.booleans(),
    fields=st.fixed_dictionaries(
        {"url": _texts.map(lambda t: f"https://x/{t}"), "method": st.just("POST"), "data": _json},
        optional={"headers": st.dictionaries(_keys, st.text("abc", max_size=3), max_size=2)},
    ),
)
_filters = st.builds(
    FilterConfig,
    title=st.sampled_from(["One", "Two", "é'\"\\"]),
    condition=st.sampled_from(["all", "event = 'x'"]),
    actions=st.sampled_from([({"type": "DROP"},), ({"type": "SAMPLE", "percent": 0.5, "path": "userId"},)]),
    enabled=st.booleans(),
    description=_texts,
)
_destinations = st.builds(
    DestinationConfig,
    slug=st.sampled_from(["d1", "d2", "d3", "sources"]),
    definition=st.just("webhook"),
    name=st.sampled_from(["", 'é "name"']),
    enabled=st.booleans(),
    settings=st.fixed_dictionaries({}, optional={"sharedSecret": st.text("abc", min_size=1, max_size=9)}),
    consent=st.lists(_names, max_size=2).map(tuple),
    concurrency=st.none() | st.integers(1, 9),
    timeout=st.none() | st.floats(0.001, 1e6),
    retry_window=st.none() | st.sampled_from([60.0, 7200.0, 86400.0, 90.5]),
    labels=st.lists(st.builds(Label, key=_names, value=_names, description=_texts), max_size=2).map(tuple),
)
_whole = st.tuples(
    st.lists(
        st.tuples(
            _destinations,
            st.lists(_mappings, max_size=3, unique_by=lambda each: each.name),
            st.lists(_filters, max_size=3),
        ),
        max_size=3,
        unique_by=lambda each: each[0].slug,
    ),
    st.builds(
        SourceConfig,
        slug=st.just("shop"),
        name=_texts,
        write_keys=st.just(("k1", "k 2")),
        oauth=st.sampled_from(["optional", "required"]),
    ),
)


@given(_whole)
@bounds(
    deadline=None,
    max_examples=50,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_what_is_exported_wiped_and_applied_is_the_same_and_the_plan_is_empty(
    tmp_path_factory: pytest.TempPathFactory, whole: tuple[Any, SourceConfig]
) -> None:
    asyncio.run(_round_trip(tmp_path_factory.mktemp("trip"), *whole))


async def _round_trip(home: Path, destinations: Any, shop: SourceConfig) -> None:
    async with running(home) as parts:
        changes: list[Put | Delete] = [Put(config=shop)]
        for destination, mappings, filters in destinations:
            changes.append(Put(config=destination, parent="shop"))
            ranked = [msgspec.structs.replace(mapping, rank=rank) for rank, mapping in enumerate(mappings)]
            changes += [Put(config=each, parent=destination.slug) for each in (*ranked, *filters)]
        await configuring.commit(parts, ADA, changes)
        before = _seen(parts)
        exported = export.export(parts)
        secrets = {name: _secret_of(parts, name) for name in exported.needs}
        assert not any(secret and len(secret) > 4 and secret in str(exported.files) for secret in secrets.values())
        with mock.patch.dict(os.environ, secrets):
            files = wire.ConfigFiles(files=exported.files, prune=True)
            assert told(await plan.plan(parts, ADA, files)) == []
            await plan.apply(parts, ADA, wire.ConfigFiles(files={}, prune=True))
            assert [each.slug for each in parts.workspace.sources] == ["web"]
            await plan.apply(parts, ADA, files)
            assert _seen(parts) == before
            assert told(await plan.plan(parts, ADA, files)) == []


def _seen(parts: Parts) -> Any:
    """What delivery sees of the workspace, without ids, versions and times."""
    return [
        (
            d.slug, d.name, d.definition, d.settings, d.state, d.consent, d.concurrency, d.timeout, d.retry_window,
            d.trouble, [(m.name, m.action, m.trigger, m.fields, m.enabled) for m in d.mappings],
            [(f["title"], f["if"], f["actions"], f["enabled"]) for f in d.filters], d.config and d.config.labels,
        )
        for d in sorted(parts.workspace.destinations, key=lambda each: each.slug)
    ], [(s.slug, s.name, s.write_keys, s.enabled, s.oauth) for s in parts.workspace.sources]  # fmt: skip


def _secret_of(parts: Parts, name: str) -> str:
    slug = name.removeprefix("ACTIONSD_").removesuffix("_SHAREDSECRET").lower()
    (found,) = [each for each in parts.workspace.destinations if each.slug == slug]
    return str(found.settings["sharedSecret"])
