"""What files of config as code say of tracking plans, of what sources let in, and of transformations, checked."""

from collections.abc import Collection, Mapping
from typing import Any

import msgspec

from actionsd.errors import ConfigError, NotFound
from actionsd.operate import schemas, trackingplans, transformations
from actionsd.operate.callers import Caller
from actionsd.operate.parts import Parts
from actionsd.protocols import ProtocolsError, read_filters, read_settings
from actionsd.protocols.settings import as_json
from actionsd.settings import PlanDecl, SchemaDecl, did_you_mean
from actionsd.store.configs import PlanConfig, Put, RuleConfig, SchemaConfig, TransformationConfig

Problems = list[tuple[str, str]]


def plan(declared: PlanDecl, key: str, problems: Problems) -> tuple[PlanConfig, list[RuleConfig]]:
    """A tracking plan and its rules."""
    config = PlanConfig(
        slug=declared.slug, name=declared.name or declared.slug, description=declared.description, type=declared.type
    )
    try:
        trackingplans.check(config)
        return config, trackingplans.read(declared.rules)
    except ConfigError as error:
        problems += [(key, text) for text in error.problems]
        return config, []


def schema(
    declared: SchemaDecl, key: str, sources: Collection[str], plans: Collection[str], problems: Problems
) -> schemas.NamedSchema:
    """What a source lets in; ``sources`` and ``plans`` are the slugs that there are."""
    for member, slug, known in (
        ("source", declared.source, sources),
        ("plan", declared.plan, plans),
        ("violations_to", declared.violations_to, sources),
        ("blocked_to", declared.blocked_to, sources),
    ):
        if slug and slug not in known:
            problems.append((f"{key}.{member}", f'there is none with the slug "{slug}"{did_you_mean(slug, known)}'))
    try:
        settings, filters = as_json(read_settings(declared.settings)), as_json(read_filters(declared.filters))
    except ProtocolsError as error:
        problems.append((key, str(error)))
        return schemas.NOTHING
    return schemas.NamedSchema(
        settings=schemas.without_targets(settings),
        filters=filters,
        plan=declared.plan,
        violations_to=declared.violations_to,
        blocked_to=declared.blocked_to,
    )


def transformation(
    parts: Parts, who: Caller, written: Mapping[str, Any], key: str, sources: Collection[str], problems: Problems
) -> tuple[TransformationConfig, str] | None:
    """A transformation and the slug of its source. A reference that is the key of its hashes is read now: the key
    itself is kept, sealed."""
    try:
        declared = msgspec.convert(written, _Transformation)
        if declared.source not in sources:
            text = f'there is none with the slug "{declared.source}"{did_you_mean(declared.source, sources)}'
            problems.append((f"{key}.source", text))
        config = TransformationConfig(
            name=declared.name, condition=declared.condition, edits=declared.edits, definition=declared.definition,
            enabled=declared.enabled,
        )  # fmt: skip
        return transformations.prepared(parts, who, config, _before(parts, declared)), declared.source
    except (msgspec.ValidationError, ConfigError, NotFound) as error:
        problems.append((key, str(error)))
        return None


class _Transformation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: str
    source: str
    condition: str = msgspec.field(name="if")
    edits: dict[str, Any]
    definition: str = ""
    enabled: bool = True


def put(schema: schemas.NamedSchema, source: str) -> Put:
    """The change that gives a source this schema."""
    members = {"plan": schema.plan, "violations_to": schema.violations_to, "blocked_to": schema.blocked_to}
    config = SchemaConfig(settings=schema.settings, filters=schema.filters)
    return Put(config=config, parent=source, names={member: slug for member, slug in members.items() if slug})


def _before(parts: Parts, declared: _Transformation) -> Mapping[str, Any]:
    ids = {source.slug: source.id for source in parts.workspace.sources}
    for each in parts.workspace.transformations:
        if each.source == ids.get(declared.source) and each.config.name == declared.name:
            return each.config.edits
    return {}
