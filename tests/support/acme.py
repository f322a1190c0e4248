"""A whole plugin: the sketch of DESIGN.md, as printed there."""

from typing import Annotated, Any, Literal

from actionsd.sdk import (
    UNSET,
    Action,
    BatchCall,
    Call,
    DateTime,
    Definition,
    Field,
    Json,
    Number,
    Payload,
    Response,
    Secret,
    Settings,
    UnsetType,
    field,
    hookimpl,
    path,
    when,
)

actionsd_contract = 1


class AcmeSettings(Settings):
    api_key: Annotated[Secret, Field("API key")]
    region: Annotated[Literal["us", "eu"], Field("Region")] = "us"


class Item(Payload):
    sku: Annotated[str | None, Field("SKU")] = None
    price: Annotated[Number, Field("Price")]


class TrackEvent(Payload):
    event: Annotated[str, Field("Event name", default=path("$.event"))]
    user_id: Annotated[str | None, Field("User ID", default=path("$.userId"))] = None
    plan: Annotated[str | None | UnsetType, Field("Plan")] = UNSET  # noqa: RUF036
    time: Annotated[DateTime | None, Field("Time", default=path("$.timestamp"))] = None
    properties: Annotated[Json | None, Field("Properties", default=path("$.properties"))] = None
    items: Annotated[list[Item] | None, Field("Items")] = None
    details: Annotated[Json | None, Field("Details", properties=Item)] = None
    from_: Annotated[str | None, Field("From", required=when("event", is_="Sent"))] = field(name="from", default=None)


async def track_event(call: Call[AcmeSettings, TrackEvent]) -> Response:
    return await call.http.post("https://api.acme.test/v1/track", json=call.payload)


async def track_events(call: BatchCall[AcmeSettings, TrackEvent]) -> Response:
    return await call.http.post("https://api.acme.test/v1/batch", json={"batch": call.payloads})


acme = Definition(
    "acme",
    name="Acme",
    settings=AcmeSettings,
    request=lambda call: {"headers": {"authorization": f"Bearer {call.settings.api_key}"}},
    actions=[
        Action(
            "trackEvent",
            title="Track event",
            payload=TrackEvent,
            trigger='type = "track"',
            perform=track_event,
            perform_batch=track_events,
        )
    ],
)


@hookimpl
def actionsd_definitions() -> list[Definition[Any]]:
    return [acme]
