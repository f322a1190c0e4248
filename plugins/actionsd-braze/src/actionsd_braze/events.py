"""Track Event, with the flag that spares unknown users as a field or (V2) as a sync mode."""

from typing import Annotated, Any

from actionsd.sdk import BatchCall, Call, DateTime, Field, Json, MultiStatus, Response, if_exists, path
from actionsd.sdk.helpers import to_iso
from actionsd_braze.api import BrazeSettings, given, sync_mode, track_batch, track_users
from actionsd_braze.users import OnlyExisting, User, identified, only_existing


class TrackEvent2(User):
    """A custom event."""

    email: Annotated[
        str | None,
        Field("Email", "The user's e-mail address.",
              default=if_exists("$.context.traits.email", "$.properties.email")),
    ] = None  # fmt: skip
    name: Annotated[str, Field("Event Name", "Name of the event.", default=path("$.event"))]
    time: Annotated[DateTime, Field("Time", "When it happened.", default=path("$.receivedAt"))]
    properties: Annotated[
        Json | None, Field("Event Properties", "Properties of the event.", default=path("$.properties"))
    ] = None


class TrackEvent(TrackEvent2):
    """A custom event."""

    update_existing_only: OnlyExisting = only_existing()


async def track_event(call: Call[BrazeSettings, TrackEvent]) -> Response:
    """Send one event."""
    return await track_users(call, "events", [_event(call.settings, call.payload, call.payload.update_existing_only)])


async def track_events(call: BatchCall[BrazeSettings, TrackEvent]) -> MultiStatus:
    """Send many events."""
    return await track_batch(
        call, "events", lambda payload: [_event(call.settings, payload, payload.update_existing_only)]
    )


async def track_event_2(call: Call[BrazeSettings, TrackEvent2]) -> Response:
    """Send one event; sync mode "update" spares unknown users."""
    only_update = sync_mode(call.sync_mode, "add", "update") == "update"
    return await track_users(call, "events", [_event(call.settings, call.payload, only_update)])


async def track_events_2(call: BatchCall[BrazeSettings, TrackEvent2]) -> MultiStatus:
    """Send many events; sync mode "update" spares unknown users."""
    only_update = sync_mode(call.sync_mode, "add", "update") == "update"
    return await track_batch(call, "events", lambda payload: [_event(call.settings, payload, only_update)])


def _event(settings: BrazeSettings, payload: TrackEvent2, only_update: bool | None) -> dict[str, Any]:
    return identified(payload) | given(
        app_id=settings.app_id, name=payload.name, time=to_iso(payload.time), properties=payload.properties,
        _update_existing_only=only_update,
    )  # fmt: skip
