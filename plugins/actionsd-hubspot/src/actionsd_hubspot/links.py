"""Associations between records, many in a request (HubSpot's Associations API v4)."""

from collections.abc import Iterable
from typing import Any, Literal, NamedTuple

from actionsd.sdk import BaseCall
from actionsd_hubspot import records
from actionsd_hubspot.api import API, HubSpotSettings, association_type, portions, segment

Mode = Literal["upsert", "read"]


class Link(NamedTuple):
    """An association of the record with the ID ``record`` with one of another type, found by a unique property."""

    record: str
    object_type: str
    id_field: str
    value: str
    label: str


async def associate(call: BaseCall[HubSpotSettings], object_type: str, links: Iterable[Link], mode: Mode) -> None:
    """Add associations of records of ``object_type``; mode ``upsert`` makes the other records that do not exist."""
    await _change(call, object_type, links, mode, "create")


async def dissociate(call: BaseCall[HubSpotSettings], object_type: str, links: Iterable[Link]) -> None:
    """Take labels off associations, of other records that exist."""
    await _change(call, object_type, links, "read", "labels/archive")


async def _change(
    call: BaseCall[HubSpotSettings], object_type: str, links: Iterable[Link], mode: Mode, verb: str
) -> None:
    by_property: dict[tuple[str, str], list[Link]] = {}
    for link in links:
        by_property.setdefault((link.object_type, link.id_field), []).append(link)
    for (other, id_field), group in by_property.items():
        values = list({records.key_of(link.value): link.value for link in group}.values())
        if mode == "upsert":
            ids = await records.upsert(call, other, id_field, {value: {} for value in values})
        else:
            ids = await records.read(call, other, id_field, values)
        url = f"{API}/crm/v4/associations/{segment(object_type)}/{segment(other)}/batch/{verb}"
        for portion in portions(_inputs(group, ids)):
            await call.http.post(url, json={"inputs": portion})


def _inputs(links: list[Link], ids: records.Ids) -> list[dict[str, Any]]:
    """An input for each association with a record that exists, once."""
    found = {(link.record, ids[key], link.label): link for link in links if (key := records.key_of(link.value)) in ids}
    return [
        {"from": {"id": record}, "to": {"id": other}, "types": [association_type(label)]}
        for record, other, label in found
    ]
