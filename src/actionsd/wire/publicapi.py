"""What commands and the Public API have in common: envelopes and pages."""

from typing import Generic, TypeVar

from msgspec import UNSET, UnsetType

from actionsd.wire.base import Wire

T = TypeVar("T")


class Data(Wire, Generic[T], frozen=True, kw_only=True):
    """The body of every answer of the Public API that is no error."""

    data: T


class Pagination(Wire, frozen=True, kw_only=True):
    """Where a page stands in its list; ``next`` and ``previous`` are absent where there is none."""

    current: str
    next: str | UnsetType | None = UNSET
    previous: str | UnsetType | None = UNSET
    total_entries: int | UnsetType = UNSET
