"""Amplitude: events, purchases, users and groups."""

from typing import Any

from actionsd.sdk import Action, BaseCall, Definition, DeleteCall, Preset, Response, hookimpl, template
from actionsd_amplitude.api import AmplitudeSettings, credentials, url_of
from actionsd_amplitude.events import LogEvent, LogEventV2, LogPurchase, log_event, log_event_v2, log_purchase
from actionsd_amplitude.users import (
    GroupIdentifyUser,
    IdentifyUser,
    MapUser,
    group_identify_user,
    identify_user,
    map_user,
)

actionsd_contract = 1


async def test_authentication(call: BaseCall[AmplitudeSettings]) -> Response:
    """Look for a user with both keys."""
    url = f"{url_of('usersearch', call.settings)}?user=testUser@example.com"
    return await call.http.get(url, auth=credentials(call.settings))


async def on_delete(call: DeleteCall[AmplitudeSettings]) -> Response:
    """Ask for a user's data to be deleted."""
    body = {"user_ids": [call.user_id], "requester": "segment"}
    return await call.http.post(url_of("deletions", call.settings), json=body, auth=credentials(call.settings))


_log_event_v2: Action[AmplitudeSettings, LogEventV2] = Action(
    "logEventV2", title="Log Event V2", description="Send an event.", payload=LogEventV2, trigger='type = "track"',
    perform=log_event_v2,
)  # fmt: skip
_viewed = _log_event_v2.default_mapping | {"event_type": template("Viewed {{name}}")}

amplitude = Definition(
    "amplitude",
    id="5f7dd6d21ad74f3842b1fc47",
    name="Actions Amplitude",
    description="Product analytics: events, purchases, users and groups.",
    settings=AmplitudeSettings,
    test_authentication=test_authentication,
    on_delete=on_delete,
    hosts=("amplitude.com", "*.amplitude.com"),
    categories=("Analytics",),
    actions=[
        Action("logEvent", title="Log Event", description="Send an event.", payload=LogEvent,
               trigger='type = "track"', perform=log_event),
        Action("identifyUser", title="Identify User", description="Set a user's properties without an event.",
               payload=IdentifyUser, trigger='type = "identify"', perform=identify_user),
        Action("mapUser", title="Map User", description="Join two user IDs of one user.", payload=MapUser,
               trigger='type = "alias"', perform=map_user),
        Action("groupIdentifyUser", title="Group Identify User", description="Set a group's properties.",
               payload=GroupIdentifyUser, trigger='type = "group"', perform=group_identify_user),
        Action("logPurchase", title="Log Purchase", payload=LogPurchase, trigger='type = "track"',
               description="Send an event with revenue, and one for each product.", perform=log_purchase),
        _log_event_v2,
    ],
    presets=[
        Preset("Track Calls", "logEventV2", 'type = "track" and event != "Order Completed"'),
        Preset("Order Completed Calls", "logPurchase", 'type = "track" and event = "Order Completed"'),
        Preset("Page Calls", "logEventV2", 'type = "page"', _viewed),
        Preset("Screen Calls", "logEventV2", 'type = "screen"', _viewed),
        Preset("Identify Calls", "identifyUser", 'type = "identify"'),
    ],
)  # fmt: skip


@hookimpl
def actionsd_definitions() -> list[Definition[Any]]:
    return [amplitude]
