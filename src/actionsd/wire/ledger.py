"""What did not work: retries, dead letters, ranges passed over."""

from datetime import datetime
from typing import Any

from actionsd.wire.base import Wire


class RetryRow(Wire, frozen=True, kw_only=True):
    """A delivery that waits for its next attempt."""

    destination: str
    mapping: str
    position: int
    replay: int
    attempts: int
    first_at: datetime
    due_at: datetime
    code: str
    message: str


class DeadRow(Wire, frozen=True, kw_only=True):
    """A dead letter as listings show it."""

    id: int
    destination: str
    mapping: str
    position: int
    replay: int
    message_id: str
    reason: str
    code: str
    message: str
    attempts: int
    first_at: datetime
    last_at: datetime
    died_at: datetime
    requeueable: bool


class DeadLetter(Wire, frozen=True, kw_only=True):
    """One dead letter whole: the event as the destination's lane read it, and the last exchange, secrets redacted."""

    row: DeadRow
    event: Any
    exchange: Any
    versions: Any


class DeadPage(Wire, frozen=True, kw_only=True):
    """A page of dead letters, the oldest first; ``after`` asks for the next page, None where this was the last.
    ``passed_over`` are ranges of events that no delivery was made of (RULES R11, R18)."""

    items: list[DeadRow]
    after: int | None
    passed_over: list["PassedOver"]


class PassedOver(Wire, frozen=True, kw_only=True):
    """Events that were counted and not delivered: their destination was disabled, or retention came first."""

    destination: str
    first: int
    last: int
    events: int
    reason: str
    at: datetime


class RetryPage(Wire, frozen=True, kw_only=True):
    """A page of the retry queue; ``after`` asks for the next page, None where this was the last."""

    items: list[RetryRow]
    after: int | None


class Choice(Wire, frozen=True, kw_only=True):
    """Which dead letters to act on: ``ids``, or all that match the other fields."""

    ids: list[int] = []
    destination: str = ""
    mapping: str = ""
    reason: str = ""
