"""Config as code: what files would change here, and to change it in one transaction (RULES C13).

Only what is configured here is compared, never what actionsd.toml declares. An object is found again by its slug, a
mapping by its name, a filter by its title.
"""

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence
from typing import NamedTuple, TypeVar, cast

import msgspec

from actionsd import settings, wire
from actionsd.errors import ConfigError, Conflict
from actionsd.operate import configuring, described, describedplans, filters, schemas
from actionsd.operate.callers import Caller
from actionsd.operate.comparing import differences
from actionsd.operate.described import Config, Key, Wanted
from actionsd.operate.parts import Names, Parts
from actionsd.operate.schemas import NamedSchema
from actionsd.store.configs import Change, Delete, DestinationConfig, Kind, MappingConfig, Put

T = TypeVar("T")


class Present(NamedTuple):
    """An object as it is here."""

    id: int
    config: Config


async def plan(parts: Parts, who: Caller, request: wire.ConfigFiles) -> wire.ConfigPlan:
    """What the files would change.

    Raises:
        ConfigError: every problem of every file, with its line.
        Forbidden: a reference is new and ``who`` is no admin.
    """
    return _Plan(parts, who, request).shown()


async def apply(parts: Parts, who: Caller, request: wire.ConfigFiles) -> wire.ConfigPlan:
    """Make it so, all or nothing; returns what was changed.

    Raises:
        ConfigError: every problem of every file, with its line; nothing is changed then.
        Conflict: something was changed since the plan with ``request.version``.
        Forbidden: a reference is new and ``who`` is no admin.
    """
    if request.version not in (None, parts.workspace.version):
        raise Conflict("something was changed here since the plan; look at a new one")
    planned = _Plan(parts, who, request)
    if changes := planned.changes():
        await configuring.commit(parts, who, changes)
    return planned.shown()


class _Plan:
    """The files of one request against the workspace."""

    def __init__(self, parts: Parts, who: Caller, request: wire.ConfigFiles) -> None:
        self._parts = parts
        self._version = parts.workspace.version
        wanted = described.wanted(parts, who, settings.load_objects(request.files))
        self._wanted = dict(_distinct((each.key, each) for each in _in_order(wanted)))
        self._here = _ranked(dict(_distinct(_present(parts))), self._wanted)
        extra = [key for key in self._here if key not in self._wanted]
        self._extra = [] if request.prune else extra
        self._gone = extra if request.prune else []

    def shown(self) -> wire.ConfigPlan:
        """The plan for people."""
        items = [self._item(key, wanted.config) for key, wanted in self._wanted.items() if self._differs(key)]
        items += [self._item(key, None) for key in self._gone]
        return wire.ConfigPlan(version=self._version, items=items, extra=[str(key) for key in self._extra])

    def changes(self) -> list[Change]:
        """The plan for the store: first what frees names, last the sources that nothing belongs to any more."""
        gone = [Delete(kind=key.kind, id=self._here[key].id) for key in self._gone if self._goes_alone(key)]
        puts: list[Change] = [self._put(key, wanted) for key, wanted in self._wanted.items() if self._differs(key)]
        first = [each for each in gone if each.kind != "source"]
        return [*first, *puts, *(each for each in gone if each.kind == "source")]

    def _put(self, key: Key, wanted: Wanted) -> Put:
        if isinstance(wanted.config, NamedSchema):
            return describedplans.put(wanted.config, wanted.parent)
        here = self._here.get(key)
        return Put(config=wanted.config, id=here.id if here else 0, parent=wanted.parent)

    def _goes_alone(self, key: Key) -> bool:
        """Whether it does not go with its destination or plan anyway."""
        owner = _OWNERS.get(key.kind)
        return owner is None or Key(owner, "", key.owner) not in self._gone

    def _differs(self, key: Key) -> bool:
        here, wanted = self._here.get(key), self._wanted[key].config
        if here is None:
            return wanted != schemas.NOTHING
        return not _same(self._parts, here.config, wanted)

    def _item(self, key: Key, after: Config | None) -> wire.PlanItem:
        here = self._here.get(key)
        verb = "remove" if after is None else "add" if here is None else "change"
        definition = self._definition(key.owner)
        changed = differences(self._parts.catalog, here.config if here else None, after, definition)
        return wire.PlanItem(verb=verb, kind=key.kind, name=str(key), changed=changed)

    def _definition(self, destination: str) -> str:
        key = Key("destination", "", destination)
        found = self._wanted.get(key) or self._here.get(key)
        return found.config.definition if found and isinstance(found.config, DestinationConfig) else ""


_OWNERS: dict[str, Kind] = {"mapping": "destination", "filter": "destination", "rule": "tracking_plan"}


def _present(parts: Parts) -> Iterator[tuple[Key, Present]]:
    """What is configured here, in the order in which it is removed."""
    yield from _present_protocols(parts)
    for destination in parts.workspace.destinations:
        if destination.declared or destination.config is None:
            continue
        for mapping in destination.mappings:
            assert mapping.config is not None
            yield Key("mapping", destination.slug, mapping.name), Present(mapping.id, mapping.config)
        for filter in destination.filters:
            kept = filters.config_of(filter)
            yield Key("filter", destination.slug, kept.title), Present(cast(int, filter["id"]), kept)
        yield Key("destination", "", destination.slug), Present(destination.id, destination.config)
    for source in parts.workspace.sources:
        if not source.declared and source.config is not None:
            yield Key("source", "", source.slug), Present(source.id, source.config)


def _present_protocols(parts: Parts) -> Iterator[tuple[Key, Present]]:
    """What sources let in, transformations and tracking plans: those of declared sources, too (F148-F154)."""
    for source in parts.workspace.sources:
        if (schema := schemas.named(parts, source)) != schemas.NOTHING:
            yield Wanted(schema, source.slug).key, Present(source.id, schema)
    names = Names(parts.workspace)
    for made in parts.workspace.transformations:
        yield Wanted(made.config, names.source(made.source)).key, Present(made.id, made.config)
    for plan in parts.workspace.plans:
        for rule in plan.rules:
            yield Wanted(rule.config, plan.config.slug).key, Present(rule.id, rule.config)
        yield Wanted(plan.config).key, Present(plan.id, plan.config)


def _distinct(found: Iterable[tuple[Key, T]]) -> Iterator[tuple[Key, T]]:
    """The pairs under keys that are all different: filters may share a title, so the second has a number."""
    seen: Counter[Key] = Counter()
    for key, each in found:
        seen[key] += 1
        yield key if seen[key] == 1 else key._replace(name=f"{key.name} ({seen[key]})"), each


def _ranked(here: dict[Key, Present], wanted: Container[Key]) -> dict[Key, Present]:
    """What is here, its mappings numbered among those that the files have: only another order is a change."""
    places: Counter[str] = Counter()
    for key, present in here.items():
        if isinstance(present.config, MappingConfig) and key in wanted:
            here[key] = present._replace(config=msgspec.structs.replace(present.config, rank=places[key.owner]))
            places[key.owner] += 1
    return here


def _in_order(wanted: Sequence[Wanted]) -> list[Wanted]:
    """Sources, destinations, then what belongs or refers to them."""
    order = ("source", "destination", "mapping", "filter", "tracking_plan", "rule", "transformation", "schema")
    return sorted(wanted, key=lambda each: order.index(each.key.kind))


def _same(parts: Parts, here: Config, wanted: Config) -> bool:
    """Whether two configs do the same: equal as written, or as their references resolve."""
    return here == wanted or _in_use(parts, here) == _in_use(parts, wanted)


def _in_use(parts: Parts, config: Config) -> Config | None:
    try:
        if isinstance(config, DestinationConfig):
            return msgspec.structs.replace(config, settings=configuring.resolved(parts, config.settings, ""))
        if isinstance(config, MappingConfig):
            return msgspec.structs.replace(config, fields=configuring.resolved(parts, config.fields, ""))
    except ConfigError:
        pass  # what does not resolve is only the same when it is written the same
    return config
