"""What people did: events, views of pages and screens, and what became of content and messages."""

from typing import Annotated, Literal

from actionsd.sdk import Call, DateTime, Field, Json, Response, path
from actionsd.sdk.helpers import to_seconds
from actionsd_customerio.api import CustomerioSettings, Operation, url_of
from actionsd_customerio.entities import (
    AnonymousId,
    Batched,
    ConvertTimestamp,
    OptionalPersonId,
    Timestamp,
    operation,
    person,
    present,
    unix_time,
    with_unix_times,
)

Metric = Literal["delivered", "opened", "clicked", "converted", "spammed", "bounced", "dropped", "deferred"]


class Event(Batched):
    """What all events have."""

    anonymous_id: AnonymousId = None
    timestamp: Timestamp = None
    data: Annotated[
        Json | None, Field("Event Attributes", "Attributes of the event.", default=path("$.properties"))
    ] = None
    convert_timestamp: ConvertTimestamp = None


class PersonEvent(Event):
    """An event of a person, known or not."""

    id: OptionalPersonId = None
    event_id: Annotated[
        str | None, Field("Event ID", "Customer.io keeps one event of each ID.", default=path("$.messageId"))
    ] = None


class TrackEvent(PersonEvent):
    """What a person did."""

    name: Annotated[str, Field("Event Name", "Name of what was done.", default=path("$.event"))]


class TrackPageView(PersonEvent):
    """The page that a person viewed."""

    url: Annotated[str, Field("Page URL", "Address of the page.", default=path("$.properties.url"))]


class TrackScreenView(PersonEvent):
    """The screen of an app that a person viewed."""

    name: Annotated[str, Field("Screen name", "Name of the screen.", default=path("$.name"))]


class ReportContentEvent(Event):
    """What an anonymous visitor did with in-app content."""

    actionType: Annotated[
        Literal["viewed_content", "clicked_content"],
        Field("Action Type", "What was done.", default=path("$.properties.actionType")),
    ]


class ReportDeliveryEvent(Batched):
    """What became of a message."""

    delivery_id: Annotated[
        str, Field("Delivery ID", "The CIO-Delivery-ID of the message.", default=path("$.properties.deliveryId"))
    ]
    metric: Annotated[Metric, Field("Metric", "What became of it.", default=path("$.properties.metric"))]
    recipient: Annotated[str | None, Field("Recipient", "Who received it.", default=path("$.properties.recipient"))] = (
        None
    )
    reason: Annotated[str | None, Field("Reason", "Why it failed.", default=path("$.properties.reason"))] = None
    href: Annotated[str | None, Field("Href", "The link that was clicked.", default=path("$.properties.href"))] = None
    action_name: Annotated[
        str | None, Field("Action Name", "Name of the in-app action.", default=path("$.properties.actionName"))
    ] = None
    action_value: Annotated[
        str | None, Field("Action Value", "Value of the in-app action.", default=path("$.properties.actionValue"))
    ] = None
    timestamp: Annotated[
        DateTime | None,
        Field("Timestamp", "When it happened; a number counts as milliseconds.", format="date-time",
              default=path("$.timestamp")),
    ] = None  # fmt: skip


def track_event(payload: TrackEvent) -> Operation:
    """An event of a person."""
    return _person_event(payload, "event", payload.name)


def track_page_view(payload: TrackPageView) -> Operation:
    """A view of a page, named by its address."""
    return _person_event(payload, "page", payload.url)


def track_screen_view(payload: TrackScreenView) -> Operation:
    """A view of a screen."""
    return _person_event(payload, "screen", payload.name)


def report_content_event(payload: ReportContentEvent) -> Operation:
    """An event of in-app content, named as its kind, which is no attribute then."""
    attributes = _attributes(payload)
    if attributes is not None:
        attributes = {name: value for name, value in attributes.items() if name != "actionType"}
    return operation(
        "person", payload.actionType, person(None, anonymous_id=payload.anonymous_id), name=payload.actionType,
        attributes=attributes, timestamp=unix_time(payload.timestamp),
    )  # fmt: skip


async def report_delivery_event(call: Call[CustomerioSettings, ReportDeliveryEvent]) -> Response:
    """Report what became of a message."""
    payload = call.payload
    metadata = present(action_name=payload.action_name, action_value=payload.action_value)
    report = present(
        delivery_id=payload.delivery_id, metric=payload.metric, recipient=payload.recipient, reason=payload.reason,
        href=payload.href, timestamp=None if payload.timestamp is None else to_seconds(payload.timestamp),
        metadata=metadata or None,
    )  # fmt: skip
    return await call.http.post(url_of("api/v1/metrics", call.settings), json=report)


def _person_event(payload: PersonEvent, action: str, name: str) -> Operation:
    return operation(
        "person", action, person(payload.id, anonymous_id=payload.anonymous_id), name=name, id=payload.event_id,
        attributes=_attributes(payload), anonymous_id=payload.anonymous_id, timestamp=unix_time(payload.timestamp),
    )  # fmt: skip


def _attributes(payload: Event) -> Json | None:
    attributes: Json | None = with_unix_times(payload.data, payload.convert_timestamp)
    return attributes
