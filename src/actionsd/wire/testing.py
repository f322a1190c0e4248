"""Testers: one event through a destination or one mapping, and where the event comes from."""

from datetime import datetime
from typing import Any, Literal

from msgspec import UNSET, UnsetType

from actionsd.wire.base import Wire
from actionsd.wire.tail import Exchange
from actionsd.wire.workspace import MappingDetail

TestMode = Literal["preview", "dry", "send"]
SampleOf = Literal["track", "identify", "page", "screen", "group", "alias", "trigger"]


class EventTest(Wire, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Run one event through all enabled mappings of a destination: ``preview`` maps and validates, ``dry`` also builds
    the requests, ``send`` sends them. The event is exactly one of: ``event`` (JSON; one without receivedAt is completed
    as ingest would), ``message_id`` (in the journal), ``recent`` (the source's last), ``sample`` (made up, of a type or
    to fit the trigger). ``with_filters``: consent, the integrations object, filters and transformations of the
    destination apply, else they are bypassed (FEATURES F159)."""

    destination: str
    mode: TestMode = "preview"
    event: dict[str, Any] | None = None
    message_id: str = ""
    recent: bool = False
    sample: SampleOf | None = None
    with_filters: bool = False


class MappingTest(EventTest, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The same with one mapping, enabled or not, as it is or edited: ``mapping`` names one that exists; without it
    ``action`` names the action of one that is not saved. What is left out stays, or is the action's default; a field
    that comes back masked stays."""

    mapping: str = ""
    action: str = ""
    trigger: str | UnsetType = UNSET
    fields: dict[str, Any] | UnsetType = UNSET


class TestedMapping(Wire, frozen=True, kw_only=True):
    """What a mapping did with the event. ``payload`` is what it made, secrets masked; ``problems`` why that is not
    valid. ``outcome`` is ``valid`` where nothing was to be sent, else as of an attempt: delivered, retry, discarded.
    ``batched``: it went the way of batches, as a batch of one. In a dry run the ``exchanges`` have requests only."""

    mapping: str
    action: str
    batched: bool
    payload: Any
    problems: list[str]
    outcome: str
    status: int
    code: str
    message: str
    exchanges: list[Exchange]
    seconds: float


class TestedEvent(Wire, frozen=True, kw_only=True):
    """What a test showed. ``event`` is as the mappings saw it, ``now`` what they took for the time; ``mappings`` are
    those that matched; ``message`` says why there are none, or "". What a ``send``
    sends is tried once. ``draft`` is the mapping of a :class:`MappingTest`, as it was tested, secrets masked."""

    destination: str
    mode: TestMode
    event: dict[str, Any]
    now: datetime
    message: str
    mappings: list[TestedMapping]
    seconds: float
    draft: MappingDetail | None = None


class Sample(Wire, frozen=True, kw_only=True):
    """An event to test with, as the journal has it."""

    message_id: str
    received_at: datetime
    event: dict[str, Any]


class Samples(Wire, frozen=True, kw_only=True):
    """Events to test a destination or mapping with: the source's last ones, one made up for each type, and one that
    fits the trigger, or ``unfit``, why none could be made."""

    recent: list[Sample]
    generated: list[dict[str, Any]]
    fitting: dict[str, Any] | None
    unfit: str
