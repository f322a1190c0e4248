"""Source debugger: the last 500 events of a source, searchable (FEATURES F163-F165).

Unlike upstream's it is no sample: every accepted event is there, from the journal. What was refused is told only while
somebody listens: ``/actionsd/tail`` with the step ``refused``, for the daemon keeps counts of it and no bodies.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import msgspec

from actionsd import wire
from actionsd.event import Entry, parse
from actionsd.operate.parts import Parts, find_source
from actionsd.samples import call_of

MOST = 500  # events of a source that can be seen (F163)
_page = 50  # entries read at once
_turn = 0.002  # seconds of work between two turns of others


async def listed(
    parts: Parts, slug: str, *, search: str = "", type: str = "", name: str = "", before: int = 0, after: int = 0,
    limit: int = 50,
) -> wire.SourceEvents:  # fmt: skip
    """Events of a source that match: ``search`` is a text anywhere in the JSON, whatever its case; ``type`` and
    ``name`` (of a track, page or screen call) are exact. Only those with ``after < position < before``.

    Raises:
        NotFound: there is no such source.
    """
    source = find_source(parts.workspace, slug)
    items: list[wire.SourceEvent] = []
    examined, last, worked_since = 0, 0, parts.clock.monotonic()
    async for entry in _entries(parts, source.id, after):
        examined += 1
        if len(items) == limit:
            return wire.SourceEvents(items=items, examined=examined - 1, before=last)
        if (not before or entry.position < before) and _is_wanted(entry, search.casefold(), type, name):
            items.append(_shown(entry))
            last = entry.position
        if parts.clock.monotonic() - worked_since > _turn:
            await asyncio.sleep(0)
            worked_since = parts.clock.monotonic()
    return wire.SourceEvents(items=items, examined=examined, before=None)


async def _entries(parts: Parts, source: int, after: int) -> AsyncIterator[Entry]:
    """The last events of a source, the newest first."""
    before, left = parts.store.journal.head + 1, MOST
    while left and (page := await parts.store.journal.newest(source, before=before, limit=min(_page, left))):
        for entry in page:
            if entry.position <= after:
                return
            yield entry
        before, left = page[-1].position, left - len(page)


def _is_wanted(entry: Entry, search: str, type: str, name: str) -> bool:
    if not (search or type or name):
        return True
    event = _event(entry)
    if event is None:
        return not (type or name) and search in entry.body.decode("utf-8", "replace").casefold()
    if (type and event.get("type") != type) or (name and _name(event) != name):
        return False
    return not search or search in json.dumps(event, ensure_ascii=False).casefold()


def _shown(entry: Entry) -> wire.SourceEvent:
    event, trouble = _event(entry), ""
    if event is None:
        trouble = "it cannot be decoded; destinations get it as a dead letter `undecodable`"
    return wire.SourceEvent(
        position=entry.position,
        message_id=entry.message_id,
        received_at=wire.moment(entry.received_at),
        type=str(event.get("type", "")) if event else "",
        name=_name(event) if event else "",
        user=str(event.get("userId") or event.get("anonymousId") or "") if event else "",
        call=call_of(event) if event else "",
        raw=entry.body.decode("utf-8", "replace") if event is None else event,
        added=None if event is None else _added(entry),
        trouble=trouble,
    )


def _event(entry: Entry) -> dict[str, Any] | None:
    try:
        return entry.event
    except msgspec.DecodeError:
        return None


def _added(entry: Entry) -> Any:
    added = parse(entry.added)
    return {key: value for key, value in added.items() if key != "v"} if isinstance(added, dict) else None


def _name(event: dict[str, Any]) -> str:
    return str(event.get("event") or event.get("name") or "")
