"""Custom Event V2: an occurrence of an event; definitions and properties that HubSpot lacks are made first."""

from typing import Annotated, Any

from actionsd.sdk import (
    Call,
    DateTime,
    Field,
    HTTPError,
    IntegrationError,
    Json,
    Number,
    Payload,
    PayloadValidationError,
    Response,
    all_of,
    if_exists,
    path,
    when,
)
from actionsd_hubspot.api import (
    CREATED,
    EVENT_DEFINITIONS,
    EVENTS,
    ONLY_CHOICES,
    HubSpotSettings,
    members,
    post_new,
    segment,
)
from actionsd_hubspot.properties import YES_NO
from actionsd_hubspot.values import internal_name, kind_of, named

_OF_CONTACT = all_of(when("object_type", is_="contact"))
_STANDARD_TYPES = ("contact", "company", "deal", "ticket")
_KINDS = {"bool": "enumeration", "date": "datetime"}
"""Types of event properties where they differ from those of records."""


class RecordDetails(Payload):
    """Whom the event is about."""

    object_type: Annotated[str, Field("Object Type", dynamic=True, disabled_input_methods=ONLY_CHOICES)]
    object_id: Annotated[Number | None, Field("Record ID", "HubSpot's ID of the record.")] = None
    email: Annotated[
        str | None,
        Field("Email Address", "The contact's e-mail address.", format="email", depends_on=_OF_CONTACT,
              default=if_exists("$.properties.email", "$.context.traits.email")),
    ] = None  # fmt: skip
    utk: Annotated[str | None, Field("User Token", "The visitor's hubspotutk cookie.", depends_on=_OF_CONTACT)] = None


class CustomEvent(Payload):
    """An event with properties."""

    event_name: Annotated[str, Field("Event Name", "Blanks and capitals are replaced, as HubSpot asks.", dynamic=True)]
    record_details: Annotated[
        RecordDetails, Field("Associated Record Details", "Whom the event is about.", object_editor="keyvalue:only")
    ]
    properties: Annotated[Json | None, Field("Properties", "Of the event.", object_editor="keyvalue", dynamic=True)] = (
        None
    )
    occurred_at: Annotated[
        DateTime | None, Field("Event Timestamp", "When it happened.", default=path("$.timestamp"))
    ] = None


async def send_custom_event(call: Call[HubSpotSettings, CustomEvent]) -> Response:
    """Send one occurrence; what HubSpot must know of it first is made if the sync mode allows it."""
    details = call.payload.record_details
    if details.object_id is None and not (details.email or details.utk):
        raise PayloadValidationError("One of record ID, email and user token is required.")
    name = internal_name(call.payload.event_name)
    properties = named(call.payload.properties)
    definition = await _definition(call, name)
    if definition is None:
        definition = await _make_definition(call, name, properties)
    else:
        await _make_properties(call, definition, properties)
    event = {
        "eventName": definition.get("fullyQualifiedName", name), "objectId": details.object_id, "email": details.email,
        "utk": details.utk, "occurredAt": call.payload.occurred_at, "properties": properties,
    }  # fmt: skip
    return await call.http.post(EVENTS, json={key: value for key, value in event.items() if value is not None})


async def _definition(call: Call[HubSpotSettings, CustomEvent], name: str) -> dict[str, Any] | None:
    """What HubSpot knows of the event; None where it does not know it, which it answers with 404 or 400.

    Raises:
        PayloadValidationError: the answer is about another event.
    """
    try:
        answer = await call.http.get(f"{EVENT_DEFINITIONS}/{segment(name)}/?includeProperties=true")
    except HTTPError as error:
        if error.status not in (400, 404):
            raise
        return None
    definition = members(answer)
    if name not in (definition.get("name"), definition.get("fullyQualifiedName")):
        raise PayloadValidationError(f"HubSpot answered with the definition of another event than {name}.")
    return definition


async def _make_definition(call: Call[HubSpotSettings, CustomEvent], name: str, properties: Json) -> dict[str, Any]:
    _allow(call, f"HubSpot has no event {name}", "add", "upsert")
    object_type = call.payload.record_details.object_type
    body = {
        "name": name, "label": call.payload.event_name, "description": f"{name} - ({CREATED})",
        "primaryObject": object_type.upper() if object_type in _STANDARD_TYPES else object_type,
        "propertyDefinitions": [_property(key, value) for key, value in properties.items()],
        "includeDefaultProperties": True,
    }  # fmt: skip
    return members(await post_new(call, EVENT_DEFINITIONS, body))


async def _make_properties(
    call: Call[HubSpotSettings, CustomEvent], definition: dict[str, Any], properties: Json
) -> None:
    known = {item.get("name") for item in definition.get("properties") or ()}
    missing = {name: value for name, value in properties.items() if name not in known}
    if missing:
        _allow(call, f"HubSpot's event has no property {', '.join(missing)}", "update", "upsert")
    url = f"{EVENT_DEFINITIONS}/{segment(str(definition.get('fullyQualifiedName')))}/property"
    for name, value in missing.items():
        await post_new(call, url, _property(name, value))


def _allow(call: Call[HubSpotSettings, CustomEvent], what: str, *modes: str) -> None:
    """Raises IntegrationError where the sync mode does not allow to make what HubSpot lacks; ``update`` is usual."""
    mode = call.sync_mode or "update"
    if mode not in modes:
        raise IntegrationError(f"{what}, and the sync mode {mode!r} does not allow to make it; "
                               f"expected {' or '.join(modes)}.", "HUBSPOT_SCHEMA_MISSING", 400)  # fmt: skip


def _property(name: str, value: Any) -> dict[str, Any]:
    kind = kind_of(value)
    options = {"options": YES_NO} if kind == "bool" else {}
    described = {"name": name, "label": name, "type": _KINDS.get(kind, kind)}
    return described | {"description": f"{name} - ({CREATED})"} | options
