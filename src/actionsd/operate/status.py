"""How the daemon does: sources, destinations and the whole, from committed counters and the lanes' own words."""

import os
from datetime import datetime
from importlib.metadata import version
from typing import NamedTuple

from actionsd import wire
from actionsd.delivery.status import LaneStatus
from actionsd.operate.parts import Names, Parts, find_destination
from actionsd.operate.totals import Totals
from actionsd.store.records import Destination, LaneKey, Source

_held = "held since a restore: `actionsctl resume` lets deliveries go"


async def status(parts: Parts) -> wire.Status:
    """The whole daemon at one moment."""
    sizes = await parts.store.sizes()
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
        id=source.id,
        slug=source.slug,
        name=source.name,
        enabled=source.enabled,
        received=totals.source["received", source.id],
        duplicates=totals.source["duplicate", source.id],
        refused=totals.source["refused", source.id],
        filtered=totals.source["filtered_at_source", source.id],
        rate=parts.rates.source(totals, "received", source.id),
        trouble=parts.ingest.troubles.get(source.id, ""),
    )


async def destinations(parts: Parts) -> list[wire.DestinationStatus]:
    """All destinations with what became of their events."""
    view = await _look(parts)
    return [await _destination(view, destination) for destination in parts.workspace.destinations]


async def destination(parts: Parts, slug: str) -> wire.DestinationStatus:
    """One destination.

    Raises:
        NotFound: there is none with this slug.
    """
    found = find_destination(parts.workspace, slug)
    return await _destination(await _look(parts), found)


class _View(NamedTuple):
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


async def _destination(view: _View, destination: Destination) -> wire.DestinationStatus:
    id, totals, parts = destination.id, view.totals, view.parts
    lane = view.lanes.get(id) or LaneStatus(destination=id, replay=0, state=destination.state)
    waits = destination.state != "disabled"  # else nothing is kept for it, though its cursor stands (RULES R18)
    backlog = await parts.store.ledger.lag(LaneKey(id), parts.store.journal.head) if waits else 0
    return wire.DestinationStatus(
        slug=destination.slug,
        name=destination.name,
        definition=destination.definition,
        source=view.names.source(destination.source),
        state=destination.state,
        breaker=lane.breaker,
        reason=_held if parts.store.held else lane.reason or lane.trouble,
        delivered=totals.destination["delivered", id],
        discarded=totals.destination["discarded", id],
        retrying=view.waiting.get(LaneKey(id), 0),
        dead=view.buried.get(LaneKey(id), 0),
        backlog=backlog,
        oldest=await _oldest(parts, id) if backlog else None,
        in_flight=lane.in_flight,
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


async def _oldest(parts: Parts, destination: int) -> datetime | None:
    """When the first event that a destination's lane has not passed was received."""
    lane = await parts.store.ledger.lane(LaneKey(destination))
    after = 0 if lane is None else max(lane.start, lane.cursor)
    entries = await parts.store.journal.read(after, limit=1, max_bytes=1)
    return wire.moment(entries[0].received_at) if entries else None
