"""The way of one event."""

from datetime import datetime

from actionsd.wire.base import Wire


class Step(Wire, frozen=True, kw_only=True):
    """One step of an event's way. ``outcome`` is ok, rewritten, delivered, pending, discarded, retry, dead or unknown;
    ``why`` is the reason code or the sentence that explains it."""

    step: str
    outcome: str
    why: str
    destination: str = ""
    mapping: str = ""
    at: datetime | None = None


class Explanation(Wire, frozen=True, kw_only=True):
    """Every step that one journalled event took (or would take now) and why."""

    message_id: str
    source: str
    position: int
    received_at: datetime
    type: str
    event: str
    steps: list[Step]


class Explanations(Wire, frozen=True, kw_only=True):
    """A message id is unique in one source, so several sources may answer."""

    items: list[Explanation]
