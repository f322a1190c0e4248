"""Send Custom Behavioral Event: an occurrence of an event that is defined at HubSpot."""

from typing import Annotated

from actionsd.sdk import (
    Call,
    DateTime,
    Field,
    Json,
    Payload,
    PayloadValidationError,
    Response,
    if_exists,
    path,
    plain,
)
from actionsd_hubspot.api import EVENTS, HubSpotSettings
from actionsd_hubspot.values import flat


class BehavioralEvent(Payload):
    """An event of a contact, or of the record with the given ID."""

    eventName: Annotated[str, Field("Event Name", "Fully qualified name, such as pe123456_signed_up.", dynamic=True)]
    occurredAt: Annotated[
        DateTime | None, Field("Event Timestamp", "When it happened.", default=path("$.timestamp"))
    ] = None
    email: Annotated[
        str | None,
        Field("Email Address", "The contact's e-mail address.", format="email",
              default=if_exists("$.properties.email", "$.context.traits.email")),
    ] = None  # fmt: skip
    utk: Annotated[str | None, Field("User Token", "The visitor's hubspotutk cookie.")] = None
    objectId: Annotated[str | None, Field("Record ID", "ID of the record that it happened to.")] = None
    properties: Annotated[
        Json | None, Field("Event Properties", "By internal name.", object_editor="keyvalue:only")
    ] = None


async def send_behavioral_event(call: Call[HubSpotSettings, BehavioralEvent]) -> Response:
    """Send one occurrence."""
    payload = call.payload
    if not (payload.email or payload.utk or payload.objectId):
        raise PayloadValidationError("One of email, user token and record ID is required.")
    event = plain(payload)
    return await call.http.post(
        EVENTS, json=event if payload.properties is None else event | {"properties": flat(payload.properties)}
    )
