"""Trigger Campaign and Trigger Canvas: messages to some users, or to all of a segment."""

from typing import Annotated, Any

from actionsd.sdk import (
    UNSET,
    APIError,
    Call,
    Choice,
    Choices,
    ChoicesCall,
    Field,
    HTTPError,
    Json,
    Payload,
    PayloadValidationError,
    Response,
    all_of,
    path,
    plain,
    when,
)
from actionsd_braze.api import BrazeSettings, message_of

_MOST_PAGES = 100
_PRIORITIES = [
    Choice("identified", "Identified"),
    Choice("unidentified", "Unidentified"),
    Choice("most_recently_updated", "Most recently updated"),
    Choice("least_recently_updated", "Least recently updated"),
]
_NOT_TO_ALL = all_of(when("broadcast", is_not=True))


class Prioritization(Payload):
    """Which user is meant if several have the e-mail address of a recipient."""

    first_priority: Annotated[str | None, Field("First Priority", choices=_PRIORITIES)] = None
    second_priority: Annotated[str | None, Field("Second Priority", choices=_PRIORITIES)] = None


Priorities = Annotated[
    Prioritization | None,
    Field("Prioritization", "Who is meant if several users have a recipient's e-mail address; needed with one.",
          depends_on=_NOT_TO_ALL),
]  # fmt: skip
ExternalUserId = Annotated[str | None, Field("External User ID", "Your ID of the recipient.", default=path("$.userId"))]
RecipientEmail = Annotated[
    str | None, Field("Email", "E-mail address of the recipient.", default=path("$.traits.email"))
]
ExistingOnly = Annotated[
    bool | None,
    Field("Send to Existing Only", "Braze's default is true; not for aliases; false needs attributes."),
]


class CampaignRecipient(Payload):
    """One user to send to."""

    external_user_id: ExternalUserId = None
    user_alias: Annotated[Json | None, Field("User Alias", "Alias of the recipient.")] = None
    email: RecipientEmail = None
    trigger_properties: Annotated[Json | None, Field("User Trigger Properties", "Win over those of all.")] = None
    send_to_existing_only: ExistingOnly = None
    attributes: Annotated[Json | None, Field("User Attributes", "Set before the message is sent.")] = None


class RecipientAlias(Payload):
    """Alias of a recipient."""

    alias_name: Annotated[str | None, Field("Alias Name", default=path("$.traits.braze_alias"))] = None
    alias_label: Annotated[str | None, Field("Alias Label", default=path("$.traits.braze_alias_label"))] = None


class CanvasRecipient(Payload):
    """One user to send to."""

    external_user_id: ExternalUserId = None
    user_alias: Annotated[RecipientAlias | None, Field("User Alias", "Alias of the recipient.")] = None
    email: RecipientEmail = None
    canvas_entry_properties: Annotated[
        Json | None, Field("Canvas Entry Properties", "Win over those of all.", object_editor="keyvalue")
    ] = None
    send_to_existing_only: ExistingOnly = None
    attributes: Annotated[
        Json | None, Field("Attributes", "Set before the message is sent.", object_editor="keyvalue")
    ] = None


class Attachment(Payload):
    """A file sent along; at most 2 MB."""

    file_name: Annotated[str, Field("File Name")]
    url: Annotated[str, Field("URL")]


class TriggerCampaign(Payload):
    """A campaign for recipients, or broadcast to its segment."""

    campaign_id: Annotated[str, Field("Campaign ID", "An API-triggered campaign.", dynamic=True)]
    send_id: Annotated[str | None, Field("Send ID", "Tells sends apart in analytics.")] = None
    trigger_properties: Annotated[
        Json | None, Field("Trigger Properties", "Personalize the message.", default=path("$.properties"))
    ] = None
    broadcast: Annotated[
        bool | None,
        Field("Broadcast", "Send to the whole segment of the campaign, or to the audience.",
              required=all_of(when("recipients", is_=UNSET), when("audience", is_=UNSET)),
              depends_on=when("recipients", is_=UNSET)),
    ] = None  # fmt: skip
    attachments: Annotated[
        list[Attachment] | None, Field("Attachments", "Files to send along.", object_editor="arrayeditor")
    ] = None
    recipients: Annotated[
        list[CampaignRecipient] | None, Field("Recipients", "Users to send to.", depends_on=_NOT_TO_ALL)
    ] = None
    prioritization: Priorities = None
    audience: Annotated[
        Json | None,
        Field("Audience", "Send a broadcast to these users only.",
              depends_on=all_of(when("recipients", is_=UNSET), when("broadcast", is_=True))),
    ] = None  # fmt: skip


class TriggerCanvas(Payload):
    """A canvas for recipients, or broadcast to its segment."""

    canvas_id: Annotated[str, Field("Canvas ID", "An API-triggered canvas.", dynamic=True)]
    canvas_entry_properties: Annotated[
        Json | None,
        Field("Canvas Entry Properties", "Personalize the messages.", object_editor="keyvalue",
              default=path("$.properties")),
    ] = None  # fmt: skip
    broadcast: Annotated[bool | None, Field("Broadcast", "Send to the whole segment of the canvas.")] = None
    recipients: Annotated[
        list[CanvasRecipient] | None,
        Field("Recipients", "Users to send to.", required=_NOT_TO_ALL, depends_on=_NOT_TO_ALL),
    ] = None
    prioritization: Priorities = None
    audience: Annotated[
        Json | None, Field("Audience", "Send a broadcast to these users only.", object_editor="keyvalue")
    ] = None


async def trigger_campaign(call: Call[BrazeSettings, TriggerCampaign]) -> Response:
    """Send a campaign."""
    return await _trigger(call, "campaigns", call.payload)


async def trigger_canvas(call: Call[BrazeSettings, TriggerCanvas]) -> Response:
    """Send a canvas."""
    return await _trigger(call, "canvas", call.payload)


async def campaign_choices(call: ChoicesCall[BrazeSettings]) -> Choices:
    """The workspace's campaigns."""
    try:
        found = await _listed(call, "campaigns", "campaigns")
    except HTTPError as error:
        return Choices(error=(error.message, "500"))
    return Choices(found) if found else Choices(error=("No campaigns found in your Braze account", "404"))


async def canvas_choices(call: ChoicesCall[BrazeSettings]) -> Choices:
    """The workspace's canvases, by name."""
    found = await _listed(call, "canvas", "canvases")
    return Choices(sorted(found, key=lambda choice: choice.label.casefold()))


async def _trigger(call: Call[BrazeSettings, Any], endpoint: str, payload: TriggerCampaign | TriggerCanvas) -> Response:
    if payload.broadcast and payload.recipients:
        raise PayloadValidationError('When "broadcast" is true, "recipients" list cannot be included.')
    if not payload.broadcast and not payload.recipients:
        raise PayloadValidationError('Either "broadcast" must be true or "recipients" list must be provided.')
    try:
        return await call.http.post(f"{call.settings.endpoint}/{endpoint}/trigger/send", json=_message(payload))
    except HTTPError as error:
        message = message_of(error)
        if not message:
            raise
        raise APIError(message, error.status) from error


def _message(payload: TriggerCampaign | TriggerCanvas) -> dict[str, Any]:
    """The payload, with the priorities in each recipient, where Braze expects them."""
    message: dict[str, Any] = plain(payload)
    if payload.recipients and payload.prioritization is not None:
        given = message.pop("prioritization")
        chosen = [given[name] for name in ("first_priority", "second_priority") if given.get(name)]
        if chosen:
            message["recipients"] = [recipient | {"prioritization": chosen} for recipient in message["recipients"]]
    return message


async def _listed(call: ChoicesCall[BrazeSettings], endpoint: str, member: str) -> list[Choice]:
    """All that a list endpoint has, page by page until one is empty."""
    found: list[Choice] = []
    for page in range(_MOST_PAGES):
        url = f"{call.settings.endpoint}/{endpoint}/list"
        response = await call.http.get(url, params={"page": page})
        items = response.data.get(member) if isinstance(response.data, dict) else None
        if not items:
            break
        found += [Choice(item["id"], item["name"]) for item in items]
    return found
