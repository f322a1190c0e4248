"""Mixpanel: events, purchases, user and group profiles."""

from typing import Any

from actionsd.sdk import Action, BaseCall, Definition, Preset, Response, hookimpl, template
from actionsd.sdk.js import stringify_bytes
from actionsd_mixpanel.api import MixpanelSettings
from actionsd_mixpanel.events import (
    TrackEvent,
    TrackPurchase,
    track_event,
    track_events,
    track_purchase,
    track_purchases,
)
from actionsd_mixpanel.profiles import (
    Alias,
    GroupIdentifyUser,
    IdentifyUser,
    IncrementProperties,
    create_alias,
    group_identify_user,
    identify_user,
    increment_properties,
)

actionsd_contract = 1


async def test_authentication(call: BaseCall[MixpanelSettings]) -> Response:
    """Ask whether token and secret are of one project."""
    keys = {"api_secret": call.settings.apiSecret, "project_token": call.settings.projectToken}
    url = "https://mixpanel.com/api/app/validate-project-credentials/"
    return await call.http.post(url, data=stringify_bytes(keys).decode())


_track_event: Action[MixpanelSettings, TrackEvent] = Action(
    "trackEvent", title="Track Event", description="Send an event.", payload=TrackEvent, trigger='type = "track"',
    perform=track_event, perform_batch=track_events,
)  # fmt: skip
_viewed = _track_event.default_mapping | {"event": template("Viewed {{name}}")}

mixpanel = Definition(
    "mixpanel",
    id="615c7438d93d9b61b1e9e192",
    name="Mixpanel (Actions)",
    description="Product analytics: events, purchases, user and group profiles.",
    settings=MixpanelSettings,
    test_authentication=test_authentication,
    hosts=("mixpanel.com", "*.mixpanel.com"),
    categories=("Analytics",),
    actions=[
        _track_event,
        Action("identifyUser", title="Identify User", description="Join a device with a user, set the user's profile.",
               payload=IdentifyUser, trigger='type = "identify"', perform=identify_user),
        Action("groupIdentifyUser", title="Group Identify User", description="Set a group's profile.",
               payload=GroupIdentifyUser, trigger='type = "group"', perform=group_identify_user),
        Action("alias", title="Alias", description="Join two IDs (legacy identity management).", payload=Alias,
               perform=create_alias),
        Action("trackPurchase", title="Track Purchase", description="Send an order and its products.",
               payload=TrackPurchase, trigger='type = "track"', perform=track_purchase,
               perform_batch=track_purchases),
        Action("incrementProperties", title="Increment Properties", description="Add to numbers of a user's profile.",
               payload=IncrementProperties, trigger='type = "track"', perform=increment_properties),
    ],
    presets=[
        Preset("Track Calls", "trackEvent", 'type = "track" and event != "Order Completed"'),
        Preset("Order Completed Calls", "trackPurchase", 'type = "track" and event = "Order Completed"'),
        Preset("Page Calls", "trackEvent", 'type = "page"', _viewed),
        Preset("Screen Calls", "trackEvent", 'type = "screen"', _viewed),
        Preset("Identify Calls", "identifyUser", 'type = "identify"'),
        Preset("Group Calls", "groupIdentifyUser", 'type = "group"'),
    ],
)  # fmt: skip


@hookimpl
def actionsd_definitions() -> list[Definition[Any]]:
    return [mixpanel]
