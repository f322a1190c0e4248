"""Replays: asked for, planned, under way."""

from datetime import datetime
from typing import Any

from actionsd.wire.base import Wire


class ReplayRequest(Wire, frozen=True, kw_only=True):
    """Run journalled events through a destination again, or through one of its mappings (RULES R30). ``rate`` is events
    a second; None leaves the throttling to the lane."""

    destination: str
    mapping: str = ""
    since: datetime | None = None
    until: datetime | None = None
    source: str = ""
    event: str = ""
    rate: float | None = None


class ReplayStatus(Wire, frozen=True, kw_only=True):
    """A replay and how far it is: ``done`` of ``total`` journal positions passed, and what became of the matches."""

    id: int
    destination: str
    mapping: str
    event: str
    state: str
    first: int
    last: int
    done: int
    total: int
    rate: float | None
    created_at: datetime
    delivered: int
    discarded: int
    retrying: int
    dead: int


class Preview(Wire, frozen=True, kw_only=True):
    """One payload that a replay would send, secrets masked; ``error`` where the mapping could not make it."""

    message_id: str
    mapping: str
    payload: Any
    error: str


class ReplayPlan(Wire, frozen=True, kw_only=True):
    """What a replay would do, found by reading the journal: how many events lie in the range, how many deliveries each
    mapping would get, and why the others would not match. ``complete`` is false when the look stopped at its limit."""

    first: int
    last: int
    examined: int
    complete: bool
    deliveries: dict[str, int]
    discarded: dict[str, int]
    previews: list[Preview]
