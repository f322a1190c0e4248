"""Replays: journalled events through a destination again, planned dry or run for good (RULES R30)."""

from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime
from typing import NamedTuple

from actionsd import wire
from actionsd.delivery.prepared import Prepared, prepare
from actionsd.errors import Conflict, NotFound
from actionsd.event import Entry
from actionsd.mapping import MappingError
from actionsd.operate.parts import Names, Parts, definition_of, find_destination, find_mapping, find_source
from actionsd.operate.totals import Totals
from actionsd.routing.route import Route, at_mapping, no_match
from actionsd.sdk import PayloadValidationError, plain
from actionsd.sdk.payload import masked
from actionsd.store.records import Destination, LaneKey, Mapping, Replay

_page = 500  # entries read at once
_page_bytes = 4 * 1024 * 1024
_look_limit = 20_000  # entries that a dry run looks at
_most = 1000  # replays that are listed
_previews = 3  # payloads that a dry run shows


class _Range(NamedTuple):
    """What a request asks for, in the store's terms; ``mapping`` is None for all of the destination's."""

    destination: Destination
    mapping: Mapping | None
    source: int
    first: int
    last: int


async def create(parts: Parts, request: wire.ReplayRequest) -> wire.ReplayStatus:
    """Start a replay; where it ends is fixed now.

    Raises:
        NotFound: no such destination, mapping or source.
        Conflict: the destination takes no deliveries.
    """
    wanted = await _range(parts, request)
    replay = await parts.store.replays.create(
        destination=wanted.destination.id,
        mapping=wanted.mapping.id if wanted.mapping else 0,
        source=wanted.source,
        event=request.event,
        first=wanted.first,
        last=wanted.last,
        rate=request.rate,
    )
    await parts.lanes.start_replay(replay)
    return _status(parts, replay, Totals(parts.store.counts), {})


async def plan(parts: Parts, request: wire.ReplayRequest) -> wire.ReplayPlan:
    """What the replay would do, found by reading at most 20,000 entries. Nothing is sent and nothing is stored.

    Raises:
        NotFound: no such destination, mapping or source.
        Conflict: the destination is no longer declared.
    """
    wanted = await _range(parts, request)
    look = _Look(parts, wanted, request.event)
    complete = True
    async for entry in _entries(parts, wanted):
        if look.examined == _look_limit:
            complete = False
            break
        look.take(entry)
    return wire.ReplayPlan(
        first=wanted.first,
        last=wanted.last,
        examined=look.examined,
        complete=complete,
        deliveries=dict(look.deliveries),
        discarded=dict(look.discarded),
        previews=look.previews,
    )


async def listed(parts: Parts) -> list[wire.ReplayStatus]:
    """All replays, the newest first."""
    totals, waiting = Totals(parts.store.counts), await _waiting(parts)
    replays = await parts.store.replays.list(limit=_most)
    return [_status(parts, replay, totals, waiting) for replay in reversed(replays)]


async def one(parts: Parts, id: int) -> wire.ReplayStatus:
    """One replay.

    Raises:
        NotFound: there is none with this id.
    """
    return _status(parts, await parts.store.replays.get(id), Totals(parts.store.counts), await _waiting(parts))


async def change(parts: Parts, id: int, verb: str) -> wire.ReplayStatus:
    """``stop`` a running replay, which drops its retries, or ``resume`` a stopped one where it stood.

    Raises:
        NotFound: there is none with this id.
        Conflict: it is in no state for this.
    """
    replay = await parts.store.replays.get(id)
    if verb == "stop":
        await parts.lanes.stop_replay(replay)
    else:
        await parts.lanes.start_replay(replay)
    return await one(parts, id)


class _Look:
    """A dry run's findings: each entry is routed and mapped as a lane would, up to the point of sending."""

    def __init__(self, parts: Parts, wanted: _Range, event: str) -> None:
        definition = definition_of(parts, wanted.destination)
        if definition is None:
            raise Conflict(f"{wanted.destination.slug} is {wanted.destination.state}: its definition is not known")
        self._wanted = wanted
        self._event = event
        self._route = Route(wanted.destination, definition.name, parts.lanes.knows)
        self._prepared: dict[int, tuple[str, Prepared]] = {
            mapping.id: (
                mapping.name,
                prepare(definition, mapping.action, settings=wanted.destination.settings, fields=mapping.fields),
            )
            for mapping in wanted.destination.mappings
            if mapping.enabled and wanted.mapping in (None, mapping)
        }
        self.examined = 0
        self.deliveries: Counter[str] = Counter()
        self.discarded: Counter[str] = Counter()
        self.previews: list[wire.Preview] = []

    def take(self, entry: Entry) -> None:
        """Look at one entry, as a lane would, and count what it would make of it."""
        self.examined += 1
        if self._wanted.source not in (0, entry.source) or self._event not in ("", entry.event.get("event")):
            return
        admitted, reason = self._route.admit(entry.event, entry.metadata)
        if admitted is None:
            self.discarded[reason] += 1
            return
        matched = [id for id in self._route.matches(admitted, 2**63) if id in self._prepared]
        if not matched:
            self.discarded[at_mapping if self._prepared else no_match] += 1
        for id in matched:
            name, prepared = self._prepared[id]
            self.deliveries[name] += 1
            if len(self.previews) < _previews:
                self.previews.append(_preview(entry, name, prepared, admitted))


def _preview(entry: Entry, name: str, prepared: Prepared, event: dict[str, object]) -> wire.Preview:
    payload, error = None, ""
    try:
        payload = masked(plain(prepared.payload(event)), prepared.action.payload)
    except (MappingError, PayloadValidationError) as failure:
        error = str(failure)
    return wire.Preview(message_id=entry.message_id, mapping=name, payload=payload, error=error)


async def _range(parts: Parts, request: wire.ReplayRequest) -> _Range:
    destination = find_destination(parts.workspace, request.destination)
    mapping = find_mapping(destination, request.mapping) if request.mapping else None
    source = find_source(parts.workspace, request.source).id if request.source else destination.source
    await parts.lanes.catch_up(destination.id)  # what was delivered a moment ago is to be replayed, too
    first, last = await parts.store.journal.range_of(
        _milliseconds(request.since, 0), _milliseconds(request.until, parts.clock.now() + 1)
    )
    lane = await parts.store.ledger.lane(LaneKey(destination.id))
    if lane is None:
        raise NotFound(f"{destination.slug} has no lane")
    return _Range(destination, mapping, source, first, min(last, lane.cursor))


def _milliseconds(moment: datetime | None, default: int) -> int:
    return default if moment is None else int(moment.timestamp() * 1000)


async def _entries(parts: Parts, wanted: _Range) -> AsyncIterator[Entry]:
    after = wanted.first - 1
    while page := await parts.store.journal.read(after, limit=_page, max_bytes=_page_bytes):
        for entry in page:
            if entry.position > wanted.last:
                return
            yield entry
        after = page[-1].position


async def _waiting(parts: Parts) -> dict[int, int]:
    return {lane.replay: count for lane, count in (await parts.store.ledger.waiting()).items() if lane.replay}


def _status(parts: Parts, replay: Replay, totals: Totals, waiting: dict[int, int]) -> wire.ReplayStatus:
    names = Names(parts.workspace)
    return wire.ReplayStatus(
        id=replay.id,
        destination=names.destination(replay.destination),
        mapping=names.mapping(replay.mapping),
        event=replay.event,
        state=replay.state,
        first=replay.first,
        last=replay.last,
        done=max(0, min(replay.cursor, replay.last) - replay.first + 1),
        total=max(0, replay.last - replay.first + 1),
        rate=replay.rate,
        created_at=wire.moment(replay.created_at),
        delivered=totals.replay["delivered", replay.id],
        discarded=totals.replay["discarded", replay.id],
        retrying=waiting.get(replay.id, 0),
        dead=totals.replay["dead", replay.id],
    )
