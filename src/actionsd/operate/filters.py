"""Destination filters: made, changed, deleted, tried (FEATURES F129-F142)."""

from typing import Any

import msgspec

from actionsd.check import filter_problems
from actionsd.errors import ConfigError, Conflict, NotFound
from actionsd.filters import compile_filters
from actionsd.operate import configuring
from actionsd.operate.callers import Caller
from actionsd.operate.configuring import commit, refuse_declared
from actionsd.operate.parts import Parts
from actionsd.store.configs import Delete, FilterConfig, Put
from actionsd.store.records import Destination

Filter = dict[str, Any]  # id, title, if, actions, enabled, description, createdAt, updatedAt (milliseconds)


async def create(parts: Parts, who: Caller, destination: Destination, config: FilterConfig) -> Filter:
    """A new filter; those of a destination are applied in a fixed order of their actions (F130).

    Raises:
        ConfigError: what is wrong with it.
        Conflict: the destination has 10 already, or the file declares it.
    """
    refuse_declared(parts, destination)
    if len(destination.filters) >= configuring.most_filters:
        raise Conflict(f"{destination.slug} has {configuring.most_filters} filters already, which is the most")
    check(config)
    (id,) = await commit(parts, who, [Put(config=config, parent=destination.id)])
    return by_id(parts, id)[1]


async def change(parts: Parts, who: Caller, destination: Destination, filter: Filter, **changes: Any) -> Filter:
    """Change some fields of :class:`FilterConfig`.

    Raises:
        ConfigError: what is wrong with it.
        Conflict: the file declares the destination.
    """
    refuse_declared(parts, destination)
    before = config_of(filter)
    config = msgspec.structs.replace(before, **changes)
    check(config)
    if config != before:
        await commit(parts, who, [Put(config=config, id=filter["id"])])
    return by_id(parts, filter["id"])[1]


async def delete(parts: Parts, who: Caller, destination: Destination, filter: Filter) -> None:
    """Delete it; it applies to no event any more.

    Raises:
        Conflict: the file declares the destination.
    """
    refuse_declared(parts, destination)
    await commit(parts, who, [Delete(kind="filter", id=filter["id"])])


def config_of(filter: Filter) -> FilterConfig:
    """What was stored of a filter."""
    return msgspec.convert({key: filter[key] for key in filter.keys() & _keys}, FilterConfig)


def of(destination: Destination, id: int) -> Filter:
    """A filter of this destination.

    Raises:
        NotFound: it has none with this id.
    """
    for filter in destination.filters:
        if filter.get("id") == id:
            return filter
    raise NotFound(f"{destination.slug} has no filter {id}")


def by_id(parts: Parts, id: int) -> tuple[Destination, Filter]:
    """The filter with this id and its destination.

    Raises:
        NotFound: there is none.
    """
    for destination in parts.workspace.destinations:
        for filter in destination.filters:
            if filter.get("id") == id:
                return destination, filter
    raise NotFound(f"there is no filter {id}")


def preview(filter: dict[str, Any], event: dict[str, Any]) -> dict[str, Any] | None:
    """The event as a filter, ``{"if", "actions"}``, lets it pass, or None (F142).

    Raises:
        ConfigError: what is wrong with the filter.
    """
    configuring.refuse(list(filter_problems(filter)))
    return compile_filters([filter])(event)


def check(config: FilterConfig) -> None:
    """Raises:
    ConfigError: what is wrong with it.
    """
    problems = []
    if not 0 < len(config.title.strip()) <= configuring.most_title:
        problems.append(f"title: from 1 to {configuring.most_title} characters, got {len(config.title)}")
    if not config.actions:
        problems.append("actions: expected at least one of DROP, SAMPLE, ALLOW_PROPERTIES, DROP_PROPERTIES")
    problems += filter_problems({"if": config.condition, "actions": list(config.actions)})
    if problems:
        raise ConfigError(*problems)


_keys = {"title", "if", "actions", "enabled", "description"}
