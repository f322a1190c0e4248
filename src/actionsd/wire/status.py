"""How the daemon does: sources, destinations and the whole."""

from datetime import datetime

from actionsd.wire.base import Wire


class SourceStatus(Wire, frozen=True, kw_only=True):
    """One source: events received, seen before, refused, and blocked by what it lets in (``filtered``), since the
    database was made; ``rate`` per second. ``trouble`` says what of that does not act, or is empty.
    ``id`` is the Public API's."""

    id: int
    slug: str
    name: str
    enabled: bool
    received: int
    duplicates: int
    refused: int
    filtered: int
    rate: float
    trouble: str


class MappingStatus(Wire, frozen=True, kw_only=True):
    """One mapping of a destination with its own outcomes."""

    name: str
    action: str
    trigger: str
    enabled: bool
    delivered: int
    dead: int


class DestinationStatus(Wire, frozen=True, kw_only=True):
    """One destination. ``delivered`` and ``discarded`` are totals; ``retrying`` and ``dead`` what waits or lies there
    now; ``backlog`` the events of its source that its lane has not passed, ``oldest`` when the first of them was
    received. ``state`` is the configured one; ``breaker`` is ``closed`` unless deliveries are held back (``open``,
    ``probing``); ``reason`` says why they are, or why the lane stands still."""

    slug: str
    name: str
    definition: str
    source: str
    state: str
    breaker: str
    reason: str
    delivered: int
    discarded: int
    retrying: int
    dead: int
    backlog: int
    oldest: datetime | None
    in_flight: int
    rate: float
    mappings: list[MappingStatus]


class Listeners(Wire, frozen=True, kw_only=True):
    """Where the daemon really listens, with the ports that the system chose."""

    ingest: list[str]
    stream: list[str]
    admin: list[str]


class JournalStatus(Wire, frozen=True, kw_only=True):
    """The journal: last position, and the sizes of database and write-ahead log."""

    head: int
    bytes: int
    wal_bytes: int


class Status(Wire, frozen=True, kw_only=True):
    """The whole daemon at one moment. ``trouble`` says why it is not ready, or is empty."""

    version: str
    pid: int
    started_at: datetime
    uptime: float
    ready: bool
    trouble: str
    data_dir: str
    loop_delay: float
    listeners: Listeners
    journal: JournalStatus
    sources: list[SourceStatus]
    destinations: list[DestinationStatus]
