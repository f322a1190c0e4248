"""How the daemon does: sources, destinations and the whole, from committed counters and the lanes' own words."""

import os
from dataclasses import dataclass
from importlib.metadata import version

from actionsd import wire
from actionsd.delivery import LaneStatus
from actionsd.operate.parts import Names, Parts, find_destination
from actionsd.operate.totals import Totals
from actionsd.store.records import Destination, LaneKey, Source


async def status(parts: Parts) -> wire.Status:
    """The whole daemon at one moment."""
    sizes = parts.store.sizes()
    now = parts.clock.now()
    return wire.Status(
        version=version("actionsd"),
        pid=os.getpid(),
        started_at=wire.moment(parts.started_at),
        uptime=(now - parts.started_at) / 1000,
        ready=parts.store.ready,
        trouble=parts.store.trouble,
        data_dir=str(parts.settings.data_dir),
        loop_delay=parts.loop_delay(),
        listeners=wire.Listeners(**parts.listeners),
        journal=wire.JournalStatus(head=parts.store.journal.head, bytes=sizes.used, wal_bytes=sizes.wal),
        sources=sources(parts),
        destinations=await destinations(parts),
    )


def sources(parts: Parts) -> list[wire.SourceStatus]:
    """All sources with what they sent."""
    totals = Totals(parts.store.counts)
    return [_source(parts, source, totals) for source in parts.workspace.sources]


def _source(parts: Parts, source: Source, totals: Totals) -> wire.SourceStatus:
    return wire.SourceStatus(
        slug=source.slug,
        name=source.name,
        enabled=source.enabled,
        received=totals.source["received", source.id],
        duplicates=totals.source["duplicate", source.id],
        refused=totals.source["refused", source.id],
        rate=parts.rates.source(totals, "received", source.id),
    )


async def destinations(parts: Parts) -> list[wire.DestinationStatus]:
    """All destinations with what became of their events."""
    view = await _look(parts)
    return [_destination(view, destination) for destination in parts.workspace.destinations]


async def destination(parts: Parts, slug: str) -> wire.DestinationStatus:
    """One destination.

    Raises:
        NotFound: there is none with this slug.
    """
    found = find_destination(parts.workspace, slug)
    return _destination(await _look(parts), found)


@dataclass(frozen=True)
class _View:
    """What is looked up once for all destinations. ``waiting`` and ``buried`` are retries and dead letters now."""

    parts: Parts
    names: Names
    totals: Totals
    lanes: dict[int, LaneStatus]
    waiting: dict[LaneKey, int]
    buried: dict[LaneKey, int]


async def _look(parts: Parts) -> _View:
    return _View(
        parts,
        Names(parts.workspace),
        Totals(parts.store.counts),
        {lane.destination: lane for lane in parts.lanes.status() if not lane.replay},
        await parts.store.ledger.waiting(),
        await parts.store.ledger.buried(),
    )


def _destination(view: _View, destination: Destination) -> wire.DestinationStatus:
    id, totals, parts = destination.id, view.totals, view.parts
    lane = view.lanes.get(id)
    return wire.DestinationStatus(
        slug=destination.slug,
        name=destination.name,
        definition=destination.definition,
        source=view.names.source(destination.source),
        state=destination.state,
        breaker=lane.breaker if lane else "closed",
        reason=lane.reason if lane else "",
        held_until=wire.moment(lane.held_until) if lane and lane.held_until else None,
        delivered=totals.destination["delivered", id],
        discarded=totals.destination["discarded", id],
        retrying=view.waiting.get(LaneKey(id), 0),
        dead=view.buried.get(LaneKey(id), 0),
        backlog=parts.store.journal.head - lane.cursor if lane else 0,
        oldest=wire.moment(lane.oldest) if lane and lane.oldest else None,
        in_flight=lane.in_flight if lane else 0,
        rate=parts.rates.destination(totals, "delivered", id),
        mappings=[
            wire.MappingStatus(
                name=mapping.name,
                action=mapping.action,
                trigger=mapping.trigger,
                enabled=mapping.enabled,
                delivered=totals.mapping["delivered", mapping.id],
                dead=totals.mapping["dead", mapping.id],
            )
            for mapping in destination.mappings
        ],
    )
