"""Tracking plans, what sources let in, and transformations as tables that :mod:`actionsd.operate.plan` reads."""

from typing import Any

from actionsd.operate import schemas, trackingplans
from actionsd.operate.parts import Names, Parts
from actionsd.operate.shown import HASH
from actionsd.settings import writing
from actionsd.store.records import TrackingPlan, Transformation

Table = dict[str, Any]


def tables(parts: Parts) -> tuple[Table, list[str]]:
    """The tables, none that is empty, and the environment variables that the keys of hashes are to come from."""
    transformations = [_transformation(parts, each) for each in parts.workspace.transformations]
    found = {
        "tracking_plans": [_plan(each) for each in parts.workspace.plans],
        "schemas": _schemas(parts),
        "transformations": [table for table, _ in transformations],
    }
    return {name: rows for name, rows in found.items() if rows}, sorted(name for _, name in transformations if name)


def _plan(plan: TrackingPlan) -> Table:
    config = plan.config
    table: Table = {"slug": config.slug, "name": config.name, "description": config.description, "type": config.type}
    rules = [writing.json_object(trackingplans.rule_json(rule)) for rule in plan.rules]
    return table | ({"rules": rules} if rules else {})


def _schemas(parts: Parts) -> list[Table]:
    rows = []
    for source in parts.workspace.sources:
        schema = schemas.named(parts, source)
        if schema != schemas.NOTHING:
            refers = {"plan": schema.plan, "violations_to": schema.violations_to, "blocked_to": schema.blocked_to}
            named = {member: slug for member, slug in refers.items() if slug}
            rows.append({"source": source.slug, **named, "settings": schema.settings, "filters": schema.filters})
    return rows


def _transformation(parts: Parts, transformation: Transformation) -> tuple[Table, str]:
    """Its table, and the name of the variable that has the key of its hashes, or ""."""
    config, edits, name = transformation.config, dict(transformation.config.edits), ""
    hashed = edits.get(HASH)
    if isinstance(hashed, dict) and hashed.get("key"):
        name = f"ACTIONSD_TRANSFORMATION_{transformation.id}_KEY"
        edits[HASH] = hashed | {"key": f"env:{name}"}
    table = {
        "name": config.name,
        "source": Names(parts.workspace).source(transformation.source),
        "if": config.condition,
        "enabled": config.enabled,
        "edits": writing.json_object(edits),
    }
    return table | ({"definition": config.definition} if config.definition else {}), name
