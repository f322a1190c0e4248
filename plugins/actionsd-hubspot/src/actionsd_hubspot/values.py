"""What HubSpot takes for the names and values of properties and events."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Literal

from actionsd.sdk import PayloadValidationError, js

Kind = Literal["string", "number", "bool", "date", "datetime"]

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_DATETIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})")


def internal_name(name: str) -> str:
    """The internal name of a property or an event: lower-case letters, digits, hyphens and underscores.

    Raises:
        PayloadValidationError: the name does not start with a letter, as HubSpot asks.

    >>> internal_name("Order Completed")
    'order_completed'
    """
    found = re.sub(r"[^a-z0-9_-]", "_", name.strip().lower())
    if not re.match("[a-z]", found):
        raise PayloadValidationError(f"HubSpot's names of properties and events start with a letter, not {name!r}.")
    return found


def named(given: Mapping[str, Any] | None) -> dict[str, Any]:
    """Properties under their internal names, with values that HubSpot takes; null tells nothing and is left out.

    Raises:
        PayloadValidationError: a name that HubSpot does not take.
    """
    return {internal_name(name): value for name, value in flat(given).items() if value is not None}


def flat(given: Mapping[str, Any] | None) -> dict[str, Any]:
    """Properties with values that HubSpot takes: members of an object become properties of their own, the values of a
    list are separated by semicolons, as in checkboxes.

    >>> flat({"plan": {"name": "pro"}, "tags": ["a", "b"], "seats": 5})
    {'plan_name': 'pro', 'tags': 'a;b', 'seats': 5}
    """
    found: dict[str, Any] = {}
    for name, value in (given or {}).items():
        if isinstance(value, dict):
            found |= {f"{name}_{inner}": content for inner, content in flat(value).items()}
        else:
            found[name] = ";".join(map(_text, value)) if isinstance(value, list) else value
    return found


def kind_of(value: Any) -> Kind:
    """The type of the property that shall hold this value; texts are dates only in ISO 8601.

    >>> [kind_of(value) for value in ("a", 5, True, "2024-05-14", "2024-05-14T10:20:30Z", "2024-99-99")]
    ['string', 'number', 'bool', 'date', 'datetime', 'string']
    """
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str) and _DATE.fullmatch(value) and _is(date, value):
        return "date"
    if isinstance(value, str) and _DATETIME.fullmatch(value) and _is(datetime, value):
        return "datetime"
    return "string"


def _is(kind: type[date], text: str) -> bool:
    try:
        kind.fromisoformat(text)
    except ValueError:
        return False
    return True


def _text(value: Any) -> str:
    return js.stringify_bytes(value).decode() if isinstance(value, dict | list) else js.string(value)
