"""Fullstory: events and users, by the V2 APIs and the older V1 ones."""

from typing import Annotated, Any
from urllib.parse import quote, unquote

from actionsd.sdk import (
    Action,
    BaseCall,
    Call,
    DateTime,
    Definition,
    DeleteCall,
    Field,
    Json,
    Payload,
    PayloadValidationError,
    Preset,
    RequestOptions,
    Response,
    Secret,
    Settings,
    hookimpl,
    path,
)
from actionsd.sdk.helpers import to_iso
from actionsd_fullstory.names import normalized

actionsd_contract = 1

URL = "https://api.fullstory.com"


class FullstorySettings(Settings):
    """The key of a Fullstory account."""

    apiKey: Annotated[Secret, Field("API Key", "An API key: Settings, API Keys.")]


class TrackEventV2(Payload):
    """An event."""

    userId: Annotated[str | None, Field("User ID", "Your ID of the user.", default=path("$.userId"))] = None
    name: Annotated[str, Field("Name", "Name of the event.", default=path("$.event"))]
    properties: Annotated[
        Json | None, Field("Properties", "Properties of the event.", default=path("$.properties"))
    ] = None
    timestamp: Annotated[DateTime | None, Field("Timestamp", "When it happened.", default=path("$.timestamp"))] = None
    useRecentSession: Annotated[
        bool | None, Field("Use Recent Session", "Put the event into the user's latest session.")
    ] = None
    sessionUrl: Annotated[str | None, Field("Session URL", "Put the event into this session.")] = None


class TrackEvent(TrackEventV2):
    """An event of a user."""

    userId: Annotated[str, Field("User ID", "Your ID of the user.", default=path("$.userId"))]


class User(Payload):
    """What both ways to identify a user send."""

    anonymousId: Annotated[str | None, Field("Anonymous ID", default=path("$.anonymousId"))] = None
    displayName: Annotated[str | None, Field("Display Name", default=path("$.traits.name"))] = None
    email: Annotated[str | None, Field("Email", default=path("$.traits.email"))] = None


class IdentifyUser(User):
    """A user's properties."""

    userId: Annotated[str, Field("User ID", "Your ID of the user.", default=path("$.userId"))]
    traits: Annotated[Json | None, Field("Traits", "Properties of the user.", default=path("$.traits"))] = None


class IdentifyUserV2(User):
    """A user's properties."""

    uid: Annotated[str | None, Field("User ID", "Your ID of the user.", default=path("$.userId"))] = None
    properties: Annotated[Json | None, Field("Traits", "Properties of the user.", default=path("$.traits"))] = None


def authorized(call: BaseCall[FullstorySettings]) -> RequestOptions:
    """What all requests share."""
    headers = {
        "content-type": "application/json",
        "authorization": f"Basic {call.settings.apiKey}",
        "integration-source": "segment",
    }
    return {"headers": headers}


async def test_authentication(call: BaseCall[FullstorySettings]) -> Response:
    """Ask whose key it is."""
    return await call.http.get(f"{URL}/me")


async def on_delete(call: DeleteCall[FullstorySettings]) -> Response:
    """Delete a user."""
    if not call.user_id:
        raise PayloadValidationError("User Id is required for user deletion.")
    return await call.http.delete(f"{URL}/v2/users?uid={_quoted(call.user_id)}")


async def track_event(call: Call[FullstorySettings, TrackEvent]) -> Response:
    """Send an event by the V1 API."""
    payload = call.payload
    event = {"event_name": payload.name, "event_data": normalized(payload.properties, typed=True)} | _given(
        timestamp=_time(payload.timestamp),
        use_recent_session=payload.useRecentSession,  # the API takes a false for true
        session_url=payload.sessionUrl,
    )
    return await call.http.post(f"{_individual(payload.userId)}/customevent?integration=segment", json={"event": event})


async def track_event_v2(call: Call[FullstorySettings, TrackEventV2]) -> Response:
    """Send an event."""
    payload = call.payload
    session = _given(
        id=unquote(payload.sessionUrl.rpartition("/")[2]) if payload.sessionUrl else None,
        use_most_recent=payload.useRecentSession,  # the API takes a false for true
    )
    event = {"name": payload.name, "properties": normalized(payload.properties)} | _given(
        user={"uid": payload.userId} if payload.userId else None, timestamp=_time(payload.timestamp), session=session
    )
    return await call.http.post(f"{URL}/v2/events", json=event)


async def identify_user(call: Call[FullstorySettings, IdentifyUser]) -> Response:
    """Set a user's properties by the V1 API."""
    payload = call.payload
    properties = normalized(payload.traits, camel=True, typed=True)
    properties |= _given(segmentAnonymousId_str=payload.anonymousId, email=payload.email)
    properties |= _given(displayName=payload.displayName)
    return await call.http.post(f"{_individual(payload.userId)}/customvars?integration=segment", json=properties)


async def identify_user_v2(call: Call[FullstorySettings, IdentifyUserV2]) -> Response:
    """Make a user, or set its properties."""
    payload = call.payload
    properties = normalized(payload.properties) | _given(segmentAnonymousId=payload.anonymousId)
    user = _given(uid=payload.uid, email=payload.email, display_name=payload.displayName)
    return await call.http.post(f"{URL}/v2/users", json=user | {"properties": properties})


def _given(**members: Any) -> dict[str, Any]:
    """The members that are not empty, false or absent."""
    return {name: value for name, value in members.items() if value}


def _time(value: str | int | float | None) -> str | None:
    return to_iso(value) if value else None


def _individual(user_id: str) -> str:
    return f"{URL}/users/v1/individual/{_quoted(user_id)}"


def _quoted(text: str) -> str:
    """As JavaScript's encodeURIComponent."""
    return quote(text, safe="!'()*")


fullstory = Definition(
    "fullstory",
    id="62d9aa9899b06480f83e8a66",
    name="Fullstory Cloud Mode (Actions)",
    description="Session analytics: events and users.",
    settings=FullstorySettings,
    request=authorized,
    test_authentication=test_authentication,
    on_delete=on_delete,
    hosts=("api.fullstory.com",),
    categories=("Analytics", "Heatmaps & Recordings"),
    actions=[
        Action("trackEvent", title="Track Event", description="Send an event (V1).", payload=TrackEvent,
               trigger='type = "track"', perform=track_event),
        Action("identifyUser", title="Identify User", description="Set a user's properties (V1).",
               payload=IdentifyUser, trigger='type = "identify"', perform=identify_user),
        Action("trackEventV2", title="Track Event V2", description="Send an event.", payload=TrackEventV2,
               trigger='type = "track"', perform=track_event_v2),
        Action("identifyUserV2", title="Identify User V2", description="Make a user, or set its properties.",
               payload=IdentifyUserV2, trigger='type = "identify"', perform=identify_user_v2),
    ],
    presets=[
        Preset("Track Event", "trackEventV2", 'type = "track"'),
        Preset("Identify User", "identifyUserV2", 'type = "identify"'),
    ],
)  # fmt: skip


@hookimpl
def actionsd_definitions() -> list[Definition[Any]]:
    return [fullstory]
