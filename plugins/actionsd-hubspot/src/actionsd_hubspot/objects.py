"""Custom Object V2: records of any object type by a unique property, with associations and lists, in batches."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from actionsd.sdk import (
    BatchCall,
    Call,
    DestinationError,
    InvalidAudienceMembershipError,
    Json,
    MultiStatus,
    PayloadValidationError,
    plain,
)
from actionsd.sdk.helpers import audience_membership, to_ms
from actionsd_hubspot import links, lists, properties, records
from actionsd_hubspot.api import HubSpotSettings
from actionsd_hubspot.object_fields import Association, ListDetails, UpsertObject
from actionsd_hubspot.records import key_of
from actionsd_hubspot.values import named


class _Item(NamedTuple):
    """A payload as HubSpot takes it; ``list_name`` is "" where no list is concerned."""

    payload: UpsertObject
    properties: Json
    sensitive: Json
    list_name: str
    is_member: bool

    @property
    def key(self) -> str:
        """What tells the record from others."""
        return key_of(self.value)

    @property
    def value(self) -> str:
        """What identifies the record."""
        return self.payload.object_details.id_field_value


_Call = Call[HubSpotSettings, UpsertObject] | BatchCall[HubSpotSettings, UpsertObject]


async def upsert_object(call: Call[HubSpotSettings, UpsertObject]) -> None:
    """Write one record."""
    await _write_all(call, [_item(call.payload)])


async def upsert_objects(call: BatchCall[HubSpotSettings, UpsertObject]) -> MultiStatus:
    """Write many records; a payload that HubSpot can't take is refused on its own."""
    done = MultiStatus()
    items: list[_Item] = []
    for index, payload in enumerate(call.payloads):
        try:
            items.append(_item(payload))
        except DestinationError as error:
            done.failure(error.status, error.message, code=error.code, index=index)
        else:
            done.success(sent=plain(payload), body={}, index=index)
    await _write_all(call, items)
    return done


def _item(payload: UpsertObject) -> _Item:
    if not payload.object_details.id_field_value.strip():
        raise PayloadValidationError("The ID field value of the record is empty.")
    name, is_member = _membership(payload)
    return _Item(payload, named(payload.properties), named(payload.sensitive_properties), name, is_member)


def _membership(payload: UpsertObject) -> tuple[str, bool]:
    """The list, and whether the record shall be in it; "" for none."""
    wanted = payload.list_details or ListDetails()
    if not wanted.connected_to_engage_audience:
        return (wanted.list_name or "", wanted.list_action) if wanted.list_action is not None else ("", False)
    personas = {"computation_class": payload.computation_class, "computation_key": payload.computation_key}
    event = {"type": "track", "properties": payload.traits_or_props, "context": {"personas": personas}}
    is_member = audience_membership(event)
    if is_member is None:
        raise InvalidAudienceMembershipError("The event does not tell whether the record is in the audience.")
    return wanted.list_name or payload.computation_key or "", is_member


async def _write_all(call: _Call, items: list[_Item]) -> None:
    """Write the records by type; of two payloads for one record the later one's values win."""
    by_type: dict[tuple[str, str, str | None], list[_Item]] = {}
    for item in sorted(items, key=lambda item: to_ms(item.payload.timestamp or "") or 0):
        details = item.payload.object_details
        by_type.setdefault((details.object_type, details.id_field_name, details.property_group), []).append(item)
    for (object_type, id_field, group), found in by_type.items():
        given = _union(item.properties for item in found)
        sensitive = _union(item.sensitive for item in found)
        await properties.make_missing(call, object_type, group, given, sensitive)
        ids = await _write(call, object_type, id_field, found)
        await _connect(call, object_type, [(ids[item.key], item.payload) for item in found if item.key in ids])
        await _enlist(call, object_type, [(ids[item.key], item) for item in found if item.key in ids])


async def _write(call: _Call, object_type: str, id_field: str, items: list[_Item]) -> records.Ids:
    """Write records as the sync mode says; the IDs of those that exist then.

    The mode ``upsert`` writes all, ``add`` those that HubSpot does not have, ``update`` those that it has.
    """
    merged: dict[str, Json] = {}
    values: dict[str, str] = {}
    for item in items:
        values.setdefault(item.key, item.value)
        merged.setdefault(item.key, {}).update(item.properties | item.sensitive)
    if call.sync_mode == "upsert":
        return await records.upsert(call, object_type, id_field, {values[key]: merged[key] for key in merged})
    ids = await records.read(call, object_type, id_field, values.values())
    if call.sync_mode == "add":
        missing = {values[key]: merged[key] for key in merged if key not in ids}
        return ids | await records.create(call, object_type, id_field, missing)
    await records.update(call, object_type, {ids[key]: merged[key] for key in merged if key in ids and merged[key]})
    return ids


async def _connect(call: _Call, object_type: str, written: list[tuple[str, UpsertObject]]) -> None:
    """Add and remove the associations of records that exist, per sync mode of associations."""
    for mode in ("upsert", "read"):
        chosen = [(record, payload) for record, payload in written if payload.association_sync_mode == mode]
        added = [_link(record, other) for record, payload in chosen for other in payload.associations or ()]
        await links.associate(call, object_type, [link for link in added if link.value], mode)
    removed = [_link(record, other) for record, payload in written for other in payload.dissociations or ()]
    await links.dissociate(call, object_type, [link for link in removed if link.value])


def _link(record: str, other: Association) -> links.Link:
    value = other.id_field_value or ""
    return links.Link(record, other.object_type, other.id_field_name, value.strip(), other.association_label)


async def _enlist(call: _Call, object_type: str, written: list[tuple[str, _Item]]) -> None:
    """Put records into their lists, or take them out; a list is made if a payload allows it."""
    is_member: dict[str, dict[str, bool]] = {}
    made: set[str] = set()
    for record, item in written:
        if item.list_name:
            is_member.setdefault(item.list_name, {})[record] = item.is_member
            if item.payload.list_details and item.payload.list_details.should_create_list:
                made.add(item.list_name)
    for name, membership in is_member.items():
        await lists.change_members(call, object_type, name, membership, make=name in made)


def _union(values: Iterable[Json]) -> Json:
    together: dict[str, Any] = {}
    for given in values:
        together |= given
    return together
