"""A mapping as it would be if it were saved: for testers and previews."""

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from actionsd.errors import ConfigError, Conflict
from actionsd.operate import configuring
from actionsd.operate.callers import Caller
from actionsd.operate.mappings import checked
from actionsd.operate.parts import Parts, definition_of, find_mapping
from actionsd.sdk import Definition
from actionsd.store.records import Destination, Mapping

_name = "(not saved)"


def draft(
    parts: Parts, who: Caller, destination: Destination, *, mapping: str = "", action: str = "",
    trigger: str | UnsetType = UNSET, fields: dict[str, Any] | UnsetType = UNSET,
) -> Mapping:  # fmt: skip
    """A mapping that exists, with other values, or one that does not, of an ``action``; enabled, its references
    resolved. It may lack fields that its action requires: then its events say so.

    An existing one keeps its action: a masked secret could come back in a field that the other action does not mask.

    Raises:
        NotFound: no such mapping.
        Conflict: the destination is no longer declared, or its plugin is not installed.
        Forbidden: a reference is new in its place, and the caller is no admin.
        ConfigError: what is wrong with it.
    """
    known_definition(parts, destination)
    if bool(mapping) == bool(action):
        raise ConfigError("give the name of a mapping, or the action of one that is not saved")
    if not mapping:
        given = None if fields is UNSET else fields
        configuring.unmasked(given or {}, {})
        configuring.allow_references(who, "fields", given)
        return _made(parts, destination, None, action, None if trigger is UNSET else trigger, given)
    saved = find_mapping(destination, mapping)
    if trigger is UNSET and fields is UNSET:
        return msgspec.structs.replace(saved, enabled=True)
    written: dict[str, Any] = saved.config.fields if saved.config else saved.fields
    if fields is not UNSET:
        edited = configuring.unmasked(fields, written)
        configuring.allow_references(who, "fields", edited, written)
        written = edited
    return _made(parts, destination, saved, saved.action, saved.trigger if trigger is UNSET else trigger, written)


def known_definition(parts: Parts, destination: Destination) -> Definition[Any]:
    """The definition of a destination that could work.

    Raises:
        Conflict: the destination is no longer declared, its plugin is not installed, or a reference does not resolve.
    """
    try:
        definition = definition_of(parts, destination)
    except LookupError as error:
        raise Conflict(f"{destination.slug}: {error}") from None
    if definition is None:
        raise Conflict(f"{destination.slug} is {destination.state}: its definition is not known")
    if destination.trouble:
        raise Conflict(f"{destination.slug}: {destination.trouble}")
    return definition


def _made(
    parts: Parts, destination: Destination, saved: Mapping | None, action: str, trigger: str | None,
    fields: dict[str, Any] | None,
) -> Mapping:  # fmt: skip
    config = checked(
        parts, destination, name=saved.name if saved else _name, action=action, trigger=trigger, fields=fields,
        enabled=False,
    )  # fmt: skip
    return Mapping(
        id=saved.id if saved else 0,
        name=config.name,
        action=config.action,
        trigger=config.trigger,
        fields=configuring.resolved(parts, config.fields, "fields"),
        enabled=True,
        start=0,
        version=saved.version if saved else 0,
        config=config,
    )
