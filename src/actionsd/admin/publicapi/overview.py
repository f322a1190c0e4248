"""The delivery overview and the metrics of a destination (FEATURES F167-F169, F228): counts of the pipeline's steps."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from actionsd.admin.publicapi import ids, metadata, times
from actionsd.admin.publicapi.errors import Refused
from actionsd.admin.publicapi.operation import (
    BETA,
    Call,
    Nothing,
    Operation,
    PageRequest,
    Pagination,
    Row,
    Shape,
)
from actionsd.admin.publicapi.paging import page
from actionsd.operate.pipeline import Dimension, Granularity, Group, Groups, Key, Question, Step, Window, measure
from actionsd.store.records import Destination

Time = Annotated[datetime, msgspec.Meta(tz=True)]
GroupBy = Literal["eventName", "eventType", "discardReason", "appVersion"]

_day = 24 * 3600 * 1000  # milliseconds
_granularities: dict[str, Granularity] = {"minute": "MINUTE", "hour": "HOUR", "day": "DAY"}


class Filter(Shape, frozen=True, kw_only=True):
    """Only what has one of the values of each member that is given."""

    discard_reason: list[str] = []
    event_name: list[str] = []
    event_type: list[str] = []
    app_version: list[str] = []


class SourceQuery(Shape, frozen=True, kw_only=True):
    """What to count of a source, from ``startTime`` until before ``endTime``."""

    source_id: str
    start_time: Time
    end_time: Time
    group_by: list[GroupBy] = []
    granularity: Literal["day", "hour", "minute"]
    filter: Filter = Filter()
    pagination: PageRequest = PageRequest()


class DestinationQuery(SourceQuery, frozen=True, kw_only=True):
    """What to count of a destination, or of one of its subscriptions."""

    destination_config_id: str
    subscription_id: str | UnsetType = UNSET


class Point(Shape, frozen=True, kw_only=True):
    """What was counted in the bucket that starts at ``time``; ``retryCount``: attempts that were to be repeated."""

    time: str
    count: int
    retry_count: int | UnsetType = UNSET


class Dataset(Shape, frozen=True, kw_only=True):
    """One group: its values of what was asked to group by, and its counts."""

    event_name: str | UnsetType = UNSET
    event_type: str | UnsetType = UNSET
    discard_reason: str | UnsetType = UNSET
    app_version: str | UnsetType = UNSET
    total: int
    series: list[Point]
    total_retry_count: int | UnsetType = UNSET


class Overview(Shape, frozen=True, kw_only=True):
    """The groups, the largest first; ``total`` is that of all pages."""

    total: int
    dataset: list[Dataset]
    pagination: Pagination


class MetricsQuery(Shape, frozen=True, kw_only=True):
    """Without times the last 24 hours."""

    source_id: str
    start_time: Time | UnsetType = UNSET
    end_time: Time | UnsetType = UNSET
    granularity: Literal["DAY", "HOUR", "MINUTE"] = "HOUR"


class Part(Shape, frozen=True, kw_only=True):
    """How much of a metric is of one reason."""

    metric_name: str
    value: int


class Metric(Shape, frozen=True, kw_only=True):
    """A count; ``breakdown`` tells how much of it is of which reason."""

    metric_name: str
    total: int
    breakdown: list[Part] | UnsetType = UNSET


class Summary(Shape, frozen=True, kw_only=True):
    """The metrics of one destination."""

    source_id: str
    destination_metadata_id: str
    metrics: list[Metric]


class Metrics(Shape, frozen=True, kw_only=True):
    """The metrics of one destination."""

    delivery_metrics_summary: Summary


Answer = Callable[[Call[Any, Nothing]], Awaitable[Overview]]


def of(step: Step) -> Answer:
    """The function that answers what was counted at a step."""

    async def overview(call: Call[SourceQuery, Nothing]) -> Overview:
        """Events counted over time, in groups."""
        return await _overview(call, step)

    return overview


async def metrics(call: Call[MetricsQuery, Nothing]) -> Metrics:
    """What became of the events of a destination: successes, failures, filtered, retries."""
    query = call.query
    destination = _connected(call, call.path["destinationId"])
    until = call.parts.clock.now() if query.end_time is UNSET else _milliseconds(query.end_time)
    since = until - _day if query.start_time is UNSET else _milliseconds(query.start_time)
    question = Question(
        window=Window(since, until, query.granularity),
        source=destination.source,
        destination=destination.id,
        by=("discardReason",),
    )
    wanted: tuple[Step, ...] = ("successful_delivery", "failed_delivery", "filtered_at_destination")
    found = await measure(call.parts, wanted, question)
    retries = sum(group.retried for group in found["failed_delivery"].values())
    return Metrics(
        delivery_metrics_summary=Summary(
            source_id=str(destination.source),
            destination_metadata_id=metadata.of_slug(call.parts, destination.definition).id,
            metrics=[
                Metric(metric_name="successes", total=_total(found["successful_delivery"])),
                _metric("failures", found["failed_delivery"]),
                _metric("filtered", found["filtered_at_destination"]),
                Metric(metric_name="retries", total=retries),
            ],
        )
    )


async def _overview(call: Call[SourceQuery, Nothing], step: Step) -> Overview:
    question = _question(call)
    groups = (await measure(call.parts, (step,), question))[step]
    if not groups and not question.by:
        groups = {(): Group({}, {})}
    numbered = list(enumerate(groups.items()))
    rows, pagination = page(numbered, lambda row: row[0], 0, call.query.pagination)
    retries = step == "failed_delivery"
    return Overview(
        total=_total(groups),
        dataset=[_dataset(question, key, group, retries=retries) for _, (key, group) in rows],
        pagination=pagination,
    )


def _question(call: Call[SourceQuery, Nothing]) -> Question:
    query = call.query
    source = ids.source(call.parts, query.source_id)
    destination, mapping = 0, 0
    if isinstance(query, DestinationQuery):
        found = _connected(call, query.destination_config_id)
        destination = found.id
        mapping = 0 if query.subscription_id is UNSET else ids.mapping(found, query.subscription_id).id
    given: dict[Dimension, list[str]] = {
        "discardReason": query.filter.discard_reason,
        "eventName": query.filter.event_name,
        "eventType": query.filter.event_type,
        "appVersion": query.filter.app_version,
    }
    return Question(
        window=Window(
            _milliseconds(query.start_time), _milliseconds(query.end_time), _granularities[query.granularity]
        ),
        source=source.id,
        destination=destination,
        mapping=mapping,
        by=tuple(dict.fromkeys(query.group_by)),
        only={dimension: frozenset(values) for dimension, values in given.items() if values},
    )


def _connected(call: Call[Any, Nothing], id: str) -> Destination:
    """The destination, which must be one of the source that the query names."""
    destination = ids.destination(call.parts, id)
    if str(destination.source) != call.query.source_id:
        raise Refused(422, f"the source of destination {id} is {destination.source}", field="sourceId")
    return destination


def _dataset(question: Question, key: Key, group: Group, *, retries: bool) -> Dataset:
    values = dict(zip(question.by, key, strict=True))
    return Dataset(
        event_name=values.get("eventName", UNSET),
        event_type=values.get("eventType", UNSET),
        discard_reason=values.get("discardReason", UNSET),
        app_version=values.get("appVersion", UNSET),
        total=group.total,
        total_retry_count=group.retried if retries else UNSET,
        series=[
            Point(
                time=times.text(start * 60_000),
                count=group.counts.get(start, 0),
                retry_count=group.retries.get(start, 0) if retries else UNSET,
            )
            for start in question.window.starts
        ],
    )


def _metric(name: str, groups: Groups) -> Metric:
    parts = [Part(metric_name=key[0], value=group.total) for key, group in groups.items() if group.total]
    return Metric(metric_name=name, total=_total(groups), breakdown=parts)


def _total(groups: Groups) -> int:
    return sum(group.total for group in groups.values())


def _milliseconds(time: datetime) -> int:
    return round(time.timestamp() * 1000)


def _row(name: str, path: str, step: Step, query: type[SourceQuery]) -> Row:
    id = f"get{name}MetricsFromDeliveryOverview"
    return Operation(id, "GET", f"/delivery-overview/{path}", "read", of(step), Overview, query, versions=BETA)


OPERATIONS: tuple[Row, ...] = (
    _row("IngressSuccess", "successfully-received", "successfully_received", SourceQuery),
    _row("IngressFailed", "failed-on-ingest", "failed_on_ingest", SourceQuery),
    _row("FilteredAtSource", "filtered-at-source", "filtered_at_source", SourceQuery),
    _row("FilteredAtDestination", "filtered-at-destination", "filtered_at_destination", DestinationQuery),
    _row("EgressFailed", "failed-delivery", "failed_delivery", DestinationQuery),
    _row("EgressSuccess", "successful-delivery", "successful_delivery", DestinationQuery),
    Operation(
        "listDeliveryMetricsSummaryFromDestination", "GET", "/destinations/{destinationId}/delivery-metrics", "read",
        metrics, Metrics, MetricsQuery, versions=BETA,
    ),
)  # fmt: skip
