"""What is configured, and its history."""

from datetime import datetime
from typing import Any

from actionsd.wire.base import Wire


class MappingDetail(Wire, frozen=True, kw_only=True):
    """A mapping as it is configured, secrets of its fields masked."""

    name: str
    action: str
    trigger: str
    fields: dict[str, Any]
    enabled: bool
    version: int


class FieldChange(Wire, frozen=True, kw_only=True):
    """A field, by its dotted name, and what it was and became; None where it was not there."""

    field: str
    before: Any
    after: Any


class HistoryRow(Wire, frozen=True, kw_only=True):
    """One change of what is configured: ``who`` did ``verb`` (created, changed, deleted, restored), secrets masked."""

    id: int
    at: datetime
    who: str
    kind: str
    object: int
    name: str
    version: int
    verb: str
    changed: list[FieldChange]


class HistoryPage(Wire, frozen=True, kw_only=True):
    """A page of changes, the newest first; ``before`` asks for the next page, None where this was the last."""

    items: list[HistoryRow]
    before: int | None
