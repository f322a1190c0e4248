"""The pixel: an event in a query string, for mail and pages without JavaScript (FEATURES F021)."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from actionsd.ingest.refusal import BadRequest
from actionsd.ingest.split import members, write

# The smallest GIF there is: 1 x 1, transparent.
image = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")

_from_url = str.maketrans("-_ ", "+/+")  # the URL-safe alphabet, and the plus that a query turns into a blank
_nested = ("properties", "traits", "context", "integrations")


def body(query: Mapping[str, str]) -> bytes:
    """The event that a query stands for: ``data`` is its JSON in base64, else each parameter is a member of it, texts
    all, where ``properties.plan`` names one inside.

    Raises:
        BadRequest: ``data`` is not base64 of a JSON object, or a parameter is a text and an object at once.
    """
    data = query.get("data")
    if data is None:
        return write(_flat(query))
    try:
        text = base64.b64decode(data.translate(_from_url) + "==")
    except (binascii.Error, ValueError):
        raise BadRequest("data is not base64") from None
    event = members(text)
    if not isinstance(event, dict):
        raise BadRequest("data is not a JSON object")
    return text if "writeKey" in event or "writeKey" not in query else write(event | {"writeKey": query["writeKey"]})


def _flat(query: Mapping[str, str]) -> dict[str, Any]:
    event: dict[str, Any] = {}
    for name, text in query.items():
        root, *path = name.split(".")
        if not path or root not in _nested:
            event[name] = text
            continue
        into = event
        for part in (root, *path[:-1]):
            into = into.setdefault(part, {})
            if not isinstance(into, dict):
                raise BadRequest(f"the parameter {part[:100]} is a text and an object at once")
        into[path[-1]] = text
    return event
