"""What a change would mean for events that have been."""

from datetime import datetime
from typing import Annotated, Any

from msgspec import UNSET, Meta, UnsetType

from actionsd.wire.base import Wire
from actionsd.wire.workspace import FieldChange, FilterCreate

MOST_PREVIEWED = 10_000  # events that one preview looks at


class PreviewRequest(Wire, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Compare what a destination makes of its source's last events now with what it would make of them after a change.

    The change is one of: values of a mapping (``mapping``, with ``trigger`` or ``fields``; both versions are taken as
    enabled), a new mapping (``action``), a filter (``filter``, in the place of ``filter_id`` where that is given), no
    filter (``filter_id`` alone), or a ``change`` of the history by its id.

    Events are the ``last`` ones, 1,000 unless said, or all ``since`` a moment, at most 10,000; ``up_to`` is the
    position of the newest, so that a report can be made again. ``requests``: build the requests too, with nothing sent,
    and compare them instead of payloads. ``examples``: how many deliveries are shown one by one.
    """

    destination: str = ""
    mapping: str = ""
    action: str = ""
    trigger: str | UnsetType = UNSET
    fields: dict[str, Any] | UnsetType = UNSET
    filter: FilterCreate | None = None
    filter_id: int = 0
    change: int = 0
    last: Annotated[int, Meta(ge=1, le=MOST_PREVIEWED)] | None = None
    since: datetime | None = None
    up_to: int = 0
    requests: bool = False
    examples: Annotated[int, Meta(ge=0, le=1000)] = 100


class FieldCount(Wire, frozen=True, kw_only=True):
    """In how many changed deliveries a field is lost, gained or has another value; ``[]`` stands for any index."""

    field: str
    lost: int
    gained: int
    changed: int


class PreviewedDelivery(Wire, frozen=True, kw_only=True):
    """A delivery that the change adds, removes or changes, secrets masked. ``fields`` are its differences; of one that
    is added or removed ``payload`` is the whole, and ``why`` the reason why there is none on the other side."""

    position: int
    message_id: str
    type: str
    event: str
    mapping: str
    verdict: str
    fields: list[FieldChange]
    payload: Any
    why: str


class ChangePreview(Wire, frozen=True, kw_only=True):
    """What a change would mean: deliveries by verdict, fields of the changed ones, and examples, the newest first.

    ``first`` and ``last`` are the positions between which ``events`` of the source were looked at; ``complete`` is
    false where there were more than the limit. ``invalid``: events that a mapping takes after the change without making
    a valid payload, and did not before. The same events and configuration give the same report.
    """

    destination: str
    events: int
    first: int
    last: int
    complete: bool
    added: int
    removed: int
    changed: int
    unchanged: int
    invalid: int
    fields: list[FieldCount]
    examples: list[PreviewedDelivery]
