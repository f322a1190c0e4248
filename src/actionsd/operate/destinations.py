"""Destinations: made from a definition and connected to a source, changed, deleted (FEATURES F047-F050)."""

from typing import Any

import msgspec

from actionsd.check import settings_problems
from actionsd.errors import NotFound
from actionsd.operate import configuring
from actionsd.operate.callers import Caller
from actionsd.operate.configuring import check_slug, commit, free, refuse, refuse_declared, slug_from
from actionsd.operate.parts import Parts
from actionsd.sdk import Definition, Preset
from actionsd.store.configs import Change, Delete, DestinationConfig, MappingConfig, Put
from actionsd.store.records import Destination, Source

_limits = ("concurrency", "rate_limit", "timeout", "retry_window")


async def create(
    parts: Parts, who: Caller, source: Source, config: DestinationConfig, *, with_presets: bool = False
) -> Destination:
    """A new destination of ``source``; without a name it has its definition's, without a slug one made of that.
    ``with_presets``: the definition's automatic presets become its mappings, disabled (FEATURES F066, F074).

    Raises:
        ConfigError: what is wrong with it.
        Conflict: its slug is taken.
    """
    configuring.unmasked(config.settings, {})
    configuring.allow_references(who, "settings", config.settings)
    definition = _definition(parts, config.definition)
    slugs = {destination.slug for destination in parts.workspace.destinations}
    names = {destination.name for destination in parts.workspace.destinations if destination.source == source.id}
    config = msgspec.structs.replace(
        config,
        definition=definition.slug,
        name=config.name or free(definition.name, names, " "),
        slug=config.slug or slug_from(config.name or definition.slug, slugs),
    )
    _check(parts, definition, config, source.id, id=0)
    mappings: list[Change] = [
        Put(config=mapping_of(definition, preset, rank), parent=config.slug)
        for rank, preset in enumerate(definition.presets if with_presets else ())
        if preset.type == "automatic"
    ]
    id, *_ = await commit(parts, who, [Put(config=config, parent=source.id), *mappings])
    return by_id(parts, id)


async def change(parts: Parts, who: Caller, destination: Destination, **changes: Any) -> Destination:
    """Change some fields of :class:`DestinationConfig`; settings that come back masked stay what they were.

    Raises:
        ConfigError: what is wrong with it.
        Conflict: the file declares it, or its slug is taken.
    """
    refuse_declared(parts, destination)
    before = destination.config
    assert before is not None
    if "settings" in changes:
        changes["settings"] = configuring.unmasked(changes["settings"], before.settings)
        configuring.allow_references(who, "settings", changes["settings"], before.settings)
    config = msgspec.structs.replace(before, **changes)
    _check(parts, _definition(parts, config.definition), config, destination.source, destination.id)
    if config != before:
        await commit(parts, who, [Put(config=config, id=destination.id)])
    return by_id(parts, destination.id)


async def delete(parts: Parts, who: Caller, destination: Destination) -> None:
    """Delete it with its mappings and filters. What it has not delivered becomes final dead letters and a counted range
    (RULES R18); :func:`actionsd.operate.history.restore` brings it back, from then on.

    Raises:
        Conflict: the file declares it.
    """
    refuse_declared(parts, destination)
    await commit(parts, who, [Delete(kind="destination", id=destination.id)])


def mapping_of(definition: Definition[Any], preset: Preset, rank: int = 0) -> MappingConfig:
    """The mapping that a preset offers, disabled."""
    action = definition.actions[preset.action]
    fields = action.default_mapping if preset.mapping is None else dict(preset.mapping)
    trigger = preset.trigger or action.trigger
    return MappingConfig(name=preset.name, action=action.slug, trigger=trigger, fields=fields, rank=rank)


def by_id(parts: Parts, id: int) -> Destination:
    """The destination with this id.

    Raises:
        NotFound: there is none.
    """
    for destination in parts.workspace.destinations:
        if destination.id == id:
            return destination
    raise NotFound(f"there is no destination {id}")


def _definition(parts: Parts, key: str) -> Definition[Any]:
    try:
        return parts.catalog.find(key)
    except LookupError as error:
        raise NotFound(str(error)) from None


def _check(parts: Parts, definition: Definition[Any], config: DestinationConfig, source: int, id: int) -> None:
    others = [each for each in parts.workspace.destinations if each.source == source and each.id != id]
    problems = check_slug(config.slug)
    if config.name and config.name in {each.name for each in others}:
        problems.append(f"name: the source has a destination {config.name!r} already")
    if sum(each.definition == config.definition for each in others) >= configuring.most_instances:
        problems.append(f"a source has at most {configuring.most_instances} destinations of {definition.name}")
    problems += [
        f"{key}: a number above 0, got {value}"
        for key in _limits
        if (value := getattr(config, key)) is not None and value <= 0
    ]
    values = configuring.resolved(parts, config.settings, "settings") if config.enabled else config.settings
    found = settings_problems(definition, values, complete=config.enabled)
    problems += [f"settings: {problem}" for problem in found]
    refuse(problems)
