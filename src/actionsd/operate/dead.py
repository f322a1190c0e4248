"""Dead letters and retries: look at what did not work, bring it back, or let it go."""

from collections.abc import AsyncIterator
from typing import Any

import msgspec

from actionsd import wire
from actionsd.event import Entry
from actionsd.operate.parts import Names, Parts, find_destination, find_mapping
from actionsd.store.records import DeadLetter

_page = 500  # dead letters changed in one go


async def retries(parts: Parts, *, destination: str, after: int, limit: int) -> wire.RetryPage:
    """A page of the retry queue, of one destination or of all.

    Raises:
        NotFound: there is no such destination.
    """
    names = Names(parts.workspace)
    rows = await parts.store.ledger.retries(destination=_id(parts, destination), after=after, limit=limit)
    items = [
        wire.RetryRow(
            destination=names.destination(retry.lane.destination),
            mapping=names.mapping(retry.mapping),
            position=retry.position,
            replay=retry.lane.replay,
            attempts=retry.attempts,
            first_at=wire.moment(retry.first_at),
            due_at=wire.moment(retry.due_at),
            code=retry.code,
            message=retry.message,
        )
        for _, retry in rows
    ]
    return wire.RetryPage(items=items, after=rows[-1][0] if len(rows) == limit else None)


async def dead(parts: Parts, choice: wire.Choice, *, after: int, limit: int) -> wire.DeadPage:
    """A page of dead letters; the first page also has the ranges that were passed over.

    Raises:
        NotFound: there is no such destination or mapping.
    """
    names = Names(parts.workspace)
    letters = await _find(parts, choice, after=after, limit=limit)
    entries = await parts.store.journal.entries([letter.dead.position for letter in letters])
    message_ids = {position: entry.message_id for position, entry in entries.items()}
    return wire.DeadPage(
        items=[_row(letter, names, message_ids.get(letter.dead.position, "")) for letter in letters],
        after=letters[-1].id if len(letters) == limit else None,
        passed_over=[] if after or choice.mapping or choice.reason else await _passed_over(parts, choice.destination),
    )


async def _passed_over(parts: Parts, destination: str) -> list[wire.PassedOver]:
    names = Names(parts.workspace)
    ranges = await parts.store.ledger.dead_ranges(destination=_id(parts, destination))
    return [
        wire.PassedOver(
            destination=names.destination(passed.destination),
            first=passed.first,
            last=passed.last,
            events=passed.events,
            reason=passed.reason,
            at=wire.moment(passed.at),
        )
        for _, passed in ranges
    ]


async def letter(parts: Parts, id: int) -> wire.DeadLetter:
    """One dead letter with its event (None where the caps took it, RULES R12) and the last exchange.

    Raises:
        NotFound: there is none with this id.
    """
    letter, entry = await parts.store.ledger.dead_one(id)
    return wire.DeadLetter(
        row=_row(letter, Names(parts.workspace), entry.message_id if entry else ""),
        event=_event(entry) if entry else None,
        exchange=_decoded(letter.dead.exchange),
        versions=_decoded(letter.dead.versions.encode()),
    )


async def requeue(parts: Parts, choice: wire.Choice) -> wire.Done:
    """Back into the retry queue with a new window (RULES R13); what cannot go back is told and stays.

    Raises:
        NotFound: there is no such destination or mapping.
    """
    changed, refused = 0, []
    async for ids in _pages(parts, choice):
        reasons = await parts.store.ledger.requeue(ids)
        changed += len(ids) - len(reasons)
        refused += reasons
    for destination in parts.workspace.destinations:
        parts.lanes.requeued(destination.id)
    return wire.Done(changed=changed, refused=refused)


async def drop(parts: Parts, choice: wire.Choice) -> wire.Done:
    """Delete for good; the counters keep them.

    Raises:
        NotFound: there is no such destination or mapping.
    """
    changed = 0
    async for ids in _pages(parts, choice):
        changed += await parts.store.ledger.drop(ids)
    return wire.Done(changed=changed)


async def _pages(parts: Parts, choice: wire.Choice) -> AsyncIterator[list[int]]:
    """The ids of the chosen dead letters in pages; none twice, though the work on a page may leave some behind."""
    if choice.ids:
        yield choice.ids
        return
    after = 0
    while letters := await _find(parts, choice, after=after, limit=_page):
        after = letters[-1].id
        yield [letter.id for letter in letters]


async def _find(parts: Parts, choice: wire.Choice, *, after: int, limit: int) -> list[DeadLetter]:
    mapping = 0
    if choice.mapping:
        mapping = find_mapping(find_destination(parts.workspace, choice.destination), choice.mapping).id
    return await parts.store.ledger.dead(
        destination=_id(parts, choice.destination), mapping=mapping, reason=choice.reason, after=after, limit=limit
    )


def _id(parts: Parts, destination: str) -> int:
    return find_destination(parts.workspace, destination).id if destination else 0


def _row(letter: DeadLetter, names: Names, message_id: str) -> wire.DeadRow:
    dead = letter.dead
    return wire.DeadRow(
        id=letter.id,
        destination=names.destination(dead.lane.destination),
        mapping=names.mapping(dead.mapping),
        position=dead.position,
        replay=dead.lane.replay,
        message_id=message_id,
        reason=dead.reason,
        code=dead.code,
        message=dead.message,
        attempts=dead.attempts,
        first_at=wire.moment(dead.first_at),
        last_at=wire.moment(dead.last_at),
        died_at=wire.moment(letter.died_at),
        requeueable=dead.requeueable,
    )


def _decoded(text: bytes) -> Any:
    """JSON that is kept as bytes; None where there is none, the text itself where it cannot be read."""
    if not text:
        return None
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text.decode("utf-8", "replace")


def _event(entry: Entry) -> Any:
    """The event as the lane read it; what the client sent where it cannot be read (RULES R26)."""
    try:
        return entry.event
    except msgspec.DecodeError:
        return entry.body.decode("utf-8", "replace")
