"""PostHog: events, page and screen views, and persons."""

from typing import Annotated, Any, Literal

from actionsd.sdk import (
    UNSET,
    Action,
    BaseCall,
    BatchCall,
    Call,
    Choice,
    DateTime,
    Definition,
    Field,
    Json,
    Number,
    Payload,
    Preset,
    Response,
    Secret,
    Settings,
    UnsetType,
    hookimpl,
    path,
    when,
)

actionsd_contract = 1

_US, _EU = "https://us.i.posthog.com", "https://eu.i.posthog.com"
_IS_PAGE, _IS_SCREEN = when("event_type", is_="page"), when("event_type", is_="screen")
_OWN_PROPERTIES = {"$current_url", "$screen_name", "$geoip_disable", "$ip"}
"""Properties that only fields and settings set."""


class PosthogSettings(Settings):
    """A PostHog project."""

    api_key: Annotated[Secret, Field("API Key", "The project API key: Settings, Project.")]
    project_id: Annotated[str, Field("Project ID", "The project's ID: Settings, Project.")]
    endpoint: Annotated[
        str,
        Field("Project Region", "Where the project is.", format="uri", default=_US,
              choices=[Choice(_US, "US Cloud"), Choice(_EU, "EU Cloud")]),
    ]  # fmt: skip
    historical_migration: Annotated[
        bool | None, Field("Historical Migration", "Events are old ones: no alarm about a spike.", default=False)
    ] = None
    geoip_disable: Annotated[
        bool | None, Field("Disable GeoIP Collection", "Derive no location from IP addresses.", default=False)
    ] = None


DistinctId = Annotated[str, Field("Distinct ID", "Your ID of the user.", default=path("$.userId"))]
IpAddress = Annotated[
    str | UnsetType | None,
    Field("IP Address", "The user's IP address.", format="ipv4", default=path("$.context.ip")),
]


class Event(Payload):
    """An event, a page view or a screen view."""

    event_type: Annotated[
        Literal["track", "page", "screen"],
        Field("Event Type", "Page and screen views have names of their own.", default="track", hidden=True),
    ]
    event_name: Annotated[str, Field("Event Name", "Name of a track event.", default=path("$.event"))]
    distinct_id: DistinctId
    properties: Annotated[
        Json | None, Field("Properties", "Properties of the event.", default=path("$.properties"))
    ] = None
    current_url: Annotated[
        str | None,
        Field("Current URL", "URL of the page viewed.", required=_IS_PAGE, depends_on=_IS_PAGE,
              default=path("$.context.page.url")),
    ] = None  # fmt: skip
    screen_name: Annotated[
        str | None,
        Field("Screen Name", "Name of the screen viewed.", required=_IS_SCREEN, depends_on=_IS_SCREEN,
              default=path("$.name")),
    ] = None  # fmt: skip
    anonymous_event_capture: Annotated[
        bool, Field("Anonymous Event Capture", "Sent as $process_person_profile; see the README.", default=False)
    ]
    timestamp: Annotated[DateTime | None, Field("Timestamp", "When it happened.", default=path("$.receivedAt"))] = None
    enable_batching: Annotated[bool, Field("Enable Batching", "Send many in one request.", default=False)]
    batch_size: Annotated[Number | None, Field("Batch Size", "Most events in a request.", default=100, hidden=True)] = (
        None
    )
    ip_address: IpAddress = UNSET


class Identify(Payload):
    """A person's properties."""

    distinct_id: DistinctId
    properties: Annotated[Json, Field("Properties", "Properties of the person.", default=path("$.traits"))]
    timestamp: Annotated[DateTime | None, Field("Timestamp", "When it happened.", default=path("$.timestamp"))] = None
    ip_address: IpAddress = UNSET


async def capture(call: Call[PosthogSettings, Event]) -> Response:
    """Send one event."""
    return await _capture(call, [call.payload])


async def capture_batch(call: BatchCall[PosthogSettings, Event]) -> Response:
    """Send many events."""
    return await _capture(call, call.payloads)


async def identify(call: Call[PosthogSettings, Identify]) -> Response:
    """Set a person's properties."""
    payload = call.payload
    body = {
        "event": "$identify",
        "api_key": call.settings.api_key,
        "distinct_id": payload.distinct_id,
        "properties": {"$set": payload.properties} | _place(call.settings, payload),
    } | _when(payload)
    return await call.http.post(f"{call.settings.endpoint}/i/v0/e/", json=body)


async def _capture(call: BaseCall[PosthogSettings], payloads: list[Event]) -> Response:
    settings = call.settings
    body: dict[str, Any] = {"api_key": settings.api_key, "batch": [_event(settings, payload) for payload in payloads]}
    if settings.historical_migration is not None:
        body["historical_migration"] = settings.historical_migration
    return await call.http.post(f"{settings.endpoint}/batch/", json=body)


def _event(settings: PosthogSettings, payload: Event) -> dict[str, Any]:
    name, viewed = payload.event_name, {}
    if payload.event_type == "page":
        name, viewed = "$pageview", {"$current_url": payload.current_url}
    elif payload.event_type == "screen":
        name, viewed = "$screen", {"$screen_name": payload.screen_name}
    given = {key: value for key, value in (payload.properties or {}).items() if key not in _OWN_PROPERTIES}
    own = {"distinct_id": payload.distinct_id, "$process_person_profile": payload.anonymous_event_capture}
    return {"event": name, "properties": given | viewed | own | _place(settings, payload)} | _when(payload)


def _place(settings: PosthogSettings, payload: Event | Identify) -> dict[str, Any]:
    """What tells PostHog where the user is, or not to find out."""
    found: dict[str, Any] = {"$geoip_disable": True} if settings.geoip_disable else {}
    return found | ({"$ip": payload.ip_address} if payload.ip_address else {})


def _when(payload: Event | Identify) -> dict[str, Any]:
    return {} if payload.timestamp is None else {"timestamp": payload.timestamp}


_event_action: Action[PosthogSettings, Event] = Action(
    "event", title="Track Event", description="Send an event, or a view of a page or screen.", payload=Event,
    trigger='type = "track"', perform=capture, perform_batch=capture_batch,
)  # fmt: skip


def _viewed(type: str, name: str) -> dict[str, Any]:
    return _event_action.default_mapping | {"event_type": type, "event_name": name}


posthog = Definition(
    "posthog",
    id="68516c107fc235f3572f8a64",
    name="Posthog",
    description="Product analytics: events and persons.",
    settings=PosthogSettings,
    hosts=("us.i.posthog.com", "eu.i.posthog.com"),
    categories=("Analytics",),
    actions=[
        _event_action,
        Action("identify", title="Identify", description="Set a person's properties.", payload=Identify,
               perform=identify),
    ],
    presets=[
        Preset("Track Event", "event", 'type = "track"'),
        Preset("Page View", "event", 'type = "page"', _viewed("page", "$pageview")),
        Preset("Screen View", "event", 'type = "screen"', _viewed("screen", "$screenview")),
        Preset("Identify", "identify", 'type = "identify"'),
    ],
)  # fmt: skip


@hookimpl
def actionsd_definitions() -> list[Definition[Any]]:
    return [posthog]
