"""Writes what became of deliveries (RULES R3, R11, R13, R25, R26). Runs in the writer's thread."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from actionsd.errors import NotFound
from actionsd.event import Entry
from actionsd.store import sql
from actionsd.store.append import BLOCK
from actionsd.store.completed import decode, encode
from actionsd.store.records import Count, Dead, LaneKey, Retry, Settlement
from actionsd.store.samples import put_samples
from actionsd.store.segment import entries_at, kept
from actionsd.store.transaction import Transaction

_sql = sql.load("ledger")


def write_settlement(transaction: Transaction, settlement: Settlement) -> None:
    """Cursor, completed set, retry rows, dead letters, intents and counts of one lane.

    Raises:
        NotFound: the lane is gone, as after ``forget``.
    """
    db = transaction.db
    destination, replay = settlement.lane
    lane = {"destination": destination, "replay": replay}
    moved = db.execute(_sql["move_lane"], lane | {"cursor": settlement.cursor, "completed": settlement.completed})
    if not moved.rowcount:
        raise NotFound(f"destination {destination} has no lane (replay {replay})")
    db.executemany(_sql["delete_retry"], settlement.settled_retries)
    put_retries(transaction, settlement.retries)
    put_dead(transaction, settlement.dead, entries_at(db, [dead.position for dead in settlement.dead]))
    if settlement.intents is not None:
        kept = msgspec.json.encode(settlement.intents).decode()
        db.execute(_sql["clear_intents"], lane | {"kept": kept})
        rows = [(destination, replay, position, mapping) for mapping, position in settlement.intents]
        db.executemany(_sql["put_intent"], rows)
    transaction.count_all(settlement.counts)
    for what, facets in settlement.facets.items():
        for facet, events in facets.items():
            transaction.detail(what, facet, events)
    for bucket, events in settlement.latencies.items():
        where = (destination, bucket)
        transaction.latencies[where] = transaction.latencies.get(where, 0) + events
    if settlement.samples:
        put_samples(transaction, settlement.samples)


def put_retries(transaction: Transaction, retries: Iterable[Retry]) -> None:
    """Insert retry rows, or replace those with the same lane, mapping and position."""
    rows = [
        (*r.lane, r.mapping, r.position, r.attempts, r.first_at, r.due_at, r.code, r.message, r.exchange)
        for r in retries
    ]
    transaction.db.executemany(_sql["put_retry"], rows)


def put_dead(transaction: Transaction, dead: Iterable[Dead], events: Mapping[int, Entry]) -> None:
    """Insert dead letters and keep their events, which are given by position."""
    rows = [
        {"destination": d.lane.destination, "replay": d.lane.replay, "died_at": transaction.now, **_fields(d)}
        for d in dead
    ]
    transaction.db.executemany(_sql["keep_event"], map(kept, events.values()))
    transaction.db.executemany(_sql["put_dead_letter"], rows)


def bury_retries(
    transaction: Transaction, retries: Iterable[Retry], reason: str, *, requeueable: bool, keep: bool = True
) -> None:
    """Take retry rows out of their queue: into dead letters, or, without ``keep``, into a counted discard."""
    retries = list(retries)
    step = "dead" if keep else "discarded"
    events = entries_at(transaction.db, [retry.position for retry in retries])
    if keep:
        put_dead(transaction, [_died(retry, reason, requeueable, transaction.now) for retry in retries], events)
    for retry in retries:
        destination, replay = retry.lane
        what = Count(step, reason, destination=destination, mapping=retry.mapping, replay=replay)
        transaction.count(what, 1)
        if retry.position in events:
            transaction.detail(what, events[retry.position].facet)
        transaction.db.execute(_sql["delete_retry"], (*retry.lane, retry.mapping, retry.position))


def _fields(dead: Dead) -> dict[str, Any]:
    fields = msgspec.structs.asdict(dead)
    del fields["lane"]
    return fields


def _died(retry: Retry, reason: str, requeueable: bool, now: int) -> Dead:
    return Dead(
        lane=retry.lane,
        mapping=retry.mapping,
        position=retry.position,
        reason=reason,
        code=retry.code,
        message=retry.message,
        attempts=retry.attempts,
        first_at=retry.first_at,
        last_at=now,
        exchange=retry.exchange,
        requeueable=requeueable,
    )


def requeue(transaction: Transaction, ids: Sequence[int]) -> list[str]:
    """Turn dead letters into due retries; a line for each that cannot be."""
    refused = []
    for id in ids:
        row = transaction.db.execute(_sql["read_dead_letter"], {"id": id}).fetchone()
        if why := "there is none" if row is None else _why_not(transaction, row):
            refused.append(f"dead letter {id}: {why}")
            continue
        transaction.db.execute(_sql["requeue"], {"id": id, "now": transaction.now})
        transaction.db.execute(_sql["delete_dead_letter"], {"id": id})
        _, destination, replay, mapping, *_ = row
        transaction.count(Count("requeued", destination=destination, mapping=mapping, replay=replay), 1)
    return refused


def _why_not(transaction: Transaction, letter: Sequence[Any]) -> str:
    _, destination, replay, mapping, position, reason, *_, requeueable, _ = letter
    if not requeueable:
        return f"{reason} is final"
    parameters = {"destination": destination, "replay": replay, "mapping": mapping, "position": position}
    checks = transaction.db.execute(_sql["can_requeue"], parameters).fetchone()
    problems = (
        f"destination {destination} is gone",
        f"mapping {mapping} is gone",
        f"replay {replay} is gone",
        "its event is gone",
        "the delivery waits already",
    )
    return next((problem for problem, fine in zip(problems, checks, strict=True) if not fine), "")


def pass_over_disabled(transaction: Transaction, destination: int, reason: str) -> None:
    """What comes while a destination is disabled: counted as discarded, for nobody wants it delivered (RULES R18)."""
    parameters = {"destination": destination, "head": transaction.head}
    row = transaction.db.execute(_sql["disabled_upto"], parameters).fetchone()
    if row is not None:
        pass_over(transaction, destination, row[0], reason, step="discarded")


def pass_over(transaction: Transaction, destination: int, upto: int, reason: str, *, step: str = "dead") -> None:
    """Move a live lane's cursor to ``upto``; what it has not settled on the way becomes one range, counted under
    ``step``."""
    row = transaction.db.execute(_sql["read_lane"], {"destination": destination, "replay": 0}).fetchone()
    if row is None or row[1] >= upto:
        return
    _, cursor, completed = row
    read, unsettled = decode(completed, cursor)
    events = sum(position <= upto for position, _ in unsettled)
    events += count_events(transaction, destination, max(read, cursor) + 1, upto)
    rest = [each for each in unsettled if each[0] > upto]
    completed = encode(read, rest) if read > upto else b""
    lane = {"destination": destination, "replay": 0, "cursor": upto, "completed": completed}
    transaction.db.execute(_sql["move_lane"], lane)
    if events:
        _put_dead_range(transaction, destination, cursor + 1, upto, events, reason)
        transaction.count(Count(step, reason, destination=destination), events)


def count_events(transaction: Transaction, destination: int, first: int, last: int) -> int:
    """Events of the destination's source from ``first`` to ``last``."""
    found = transaction.db.execute(_sql["source_of"], {"destination": destination}).fetchone()
    if found is None or last < first:
        return 0
    (events,) = transaction.db.execute(_sql["count_events"], span(found[0], first, last)).fetchone()
    return int(events)


def span(source: int, first: int, last: int) -> dict[str, int]:
    """Parameters of ``count_events``: the whole blocks between two positions, and what lies before and after them."""
    first_block, last_block = -(-first // BLOCK), (last + 1) // BLOCK - 1
    whole = first_block <= last_block
    return {
        "source": source,
        "first_block": first_block,
        "last_block": last_block,
        "head_first": first,
        "head_last": first_block * BLOCK - 1 if whole else last,
        "tail_first": (last_block + 1) * BLOCK if whole else 1,
        "tail_last": last if whole else 0,
    }


def retry_of(row: Sequence[Any]) -> Retry:
    """A row of ``retries``: destination, replay, then the fields of :class:`Retry` in their order."""
    destination, replay, *rest = row
    return Retry(LaneKey(destination, replay), *rest)


def _put_dead_range(
    transaction: Transaction, destination: int, first: int, last: int, events: int, reason: str
) -> None:
    found = transaction.db.execute(_sql["last_dead_range"], {"destination": destination, "reason": reason}).fetchone()
    values = {"last": last, "events": events, "at": transaction.now}
    if found is not None and found[1] == first - 1:
        transaction.db.execute(_sql["extend_dead_range"], values | {"id": found[0]})
    else:
        transaction.db.execute(
            _sql["put_dead_range"], values | {"destination": destination, "first": first, "reason": reason}
        )
