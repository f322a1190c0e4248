"""Tracking plans, schema settings and transformations of a Segment workspace, as tables that ``apply`` takes."""

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

from actionsd.cli.http import Failed
from actionsd.cli.segment import Item, SegmentApi

Tell = Callable[[str, str], None]  # what, and what was left out of it or is to do

_edits = (
    "newEventName", "propertyRenames", "propertyValueTransformations", "fqlDefinedProperties", "allowProperties",
    "hashPropertiesConfiguration", "drop",
)  # fmt: skip


def tables(
    api: SegmentApi, catalog: Any, sources: Mapping[str, str], slug_of: Callable[[str], str], tell: Tell
) -> tuple[dict[str, list[Item]], list[str]]:
    """The tables, none that is empty, and the environment variables that they need. ``sources`` are slugs by Segment's
    id. A workspace without Protocols has no such things to read; that is told and no error."""
    try:
        plans, followed = _plans(api, slug_of, tell)
        schemas = [table for id in sources if (table := _schema(api, id, sources, followed, tell))]
        transformations, needs = _transformations(api, catalog, sources, tell)
    except Failed as error:
        tell("tracking plans and transformations", f"left out: {error}")
        return {}, []
    found = {"tracking_plans": plans, "schemas": schemas, "transformations": transformations}
    return {name: rows for name, rows in found.items() if rows}, needs


def _plans(api: SegmentApi, slug_of: Callable[[str], str], tell: Tell) -> tuple[list[Item], dict[str, str]]:
    """The plans, and the slug of the one that each source follows."""
    plans: list[Item] = []
    followed: dict[str, str] = {}
    for item in api.tracking_plans():
        name = item.get("name") or item["id"]
        slug = _free(slug_of(name), [plan["slug"] for plan in plans])
        rules = [rule for each in api.rules(item["id"]) if (rule := _rule(each, f"tracking plan {slug}", tell))]
        table = {"slug": slug, "name": name, "description": item.get("description") or "", "type": item["type"]}
        plans.append(table | ({"rules": rules} if rules else {}))
        followed |= {str(source["id"]): slug for source in api.followers(item["id"])}
    return plans, followed


def _rule(item: Item, plan: str, tell: Tell) -> Any:
    from actionsd.protocols import ProtocolsError, compile_plan
    from actionsd.settings import writing

    rule = {key: item[key] for key in ("type", "key", "version", "jsonSchema") if item.get(key) is not None}
    try:
        compile_plan([rule])
    except ProtocolsError as error:
        problem = str(error).removeprefix("rules[0].").removeprefix("rules[0]: ")
        tell(f"{plan}, rule {item.get('key') or item.get('type')}", f"left out: {problem}")
        return None
    return writing.json_object(rule)


def _schema(
    api: SegmentApi, id: str, sources: Mapping[str, str], followed: Mapping[str, str], tell: Tell
) -> Item | None:
    """What a source lets in, where that is not everything."""
    given = api.schema_settings(id)
    table: Item = {}
    if settings := _settings(given, sources[id], tell):
        table["settings"] = settings
    for key, member in (("forwardingViolationsTo", "violations_to"), ("forwardingBlockedEventsTo", "blocked_to")):
        target = str(given.get(key) or "")
        if target in sources:
            table[member] = sources[target]
        elif target:
            what = f"violations or blocked events of {sources[id]}"
            tell(what, "not forwarded: to a source that is not among the sources")
    if id in followed:
        table["plan"] = followed[id]
    return {"source": sources[id], **table} if table else None


def _settings(given: Item, source: str, tell: Tell) -> Item:
    """The settings, where they are not those that let everything in."""
    from actionsd.protocols import ProtocolsError, SchemaSettings, read_settings

    own = {key: given[key] for key in ("track", "identify", "group") if given.get(key)}
    try:
        return {} if read_settings(own) == SchemaSettings() else own
    except ProtocolsError as error:
        tell(f"schema settings of {source}", f"left out: {error}")
        return {}


def _free(slug: str, taken: Collection[str]) -> str:
    number, free = 1, slug
    while free in taken:
        number += 1
        free = f"{slug}-{number}"
    return free


def _transformations(
    api: SegmentApi, catalog: Any, sources: Mapping[str, str], tell: Tell
) -> tuple[list[Item], list[str]]:
    from actionsd.protocols import ProtocolsError, compile_transformations
    from actionsd.settings import writing

    rows, needs = [], []
    for item in api.transformations():
        name, source = item.get("name") or item["id"], sources.get(str(item.get("sourceId")))
        edits = {key: item[key] for key in _edits if item.get(key)}
        problem = "" if source else "its source is not among the sources"
        try:
            compile_transformations([{"if": item.get("if") or "", **edits}])
        except ProtocolsError as error:
            problem = problem or str(error).removeprefix("transformations[0]: ")
        definition = _definition(catalog, item.get("destinationMetadataId"))
        if definition is None:
            problem = problem or f"no plugin for {item.get('destinationMetadataId')} is installed"
        if problem:
            tell(f"transformation {name}", f"left out: {problem}")
            continue
        needs += _hide_key(edits, name, tell)
        row = {"name": name, "source": source, "if": item["if"], "enabled": bool(item.get("enabled"))}
        rows.append(row | {"edits": writing.json_object(edits)} | ({"definition": definition} if definition else {}))
    return rows, needs


def _definition(catalog: Any, key: str | None) -> str | None:
    """The slug of a definition, "" where none is meant, None where none is installed."""
    try:
        return str(catalog.find(key).slug) if key else ""
    except LookupError:
        return None


def _hide_key(edits: Item, name: str, tell: Tell) -> list[str]:
    """The key of hashes is secret, so that no file holds it: it comes from the environment."""
    hashed = edits.get("hashPropertiesConfiguration") or {}
    if not hashed.get("key"):
        return []
    variable = re.sub(r"[^A-Z0-9]+", "_", f"ACTIONSD_{name}_KEY".upper())
    edits["hashPropertiesConfiguration"] = {**hashed, "key": f"env:{variable}"}
    tell(f"transformation {name}", f"set {variable} for the daemon to the key of its hashes")
    return [variable]
