"""Upsert Custom Object Record: the record that has the searched values, associated with another one."""

from typing import Annotated, Any

from actionsd.sdk import Call, Field, Json, Payload, Result
from actionsd_hubspot.api import API, OBJECTS, ONLY_CHOICES, HubSpotSettings, association_type, segment
from actionsd_hubspot.search import find_record
from actionsd_hubspot.values import flat

_NOT_FOUND = "No record was found to update, and the mapping does not allow to create one."


class CustomObjectRecord(Payload):
    """A record of a custom object."""

    createNewCustomRecord: Annotated[bool | None, Field("Create Custom Object Record if Not Found", default=True)] = (
        None
    )
    customObjectSearchFields: Annotated[
        Json | None,
        Field("Custom Object Search Fields", "Values that find the record to update.", object_editor="keyvalue:only"),
    ] = None
    objectType: Annotated[str, Field("Object Type", dynamic=True, disabled_input_methods=ONLY_CHOICES)]
    properties: Annotated[Json, Field("Properties", "By internal name.", object_editor="keyvalue:only")]
    searchFieldsToAssociateCustomObjects: Annotated[
        Json | None,
        Field("Search Fields to Associate Custom Objects", "Values that find the record to associate with.",
              object_editor="keyvalue:only"),
    ] = None  # fmt: skip
    toObjectType: Annotated[
        str | None,
        Field("Object Type to Associate", dynamic=True, disabled_input_methods=ONLY_CHOICES),
    ] = None
    associationLabel: Annotated[
        str | None, Field("Association Label", "What the two records are to each other.", dynamic=True)
    ] = None


async def upsert_custom_object_record(call: Call[HubSpotSettings, CustomObjectRecord]) -> Result:
    """Update the record that is found, or make one if allowed; an association needs type, search fields and label."""
    payload = call.payload
    url = f"{OBJECTS}/{segment(payload.objectType)}"
    searched = payload.customObjectSearchFields
    record = await find_record(call, payload.objectType, searched) if searched else None
    if record is None and not payload.createNewCustomRecord:
        return _NOT_FOUND
    target = await _target(call)
    body: dict[str, Any] = {"properties": flat(payload.properties)}
    if record is None:
        links = [{"to": {"id": target}, "types": [_type(payload)]}] if target else []
        return await call.http.post(url, json=body | {"associations": links})
    answer = await call.http.patch(f"{url}/{record}", json=body)
    if target:
        where = f"{segment(payload.objectType)}/{record}/associations/{segment(payload.toObjectType or '')}/{target}"
        await call.http.put(f"{API}/crm/v4/objects/{where}", json=[_type(payload)])
    return answer


async def _target(call: Call[HubSpotSettings, CustomObjectRecord]) -> str | None:
    """The ID of the record to associate with; None where the mapping asks for none, or it is not found."""
    payload = call.payload
    searched = payload.searchFieldsToAssociateCustomObjects
    if not (payload.toObjectType and searched and payload.associationLabel):
        return None
    return await find_record(call, payload.toObjectType, searched)


def _type(payload: CustomObjectRecord) -> dict[str, Any]:
    return association_type(payload.associationLabel or "")
