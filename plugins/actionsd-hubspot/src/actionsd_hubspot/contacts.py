"""Upsert Contact: contacts by e-mail address, one by one or many in a request."""

from typing import Annotated, Any

from actionsd.sdk import (
    BatchCall,
    Call,
    Field,
    HTTPError,
    Json,
    MultiStatus,
    Payload,
    Response,
    if_exists,
    path,
    plain,
)
from actionsd_hubspot import records
from actionsd_hubspot.api import OBJECTS, HubSpotSettings, id_of, members, portions, post_new, results, segment
from actionsd_hubspot.records import key_of
from actionsd_hubspot.values import flat

CONTACT_ID = "contact_id"
"""Where the contact's ID stands among the facts that the actions of an event share."""

_CONTACTS = f"{OBJECTS}/contacts"
_NOT_PROPERTIES = ("properties", "enable_batching")
_STAGE = "lifecyclestage"


class Contact(Payload):
    """A contact; all but the last two fields are HubSpot's own properties."""

    email: Annotated[
        str, Field("Email", "Finds the contact, or makes one.", format="email", default=path("$.traits.email"))
    ]
    company: Annotated[str | None, Field("Company Name", default=path("$.traits.company"))] = None
    firstname: Annotated[
        str | None, Field("First Name", default=if_exists("$.traits.first_name", "$.traits.firstName"))
    ] = None
    lastname: Annotated[
        str | None, Field("Last Name", default=if_exists("$.traits.last_name", "$.traits.lastName"))
    ] = None
    phone: Annotated[str | None, Field("Phone Number", default=path("$.traits.phone"))] = None
    address: Annotated[str | None, Field("Street Address", default=path("$.traits.address.street"))] = None
    city: Annotated[str | None, Field("City", default=path("$.traits.address.city"))] = None
    state: Annotated[str | None, Field("State", default=path("$.traits.address.state"))] = None
    country: Annotated[str | None, Field("Country", default=path("$.traits.address.country"))] = None
    zip: Annotated[
        str | None,
        Field("Postal Code", default=if_exists("$.traits.address.postalCode", "$.traits.address.postal_code")),
    ] = None
    website: Annotated[str | None, Field("Website", default=path("$.traits.website"))] = None
    lifecyclestage: Annotated[
        str | None, Field("Lifecycle Stage", "Internal name of a stage; earlier ones are set too.")
    ] = None
    properties: Annotated[
        Json | None, Field("Other properties", "By internal name.", object_editor="keyvalue:only")
    ] = None
    enable_batching: Annotated[
        bool | None, Field("Send Batch Data to HubSpot", "Send many in one request.", default=False)
    ] = None


async def upsert_contact(call: Call[HubSpotSettings, Contact]) -> Response:
    """Update the contact with this address, or make one; tells later actions its ID."""
    properties = _properties(call.payload)
    url = f"{_CONTACTS}/{segment(call.payload.email)}?idProperty=email"
    try:
        answer = await call.http.patch(url, json={"properties": properties})
    except HTTPError as error:
        if error.status != 404:
            raise
        answer = await post_new(call, _CONTACTS, {"properties": properties})
    else:
        if _was_kept(properties, members(answer)):
            await call.http.patch(url, json={"properties": {_STAGE: ""}})
            answer = await call.http.patch(url, json={"properties": properties})
    if members(answer).get("id"):
        call.transaction[CONTACT_ID] = id_of(members(answer))
    return answer


async def upsert_contacts(call: BatchCall[HubSpotSettings, Contact]) -> MultiStatus:
    """Update the contacts that HubSpot knows and make those that it reports as unknown.

    Of two payloads for one address, the later one's values win.
    """
    emails = {key_of(payload.email): payload.email for payload in call.payloads}
    wanted: dict[str, dict[str, Any]] = {key: {} for key in emails}
    for payload in call.payloads:
        wanted[key_of(payload.email)].update(_properties(payload))
    ids, missing = await _find(call, list(emails.values()))
    new = {emails[key]: properties for key, properties in wanted.items() if key in missing}
    await records.create(call, "contacts", "email", new)
    known: dict[str, dict[str, Any]] = {}
    for key, properties in wanted.items():
        if key in ids:
            changed = {name: value for name, value in properties.items() if name != "email"}
            known.setdefault(ids[key], {}).update(changed)
    await _update(call, known)
    done = MultiStatus()
    for payload in call.payloads:
        done.success(sent=plain(payload), body={})
    return done


def _properties(contact: Contact) -> dict[str, Any]:
    given = {name: value for name, value in plain(contact).items() if name not in _NOT_PROPERTIES}
    if contact.lifecyclestage:
        given[_STAGE] = contact.lifecyclestage.lower()
    return given | flat(contact.properties)


def _was_kept(wanted: dict[str, Any], answer: dict[str, Any]) -> bool:
    """Whether HubSpot kept another lifecycle stage: it only moves forward, unless it is cleared first."""
    kept = answer.get("properties") or {}
    return bool(wanted.get(_STAGE)) and kept.get(_STAGE) != wanted[_STAGE]


async def _find(call: BatchCall[HubSpotSettings, Contact], emails: list[str]) -> tuple[dict[str, str], set[str]]:
    """The IDs of contacts by address, secondary ones too, and the addresses that HubSpot reports as unknown."""
    ids: dict[str, str] = {}
    missing: set[str] = set()
    for portion in portions(emails):
        answer = await call.http.post(
            f"{_CONTACTS}/batch/read",
            json={"properties": ["email", _STAGE, "hs_additional_emails"], "idProperty": "email",
                  "inputs": [{"id": email} for email in portion]},
        )  # fmt: skip
        for contact in results(answer):
            properties = contact.get("properties") or {}
            names = [properties.get("email"), *str(properties.get("hs_additional_emails") or "").split(";")]
            ids |= {key_of(name): id_of(contact) for name in names if name}
        for error in members(answer).get("errors") or ():
            if error.get("category") == "OBJECT_NOT_FOUND":
                missing |= {key_of(str(email)) for email in (error.get("context") or {}).get("ids") or ()}
    return ids, missing


async def _update(call: BatchCall[HubSpotSettings, Contact], known: dict[str, dict[str, Any]]) -> None:
    """Write contacts by their ID; where HubSpot kept a later stage, the stage once more after clearing it."""
    written = await records.update(call, "contacts", known)
    kept = [id_of(contact) for contact in written if _was_kept(known.get(id_of(contact), {}), contact)]
    await records.update(call, "contacts", {contact: {_STAGE: ""} for contact in kept})
    await records.update(call, "contacts", {contact: {_STAGE: known[contact][_STAGE]} for contact in kept})
