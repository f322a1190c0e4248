"""Is this an event? With the exact reason codes of FEATURES F029 and the rules of F034-F039.

The rules stand once, in :func:`examine`, on the whole event. :func:`plainly_good` is a shortcut for the hot path: it
looks only at the head and may say no to a good event, which is then examined, but never yes to a bad one.
"""

from collections.abc import Callable
from typing import Any

from actionsd.event import types
from actionsd.ingest.refusal import Refusal
from actionsd.ingest.split import Head, max_message_id


def plainly_good(head: Head, type: str | None) -> bool:
    """Whether an event of this type needs no :func:`examine`. That its head could be decoded says that what the head
    holds has the right types, and the messageId its length."""
    if not (head.user_id or head.anonymous_id):
        return False
    context = head.context
    if context is not None and context.consent is not None and _consent(context.consent):
        return False
    if type == "track":
        return bool(head.event)
    if type == "page" or type == "screen":
        return head.name != "" and head.category != ""
    if type == "identify":
        return True
    if type == "group":
        return bool(head.group_id)
    return type == "alias" and bool(head.user_id and head.previous_id)


def examine(event: Any, type: Any) -> Refusal | None:
    """Why this JSON value is no event of this type, or None. The first reason counts."""
    if not isinstance(event, dict):
        return Refusal("bad_request", "an event is a JSON object")
    if not isinstance(type, str) or type not in types:
        return Refusal("bad_request", f"type is one of {', '.join(sorted(types))}")
    return _form(event) or _ids(event) or _of_type[type](event)


def _form(event: dict[str, Any]) -> Refusal | None:
    """What holds for all types: messageId and context."""
    message_id, context = event.get("messageId"), event.get("context")
    if message_id is not None and (not isinstance(message_id, str) or len(message_id) > max_message_id):
        return Refusal("bad_request", f"messageId is a text of at most {max_message_id} characters")
    if not isinstance(event.get("integrations"), dict | None):
        return Refusal("bad_request", "integrations is an object")
    if context is None:
        return None
    if not isinstance(context, dict):
        return Refusal("bad_request", "context is an object")
    return _device(context.get("device")) or _consent(context.get("consent"))


def _ids(event: dict[str, Any]) -> Refusal | None:
    """F035: one of the two is a non-empty text; the other may be null or empty, but nothing else."""
    ids = [event.get("userId"), event.get("anonymousId")]
    present = [id for id in ids if id is not None]
    if not present:
        return Refusal("no_user_anon_id", "an event needs a userId or an anonymousId")
    if not all(isinstance(id, str) for id in present) or not any(present):
        return Refusal("id_not_string", "userId and anonymousId are non-empty texts")
    return None


def _track(event: dict[str, Any]) -> Refusal | None:
    name = event.get("event")
    if name is None or name == "":
        return Refusal("event_not_defined", "a track call needs an event name")
    if not isinstance(name, str):
        return Refusal("event_not_string", "the event name is a text")
    return _object(event, "properties")


def _page(event: dict[str, Any]) -> Refusal | None:
    for name in ("name", "category"):
        value = event.get(name)
        if value is not None and (not isinstance(value, str) or not value):
            return Refusal(f"{name}_not_string", f"{name} is a non-empty text where it is given")
    return _object(event, "properties")


def _identify(event: dict[str, Any]) -> Refusal | None:
    return _object(event, "traits")


def _group(event: dict[str, Any]) -> Refusal | None:
    return _needed_id(event, "groupId") or _object(event, "traits")


def _alias(event: dict[str, Any]) -> Refusal | None:
    return _needed_id(event, "userId") or _needed_id(event, "previousId")


_of_type: dict[str, Callable[[dict[str, Any]], Refusal | None]] = {
    "track": _track,
    "page": _page,
    "screen": _page,
    "identify": _identify,
    "group": _group,
    "alias": _alias,
}


def _needed_id(event: dict[str, Any], name: str) -> Refusal | None:
    value = event.get(name)
    if value is None:
        return Refusal("id_required", f"this call needs a {name}")
    if not isinstance(value, str) or not value:
        return Refusal("id_not_string", f"{name} is a non-empty text")
    return None


def _object(event: dict[str, Any], name: str) -> Refusal | None:
    if not isinstance(event.get(name), dict | None):
        return Refusal(f"{name}_not_object", f"{name} is an object")
    return None


def _device(device: Any) -> Refusal | None:
    if isinstance(device, dict) and not isinstance(device.get("advertisingId"), str | None):
        return Refusal("device_advertisingid_should_be_string", "context.device.advertisingId is a text")
    return None


def _consent(consent: Any) -> Refusal | None:
    """F043; a consent object is optional, what it must hold then is not."""
    if consent is None:
        return None
    if not isinstance(consent, dict) or consent.get("categoryPreferences") is None:
        code = "consent_categorypreferences_should_exist"
        return Refusal(code, "context.consent has an object categoryPreferences")
    preferences = consent["categoryPreferences"]
    if not isinstance(preferences, dict):
        code = "consent_categorypreferences_fields_should_be_object"
        return Refusal(code, "context.consent.categoryPreferences is an object")
    if not all(isinstance(granted, bool) for granted in preferences.values()):
        code = "consent_categorypreferences_fields_should_be_bool"
        return Refusal(code, "each of context.consent.categoryPreferences is true or false")
    version = consent.get("version")
    if version is not None and (isinstance(version, bool) or not isinstance(version, int | float)):
        return Refusal("consent_version_should_be_number", "context.consent.version is a number")
    return None
