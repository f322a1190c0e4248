"""The delivery overview, and samples of what was delivered, failed or was discarded (FEATURES F167-F176)."""

from datetime import datetime
from typing import Any, Literal

from actionsd.wire.base import Wire

By = Literal["event", "type", "reason", "version", "mapping"]


class FlowStep(Wire, frozen=True, kw_only=True):
    """One step of the pipeline: events in the window and in the one before (None where that is no longer known), the
    change between them as a share of the latter, and a number for each of the overview's ``times``."""

    step: str
    total: int
    previous: int | None
    change: float | None
    series: list[int]


class Breakdown(Wire, frozen=True, kw_only=True):
    """One event name, type, reason, version or mapping ("" where there is none), and its events by step, the attempts
    that failed and were to be repeated beside them as ``retried``."""

    key: str
    steps: dict[str, int]
    previous: dict[str, int]


class Latency(Wire, frozen=True, kw_only=True):
    """Seconds from accepted to delivered within which so many deliveries of a hundred arrived."""

    p50: float
    p95: float
    p99: float


class DestinationFlow(Wire, frozen=True, kw_only=True):
    """One destination in the window: what it filtered, delivered and gave up; ``success`` is delivered as a share of
    both. ``retrying`` and ``waiting`` are deliveries and events that wait now, ``reason`` says why if it is stopped."""

    slug: str
    filtered: int
    failed: int
    delivered: int
    success: float | None
    retrying: int
    waiting: int
    reason: str
    latency: Latency | None


class Overview(Wire, frozen=True, kw_only=True):
    """A source and its destinations, or one of them, in a window and against the one before. ``retried`` counts
    attempts that failed and were to be repeated; ``groups`` break it down ``by`` what was asked for, 200 at most."""

    source: str
    destination: str
    mapping: str
    since: datetime
    until: datetime
    granularity: str
    times: list[datetime]
    steps: list[FlowStep]
    retried: int
    destinations: list[DestinationFlow]
    by: str
    groups: list[Breakdown]


class DeliverySample(Wire, frozen=True, kw_only=True):
    """One event and what became of it. ``event``, ``payload`` and ``exchange`` are None where they were not kept or it
    did not get that far; secrets are redacted."""

    id: int
    destination: str
    mapping: str
    step: str
    reason: str
    message: str
    message_id: str
    at: datetime
    event: Any
    payload: Any
    exchange: Any


class DeliverySamples(Wire, frozen=True, kw_only=True):
    """Samples, the newest first; ``before`` asks for the next page, None where this was the last."""

    items: list[DeliverySample]
    before: int | None
