"""Upsert Company: companies by the group's ID, associated with the event's contact."""

from typing import Annotated, Any

from actionsd.sdk import (
    Call,
    Field,
    HTTPError,
    Json,
    Payload,
    Result,
    RetryableError,
    if_exists,
    path,
    plain,
)
from actionsd_hubspot.api import API, CREATED, OBJECTS, HubSpotSettings, id_of, members, post_new, segment
from actionsd_hubspot.contacts import CONTACT_ID
from actionsd_hubspot.search import find_record
from actionsd_hubspot.values import flat

_COMPANIES = f"{OBJECTS}/companies"
_GROUP_ID = "segment_group_id"
_NOT_PROPERTIES = ("groupid", "createNewCompany", "associateContact", "companysearchfields", "properties")
_NOT_FOUND = "No company was found to update, and the mapping does not allow to create one."


class Company(Payload):
    """A company; the fields from name to lifecycle stage are HubSpot's own properties."""

    groupid: Annotated[
        str,
        Field("Unique Company Identifier", f"Kept in the property {_GROUP_ID}; finds the company.",
              default=if_exists("$.groupId", "$.context.groupId")),
    ]  # fmt: skip
    createNewCompany: Annotated[bool, Field("Create Company if Not Found", default=True)]
    associateContact: Annotated[
        bool, Field("Associate Contact with Company", "The contact of the event.", default=True)
    ]
    companysearchfields: Annotated[
        Json | None,
        Field("Company Search Fields", "Finds a company that does not have the identifier yet.",
              object_editor="keyvalue:only"),
    ] = None  # fmt: skip
    name: Annotated[str | None, Field("Company Name", default=path("$.traits.name"))] = None
    description: Annotated[str | None, Field("Company Description", default=path("$.traits.description"))] = None
    address: Annotated[str | None, Field("Street Address", default=path("$.traits.address.street"))] = None
    city: Annotated[str | None, Field("City", default=path("$.traits.address.city"))] = None
    state: Annotated[str | None, Field("State", default=path("$.traits.address.state"))] = None
    zip: Annotated[
        str | None,
        Field("Postal Code", default=if_exists("$.traits.address.postalCode", "$.traits.address.postal_code")),
    ] = None
    domain: Annotated[str | None, Field("Domain", default=path("$.traits.website"))] = None
    phone: Annotated[str | None, Field("Phone Number", default=path("$.traits.phone"))] = None
    numberofemployees: Annotated[int | None, Field("Number of Employees", default=path("$.traits.employees"))] = None
    industry: Annotated[str | None, Field("Industry", default=path("$.traits.industry"))] = None
    lifecyclestage: Annotated[str | None, Field("Lifecycle Stage", "Internal name of a stage.")] = None
    properties: Annotated[
        Json | None, Field("Other properties", "By internal name.", object_editor="keyvalue:only")
    ] = None


async def upsert_company(call: Call[HubSpotSettings, Company]) -> Result:
    """Update the group's company, else the one that the search fields find, else make one; then associate."""
    payload = call.payload
    given = {name: value for name, value in plain(payload).items() if name not in _NOT_PROPERTIES}
    body = {"properties": given | {_GROUP_ID: payload.groupid} | flat(payload.properties)}
    company = await _update(call, body)
    if company is None and payload.companysearchfields:
        company = await find_record(call, "companies", payload.companysearchfields)
        if company is not None:
            await call.http.patch(f"{_COMPANIES}/{company}", json=body)
    if company is None:
        if not payload.createNewCompany:
            return _NOT_FOUND
        company = id_of(members(await post_new(call, _COMPANIES, body | {"associations": []})))
    contact = await _contact(call) if payload.associateContact else None
    if contact is not None:
        await call.http.put(f"{_COMPANIES}/{company}/associations/contacts/{contact}/company_to_contact")
    return None


async def _update(call: Call[HubSpotSettings, Company], body: dict[str, Any]) -> str | None:
    """The ID of the company that has the group's ID; None where there is none. Makes the property if it isn't there."""
    url = f"{_COMPANIES}/{segment(call.payload.groupid)}?idProperty={_GROUP_ID}"
    try:
        answer = members(await call.http.patch(url, json=body))
    except HTTPError as error:
        text = error.response.text
        if error.status == 400 and _GROUP_ID in text and "exist" in text.lower():
            await _make_property(call)
        elif error.status != 404:
            raise
        return None
    return id_of(answer) if answer.get("id") else None


async def _make_property(call: Call[HubSpotSettings, Company]) -> None:
    definition = {
        "name": _GROUP_ID, "label": "Segment Group ID", "type": "string", "fieldType": "text",
        "groupName": "companyinformation", "hasUniqueValue": True, "description": f"Group ID ({CREATED})",
    }  # fmt: skip
    try:
        await call.http.post(f"{API}/crm/v3/properties/companies", json=definition)
    except HTTPError as error:
        if error.status != 409:  # it is there: what follows tells what HubSpot did not like
            raise


async def _contact(call: Call[HubSpotSettings, Company]) -> str | None:
    """The ID of the event's contact: the one that Upsert Contact found, else the one with the event's e-mail address.

    None where the event has no address.

    Raises:
        RetryableError: HubSpot has no such contact yet; Upsert Contact may be on its way.
    """
    known = call.transaction.get(CONTACT_ID)
    if known:
        return str(known)
    event = call.event
    traits = [event.get("traits"), (event.get("context") or {}).get("traits")]
    email = next((found["email"] for found in traits if isinstance(found, dict) and found.get("email")), None)
    if not isinstance(email, str):
        return None
    try:
        answer = await call.http.get(f"{OBJECTS}/contacts/{segment(email)}?idProperty=email")
    except HTTPError as error:
        if error.status != 404:
            raise
        raise RetryableError("The company is up to date; its contact is not there yet.", 404) from error
    return id_of(members(answer))
