"""What a source lets in: its schema filters and the settings of its tracking plan (FEATURES F148, F150-F152).

Both belong to the source and may be said of one that the file declares, too: the file knows nothing of them.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from actionsd.errors import ConfigError
from actionsd.operate.callers import Caller
from actionsd.operate.configuring import commit
from actionsd.operate.parts import Names, Parts
from actionsd.operate.sources import by_id
from actionsd.protocols import ProtocolsError, SchemaFilters, SchemaSettings, read_filters, read_settings
from actionsd.protocols.settings import as_json, patched
from actionsd.store.configs import Put, SchemaConfig
from actionsd.store.records import Source

Json = dict[str, Any]


class NamedSchema(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A :class:`SchemaConfig` that names its plan and the sources it forwards to by their slugs."""

    settings: Json
    filters: Json
    plan: str = ""
    violations_to: str = ""
    blocked_to: str = ""


def named(parts: Parts, source: Source) -> NamedSchema:
    """What a source lets in, with every setting and filter."""
    config, names = source.schema.config, Names(parts.workspace)
    plans = {plan.id: plan.config.slug for plan in parts.workspace.plans}
    return NamedSchema(
        settings=without_targets(as_json(settings_of(source))),
        filters=as_json(filters_of(source)),
        plan=plans.get(config.plan, ""),
        violations_to=names.source(config.violations_to),
        blocked_to=names.source(config.blocked_to),
    )


def without_targets(settings: Json) -> Json:
    """Settings without the ids of the sources that are forwarded to."""
    return {key: value for key, value in settings.items() if not key.startswith("forwarding")}


NOTHING = NamedSchema(settings=without_targets(as_json(SchemaSettings())), filters=as_json(SchemaFilters()))
"""What a source lets in of which nothing is said: everything."""


def settings_of(source: Source) -> SchemaSettings:
    """The settings of a source; those that name sources have ids."""
    config = source.schema.config
    forwarding = {"forwardingViolationsTo": config.violations_to, "forwardingBlockedEventsTo": config.blocked_to}
    return read_settings(config.settings | {key: str(id) for key, id in forwarding.items() if id})


def filters_of(source: Source) -> SchemaFilters:
    """The schema filters of a source."""
    return read_filters(source.schema.config.filters)


async def change_settings(parts: Parts, who: Caller, source: Source, changes: Mapping[str, Any]) -> Source:
    """Change the members that ``changes`` has, in the form of the Public API's ``SourceSettingsOutputV1``.

    Raises:
        ConfigError: what is wrong with them.
        NotFound: a source to forward to is not there.
    """
    try:
        settings = patched(settings_of(source), changes)
    except ProtocolsError as error:
        raise ConfigError(str(error)) from None
    json = as_json(settings)
    config = msgspec.structs.replace(
        source.schema.config,
        violations_to=_target(parts, source, json.pop("forwardingViolationsTo"), "forwardingViolationsTo"),
        blocked_to=_target(parts, source, json.pop("forwardingBlockedEventsTo"), "forwardingBlockedEventsTo"),
        settings=json,
    )
    return await put(parts, who, source, config)


async def change_filters(parts: Parts, who: Caller, source: Source, changes: Mapping[str, Any]) -> Source:
    """Change the members that ``changes`` has: lists of names under ``track``, ``page``, ``screen``, ``identifyTraits``
    and ``groupTraits``.

    Raises:
        ConfigError: what is wrong with them.
    """
    try:
        filters = patched(filters_of(source), changes)
    except ProtocolsError as error:
        raise ConfigError(str(error)) from None
    return await put(parts, who, source, msgspec.structs.replace(source.schema.config, filters=as_json(filters)))


async def put(parts: Parts, who: Caller, source: Source, config: SchemaConfig) -> Source:
    """Give a source this schema, if it is another than it has."""
    if config != source.schema.config:
        await commit(parts, who, [Put(config=config, id=source.id)])
    return by_id(parts, source.id)


def _target(parts: Parts, source: Source, id: str, key: str) -> int:
    if not id:
        return 0
    if not (id.isascii() and id.isdigit()) or int(id) == source.id:
        raise ConfigError(f"{key}: expected the id of another source, got {id!r}")
    return by_id(parts, int(id)).id
