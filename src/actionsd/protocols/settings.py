"""What a source lets in, as the Public API's source settings say it, and the schema filters beside them.

    >>> settings = read_settings({"track": {"allowUnplannedEvents": False}})
    >>> settings.track.allow_unplanned_events, settings.track.common_event_on_violations
    (False, 'ALLOW')

Everything is allowed unless it is said otherwise (FEATURES F148, F150).
"""

from collections.abc import Mapping
from typing import Any, Literal, TypeVar

import msgspec

from actionsd.protocols.errors import ProtocolsError


class _Struct(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Base of what is read from JSON here."""


class TrackSettings(_Struct, frozen=True, kw_only=True):
    """Track calls. A violation of the event's own schema blocks the event, or else the properties at fault are omitted;
    ``common_event_on_violations`` says the same of the common schema, which is looked at second."""

    allow_unplanned_events: bool = True
    allow_unplanned_event_properties: bool = True
    allow_event_on_violations: bool = True
    allow_properties_on_violations: bool = True
    common_event_on_violations: Literal["ALLOW", "BLOCK", "OMIT_PROPERTIES"] = "ALLOW"


class TraitSettings(_Struct, frozen=True, kw_only=True):
    """Identify or group calls; only the common schema blocks one."""

    allow_unplanned_traits: bool = True
    allow_traits_on_violations: bool = True
    common_event_on_violations: Literal["ALLOW", "BLOCK", "OMIT_TRAITS"] = "ALLOW"


class SchemaSettings(_Struct, frozen=True, kw_only=True):
    """The settings of a source. The last two name the sources that get violations and blocked events, "" for none."""

    track: TrackSettings = TrackSettings()
    identify: TraitSettings = TraitSettings()
    group: TraitSettings = TraitSettings()
    forwarding_violations_to: str = ""
    forwarding_blocked_events_to: str = ""


class SchemaFilters(_Struct, frozen=True, kw_only=True):
    """Names of the track events, pages and screens that are blocked, and of the traits that are omitted (F148)."""

    track: frozenset[str] = frozenset()
    page: frozenset[str] = frozenset()
    screen: frozenset[str] = frozenset()
    identify_traits: frozenset[str] = frozenset()
    group_traits: frozenset[str] = frozenset()


T = TypeVar("T", SchemaSettings, SchemaFilters)


def read_settings(value: Mapping[str, Any]) -> SchemaSettings:
    """The settings that this JSON object is; ``ProtocolsError`` where it is none."""
    return _read(value, SchemaSettings)


def read_filters(value: Mapping[str, Any]) -> SchemaFilters:
    """The schema filters that this JSON object is; ``ProtocolsError`` where it is none."""
    return _read(value, SchemaFilters)


def as_json(value: SchemaSettings | SchemaFilters) -> dict[str, Any]:
    """The JSON object that reads as this, with every member."""
    written: dict[str, Any] = msgspec.to_builtins(value, order="deterministic")
    return written


def patched(value: T, changes: Mapping[str, Any]) -> T:
    """With the members that ``changes`` has, those of the objects in it too; ``ProtocolsError`` for what is none.

    >>> patched(SchemaSettings(), {"group": {"allowUnplannedTraits": False}}).group.allow_unplanned_traits
    False
    """
    return _read(_merged(as_json(value), changes), type(value))


def _merged(old: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(old)
    for key, change in changes.items():
        before = old.get(key)
        nested = isinstance(before, dict) and isinstance(change, Mapping)
        merged[key] = _merged(before or {}, change) if nested else change
    return merged


def _read(value: Any, type: type[T]) -> T:
    try:
        return msgspec.convert(value, type)
    except msgspec.ValidationError as error:
        raise ProtocolsError(str(error)) from None
