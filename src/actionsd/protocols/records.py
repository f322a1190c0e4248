"""Violation records: what is wrong with an event, as track calls for another source (FEATURES F151)."""

import hashlib
from typing import Any, Final, NamedTuple

from actionsd.filters.edit import look_up
from actionsd.protocols.plan import Plan, event_name
from actionsd.protocols.violations import Violation
from actionsd.sdk import js
from actionsd.sdk.js import UNDEFINED

EVENT_NAME: Final = "Violation Generated"
USER_ID: Final = "schema-violations"
MAX_CONTEXT: Final = 1_000
"""Characters of ``context.app`` and ``context.library`` each; a longer one is left out: there may be many records."""


class Origin(NamedTuple):
    """The source of the event at fault."""

    id: str
    name: str
    slug: str


def violation_events(
    event: dict[str, Any], violations: tuple[Violation, ...], origin: Origin, plan: Plan
) -> list[dict[str, Any]]:
    """One call for each violation. The messageId follows from the event's and the violation, so that an event that is
    sent again makes no second record."""
    return [_record(event, violation, origin, plan) for violation in violations]


def _record(event: dict[str, Any], violation: Violation, origin: Origin, plan: Plan) -> dict[str, Any]:
    message_id = _text(event, "messageId")
    identity = "\0".join((origin.id, message_id, violation.field, violation.keyword, violation.description))
    digest = hashlib.blake2b(identity.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
    found = {name: look_up(event, ("context", name)) for name in ("app", "library")}
    context = {name: part for name, part in found.items() if part is not UNDEFINED and _size(part) <= MAX_CONTEXT}
    return {
        "type": "track",
        "event": EVENT_NAME,
        "userId": USER_ID,
        "messageId": f"sch-{digest}",
        "context": context,
        "integrations": {},
        "properties": {
            "appVersion": _text(event, "context", "app", "version"),
            "eventMessageID": message_id,
            "eventName": event_name(event),
            "eventSentAt": _text(event, "sentAt"),
            "eventTimestamp": _text(event, "timestamp"),
            "eventType": _text(event, "type"),
            "sourceID": origin.id,
            "sourceName": origin.name,
            "sourceSlug": origin.slug,
            "trackingPlanID": plan.id,
            "trackingPlanName": plan.name,
            "violationDescription": violation.description,
            "violationField": violation.field,
            "violationType": violation.type,
        },
    }


def _text(event: dict[str, Any], *keys: str) -> str:
    found = look_up(event, keys)
    return found if isinstance(found, str) else ""


def _size(value: Any) -> int:
    return len(str(js.stringify(value)))
