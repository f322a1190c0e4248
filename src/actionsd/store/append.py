"""Writes accepted events: positions, duplicates, rows (RULES R7, R9, R10). Runs in the writer's thread.

All events of a group are handled together, column by column, which takes half the time of going event by event.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, compress, count, groupby, islice, repeat

from actionsd.event import Accepted, Entry
from actionsd.store import sql
from actionsd.store.bulk import BulkInsert
from actionsd.store.dedup import Dedup
from actionsd.store.facets import Facets
from actionsd.store.records import Appended, Count
from actionsd.store.requests import Append
from actionsd.store.segment import Row, cut, pack
from actionsd.store.transaction import Transaction

_sql = sql.load("journal")

BLOCK = 1024  # positions of one row of journal_blocks, also in the trigger that counts them

_insert = BulkInsert(_sql["insert_segment"])


def write_events(transaction: Transaction, dedup: Dedup, facets: Facets, requests: Sequence[Append]) -> list[Appended]:
    """Give positions to all events that are new and insert them; one :class:`Appended` per request. ``requests`` come
    source by source.

    The counters ``received`` and ``duplicate`` per source belong to the store, because only this tells them apart.
    """
    events = [*chain.from_iterable(request.events for request in requests)]
    sources = [*chain.from_iterable(repeat(request.source, len(request.events)) for request in requests)]
    ids = [event.message_id.encode("utf-8", "surrogatepass") for event in events]
    positions = _place(transaction, dedup, dedup.keys(sources, ids))
    new_sources = [*compress(sources, positions)]
    _write(transaction, facets, [*compress(events, positions)], new_sources, compress(ids, positions))
    dedup.flush(transaction)
    places = iter(positions)
    return [_answer(transaction, facets, request, islice(places, len(request.events))) for request in requests]


def _place(transaction: Transaction, dedup: Dedup, keys: list[bytes]) -> list[int]:
    """A position for each key, 0 where it is a duplicate."""
    seen = dedup.seen(keys, transaction.now)
    positions = [*range(transaction.head + 1, transaction.head + 1 + len(keys))]
    fresh = dict(zip(keys, positions, strict=True))
    if dedup.enabled and (seen or len(fresh) < len(keys)):
        fresh, after = {}, count(transaction.head + 1)
        positions = [0 if key in seen or key in fresh else fresh.setdefault(key, next(after)) for key in keys]
    transaction.fresh = fresh
    transaction.head += len(positions) - positions.count(0)
    return positions


def _write(
    transaction: Transaction, facets: Facets, events: list[Accepted], sources: list[int], message_ids: Iterable[bytes]
) -> None:
    """Rows of new events, which get the last positions and are counted by facet."""
    positions = range(transaction.head - len(events) + 1, transaction.head + 1)
    known = {source: facets.of(source) for source in set(sources)}
    of = [
        known[source].get(event.facet) or facets.intern(source, event.facet)
        for source, event in zip(sources, events, strict=True)
    ]
    for (source, facet), number in Counter(zip(sources, of, strict=True)).items():
        transaction.detail(Count("received", source=source), facet, number)
    names = [event.message_id for event in events]
    bodies = [event.body for event in events]
    added = [event.added for event in events]
    transaction.entries = [*map(Entry, positions, sources, repeat(transaction.now), names, bodies, added, of)]
    _insert_segments(transaction, sources, [*zip(message_ids, bodies, added, of, strict=True)])


def _insert_segments(transaction: Transaction, sources: list[int], rows: list[Row]) -> None:
    """The new events, which come source by source, in as few rows as may be."""
    segments, start = [], 0
    first = transaction.head - len(rows) + 1
    for source, same in groupby(sources):
        end = start + sum(1 for _ in same)
        sizes = [len(body) + len(added) for _, body, added, _ in rows[start:end]]
        for part in cut(sizes):
            packed = pack(rows[start + part.start : start + part.stop])
            at, last = first + start + part.start, first + start + part.stop - 1
            segments.append((at, last, source, transaction.now, sum(sizes[part]), packed))
            transaction.written += len(packed)
        start = end
    _insert.execute(transaction.db, segments)


def _answer(transaction: Transaction, facets: Facets, request: Append, places: Iterator[int]) -> Appended:
    positions = tuple(places)
    duplicates = positions.count(0)
    transaction.count(Count("received", source=request.source), len(positions) - duplicates)
    transaction.count(Count("duplicate", source=request.source), duplicates)
    transaction.count_all(request.counts)
    for (what, facet), events in request.details.items():
        transaction.detail(what, facets.intern(request.source, facet), events)
    return Appended(positions, duplicates)
