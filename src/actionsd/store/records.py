"""What crosses the border of the store: frozen records, no SQL. Times are milliseconds since the epoch, UTC.

Positions are dense integers from 1, given by the writer and never reused (RULES R7). Ids of sources, destinations and
mappings are integers given by the workspace and never reused; slugs are for people (RULES R18).
"""

from typing import NamedTuple

import msgspec

from actionsd.store.configs import (
    DestinationConfig,
    MappingConfig,
    OAuthRule,
    PlanConfig,
    RuleConfig,
    SchemaConfig,
    SourceConfig,
    TransformationConfig,
)
from actionsd.wire import Role


class LaneKey(NamedTuple):
    """A consumer of the journal: a destination's live lane (``replay`` 0) or one of its replays."""

    destination: int
    replay: int = 0


class Count(NamedTuple):
    """What a counter counts; 0 stands for "none" in the ids, "" in the texts. The minute is the writer's."""

    step: str  # received, duplicate, refused, filtered, discarded, delivered, retry, dead ... (FEATURES F167)
    reason: str = ""  # a reason code of FEATURES F029, F172, F173
    source: int = 0
    destination: int = 0
    mapping: int = 0
    replay: int = 0


class Appended(NamedTuple):
    """The fate of one append, known after the commit: ``positions[i]`` of event i, 0 where it was a duplicate."""

    positions: tuple[int, ...]
    duplicates: int


class LaneState(msgspec.Struct, frozen=True):
    """Where a lane stood at its last commit. Everything up to ``cursor`` is settled; ``completed`` is the lane's own
    encoding of what is settled beyond it; events at or before ``start`` never match it (RULES R19)."""

    lane: LaneKey
    start: int
    cursor: int
    completed: bytes = b""


class Retry(msgspec.Struct, frozen=True):
    """A delivery that waits for its next attempt; its key is (lane, mapping, position)."""

    lane: LaneKey
    mapping: int
    position: int
    attempts: int
    first_at: int
    due_at: int
    code: str
    message: str
    exchange: bytes = b""  # JSON of the last attempt's requests and responses, secrets redacted, capped


class Dead(msgspec.Struct, frozen=True):
    """A delivery given up. The store copies the journal row beside it, once per event (RULES R13)."""

    lane: LaneKey
    mapping: int
    position: int
    reason: str
    code: str
    message: str
    attempts: int
    first_at: int
    last_at: int
    exchange: bytes = b""
    versions: str = ""  # JSON: mapping, destination and plugin version of the last attempt
    requeueable: bool = True


class Sample(msgspec.Struct, frozen=True):
    """What became of one event at a destination, kept to be looked at (FEATURES F170); ``body`` and ``added`` are its
    journal row's, ``payload`` and ``exchange`` JSON without secrets, empty where it did not get that far."""

    destination: int
    mapping: int
    step: str
    reason: str
    position: int
    message_id: str
    at: int
    message: str
    body: bytes
    added: bytes
    payload: bytes = b""
    exchange: bytes = b""


class RetryKey(NamedTuple):
    destination: int
    replay: int
    mapping: int
    position: int


class Settlement(msgspec.Struct, frozen=True):
    """All that a lane has learnt since its last one; written in one transaction (RULES R3, R25, R29)."""

    lane: LaneKey
    cursor: int
    completed: bytes
    counts: dict[Count, int]
    facets: dict[Count, dict[int, int]] = {}  # of each count, how many are of which facet
    latencies: dict[int, int] = {}  # deliveries by the bucket of the time since they were accepted
    samples: tuple[Sample, ...] = ()
    retries: tuple[Retry, ...] = ()  # inserted, or replacing the row with the same key
    settled_retries: tuple[RetryKey, ...] = ()  # deleted
    dead: tuple[Dead, ...] = ()
    intents: tuple[tuple[int, int], ...] | None = None  # all (mapping, position) about to be tried (RULES R26)


class Intent(msgspec.Struct, frozen=True):
    """A delivery that was about to be tried when the process died; ``starts`` counts the unclean starts that found it
    so, this one included (RULES R26)."""

    mapping: int
    position: int
    starts: int


class DeadLetter(msgspec.Struct, frozen=True):
    """A stored :class:`Dead`: its id, and ``died_at``, when it was given up."""

    id: int
    dead: Dead
    died_at: int


class DeadRange(msgspec.Struct, frozen=True):
    """Unclaimed events that retention or a disabled destination passed over, counted and not requeueable (R11, R18).
    ``events`` counts those of the destination's source among the positions ``first`` to ``last``."""

    destination: int
    first: int
    last: int
    events: int
    reason: str
    at: int


class Replay(msgspec.Struct, frozen=True):
    """Journalled events run through a destination again (RULES R30): positions ``first`` to ``last``, of one ``source``
    and one ``event`` name where they are not 0 and ""; ``mapping`` 0 means all of the destination's. ``state`` is
    ``running``, ``stopped`` or ``done``; ``rate`` deliveries a second. Its lane is ``LaneKey(destination, id)``."""

    id: int
    destination: int
    mapping: int
    source: int
    event: str
    first: int
    last: int
    rate: float | None
    state: str
    created_at: int
    cursor: int
    completed: bytes = b""


class Backlog(NamedTuple):
    """What waits in a lane's retry queue: rows, and the bytes they take beside their events."""

    rows: int
    bytes: int


class Sizes(NamedTuple):
    """Bytes: pages in use and pages free inside the database, the files on disk, room left on their file system."""

    used: int
    free_pages: int
    database: int
    wal: int
    disk_free: int


class Schema(msgspec.Struct, frozen=True):
    """What a source lets in, and the version of that; 0 where nothing was ever said."""

    version: int = 0
    config: SchemaConfig = SchemaConfig()


class Rule(msgspec.Struct, frozen=True):
    """A rule of a tracking plan; ``version`` is how often it changed, ``config.version`` the one that events pick."""

    id: int
    version: int
    config: RuleConfig
    created_at: int
    updated_at: int


class TrackingPlan(msgspec.Struct, frozen=True):
    """A tracking plan with its rules in the order they were made."""

    id: int
    version: int
    config: PlanConfig
    rules: tuple[Rule, ...]
    created_at: int
    updated_at: int


class Transformation(msgspec.Struct, frozen=True):
    """A transformation of a source's events, everywhere or on the way to one kind of destination."""

    id: int
    source: int
    version: int
    config: TransformationConfig
    created_at: int
    updated_at: int

    def as_json(self) -> dict[str, object]:
        """As the transformations' compiler takes it."""
        return {"if": self.config.condition, "enabled": self.config.enabled, **self.config.edits}


class Source(msgspec.Struct, frozen=True):
    """Where events come from. ``write_keys`` are all valid at once (rotation). ``declared``: the file has it and only
    there it changes (RULES R21), but for its ``schema`` and ``transformations`` (those for all destinations).
    ``config`` is what is configured. The times are 0 for what is declared."""

    id: int
    slug: str
    name: str
    write_keys: tuple[str, ...]
    enabled: bool = True
    declared: bool = True
    version: int = 1
    config: SourceConfig | None = None
    created_at: int = 0
    updated_at: int = 0
    schema: Schema = Schema()
    transformations: tuple[Transformation, ...] = ()
    oauth: OAuthRule = "optional"


class Mapping(msgspec.Struct, frozen=True):
    """A mapping as configured: ``fields`` verbatim (reserved keys included), ``trigger`` FQL text. ``version`` grows
    with each change; events at or before ``start`` never match it (RULES R19). ``config`` is the same with its
    references as they were written."""

    id: int
    name: str
    action: str
    trigger: str
    fields: dict[str, object]
    enabled: bool
    start: int
    version: int
    config: MappingConfig | None = None
    created_at: int = 0
    updated_at: int = 0


class Destination(msgspec.Struct, frozen=True):
    """A configured destination with its mappings in their order. ``state`` is ``enabled``, ``disabled``, ``paused`` or
    ``undeclared`` (RULES R18, R21). The limits are ``None`` where the daemon's defaults hold. ``declared``: the file
    has it and only there it changes. ``config`` is what is configured, with its references as they were written.
    Stored ``filters`` have ``id``, ``createdAt`` and ``updatedAt``. ``transformations`` are those for destinations of
    this definition, enabled or not. ``trouble`` is why it cannot work, or ""."""

    id: int
    slug: str
    name: str
    source: int
    definition: str
    settings: dict[str, object]
    mappings: tuple[Mapping, ...]
    filters: tuple[dict[str, object], ...]
    state: str
    start: int
    version: int
    concurrency: int | None = None
    rate_limit: float | None = None  # deliveries a second
    timeout: float | None = None  # seconds
    retry_window: float | None = None  # seconds
    consent: tuple[str, ...] = ()  # consent categories, all of which must be granted (FEATURES F043)
    declared: bool = True
    trouble: str = ""
    config: DestinationConfig | None = None
    created_at: int = 0
    updated_at: int = 0
    transformations: tuple[Transformation, ...] = ()


class Workspace(msgspec.Struct, frozen=True):
    """One consistent state of the configuration; swapped whole between claims (RULES R20, R21)."""

    version: int
    sources: tuple[Source, ...] = ()
    destinations: tuple[Destination, ...] = ()
    plans: tuple[TrackingPlan, ...] = ()
    transformations: tuple[Transformation, ...] = ()


class Token(msgspec.Struct, frozen=True):
    """A bearer token of the admin API, without what it is known by."""

    id: int
    name: str
    role: Role
    created_at: int
    last_used_at: int | None
    expires_at: int | None
    revoked_at: int | None


class OAuthClientConfig(msgspec.Struct, frozen=True, kw_only=True):
    """What a client of ingest's token server is made of: its public keys as PEM by their ``kid``, the ids of the
    sources that its tokens open, how many seconds a token is good, and what its tokens are signed with."""

    keys: dict[str, str]
    sources: tuple[int, ...]
    token_life: int
    token_key: bytes

    def __repr__(self) -> str:
        return f"<OAuthClientConfig with the keys {', '.join(self.keys)}>"  # the last one is secret (I6)


class OAuthClient(msgspec.Struct, frozen=True):
    """A client of ingest's token server (FEATURES F011); ``name`` is its id in the protocol."""

    id: int
    name: str
    created_at: int
    config: OAuthClientConfig
