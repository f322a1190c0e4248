"""Puts tracking plans, transformations and what sources let in together, from their stored rows."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from actionsd.store.changes import decode
from actionsd.store.configs import PlanConfig, RuleConfig, SchemaConfig, TransformationConfig
from actionsd.store.records import Destination, Rule, Schema, Source, TrackingPlan, Transformation
from actionsd.store.sealing import Sealer

Row = tuple[Any, ...]


def plans(
    rows: Iterable[Row], rules: Iterable[Row], before: Iterable[TrackingPlan], sealer: Sealer
) -> tuple[TrackingPlan, ...]:
    """All plans; rows of ``read_plans`` and ``read_rules``. Rules that were so ``before`` are not decoded again."""
    known = {(rule.id, rule.version): rule for plan in before for rule in plan.rules}
    of_plan = defaultdict(list)
    for id, plan, version, created_at, updated_at, body in rules:
        rule = known.get((id, version)) or _rule(id, version, body, created_at, updated_at, sealer)
        of_plan[plan].append(rule)
    made = []
    for id, version, created_at, updated_at, body in rows:
        plan = decode("tracking_plan", body, sealer)
        assert isinstance(plan, PlanConfig)
        made.append(TrackingPlan(id, version, plan, tuple(of_plan[id]), created_at, updated_at))
    return tuple(made)


def _rule(id: int, version: int, body: bytes, created_at: int, updated_at: int, sealer: Sealer) -> Rule:
    config = decode("rule", body, sealer)
    assert isinstance(config, RuleConfig)
    return Rule(id, version, config, created_at, updated_at)


def schemas(rows: Iterable[Row], sealer: Sealer) -> dict[int, Schema]:
    """What each source lets in; rows of ``read_schemas``."""
    found = {}
    for source, version, body in rows:
        schema = decode("schema", body, sealer)
        assert isinstance(schema, SchemaConfig)
        found[source] = Schema(version, schema)
    return found


def transformations(rows: Iterable[Row], sealer: Sealer) -> tuple[Transformation, ...]:
    """All transformations; rows of ``read_transformations``.

    Raises:
        ConfigError: they are sealed and no key fits.
    """
    made = []
    for id, source, version, created_at, updated_at, body in rows:
        config = decode("transformation", body, sealer)
        assert isinstance(config, TransformationConfig)
        made.append(Transformation(id, source, version, config, created_at, updated_at))
    return tuple(made)


def with_schema(source: Source, schemas: Mapping[int, Schema], all: Sequence[Transformation]) -> Source:
    """The source with what it lets in and the transformations that act on all its events."""
    own = tuple(each for each in all if each.source == source.id and not each.config.definition)
    if source.id not in schemas and not own:
        return source
    return msgspec.structs.replace(source, schema=schemas.get(source.id, source.schema), transformations=own)


def rewritten(destination: Destination, all: Sequence[Transformation]) -> Destination:
    """The destination with the transformations that act on the way to it."""
    own = [each for each in all if each.config.definition and each.source == destination.source]
    own = [each for each in own if each.config.definition == destination.definition]
    return msgspec.structs.replace(destination, transformations=tuple(own)) if own else destination
