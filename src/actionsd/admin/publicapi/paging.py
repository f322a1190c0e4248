"""Pages of lists, found again by an opaque cursor: the key of the page's first item (FEATURES F236).

A key and not an offset, so that nothing is skipped where something before the page is deleted.
"""

import base64
import binascii
from bisect import bisect_left
from collections.abc import Callable, Iterable
from typing import Annotated, Any, TypeVar

import msgspec

from actionsd.admin.publicapi.errors import Refused
from actionsd.admin.publicapi.operation import PageRequest, Pagination

T = TypeVar("T")
K = TypeVar("K", int, str)

Number = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]  # what the store counts with


def page(items: Iterable[T], key: Callable[[T], K], first: K, wanted: PageRequest) -> tuple[list[T], Pagination]:
    """The page that is wanted of all items, in the order of their keys; ``first`` is a key before all others.

    Raises:
        Refused: the cursor is none of this list (422).
    """
    ordered = sorted(items, key=key)
    keys = [key(item) for item in ordered]
    start = bisect_left(keys, decode(wanted, first))
    end = start + wanted.count
    return ordered[start:end], Pagination(
        current=encode(keys[start] if start < len(keys) else first),
        next=encode(keys[end]) if end < len(keys) else msgspec.UNSET,
        previous=encode(keys[max(start - wanted.count, 0)]) if start and keys else msgspec.UNSET,
        total_entries=len(keys),
    )


def encode(key: int | str) -> str:
    """A cursor."""
    return base64.urlsafe_b64encode(msgspec.json.encode(key)).decode()


def decode(wanted: PageRequest, first: K) -> K:
    """The key in a cursor, or ``first`` where there is no cursor.

    Raises:
        Refused: it is no cursor, or one of another list (422).
    """
    if wanted.cursor is msgspec.UNSET:
        return first
    try:
        type: Any = Number if isinstance(first, int) else str
        key: K = msgspec.json.decode(base64.urlsafe_b64decode(wanted.cursor), type=type)
    except (ValueError, binascii.Error, msgspec.DecodeError):
        raise Refused(422, "this cursor is none that a list here has given", field="pagination.cursor") from None
    return key
