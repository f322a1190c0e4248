"""Static lists: records put into or taken out of them."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from actionsd.sdk import BaseCall, HTTPError, IntegrationError, Response
from actionsd_hubspot.api import API, SCHEMAS, HubSpotSettings, members, post_new, segment

LISTS = f"{API}/crm/v3/lists"
_TYPE_IDS = {
    "contact": "0-1", "contacts": "0-1", "company": "0-2", "companies": "0-2", "deal": "0-3", "deals": "0-3",
    "ticket": "0-5", "tickets": "0-5",
}  # fmt: skip
"""HubSpot's IDs of its own object types."""


async def change_members(
    call: BaseCall[HubSpotSettings], object_type: str, name: str, is_member: Mapping[str, bool], *, make: bool
) -> None:
    """Put the records that shall be members, by ID, into the list of this name, and take the others out.

    Raises:
        IntegrationError: there is no such list, and ``make`` does not allow to make it.
    """
    type_id = await type_id_of(call, object_type)
    try:
        url = f"{LISTS}/object-type-id/{segment(type_id)}/name/{quote(name, safe='')}"
        found = _list_id(await call.http.get(url))
    except HTTPError as error:
        if error.status != 404:
            raise
        if not make:
            raise IntegrationError(f"HubSpot has no list {name!r} of {object_type}.", "LIST_MISSING", 404) from error
        body = {"name": name, "objectTypeId": type_id, "processingType": "MANUAL"}
        found = _list_id(await post_new(call, LISTS, body))
    await call.http.put(
        f"{LISTS}/{found}/memberships/add-and-remove",
        json={"recordIdsToAdd": [record for record, member in is_member.items() if member],
              "recordIdsToRemove": [record for record, member in is_member.items() if not member]},
    )  # fmt: skip


async def type_id_of(call: BaseCall[HubSpotSettings], object_type: str) -> str:
    """HubSpot's ID of an object type, such as "0-1" for contacts; a custom type is looked up."""
    known = _TYPE_IDS.get(object_type.lower())
    if known is not None:
        return known
    schema = members(await call.http.get(f"{SCHEMAS}/{segment(object_type)}"))
    return str(schema.get("objectTypeId") or object_type)


def _list_id(answer: Response) -> str:
    found: dict[str, Any] = members(answer).get("list") or members(answer)
    return str(found.get("listId"))
