"""Whether an event puts its user into an audience, as Engage and Reverse ETL say it (framework.jsonl, membership.*)."""

from collections.abc import Mapping
from typing import Any

_ADDING = {"add": ("new",), "update": ("updated",), "upsert": ("new", "updated"), "mirror": ("new", "updated")}
_REMOVING = ("delete", "mirror")


def audience_membership(event: Mapping[str, Any], sync_mode: str | None = None) -> bool | None:
    """True: the user is in the audience; False: out of it; None: the event doesn't tell.

    >>> audience_membership({"type": "track", "event": "deleted"}, "mirror")
    False
    """
    personas = (event.get("context") or {}).get("personas") or {}
    if personas.get("computation_class") in ("audience", "journey_step"):
        members = event.get({"track": "properties", "identify": "traits"}.get(event.get("type", ""), "")) or {}
        value = members.get(personas.get("computation_key"))
        return value if isinstance(value, bool) else None
    if event.get("type") != "track" or sync_mode is None:
        return None
    if event.get("event") in _ADDING.get(sync_mode, ()):
        return True
    return False if event.get("event") == "deleted" and sync_mode in _REMOVING else None
