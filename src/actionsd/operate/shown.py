"""What is configured, fit to be shown: secrets masked, references as they were written."""

from typing import Any

from actionsd import wire
from actionsd.catalog import Catalog
from actionsd.operate import schemas, trackingplans
from actionsd.operate.parts import Names, Parts
from actionsd.sdk.payload import MASK, masked
from actionsd.store.records import Destination, Mapping, Source, TrackingPlan, Transformation

HASH = "hashPropertiesConfiguration"  # of a transformation; its ``key`` is secret


def source(source: Source) -> wire.SourceDetail:
    """A source; its write keys are no secrets, browsers carry them."""
    return wire.SourceDetail(
        slug=source.slug,
        name=source.name,
        write_keys=list(source.write_keys),
        enabled=source.enabled,
        declared=source.declared,
        version=source.version,
        oauth=source.oauth,
    )


def destination(parts: Parts, destination: Destination) -> wire.DestinationDetail:
    """A destination with its mappings and filters."""
    written = destination.config.settings if destination.config else destination.settings
    return wire.DestinationDetail(
        slug=destination.slug,
        name=destination.name,
        source=Names(parts.workspace).source(destination.source),
        definition=destination.definition,
        state=destination.state,
        declared=destination.declared,
        settings=settings(parts.catalog, destination.definition, written),
        consent=list(destination.consent),
        concurrency=destination.concurrency,
        rate_limit=destination.rate_limit,
        timeout=destination.timeout,
        retry_window=destination.retry_window,
        mappings=[mapping(parts, destination, each) for each in destination.mappings],
        filters=[filter(each) for each in destination.filters],
        version=destination.version,
        trouble=destination.trouble,
    )


def mapping(parts: Parts, destination: Destination, mapping: Mapping) -> wire.MappingDetail:
    """A mapping; the fields that its action calls secret are masked (DESIGN.md I6)."""
    written = mapping.config.fields if mapping.config else mapping.fields
    return wire.MappingDetail(
        name=mapping.name,
        action=mapping.action,
        trigger=mapping.trigger,
        fields=fields(parts.catalog, destination.definition, mapping.action, written),
        enabled=mapping.enabled,
        version=mapping.version,
    )


def filter(filter: dict[str, Any]) -> wire.FilterDetail:
    """A filter; one that the file declares has no id."""
    return wire.FilterDetail(
        id=filter.get("id") if isinstance(filter.get("id"), int) else None,
        title=str(filter.get("title", "")),
        condition=str(filter.get("if", "")),
        actions=list(filter.get("actions", ())),
        enabled=bool(filter.get("enabled", True)),
        description=str(filter.get("description", "")),
    )


def plan_status(parts: Parts, plan: TrackingPlan) -> wire.PlanStatus:
    """A tracking plan as lists have it."""
    changed = max([plan.updated_at, *(rule.updated_at for rule in plan.rules)])
    return wire.PlanStatus(
        slug=plan.config.slug,
        name=plan.config.name,
        type=plan.config.type,
        rules=len(plan.rules),
        sources=[source.slug for source in trackingplans.followers(parts, plan)],
        updated_at=wire.moment(changed),
    )


def plan(parts: Parts, plan: TrackingPlan) -> wire.PlanDetail:
    """A tracking plan with its rules."""
    return wire.PlanDetail(
        slug=plan.config.slug,
        name=plan.config.name,
        description=plan.config.description,
        type=plan.config.type,
        rules=[trackingplans.rule_json(rule) for rule in plan.rules],
        sources=[source.slug for source in trackingplans.followers(parts, plan)],
    )


def schema(parts: Parts, source: Source) -> wire.SourceSchema:
    """What a source lets in."""
    found = schemas.named(parts, source)
    return wire.SourceSchema(
        source=source.slug,
        plan=found.plan,
        violations_to=found.violations_to,
        blocked_to=found.blocked_to,
        settings=found.settings,
        filters=found.filters,
    )


def transformation(parts: Parts, transformation: Transformation) -> wire.TransformationDetail:
    """A transformation."""
    config = transformation.config
    return wire.TransformationDetail(
        id=transformation.id,
        name=config.name,
        source=Names(parts.workspace).source(transformation.source),
        definition=config.definition,
        enabled=config.enabled,
        condition=config.condition,
        edits=edits(config.edits),
    )


def settings(catalog: Catalog, definition: str, settings: dict[str, Any]) -> dict[str, Any]:
    """Settings; of a definition that is not installed nobody knows what is secret, so all is masked."""
    found = catalog.definitions.get(definition)
    if found is None:
        return dict.fromkeys(settings, MASK)
    shown = masked(settings, found.settings)
    return shown | {"oauth": MASK} if shown.get("oauth") else shown


def fields(catalog: Catalog, definition: str, action: str, fields: dict[str, Any]) -> dict[str, Any]:
    """The fields of a mapping, masked as :func:`settings` are."""
    found = catalog.definitions.get(definition)
    offered = found.actions.get(action) if found else None
    return masked(fields, offered.payload) if offered else dict.fromkeys(fields, MASK)


def edits(edits: dict[str, Any]) -> dict[str, Any]:
    """What a transformation does, fit to be shown: the key of its hashes is secret."""
    hashed = edits.get(HASH)
    if not isinstance(hashed, dict) or not hashed.get("key"):
        return edits
    return edits | {HASH: hashed | {"key": MASK}}
