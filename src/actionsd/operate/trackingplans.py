"""Tracking plans: made, changed, deleted, their rules, and which sources follow them (FEATURES F149, F153)."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from actionsd.errors import ConfigError, Conflict, NotFound
from actionsd.operate import schemas
from actionsd.operate.callers import Caller
from actionsd.operate.configuring import commit, refuse, slug_from
from actionsd.operate.parts import Parts
from actionsd.protocols import ProtocolsError
from actionsd.protocols.plan import MAX_RULES, read_rules
from actionsd.protocols.schemas import compile_schema
from actionsd.settings import did_you_mean
from actionsd.store.configs import Change, Delete, PlanConfig, Put, RuleConfig
from actionsd.store.records import Rule, Source, TrackingPlan

TYPES = ("ENGAGE", "LIVE", "PROPERTY_LIBRARY", "RULE_LIBRARY", "TEMPLATE")
"""The types of tracking plans that the Public API knows; all act alike here."""

Key = tuple[str, str, int]  # what a rule is known by: type, key and version


async def create(
    parts: Parts, who: Caller, config: PlanConfig, rules: Sequence[Mapping[str, Any]] = ()
) -> TrackingPlan:
    """A new tracking plan with ``rules`` in the Public API's form; without a slug it gets one from its name.

    Raises:
        ConfigError: what is wrong with it, or with a rule.
        Conflict: its slug is taken.
    """
    taken = [plan.config.slug for plan in parts.workspace.plans]
    config = msgspec.structs.replace(config, slug=config.slug or slug_from(config.name, taken))
    check(config)
    checked = read(rules)
    id, *_ = await commit(parts, who, [Put(config=config), *(Put(config=rule, parent=config.slug) for rule in checked)])
    return by_id(parts, id)


async def change(parts: Parts, who: Caller, plan: TrackingPlan, **changes: Any) -> TrackingPlan:
    """Change some fields of :class:`PlanConfig`.

    Raises:
        ConfigError: what is wrong with it.
    """
    config = msgspec.structs.replace(plan.config, **changes)
    check(config)
    if config != plan.config:
        await commit(parts, who, [Put(config=config, id=plan.id)])
    return by_id(parts, plan.id)


async def delete(parts: Parts, who: Caller, plan: TrackingPlan) -> None:
    """Delete it with its rules; the sources that followed it let everything in but for their schema filters."""
    freed: list[Change] = [
        Put(config=msgspec.structs.replace(source.schema.config, plan=0), id=source.id)
        for source in followers(parts, plan)
    ]
    await commit(parts, who, [*freed, Delete(kind="tracking_plan", id=plan.id)])


async def upsert_rules(parts: Parts, who: Caller, plan: TrackingPlan, rules: Sequence[Mapping[str, Any]]) -> None:
    """Add rules, or change those of the same type, key and version; ``newKey`` renames one.

    Raises:
        ConfigError: what is wrong with a rule, or there would be too many.
        Conflict: a new key is taken.
    """
    known = _by_key(plan)
    changes: list[Change] = []
    for rule, given in zip(read(rules), rules, strict=True):
        old = known.get(_key(rule))
        renamed = msgspec.structs.replace(rule, key=_new_key(rule, given.get("newKey")))
        if old is None:
            changes.append(Put(config=renamed, parent=plan.id))
        elif old.config != renamed:
            changes.append(Put(config=renamed, id=old.id))
    added = sum(not change.id for change in changes if isinstance(change, Put))
    _check_count(len(plan.rules) + added)
    if changes:
        await commit(parts, who, changes)


async def replace_rules(parts: Parts, who: Caller, plan: TrackingPlan, rules: Sequence[Mapping[str, Any]]) -> None:
    """Make these all the rules of a plan; those that stay keep their ids and history.

    Raises:
        ConfigError: what is wrong with a rule.
    """
    known = _by_key(plan)
    wanted = {_key(rule): rule for rule in read(rules)}
    changes: list[Change] = [Delete(kind="rule", id=rule.id) for key, rule in known.items() if key not in wanted]
    for key, rule in wanted.items():
        old = known.get(key)
        if old is None:
            changes.append(Put(config=rule, parent=plan.id))
        elif old.config != rule:
            changes.append(Put(config=rule, id=old.id))
    if changes:
        await commit(parts, who, changes)


async def remove_rules(parts: Parts, who: Caller, plan: TrackingPlan, keys: Sequence[Key]) -> None:
    """Delete rules by type, key and version.

    Raises:
        NotFound: the plan has no such rule; then none is deleted.
    """
    known = _by_key(plan)
    for key in keys:
        if key not in known:
            raise NotFound(f"plan {plan.config.slug} has no rule of type {key[0]}, key {key[1]!r}, version {key[2]}")
    await commit(parts, who, [Delete(kind="rule", id=known[key].id) for key in dict.fromkeys(keys)])


async def connect(parts: Parts, who: Caller, plan: TrackingPlan, source: Source) -> None:
    """Let a source follow a plan; a source follows one at most.

    Raises:
        Conflict: it follows another.
    """
    current = source.schema.config.plan
    other = next((each for each in parts.workspace.plans if each.id == current), None)
    if other is not None and other.id != plan.id:
        raise Conflict(f"source {source.slug} follows tracking plan {other.config.slug}; disconnect it first")
    if other is None:
        await commit(
            parts, who, [Put(config=msgspec.structs.replace(source.schema.config, plan=plan.id), id=source.id)]
        )


async def disconnect(parts: Parts, who: Caller, plan: TrackingPlan, source: Source) -> None:
    """Let a source follow a plan no more.

    Raises:
        NotFound: it does not follow it.
    """
    if source.schema.config.plan != plan.id:
        raise NotFound(f"source {source.slug} does not follow tracking plan {plan.config.slug}")
    await schemas.put(parts, who, source, msgspec.structs.replace(source.schema.config, plan=0))


def followers(parts: Parts, plan: TrackingPlan) -> list[Source]:
    """The sources that follow a plan."""
    return [source for source in parts.workspace.sources if source.schema.config.plan == plan.id]


def by_id(parts: Parts, id: int) -> TrackingPlan:
    """The plan with this id.

    Raises:
        NotFound: there is none.
    """
    for plan in parts.workspace.plans:
        if plan.id == id:
            return plan
    raise NotFound(f"there is no tracking plan {id}")


def by_slug(parts: Parts, slug: str) -> TrackingPlan:
    """The plan with this slug.

    Raises:
        NotFound: there is none; the text names the nearest.
    """
    for plan in parts.workspace.plans:
        if plan.config.slug == slug:
            return plan
    known = (plan.config.slug for plan in parts.workspace.plans)
    raise NotFound(f'no tracking plan "{slug}"{did_you_mean(slug, known)}')


def rule_json(rule: Rule) -> dict[str, Any]:
    """A rule in the Public API's form, without its times."""
    config = rule.config
    key = {"key": config.key} if config.key else {}
    return {"type": config.type, **key, "jsonSchema": config.schema, "version": config.version}


def check(config: PlanConfig) -> None:
    """Raises:
    ConfigError: what is wrong with a plan, but for its rules.
    """
    problems = [] if config.name.strip() else ["name: expected a text, got none"]
    if config.type not in TYPES:
        problems.append(f"type: expected one of {', '.join(TYPES)}, got {config.type!r}")
    refuse(problems)


def read(rules: Sequence[Mapping[str, Any]]) -> list[RuleConfig]:
    """Rules in the Public API's form, checked and their schemas compiled once.

    Raises:
        ConfigError: what is wrong with one.
    """
    try:
        found = read_rules(rules)
        for index, rule in enumerate(found):
            place = f"rules[{index}].jsonSchema"
            compile_schema(rule.schema)
    except ProtocolsError as error:
        text = str(error)
        raise ConfigError(text if text.startswith("rules") else f"{place}: {text}") from None
    return [RuleConfig(type=rule.type, key=rule.key, version=rule.version, schema=rule.schema) for rule in found]


def _new_key(rule: RuleConfig, key: object) -> str:
    if key is None:
        return rule.key
    if not isinstance(key, str) or not key:
        raise ConfigError(f"rules: newKey: expected a text, got {key!r}")
    return key


def _check_count(rules: int) -> None:
    if rules > MAX_RULES:
        raise ConfigError(f"rules: a plan has at most {MAX_RULES}, this one would have {rules}")


def _by_key(plan: TrackingPlan) -> dict[Key, Rule]:
    return {_key(rule.config): rule for rule in plan.rules}


def _key(rule: RuleConfig) -> Key:
    return rule.type, rule.key, rule.version
