"""Writes accepted events: positions, duplicates, rows (RULES R7, R9, R10). Runs in the writer's thread."""

from collections.abc import Sequence

from actionsd.store import sql
from actionsd.store.dedup import Dedup
from actionsd.store.records import Appended, Count
from actionsd.store.requests import Append
from actionsd.store.rows import Row, entry
from actionsd.store.transaction import Transaction

_sql = sql.load("journal")

BLOCK = 1024  # positions of one row of journal_blocks

# One hand-over of the interpreter lock per statement, so many rows in each; few sizes, so that all stay prepared.
_CHUNKS = (256, 64, 16, 4, 1)
_columns = "insert into journal (position, source, received_at, message_id, body, added) values "
_inserts = {rows: _columns + ", ".join(["(?, ?, ?, ?, ?, ?)"] * rows) for rows in _CHUNKS}


def write_events(transaction: Transaction, dedup: Dedup, requests: Sequence[Append]) -> list[Appended]:
    """Give positions to all events that are new and insert them; one :class:`Appended` per request.

    The counters ``received`` and ``duplicate`` per source belong to the store, because only this tells them apart.
    """
    rows: list[Row] = []
    fresh: dict[bytes, int] = {}
    answers = []
    for request in requests:
        positions = _place(transaction, dedup, request, rows, fresh)
        duplicates = positions.count(0)
        transaction.count(Count("received", source=request.source), len(positions) - duplicates)
        transaction.count(Count("duplicate", source=request.source), duplicates)
        transaction.count_all(request.counts)
        answers.append(Appended(tuple(positions), duplicates))
    _insert(transaction, rows)
    dedup.remember(fresh, transaction.now)
    return answers


def _place(
    transaction: Transaction, dedup: Dedup, request: Append, rows: list[Row], fresh: dict[bytes, int]
) -> list[int]:
    source, now = request.source, transaction.now
    positions = []
    for event in request.events:
        message_id = event.message_id.encode("utf-8", "surrogatepass")
        key = dedup.key(source, message_id)
        if dedup.enabled and (key in fresh or dedup.is_duplicate(key, now)):
            positions.append(0)
            continue
        transaction.head = position = transaction.head + 1
        fresh[key] = position
        rows.append((position, source, now, message_id, event.body, event.added))
        positions.append(position)
    return positions


def _insert(transaction: Transaction, rows: list[Row]) -> None:
    start = 0
    for size in _CHUNKS:
        while len(rows) - start >= size:
            values = [value for row in rows[start : start + size] for value in row]
            transaction.db.execute(_inserts[size], values)
            start += size
    blocks: dict[tuple[int, int], int] = {}
    for position, source, *_ in rows:
        block = (position // BLOCK, source)
        blocks[block] = blocks.get(block, 0) + 1
    transaction.db.executemany(_sql["count_block"], [(*block, events) for block, events in blocks.items()])
    transaction.entries = [entry(row) for row in rows]
