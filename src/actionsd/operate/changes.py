"""A destination before and after a change that is not made yet, or that was made once."""

from typing import Any, NamedTuple

import msgspec

from actionsd import wire
from actionsd.check import filter_problems
from actionsd.errors import ConfigError, Conflict, NotFound
from actionsd.operate import configuring, filters
from actionsd.operate.callers import Caller
from actionsd.operate.drafts import draft
from actionsd.operate.history import before_and_after
from actionsd.operate.parts import Parts, find_destination, find_mapping
from actionsd.store.configs import Config, DestinationConfig, FilterConfig, MappingConfig, Version
from actionsd.store.records import Destination, Mapping

replace = msgspec.structs.replace


class Pair(NamedTuple):
    """Two versions of a destination; what the change does not touch is left out of both where it can be."""

    before: Destination
    after: Destination


def proposed(parts: Parts, who: Caller, wanted: wire.PreviewRequest) -> Pair:
    """The destination as it is and as a request would have it.

    Raises:
        NotFound: no such destination, mapping or filter.
        Conflict: the destination cannot work.
        Forbidden: the edit has a reference that this caller may not write.
        ConfigError: what is wrong with the edit.
    """
    destination = find_destination(parts.workspace, wanted.destination)
    of_a_filter = wanted.filter is not None or bool(wanted.filter_id)
    if of_a_filter and (wanted.mapping or wanted.action):
        raise ConfigError("preview one change: of a mapping, or of a filter")
    if of_a_filter:
        return Pair(destination, replace(destination, filters=_filters(destination, wanted)))
    after = draft(
        parts, who, destination, mapping=wanted.mapping, action=wanted.action, trigger=wanted.trigger,
        fields=wanted.fields,
    )  # fmt: skip
    saved = [replace(find_mapping(destination, wanted.mapping), enabled=True)] if wanted.mapping else []
    return Pair(replace(destination, mappings=tuple(saved)), replace(destination, mappings=(after,)))


async def past(parts: Parts, change: int) -> Pair:
    """The destination before and after a change of the history, in all else as it is now.

    Raises:
        NotFound: there is no such change, or its destination is gone.
        Conflict: it is a change of something else.
        ConfigError: a reference of then does not resolve.
    """
    version, *sides = await before_and_after(parts, change)
    kind, owner = version.kind, version.object if version.kind == "destination" else version.parent
    destination = next((each for each in parts.workspace.destinations if each.id == owner), None)
    if kind not in ("destination", "mapping", "filter"):
        raise Conflict(f"change {change} is of a {kind}; expected one of a destination, mapping or filter")
    if destination is None:
        raise NotFound(f"the destination of change {change} is gone")
    switched = len({each.enabled for each in sides if isinstance(each, MappingConfig)}) > 1
    if kind == "mapping" and not switched:
        sides = [replace(each, enabled=True) if isinstance(each, MappingConfig) else None for each in sides]
    return Pair(*(_with(parts, destination, version, config) for config in sides))


def _with(parts: Parts, destination: Destination, version: Version, config: Config | None) -> Destination:
    """The destination with an object as it was, or without it."""
    if version.kind == "filter":
        others = _others(destination, version.object)
        if not isinstance(config, FilterConfig):
            return replace(destination, filters=others)
        made = {**msgspec.to_builtins(config), "enabled": config.enabled, "id": version.object}
        return replace(destination, filters=(*others, made))
    if isinstance(config, DestinationConfig):
        settings = configuring.resolved(parts, config.settings, "settings")
        return replace(destination, settings=settings, consent=config.consent, config=config)
    mappings = (_mapping(parts, version.object, config),) if isinstance(config, MappingConfig) else ()
    return replace(destination, mappings=mappings)


def _mapping(parts: Parts, id: int, config: MappingConfig) -> Mapping:
    return Mapping(
        id=id,
        name=config.name,
        action=config.action,
        trigger=config.trigger,
        fields=configuring.resolved(parts, config.fields, "fields"),
        enabled=config.enabled,
        start=0,
        version=0,
        config=config,
    )


def _filters(destination: Destination, wanted: wire.PreviewRequest) -> tuple[dict[str, Any], ...]:
    if wanted.filter_id:
        filters.of(destination, wanted.filter_id)
    others = _others(destination, wanted.filter_id)
    if wanted.filter is None:
        return others
    made: dict[str, Any] = {"if": wanted.filter.condition, "actions": list(wanted.filter.actions)}
    configuring.refuse([f"filter: {problem}" for problem in filter_problems(made)])
    return (*others, made | {"id": wanted.filter_id or "preview", "enabled": wanted.filter.enabled})


def _others(destination: Destination, id: int) -> tuple[dict[str, Any], ...]:
    return tuple(each for each in destination.filters if each.get("id") != id or not id)
