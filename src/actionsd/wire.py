"""What the admin API and actionsctl say to each other: frozen structs, JSON on the wire, names in camel case.

Both sides import this module, so an answer that one side writes the other can read. Slugs name things here; ids of the
store stay inside. Times are aware datetimes (UTC), durations seconds, sizes bytes.
"""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import msgspec


class Wire(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Base of all that goes over the wire."""


def moment(milliseconds: int) -> datetime:
    """Milliseconds since the epoch, as the store counts, as a time for people."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


class Problem(Wire, frozen=True, kw_only=True):
    """Why a call failed: ``type`` for programs, ``message`` for people."""

    type: str
    message: str


class Errors(Wire, frozen=True, kw_only=True):
    """The body of every answer from 400 up."""

    errors: list[Problem]


class SourceStatus(Wire, frozen=True, kw_only=True):
    """One source: events received, seen before, and refused, since the database was made; ``rate`` per second."""

    slug: str
    name: str
    enabled: bool
    received: int
    duplicates: int
    refused: int
    rate: float


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


class Seen(Wire, frozen=True, kw_only=True, omit_defaults=True):
    """One line of ``tail``: what happened to which event. ``message`` and ``exchanges`` (what was sent and answered)
    are there only for a viewer who asks for them; those of a batch stand at the first of its events."""

    at: datetime
    step: str
    source: str = ""
    message_id: str = ""
    type: str = ""
    event: str = ""
    destination: str = ""
    mapping: str = ""
    reason: str = ""
    status: int = 0
    took_ms: float = 0.0
    message: str = ""
    exchanges: list["Exchange"] = []


class Sent(Wire, frozen=True, kw_only=True):
    """A request as it went out, secrets redacted; ``truncated`` tells that the body was longer."""

    method: str
    url: str
    headers: dict[str, str]
    body: str
    truncated: bool = False


class Answered(Wire, frozen=True, kw_only=True):
    """What a destination answered, secrets redacted."""

    status: int
    headers: dict[str, str]
    body: str
    truncated: bool = False


class Exchange(Wire, frozen=True, kw_only=True, omit_defaults=True):
    """One request with its answer or, where there was none, its failure; ``seconds`` is how long that took."""

    request: Sent
    seconds: float
    response: Answered | None = None
    error: "Failure | None" = None


class Failure(Wire, frozen=True, kw_only=True):
    """Why there was no answer; ``code`` is such as ECONNREFUSED."""

    code: str
    message: str


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


class Done(Wire, frozen=True, kw_only=True):
    """How many things a command changed, and what stood in the way of others."""

    changed: int
    refused: list[str] = []


class ReplayRequest(Wire, frozen=True, kw_only=True):
    """Run journalled events through a destination again, or through one of its mappings (RULES R30). ``rate`` is events
    a second; None leaves the throttling to the lane."""

    destination: str
    mapping: str = ""
    since: datetime | None = None
    until: datetime | None = None
    source: str = ""
    event: str = ""
    rate: float | None = None


class ReplayStatus(Wire, frozen=True, kw_only=True):
    """A replay and how far it is: ``done`` of ``total`` journal positions passed, and what became of the matches."""

    id: int
    destination: str
    mapping: str
    event: str
    state: str
    first: int
    last: int
    done: int
    total: int
    rate: float | None
    created_at: datetime
    delivered: int
    discarded: int
    retrying: int
    dead: int


class Preview(Wire, frozen=True, kw_only=True):
    """One payload that a replay would send, secrets masked; ``error`` where the mapping could not make it."""

    message_id: str
    mapping: str
    payload: Any
    error: str


class ReplayPlan(Wire, frozen=True, kw_only=True):
    """What a replay would do, found by reading the journal: how many events lie in the range, how many deliveries each
    mapping would get, and why the others would not match. ``complete`` is false when the look stopped at its limit."""

    first: int
    last: int
    examined: int
    complete: bool
    deliveries: dict[str, int]
    discarded: dict[str, int]
    previews: list[Preview]


class Step(Wire, frozen=True, kw_only=True):
    """One step of an event's way. ``outcome`` is ok, pending, discarded, retry, dead or unknown; ``why`` is the reason
    code or the sentence that explains it."""

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


class PluginStatus(Wire, frozen=True, kw_only=True):
    """A definition that is installed, or one that was quarantined with its ``error``."""

    slug: str
    name: str
    package: str
    version: str
    actions: list[str]
    error: str


class BackupRequest(Wire, frozen=True, kw_only=True):
    """Where the copy goes: a path on the daemon's machine that does not exist yet."""

    path: str


class Backup(Wire, frozen=True, kw_only=True):
    """A finished copy of the database."""

    path: str
    bytes: int


class CheckResult(Wire, frozen=True, kw_only=True):
    """What a reload would say of the config file now; no problems: it would be taken."""

    path: str
    problems: list[str]


class MappingDetail(Wire, frozen=True, kw_only=True):
    """A mapping as it is configured, secrets of its fields masked."""

    name: str
    action: str
    trigger: str
    fields: dict[str, Any]
    enabled: bool
    version: int


Role = Literal["read", "write", "admin"]
"""What the holder of a token may do; each role may do what the ones before it may."""

TokenName = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$")]
Lifetime = Annotated[float, msgspec.Meta(gt=0, le=100 * 365 * 86400)]  # seconds; beyond it a date has no year


class TokenRequest(Wire, frozen=True, kw_only=True):
    """A token that is wanted; ``expires`` is in how many seconds it stops to work, None: never."""

    name: TokenName
    role: Role
    expires: Lifetime | None = None


class TokenRow(Wire, frozen=True, kw_only=True):
    """A token as listings show it: never the token itself, which nobody keeps. A name may be given again once its token
    is revoked."""

    name: str
    role: str
    state: Literal["active", "expired", "revoked"]
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None
    revoked_at: datetime | None


class NewToken(Wire, frozen=True, kw_only=True):
    """The one answer that holds a token."""

    token: str
    row: TokenRow


class TokenPage(Wire, frozen=True, kw_only=True):
    """A page of tokens, the oldest first; ``after`` asks for the next page, None where this was the last."""

    items: list[TokenRow]
    after: int | None


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
