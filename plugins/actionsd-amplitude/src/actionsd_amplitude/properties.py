"""User properties in Amplitude's form: ``$set``, ``$setOnce`` and ``$add`` beside plain ones, which are set too."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from actionsd.sdk import js, members
from actionsd_amplitude.fields import Profile, UtmProperties
from actionsd_amplitude.user_agent import device_properties


def campaign_properties(utm: UtmProperties | None, referrer: str | None) -> dict[str, Any]:
    """Where the user came from, as last touch (``$set``) and as first (``$setOnce``); {} where nothing is known."""
    touch = ({} if utm is None else members(utm)) | ({"referrer": referrer} if referrer else {})
    return {"$set": touch, "$setOnce": {f"initial_{name}": value for name, value in touch.items()}} if touch else {}


def own_properties(given: Mapping[str, Any] | None) -> dict[str, Any]:
    """The mapped user properties without those that the campaign fields stand for."""
    own = dict(given or {})
    own.pop("utm_properties", None)
    own.pop("referrer", None)
    return own


def merged(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    """Both, the second winning; members of ``$set`` and of ``$setOnce`` are merged one by one.

    >>> merged({"$set": {"a": 1}}, {"$set": {"b": 2}, "plan": "pro"})
    {'$set': {'a': 1, 'b': 2}, 'plan': 'pro'}
    """
    joined = {
        name: js.spread(first.get(name)) | js.spread(second.get(name))
        for name in ("$set", "$setOnce")
        if first.get(name) or second.get(name)
    }
    return {**first, **second, **joined}


def name_platform(sent: dict[str, Any], library: str | None) -> None:
    """Write the platform in Amplitude's spelling; ``Web`` where it is empty and analytics.js made the event.

    >>> event = {"platform": "ios"}
    >>> name_platform(event, None)
    >>> event
    {'platform': 'iOS'}
    """
    platform = sent.get("platform", "")
    if platform:
        sent["platform"] = _spelled(platform)
    elif library == "analytics.js":
        sent["platform"] = "Web"


@lru_cache(maxsize=128)
def _spelled(platform: str) -> str:
    for name in ("iOS", "Android"):
        platform = js.replace(platform, name, name, ignore_case=True, every=False)
    return platform


def with_agent(payload: Profile, sent: Mapping[str, Any]) -> dict[str, Any]:
    """What is sent, after what the user agent says; mapped fields win over that."""
    found = device_properties(payload.userAgent, payload.userAgentData) if payload.userAgentParsing else {}
    if payload.includeRawUserAgent:
        found = {**found, "user_agent": payload.userAgent}
    event = {**found, **sent}
    for name in found:
        if event[name] is None:
            del event[name]
    return event
