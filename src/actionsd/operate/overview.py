"""The delivery overview for people: a window of a source or destination against the one before (FEATURES F167-F175)."""

from collections.abc import Mapping
from typing import Any

import msgspec

from actionsd import wire
from actionsd.errors import ConfigError
from actionsd.event import decode, parse
from actionsd.operate import status as state
from actionsd.operate.latency import percentile
from actionsd.operate.parts import Names, Parts, find_destination, find_mapping, find_source
from actionsd.operate.pipeline import (
    Dimension,
    Granularity,
    Groups,
    Key,
    Question,
    Step,
    Window,
    counted,
    measure,
    steps,
)
from actionsd.store.records import Destination, Sample

dimensions: Mapping[wire.By, Dimension] = {
    "event": "eventName",
    "type": "eventType",
    "reason": "discardReason",
    "version": "appVersion",
    "mapping": "subscriptionId",
}
_hour = 3_600_000  # milliseconds
_most_groups = 200


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What to show: by slug ``of`` a destination or else a source ("": the only source), maybe by name one ``mapping``
    of the destination; from ``since`` to ``until`` in milliseconds; broken down by one thing, or not."""

    of: str = ""
    mapping: str = ""
    since: int
    until: int
    granularity: Granularity | None = None
    by: wire.By | None = None


async def overview(parts: Parts, wanted: Wanted) -> wire.Overview:
    """The window, in the granularity that suits its length where none is given.

    Raises:
        NotFound: there is no such source, destination or mapping.
        ConfigError: nothing is named and there are several sources, or the window is too long or too old.
        Unavailable: there is too much of it.
    """
    source, destination, mapping = _found(parts, wanted)
    window = Window(wanted.since, wanted.until, wanted.granularity or _suitable(wanted.since, wanted.until))
    question = Question(
        window=window,
        source=source,
        destination=destination.id if destination else 0,
        mapping=mapping,
        by=(dimensions[wanted.by],) if wanted.by else (),
    )
    now = await measure(parts, steps, question)
    before = await _before(parts, question)
    names = Names(parts.workspace)
    return wire.Overview(
        source=names.source(source),
        destination=destination.slug if destination else "",
        mapping=wanted.mapping,
        since=wire.moment(window.since),
        until=wire.moment(window.until),
        granularity=window.granularity,
        times=[wire.moment(start * 60_000) for start in window.starts],
        steps=[_step(step, window, groups, before) for step, groups in now.items()],
        retried=sum(group.retried for group in now["failed_delivery"].values()),
        destinations=await _flows(parts, question, destination),
        by=wanted.by or "",
        groups=_breakdown(now, before or {}, names, wanted.by) if wanted.by else [],
    )


def _found(parts: Parts, wanted: Wanted) -> tuple[int, Destination | None, int]:
    """Ids of source and mapping, and the destination."""
    workspace = parts.workspace
    if wanted.mapping or any(each.slug == wanted.of for each in workspace.destinations):
        destination = find_destination(workspace, wanted.of)
        return destination.source, destination, find_mapping(destination, wanted.mapping).id if wanted.mapping else 0
    if not wanted.of and len(workspace.sources) != 1:
        slugs = ", ".join(each.slug for each in workspace.sources)
        raise ConfigError(f"name a destination, or one of the sources: {slugs or 'there is none'}")
    return (find_source(workspace, wanted.of) if wanted.of else workspace.sources[0]).id, None, 0


def _suitable(since: int, until: int) -> Granularity:
    """Minutes up to four hours, hours up to four days, else days."""
    span = until - since
    return "MINUTE" if span <= 4 * _hour else "HOUR" if span <= 96 * _hour else "DAY"


async def _before(parts: Parts, question: Question) -> dict[Step, Groups] | None:
    """The same in the window before, None where it reaches back beyond what is kept."""
    pieces = question.window.before(parts.clock.now())
    return await counted(parts, steps, msgspec.structs.replace(question, pieces=pieces)) if pieces else None


def _step(step: Step, window: Window, groups: Groups, before: dict[Step, Groups] | None) -> wire.FlowStep:
    total = _total(groups)
    previous = None if before is None else _total(before[step])
    by_start: dict[int, int] = {}
    for group in groups.values():
        for start, events in group.counts.items():
            by_start[start] = by_start.get(start, 0) + events
    return wire.FlowStep(
        step=step,
        total=total,
        previous=previous,
        change=(total - previous) / previous if previous else None,
        series=[by_start.get(start, 0) for start in window.starts],
    )


def _total(groups: Groups) -> int:
    return sum(group.total for group in groups.values())


def _breakdown(now: dict[Step, Groups], before: dict[Step, Groups], names: Names, by: wire.By) -> list[wire.Breakdown]:
    """The groups of all steps together, the largest first."""

    def totals(found: dict[Step, Groups], key: Key) -> dict[str, int]:
        of_key = {step: groups[key] for step, groups in found.items() if key in groups}
        counts: dict[str, int] = {step: group.total for step, group in of_key.items()}
        counts["retried"] = sum(group.retried for group in of_key.values())
        return {step: count for step, count in counts.items() if count}

    sizes: dict[Key, int] = {}
    for groups in now.values():
        for key, group in groups.items():
            sizes[key] = sizes.get(key, 0) + group.total
    largest = sorted(sizes, key=lambda key: (-sizes[key], key))[:_most_groups]
    return [
        wire.Breakdown(
            key=names.mapping(int(key[0] or 0)) if by == "mapping" else key[0],
            steps=totals(now, key),
            previous=totals(before, key),
        )
        for key in largest
    ]


async def _flows(parts: Parts, question: Question, only: Destination | None) -> list[wire.DestinationFlow]:
    """Each destination by itself, also when they are all asked for."""
    rows = {row.slug: row for row in await state.destinations(parts)}
    chosen = [only] if only else [each for each in parts.workspace.destinations if each.source == question.source]
    flows = []
    for destination in chosen:
        asked = msgspec.structs.replace(question, destination=destination.id, by=(), only={})
        found = await measure(parts, ("filtered_at_destination", "failed_delivery", "successful_delivery"), asked)
        filtered, failed, delivered = [_total(groups) for groups in found.values()]
        row = rows[destination.slug]
        flows.append(
            wire.DestinationFlow(
                slug=destination.slug,
                filtered=filtered,
                failed=failed,
                delivered=delivered,
                success=delivered / (delivered + failed) if delivered + failed else None,
                retrying=row.retrying,
                waiting=row.backlog,
                reason=row.reason,
                latency=await _latency(parts, question.window, destination.id),
            )
        )
    return flows


async def _latency(parts: Parts, window: Window, destination: int) -> wire.Latency | None:
    starts = window.starts
    rows = await parts.store.history.latencies(window.width, starts.start, starts.stop, destination)
    counts: dict[int, int] = {}
    for (_, bucket), events in rows.items():
        counts[bucket] = counts.get(bucket, 0) + events
    p50, p95, p99 = [percentile(share, counts) for share in (0.5, 0.95, 0.99)]
    return None if p50 is None or p95 is None or p99 is None else wire.Latency(p50=p50, p95=p95, p99=p99)


async def samples(
    parts: Parts, destination: str, *, step: str = "", reason: str = "", mapping: str = "", before: int = 0,
    limit: int = 20,
) -> wire.DeliverySamples:  # fmt: skip
    """Samples of a destination, the newest first.

    Raises:
        NotFound: there is no such destination or mapping.
    """
    found = find_destination(parts.workspace, destination)
    of = find_mapping(found, mapping).id if mapping else 0
    rows = await parts.store.samples.list(found.id, step=step, reason=reason, mapping=of, before=before, limit=limit)
    names = Names(parts.workspace)
    return wire.DeliverySamples(
        items=[_sample(id, sample, names) for id, sample in rows],
        before=rows[-1][0] if len(rows) == limit else None,
    )


def _sample(id: int, sample: Sample, names: Names) -> wire.DeliverySample:
    return wire.DeliverySample(
        id=id,
        destination=names.destination(sample.destination),
        mapping=names.mapping(sample.mapping),
        step=sample.step,
        reason=sample.reason,
        message=sample.message,
        message_id=sample.message_id,
        at=wire.moment(sample.at),
        event=_event(sample),
        payload=parse(sample.payload) if sample.payload else None,
        exchange=parse(sample.exchange) if sample.exchange else None,
    )


def _event(sample: Sample) -> Any:
    """The event as the lane saw it; what the client sent where it cannot be read (RULES R26)."""
    if not sample.body:
        return None
    try:
        return decode(sample.body, sample.added)
    except msgspec.DecodeError:
        return sample.body.decode("utf-8", "replace")
