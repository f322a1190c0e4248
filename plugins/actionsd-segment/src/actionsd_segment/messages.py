"""The five actions: each makes one call of the Segment spec and sends it."""

from collections.abc import Mapping
from typing import Any

from actionsd.sdk import Call, PayloadValidationError, Response, plain
from actionsd_segment.api import SegmentSettings, send
from actionsd_segment.fields import Group, Identify, Message, Page, Screen, Track

Json = dict[str, Any]


async def send_identify(call: Call[SegmentSettings, Identify]) -> Response:
    """Who the user is."""
    payload = call.payload
    traits = _given(payload.traits) | _present({"address": payload.address})
    return await _send(call, "identify", {"context": _context(payload), "traits": traits})


async def send_group(call: Call[SegmentSettings, Group]) -> Response:
    """Which group the user is in; its ID stands beside the context instead of in it."""
    context = _context(call.payload)
    group_id = context.pop("groupId")
    traits = _given(call.payload.traits)
    return await _send(call, "group", {"groupId": group_id, "context": context, "traits": traits})


async def send_screen(call: Call[SegmentSettings, Screen]) -> Response:
    """Which screen was viewed; the context has no time zone, see the README's Differences."""
    payload = call.payload
    context = _context(payload)
    context.pop("timezone", None)
    name = _present({"name": payload.screen_name})
    return await _send(call, "screen", name | {"context": context, "properties": name | _given(payload.properties)})


async def send_page(call: Call[SegmentSettings, Page]) -> Response:
    """Which page was viewed; mapped properties win over those made of other fields."""
    payload = call.payload
    name = _present({"name": payload.page_name})
    properties = name | _present({"category": payload.page_category}) | plain(payload.page or {})
    members = {"context": _context(payload), "properties": properties | _given(payload.properties)}
    return await _send(call, "page", name | members)


async def send_track(call: Call[SegmentSettings, Track]) -> Response:
    """What the user did; traits go into the context."""
    payload = call.payload
    context = {"traits": _given(payload.traits)} | _context(payload)
    members = {"event": payload.event_name, "context": context, "properties": _given(payload.properties)}
    return await _send(call, "track", members)


async def _send(call: Call[SegmentSettings, Any], type: str, members: Json) -> Response:
    message: Message = call.payload
    if not message.user_id and not message.anonymous_id:
        raise PayloadValidationError("Either `Anonymous ID` or `User ID` must be defined.")
    common = {
        "userId": message.user_id, "anonymousId": message.anonymous_id, "timestamp": message.timestamp,
        "messageId": message.message_id,
    }  # fmt: skip
    return await send(call, _present(common) | members | {"type": type})


def _context(message: Message) -> Json:
    """The ``context`` of the Segment spec, without what has no value."""
    consent = message.consent if _is_consent(message.consent) else None
    return {"consent": consent or {}} | _present({
        "app": message.application, "campaign": message.campaign_parameters, "device": message.device,
        "ip": message.ip_address, "locale": message.locale, "location": message.location, "network": message.network,
        "os": message.operating_system, "page": message.page, "screen": message.screen,
        "userAgent": message.user_agent, "timezone": message.timezone, "groupId": message.group_id,
    })  # fmt: skip


def _is_consent(consent: Mapping[str, Any] | None) -> bool:
    """Whether it says yes or no for each category; anything else is not passed on."""
    preferences = (consent or {}).get("categoryPreferences")
    return isinstance(preferences, dict) and all(isinstance(value, bool) for value in preferences.values())


def _present(members: Mapping[str, Any]) -> Json:
    return {name: value for name, value in members.items() if value is not None}


def _given(members: Json | None) -> Json:
    return members or {}
