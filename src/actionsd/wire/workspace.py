"""What is configured, and its history."""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from actionsd.wire.base import Wire


class MappingDetail(Wire, frozen=True, kw_only=True):
    """A mapping as it is configured, secrets of its fields masked."""

    name: str
    action: str
    trigger: str
    fields: dict[str, Any]
    enabled: bool
    version: int


class SourceDetail(Wire, frozen=True, kw_only=True):
    """A source as it is configured. ``declared``: in the file, and only there it changes; ``oauth``: whether its events
    must come with an access token."""

    slug: str
    name: str
    write_keys: list[str]
    enabled: bool
    declared: bool
    version: int
    oauth: Literal["optional", "required"]


class SourceCreate(Wire, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A source that is wanted; without write keys it gets one."""

    slug: str
    name: str = ""
    write_keys: tuple[str, ...] = ()
    enabled: bool = True
    oauth: Literal["optional", "required"] = "optional"


class SourceChange(Wire, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to change of a source; what is left out stays."""

    slug: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET
    oauth: Literal["optional", "required"] | UnsetType = UNSET


class KeyRequest(Wire, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A write key to add; "" lets the daemon make one."""

    key: str = ""


class FilterDetail(Wire, frozen=True, kw_only=True):
    """A destination filter; ``id`` is None where the file declares it."""

    id: int | None
    title: str
    condition: str = msgspec.field(name="if")
    actions: list[dict[str, Any]]
    enabled: bool
    description: str


class FilterCreate(Wire, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A filter that is wanted: FQL in ``if``, actions as in Segment's Public API."""

    title: str
    condition: str = msgspec.field(name="if")
    actions: tuple[dict[str, Any], ...]
    enabled: bool = True
    description: str = ""


class FilterChange(Wire, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to change of a filter; what is left out stays."""

    title: str | UnsetType = UNSET
    condition: str | UnsetType = msgspec.field(name="if", default=UNSET)
    actions: tuple[dict[str, Any], ...] | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET
    description: str | UnsetType = UNSET


class DestinationDetail(Wire, frozen=True, kw_only=True):
    """A destination as it is configured, secrets masked. ``trouble`` is why it cannot work, or "". Durations are
    seconds, limits None where the daemon's defaults hold."""

    slug: str
    name: str
    source: str
    definition: str
    state: str
    declared: bool
    settings: dict[str, Any]
    consent: list[str]
    concurrency: int | None
    rate_limit: float | None
    timeout: float | None
    retry_window: float | None
    mappings: list[MappingDetail]
    filters: list[FilterDetail]
    version: int
    trouble: str


class DestinationCreate(Wire, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A destination that is wanted; ``presets``: the definition's automatic ones become mappings, disabled."""

    source: str
    definition: str
    slug: str = ""
    name: str = ""
    enabled: bool = True
    settings: dict[str, Any] = {}
    consent: tuple[str, ...] = ()
    concurrency: int | None = None
    rate_limit: float | None = None
    timeout: float | None = None
    retry_window: float | None = None
    presets: bool = True


class DestinationChange(Wire, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to change of a destination; what is left out stays, and so does a setting that comes back masked."""

    slug: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET
    settings: dict[str, Any] | UnsetType = UNSET
    consent: tuple[str, ...] | UnsetType = UNSET
    concurrency: int | UnsetType | None = UNSET
    rate_limit: float | UnsetType | None = UNSET
    timeout: float | UnsetType | None = UNSET
    retry_window: float | UnsetType | None = UNSET


class MappingCreate(Wire, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A mapping that is wanted; a trigger or fields that are left out are the action's."""

    name: str
    action: str
    trigger: str | None = None
    fields: dict[str, Any] | None = None
    enabled: bool = False


class MappingChange(Wire, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to change of a mapping; what is left out stays, and so does a field that comes back masked. A
    mapping keeps its action: another would not know which of its fields are secret."""

    name: str | UnsetType = UNSET
    trigger: str | UnsetType = UNSET
    fields: dict[str, Any] | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET


class Place(Wire, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where in the list a mapping is wanted, counted from 1."""

    place: Annotated[int, msgspec.Meta(ge=1)]


class FieldChange(Wire, frozen=True, kw_only=True):
    """A field, by its dotted name, and what it was and became; None where it was not there."""

    field: str
    before: Any
    after: Any


class HistoryRow(Wire, frozen=True, kw_only=True):
    """One change of what is configured: ``who`` did ``verb`` (created, changed, deleted, restored), secrets masked.
    ``of`` is the slug of the destination, source or tracking plan that the object belongs to, "" where it is none."""

    id: int
    at: datetime
    who: str
    kind: str
    object: int
    of: str
    name: str
    version: int
    verb: str
    changed: list[FieldChange]


class HistoryPage(Wire, frozen=True, kw_only=True):
    """A page of changes, the newest first; ``before`` asks for the next page, None where this was the last."""

    items: list[HistoryRow]
    before: int | None
