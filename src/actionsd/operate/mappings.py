"""Mappings: made, edited, switched, put in order, duplicated, deleted (FEATURES F074-F078)."""

from typing import Any

import msgspec

from actionsd.check import check_mapping
from actionsd.errors import Conflict, NotFound
from actionsd.operate import configuring
from actionsd.operate.callers import Caller
from actionsd.operate.configuring import commit, refuse_declared
from actionsd.operate.parts import Parts, definition_of
from actionsd.settings import MappingDecl
from actionsd.store.configs import Change, Delete, MappingConfig, Put
from actionsd.store.records import Destination, Mapping

replace = msgspec.structs.replace


async def create(
    parts: Parts, who: Caller, destination: Destination, *, name: str, action: str, trigger: str | None = None,
    fields: dict[str, Any] | None = None, enabled: bool = False,
) -> Mapping:  # fmt: skip
    """A new mapping, the last in the list, disabled unless said otherwise. Without a trigger or fields it has those of
    its action.

    Raises:
        ConfigError: what is wrong with it.
        Conflict: its name is taken, the destination has 50 already, or the file declares it.
    """
    refuse_declared(parts, destination)
    configuring.unmasked(fields or {}, {})
    configuring.allow_references(who, "fields", fields)
    if len(destination.mappings) >= configuring.most_mappings:
        raise Conflict(f"{destination.slug} has {configuring.most_mappings} mappings already, which is the most")
    rank = max((each.config.rank for each in destination.mappings if each.config), default=-1) + 1
    config = checked(
        parts, destination, name=name, action=action, trigger=trigger, fields=fields, enabled=enabled, rank=rank
    )
    (id,) = await commit(parts, who, [Put(config=config, parent=destination.id)])
    return by_id(parts, id)[1]


async def change(parts: Parts, who: Caller, destination: Destination, mapping: Mapping, **changes: Any) -> Mapping:
    """Change some fields of :class:`MappingConfig`; fields that come back masked stay what they were.

    Raises:
        ConfigError: what is wrong with it.
        Conflict: its name is taken, or the file declares the destination.
    """
    before = _config(parts, destination, mapping)
    if "fields" in changes:
        changes["fields"] = configuring.unmasked(changes["fields"], before.fields)
        configuring.allow_references(who, "fields", changes["fields"], before.fields)
    config = checked(parts, destination, **(msgspec.structs.asdict(before) | changes))
    if config != before:
        await commit(parts, who, [Put(config=config, id=mapping.id)])
    return by_id(parts, mapping.id)[1]


async def duplicate(parts: Parts, who: Caller, destination: Destination, mapping: Mapping) -> Mapping:
    """An exact copy, disabled, named "NAME (Copy)" (FEATURES F077), or with a number where that is taken.

    Raises:
        Conflict: the destination has 50 mappings, or the file declares it.
    """
    before = _config(parts, destination, mapping)
    names = {each.name for each in destination.mappings}
    copies = (f"{mapping.name} (Copy{f' {number}' if number > 1 else ''})" for number in range(1, len(names) + 2))
    name = next(copy for copy in copies if copy not in names)
    return await create(
        parts, who, destination, name=name, action=before.action, trigger=before.trigger, fields=before.fields
    )


async def move(parts: Parts, who: Caller, destination: Destination, mapping: Mapping, place: int) -> list[Mapping]:
    """Put a mapping at ``place`` in the list, counted from 1; returns the list.

    Raises:
        Conflict: the file declares the destination.
    """
    refuse_declared(parts, destination)
    order = [each for each in destination.mappings if each.id != mapping.id]
    order.insert(max(place - 1, 0), mapping)
    changes: list[Change] = [
        Put(config=replace(each.config, rank=rank), id=each.id)
        for rank, each in enumerate(order)
        if each.config is not None and each.config.rank != rank
    ]
    await commit(parts, who, changes)
    return list(_owner(parts, mapping.id).mappings)


async def delete(parts: Parts, who: Caller, destination: Destination, mapping: Mapping) -> None:
    """Delete it; what of it waits for a retry is discarded and counted (RULES R20, FEATURES F076).

    Raises:
        Conflict: the file declares the destination.
    """
    refuse_declared(parts, destination)
    await commit(parts, who, [Delete(kind="mapping", id=mapping.id)])


def by_id(parts: Parts, id: int) -> tuple[Destination, Mapping]:
    """The mapping with this id and its destination.

    Raises:
        NotFound: there is none.
    """
    destination = _owner(parts, id)
    return destination, next(each for each in destination.mappings if each.id == id)


def checked(
    parts: Parts, destination: Destination, *, name: str, action: str, trigger: str | None,
    fields: dict[str, Any] | None, enabled: bool, rank: int = 0,
) -> MappingConfig:  # fmt: skip
    """The mapping as it would be stored. A disabled one may still lack fields that its action requires.

    Raises:
        ConfigError: what is wrong with it.
    """
    definition = definition_of(parts, destination)
    if definition is None:
        raise Conflict(f"{destination.slug} is {destination.state}")
    problems = [] if name.strip() else ["name: must not be empty"]
    declared = MappingDecl(name=name, action=action, trigger=trigger, fields=fields)
    made, found = check_mapping(definition, declared, complete=enabled)
    if enabled and configuring.has_reference(fields):
        assert fields is not None
        used = replace(declared, fields=configuring.resolved(parts, fields, "fields"))
        _, found = check_mapping(definition, used)
    configuring.refuse([*problems, *(f"{key}: {text}" for key, text in found)])
    written = definition.actions[action].default_mapping if fields is None else fields
    return MappingConfig(
        name=name, action=action, trigger=made.trigger or "", fields=written, enabled=enabled, rank=rank
    )


def _owner(parts: Parts, id: int) -> Destination:
    for destination in parts.workspace.destinations:
        if any(each.id == id for each in destination.mappings):
            return destination
    raise NotFound(f"there is no mapping {id}")


def _config(parts: Parts, destination: Destination, mapping: Mapping) -> MappingConfig:
    refuse_declared(parts, destination)
    assert mapping.config is not None
    return mapping.config
