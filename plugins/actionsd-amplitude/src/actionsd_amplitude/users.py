"""Identify User, Map User and Group Identify User: the APIs that take forms with JSON in them."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from actionsd.sdk import UNSET, Call, Field, Json, Payload, Response, members, path, plain
from actionsd.sdk.helpers import to_ms
from actionsd_amplitude.api import AmplitudeSettings, id_options, json_text, post_form
from actionsd_amplitude.fields import InsertId, MinIdLength, Profile, Referrer, Sender, Utm
from actionsd_amplitude.properties import campaign_properties, merged, name_platform, own_properties, with_agent

_NOT_SENT = frozenset({
    "utm_properties", "referrer", "userAgent", "userAgentParsing", "includeRawUserAgent", "userAgentData",
    "min_id_length", "library",
})  # fmt: skip
_LIBRARY = {"library": "segment"}
_MEMBER = ("device_id", "groups", "insert_id", "library", "time", "user_id", "user_properties")
_GROUP = ("group_properties", "group_value", "group_type", "library")


class IdentifyUser(Profile):
    """A user's properties."""

    paying: Annotated[bool | None, Field("Is Paying", "Whether the user pays.")] = None
    start_version: Annotated[str | None, Field("Initial Version", "The app's version that the user began with.")] = None
    insert_id: InsertId = None
    utm_properties: Utm = None
    referrer: Referrer = None
    library: Annotated[
        str | None, Field("Library", "Only tells events of analytics.js.", default=path("$.context.library.name"))
    ] = None


class MapUser(Payload):
    """Two IDs of one user."""

    user_id: Annotated[
        str | None, Field("User ID", "The ID that joins the global one.", default=path("$.previousId"))
    ] = None
    global_user_id: Annotated[
        str | None, Field("Global User ID", "The ID of the user everywhere.", default=path("$.userId"))
    ] = None
    min_id_length: MinIdLength = UNSET


class GroupIdentifyUser(Sender):
    """A group's properties, and who is in it."""

    insert_id: InsertId = None
    time: Annotated[str | None, Field("Timestamp", "When it happened.", default=path("$.timestamp"))] = None
    group_properties: Annotated[
        Json | None, Field("Group Properties", "Properties to set on the group.", default=path("$.traits"))
    ] = None
    group_type: Annotated[str, Field("Group Type", "Such as “company”.")]
    group_value: Annotated[str, Field("Group Value", "Which group of the type.")]
    min_id_length: MinIdLength = UNSET


async def identify_user(call: Call[AmplitudeSettings, IdentifyUser]) -> Response:
    """Set the user's properties; campaign and referrer win over mapped ones."""
    payload = call.payload
    user = members(payload, without=_NOT_SENT)
    name_platform(user, payload.library)
    campaign = campaign_properties(payload.utm_properties, payload.referrer)
    if campaign:
        user["user_properties"] = merged(own_properties(payload.user_properties), campaign)
    return await _identify(call, "identify", with_agent(payload, user) | _LIBRARY, payload.min_id_length)


async def map_user(call: Call[AmplitudeSettings, MapUser]) -> Response:
    """Join two IDs."""
    form = {"mapping": json_text([plain(call.payload)])}
    options = id_options(call.payload.min_id_length)
    return await post_form(call, "usermap", form if options is None else form | {"options": json_text(options)})


async def group_identify_user(call: Call[AmplitudeSettings, GroupIdentifyUser]) -> Response:
    """Put the user, where there is one, in the group; then set the group's properties."""
    payload = call.payload
    given = members(payload)
    if payload.user_id or payload.device_id:
        group = {payload.group_type: payload.group_value}
        time = call.at_ms if payload.time is None else to_ms(payload.time)
        member = given | {"groups": group, "time": time, "user_properties": group} | _LIBRARY
        await _identify(call, "identify", [_picked(member, _MEMBER)], payload.min_id_length)
    return await _identify(call, "groupidentify", [_picked(given | _LIBRARY, _GROUP)], payload.min_id_length)


async def _identify(call: Call[AmplitudeSettings, Any], api: str, identification: Any, length: object) -> Response:
    form = {"identification": json_text(identification), "options": json_text(id_options(length))}
    return await post_form(call, api, form)


def _picked(given: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {name: given[name] for name in names if name in given}
