"""Short hands for the structured form of triggers."""

from typing import Any


def condition(
    kind: str = "event-property", name: str | None = "plan", operator: str = "=", **value: Any
) -> dict[str, Any]:
    named = {} if name is None else {"name": name}
    return {"type": kind, **named, "operator": operator, **value}


def group(*children: dict[str, Any], operator: str = "and") -> dict[str, Any]:
    return {"type": "group", "operator": operator, "children": list(children)}


EVENT_IS = condition("event", None, "=", value="Signed Up")
