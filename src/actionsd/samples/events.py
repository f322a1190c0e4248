"""Events of all six types, complete as the daemon hands them to mappings; keywords replace or add members.

>>> track("Signed Up", {"plan": "pro"}, userId="u-9")["userId"]
'u-9'
"""

from collections.abc import Mapping
from typing import Any

_TIME = "2024-05-14T10:20:30.456Z"


def track(name: str = "Test Event", properties: Mapping[str, Any] | None = None, **members: Any) -> dict[str, Any]:
    """A track event: ``track("Order Completed", {"total": 5})``."""
    return _event("track", {"event": name, "properties": dict(properties or {})}, members)


def identify(traits: Mapping[str, Any] | None = None, **members: Any) -> dict[str, Any]:
    """An identify event: ``identify({"email": "ada@example.com"})``."""
    return _event("identify", {"traits": dict(traits or {"email": "ada@example.com", "name": "Ada"})}, members)


def page(name: str = "Home", properties: Mapping[str, Any] | None = None, **members: Any) -> dict[str, Any]:
    """A page event: ``page("Pricing")``."""
    own = {"url": "https://example.com/", "path": "/", "title": "Home"} | dict(properties or {})
    return _event("page", {"name": name, "properties": own}, members)


def screen(name: str = "Main", properties: Mapping[str, Any] | None = None, **members: Any) -> dict[str, Any]:
    """A screen event: ``screen("Settings")``."""
    return _event("screen", {"name": name, "properties": dict(properties or {})}, members)


def group(group_id: str = "group-1", traits: Mapping[str, Any] | None = None, **members: Any) -> dict[str, Any]:
    """A group event: ``group("acme-inc", {"plan": "pro"})``."""
    return _event("group", {"groupId": group_id, "traits": dict(traits or {"name": "Example Inc"})}, members)


def alias(previous_id: str = "anonymous-1", **members: Any) -> dict[str, Any]:
    """An alias event: ``alias("old-id", userId="new-id")``."""
    return _event("alias", {"previousId": previous_id}, members)


def all_types() -> list[dict[str, Any]]:
    """One event of each type.

    >>> [event["type"] for event in all_types()]
    ['track', 'identify', 'page', 'screen', 'group', 'alias']
    """
    return [track(), identify(), page(), screen(), group(), alias()]


def _event(kind: str, own: dict[str, Any], members: dict[str, Any]) -> dict[str, Any]:
    common = {
        "type": kind,
        "messageId": f"message-{kind}-1",
        "userId": "user-1",
        "anonymousId": "anonymous-1",
        "timestamp": _TIME,
        "originalTimestamp": _TIME,
        "sentAt": _TIME,
        "receivedAt": _TIME,
        "context": {
            "ip": "203.0.113.7",
            "locale": "en-GB",
            "timezone": "Europe/London",
            "userAgent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/124.0.0.0 Safari/537.36",
            "page": {"url": "https://example.com/", "path": "/", "title": "Home", "referrer": "", "search": ""},
            "library": {"name": "actionsd.testing", "version": "1"},
        },
        "integrations": {},
    }
    return common | own | members
