"""Writes accepted events: positions, duplicates, rows (RULES R7, R9, R10). Runs in the writer's thread."""

from collections.abc import Callable, Sequence

from actionsd.store import sql
from actionsd.store.bulk import BulkInsert
from actionsd.store.dedup import Dedup
from actionsd.store.facets import Facets
from actionsd.store.records import Appended, Count
from actionsd.store.requests import Append
from actionsd.store.rows import Row, entry
from actionsd.store.transaction import Transaction

_sql = sql.load("journal")

BLOCK = 1024  # positions of one row of journal_blocks

_insert_events = BulkInsert(_sql["insert_event"])


def write_events(transaction: Transaction, dedup: Dedup, facets: Facets, requests: Sequence[Append]) -> list[Appended]:
    """Give positions to all events that are new and insert them; one :class:`Appended` per request.

    The counters ``received`` and ``duplicate`` per source belong to the store, because only this tells them apart.
    """
    rows: list[Row] = []
    is_duplicate = dedup.duplicates(transaction.now)
    answers = []
    for request in requests:
        positions = _place(transaction, dedup, is_duplicate, facets, request, rows)
        duplicates = positions.count(0)
        transaction.count(Count("received", source=request.source), len(positions) - duplicates)
        transaction.count(Count("duplicate", source=request.source), duplicates)
        transaction.count_all(request.counts)
        for (what, facet), events in request.details.items():
            transaction.detail(what, facets.intern(request.source, facet), events)
        answers.append(Appended(tuple(positions), duplicates))
    _insert(transaction, rows)
    dedup.flush(transaction)
    return answers


def _place(
    transaction: Transaction, dedup: Dedup, is_duplicate: Callable[[bytes], bool], facets: Facets, request: Append,
    rows: list[Row],
) -> list[int]:  # fmt: skip
    source, now, fresh, key_of = request.source, transaction.now, transaction.fresh, dedup.key
    known, received = facets.of(source), transaction.facets.setdefault(Count("received", source=source), {})
    positions = []
    for event in request.events:
        message_id = event.message_id.encode("utf-8", "surrogatepass")
        key = key_of(source, message_id)
        if dedup.enabled and (key in fresh or is_duplicate(key)):
            positions.append(0)
            continue
        transaction.head = position = transaction.head + 1
        fresh[key] = position
        facet = known.get(event.facet) or facets.intern(source, event.facet)
        received[facet] = received.get(facet, 0) + 1
        rows.append((position, source, now, message_id, event.body, event.added, facet))
        positions.append(position)
    return positions


def _insert(transaction: Transaction, rows: list[Row]) -> None:
    _insert_events.execute(transaction.db, rows)
    blocks: dict[tuple[int, int], int] = {}
    for position, source, *_ in rows:
        block = (position // BLOCK, source)
        blocks[block] = blocks.get(block, 0) + 1
    transaction.db.executemany(_sql["count_block"], [(*block, events) for block, events in blocks.items()])
    transaction.entries = [entry(row) for row in rows]
