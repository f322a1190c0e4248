"""The schema settings of sources: what a source lets in (FEATURES F150-F152)."""

from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from actionsd.admin.publicapi import ids
from actionsd.admin.publicapi.operation import Call, Nothing, Operation, Row, Shape
from actionsd.operate import schemas
from actionsd.protocols.settings import as_json
from actionsd.store import records


class Track(Shape, frozen=True, kw_only=True):
    allow_unplanned_events: bool | UnsetType = UNSET
    allow_unplanned_event_properties: bool | UnsetType = UNSET
    allow_event_on_violations: bool | UnsetType = UNSET
    allow_properties_on_violations: bool | UnsetType = UNSET
    common_event_on_violations: Literal["ALLOW", "BLOCK", "OMIT_PROPERTIES"] | UnsetType = UNSET


class Traits(Shape, frozen=True, kw_only=True):
    allow_unplanned_traits: bool | UnsetType = UNSET
    allow_traits_on_violations: bool | UnsetType = UNSET
    common_event_on_violations: Literal["ALLOW", "BLOCK", "OMIT_TRAITS"] | UnsetType = UNSET


class Settings(Shape, frozen=True, kw_only=True):
    """What is left out of a change stays; "" forwards to no source any more."""

    track: Track | UnsetType = UNSET
    identify: Traits | UnsetType = UNSET
    group: Traits | UnsetType = UNSET
    forwarding_violations_to: str | UnsetType = UNSET
    forwarding_blocked_events_to: str | UnsetType = UNSET


class SourceSettings(Shape, frozen=True, kw_only=True):
    source_id: str
    settings: Settings


async def listed(call: Call[Nothing, Nothing]) -> SourceSettings:
    return _shown(_source(call))


async def update(call: Call[Nothing, Settings]) -> SourceSettings:
    """Members that are left out stay, in the objects as well."""
    changes: dict[str, Any] = msgspec.to_builtins(call.body)
    return _shown(await schemas.change_settings(call.parts, call.who, _source(call), changes))


def _source(call: Call[Any, Any]) -> records.Source:
    return ids.source(call.parts, call.path["sourceId"])


def _shown(source: records.Source) -> SourceSettings:
    members = {key: value for key, value in as_json(schemas.settings_of(source)).items() if value != ""}
    return SourceSettings(source_id=str(source.id), settings=msgspec.convert(members, Settings))


_path = "/sources/{sourceId}/settings"

OPERATIONS: tuple[Row, ...] = (
    Operation("listSchemaSettingsInSource", "GET", _path, "read", listed, SourceSettings),
    Operation("updateSchemaSettingsInSource", "PATCH", _path, "write", update, SourceSettings, body=Settings),
)
