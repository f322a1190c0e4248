"""The events of a source, as they came."""

from datetime import datetime
from typing import Any

from actionsd.wire.base import Wire


class SourceEvent(Wire, frozen=True, kw_only=True):
    """An event of the journal. ``call`` is the SDK call that would make it; ``raw`` the event as mappings see it and
    ``added`` what of it the server added. ``trouble`` is why it cannot be read, or ""; then ``raw`` is the text."""

    position: int
    message_id: str
    received_at: datetime
    type: str
    name: str
    user: str
    call: str
    raw: Any
    added: Any
    trouble: str = ""


class SourceEvents(Wire, frozen=True, kw_only=True):
    """Events of a source, the newest first. ``examined``: how many of its last 500 were looked at; ``before`` asks for
    the next page, None where there is none."""

    items: list[SourceEvent]
    examined: int
    before: int | None
