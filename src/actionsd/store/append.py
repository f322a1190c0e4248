"""Writes accepted events: positions, duplicates, rows (RULES R7, R9, R10). Runs in the writer's thread."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence, Set
from itertools import chain

from actionsd.event import Entry
from actionsd.store import sql
from actionsd.store.bulk import BulkInsert
from actionsd.store.dedup import Dedup
from actionsd.store.facets import Facets
from actionsd.store.records import Appended, Count
from actionsd.store.requests import Append
from actionsd.store.transaction import Transaction

_sql = sql.load("journal")

BLOCK = 1024  # positions of one row of journal_blocks

Row = tuple[int, int, bytes, bytes, bytes, int]  # as insert_event takes it

_insert_events = BulkInsert(_sql["insert_event"])


def write_events(transaction: Transaction, dedup: Dedup, facets: Facets, requests: Sequence[Append]) -> list[Appended]:
    """Give positions to all events that are new and insert them; one :class:`Appended` per request.

    The counters ``received`` and ``duplicate`` per source belong to the store, because only this tells them apart.
    """
    ids = [[event.message_id.encode("utf-8", "surrogatepass") for event in request.events] for request in requests]
    keys = [dedup.keys(request.source, theirs) for request, theirs in zip(requests, ids, strict=True)]
    seen = dedup.seen([*chain.from_iterable(keys)], transaction.now) if dedup.enabled else None
    rows: list[Row] = []
    blocks: Counter[tuple[int, int]] = Counter()
    answers = []
    for request, message_ids, theirs in zip(requests, ids, keys, strict=True):
        before = transaction.head
        positions = _place(transaction, theirs, seen)
        blocks.update(_blocks(request.source, before + 1, transaction.head))
        rows += _rows(transaction, facets, request, positions, message_ids)
        answers.append(_count(transaction, facets, request, positions, transaction.head - before))
    _insert_events.execute(transaction.db, rows, transaction.now)
    transaction.db.executemany(_sql["count_block"], [(*block, events) for block, events in blocks.items()])
    dedup.flush(transaction)
    return answers


def _place(transaction: Transaction, keys: Iterable[bytes], seen: Set[bytes] | None) -> list[int]:
    """A position for each key, 0 where it is a duplicate; nothing is one where ``seen`` is None."""
    head, fresh = transaction.head, transaction.fresh
    positions = []
    for key in keys:
        if seen is not None and (key in fresh or key in seen):
            positions.append(0)
        else:
            head += 1
            fresh[key] = head
            positions.append(head)
    transaction.head = head
    return positions


def _blocks(source: int, first: int, last: int) -> dict[tuple[int, int], int]:
    """How many of these positions lie in each block."""
    starts = range(first // BLOCK * BLOCK, last + 1, BLOCK)
    return {(start // BLOCK, source): min(start + BLOCK, last + 1) - max(start, first) for start in starts}


def _count(transaction: Transaction, facets: Facets, request: Append, positions: list[int], new: int) -> Appended:
    duplicates = len(positions) - new
    transaction.count(Count("received", source=request.source), new)
    transaction.count(Count("duplicate", source=request.source), duplicates)
    transaction.count_all(request.counts)
    for (what, facet), events in request.details.items():
        transaction.detail(what, facets.intern(request.source, facet), events)
    return Appended(tuple(positions), duplicates)


def _rows(
    transaction: Transaction, facets: Facets, request: Append, positions: list[int], message_ids: list[bytes]
) -> Iterator[Row]:
    """The rows of a request's new events, which are entries for the lanes and counted by facet on the way."""
    source, now, entries = request.source, transaction.now, transaction.entries
    known, received = facets.of(source), transaction.facets.setdefault(Count("received", source=source), {})
    for position, message_id, event in zip(positions, message_ids, request.events, strict=True):
        if position:
            facet = known.get(event.facet) or facets.intern(source, event.facet)
            received[facet] = received.get(facet, 0) + 1
            entries.append(Entry(position, source, now, event.message_id, event.body, event.added, facet))
            yield position, source, message_id, event.body, event.added, facet
