"""The ledger: where each lane stands, what waits for a retry, what was given up (RULES R3, R11-R14, R26)."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from actionsd.errors import NotFound
from actionsd.event import Entry
from actionsd.store import sql
from actionsd.store.journal import read_entries
from actionsd.store.reader import Reader
from actionsd.store.records import (
    Backlog,
    Dead,
    DeadLetter,
    DeadRange,
    Intent,
    LaneKey,
    LaneState,
    Retry,
    Settlement,
)
from actionsd.store.requests import Settle
from actionsd.store.settle import bury_retries, pass_over_disabled, requeue, retry_of, span
from actionsd.store.transaction import Transaction
from actionsd.store.writer import Writer

_sql = sql.load("ledger")

MAX_ROWS = 1000  # of one read (RULES R34)
_SLICE = 200  # retry rows moved in one transaction, so that no group waits long behind it

Fence = Callable[[LaneKey, int], int]


class Ledger:
    """The loop's side. ``reader`` serves the lanes, ``listings`` people.

    ``fence`` is asked on the loop before retention passes a lane (RULES R11): a lane with nothing in flight up to that
    position skips its events and returns it, one with work in flight there returns its cursor.
    """

    def __init__(self, writer: Writer, reader: Reader, listings: Reader, checkpoint_interval: float) -> None:
        self._writer = writer
        self._reader = reader
        self._listings = listings
        self._interval = checkpoint_interval
        self._timer: asyncio.TimerHandle | None = None
        self.fence: Fence = lambda key, upto: upto

    def settle(self, settlement: Settlement, *, urgent: bool = False) -> "asyncio.Future[None]":
        """Commit what a lane has learnt: with the next commit of events, at most ``checkpoint_interval`` later, at once
        when ``urgent``. While the disk is full or the database locked it waits; the future then stays open.

        The future fails with :class:`NotFound` when the lane is gone and with :class:`StoreBroken` when the outcome is
        unknown. Cancelling it before the writer took it withdraws the settlement.
        """
        future: asyncio.Future[None] = self._writer.loop.create_future()
        self._writer.submit(Settle(settlement, future), hurry=urgent)
        if not urgent and self._timer is None:
            self._timer = self._writer.loop.call_later(self._interval, self.hurry)
        return future

    def hurry(self) -> None:
        """Commit at once what :meth:`settle` was given."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self._writer.queue.hurry()

    async def lane(self, key: LaneKey) -> LaneState | None:
        """The lane as of its last commit; ``None`` where there is none."""
        rows = await self._reader.rows(_sql["read_lane"], _key(key))
        return LaneState(key, *rows[0]) if rows else None

    async def due(self, key: LaneKey, *, until: int, limit: int) -> list[Retry]:
        """Retries due at or before ``until`` (milliseconds), the earliest first; at most 1,000."""
        parameters = _key(key) | {"until": until, "limit": min(limit, MAX_ROWS)}
        return [Retry(key, *row) for row in await self._reader.rows(_sql["read_due"], parameters)]

    async def backlog(self, key: LaneKey) -> Backlog:
        """How many retries wait, and what they take (RULES R14)."""
        (row,) = await self._reader.rows(_sql["measure_backlog"], _key(key))
        return Backlog(*row)

    async def pending(self, destination: int, first: int, last: int) -> set[tuple[int, int]]:
        """(mapping, position) of live retries in a span of positions, which a replay skips (RULES R30)."""
        parameters = {"destination": destination, "first": first, "last": last}
        return {(mapping, position) for mapping, position in await self._reader.rows(_sql["read_pending"], parameters)}

    async def intents(self, key: LaneKey) -> list[Intent]:
        """Deliveries that were about to be tried when the process died (RULES R26)."""
        return [Intent(*row) for row in await self._reader.rows(_sql["read_intents"], _key(key))]

    async def retries(
        self,
        *,
        destination: int = 0,
        mapping: int = 0,
        replay: int | None = None,
        position: int = 0,
        after: int = 0,
        limit: int = 100,
    ) -> list[tuple[int, Retry]]:
        """Retries with the id of their row, in the order of ids above ``after``; 0 and ``None`` mean any."""
        parameters = {"destination": destination, "mapping": mapping, "replay": replay, "position": position}
        page = {"after": after, "limit": min(limit, MAX_ROWS)}
        statement = _sql["list_retries_at" if position else "list_retries"]
        rows = await self._listings.rows(statement, parameters | page)
        return [(row[0], retry_of(row[1:])) for row in rows]

    async def dead(
        self,
        *,
        destination: int = 0,
        mapping: int = 0,
        replay: int | None = None,
        reason: str = "",
        position: int = 0,
        after: int = 0,
        limit: int = 100,
    ) -> list[DeadLetter]:
        """Dead letters in the order of ids above ``after``; 0, "" and ``None`` mean any."""
        parameters = {"destination": destination, "mapping": mapping, "replay": replay, "position": position}
        page = {"reason": reason, "after": after, "limit": min(limit, MAX_ROWS)}
        one_of = "list_dead_letters_of" if destination else "list_dead_letters"
        statement = _sql["list_dead_letters_at" if position else one_of]
        rows = await self._listings.rows(statement, parameters | page)
        return [_dead_letter(row) for row in rows]

    async def dead_one(self, id: int) -> tuple[DeadLetter, Entry | None]:
        """A dead letter and its event; ``None`` when the caps of dead letters have taken the event (RULES R12).

        Raises:
            NotFound: there is none with this id.
        """
        rows = await self._listings.rows(_sql["read_dead_letter"], {"id": id})
        if not rows:
            raise NotFound(f"there is no dead letter {id}")
        letter = _dead_letter(rows[0])
        events = await read_entries(self._listings, [letter.dead.position])
        return letter, events.get(letter.dead.position)

    async def buried(self) -> dict[LaneKey, int]:
        """Dead letters per lane."""
        rows = await self._listings.rows(_sql["count_dead_letters"], {})
        return {LaneKey(destination, replay): count for destination, replay, count in rows}

    async def requeue(self, ids: Sequence[int]) -> list[str]:
        """Give dead letters a new retry window, due now; in one transaction, the counter ``requeued`` with them.
        Returns a line for each that was refused: its destination, mapping or event is gone, it was marked as final, or
        its delivery waits already (RULES R13)."""
        return await self._writer.run(lambda transaction: requeue(transaction, ids))

    async def drop(self, ids: Sequence[int]) -> int:
        """Delete dead letters; returns how many there were."""
        return await self._writer.run(
            lambda transaction: sum(
                transaction.db.execute(_sql["delete_dead_letter"], {"id": id}).rowcount for id in ids
            )
        )

    async def lag(self, key: LaneKey, head: int) -> int:
        """Events of the destination's source up to ``head`` that its live lane has not passed yet, without those that
        it will leave out because the destination was disabled when they came (RULES R18)."""
        lane = await self.lane(key)
        source = await self._reader.rows(_sql["source_of"], {"destination": key.destination})
        after = head if lane is None else max(lane.start, lane.cursor)
        if not source or after >= head:
            return 0
        ((events,),) = await self._reader.rows(_sql["count_events"], span(source[0][0], after + 1, head))
        return int(events)

    async def dead_ranges(
        self, *, destination: int = 0, after: int = 0, limit: int = 100
    ) -> list[tuple[int, DeadRange]]:
        """Ranges of events that were passed over, with their ids, above ``after`` (RULES R11, R18)."""
        parameters = {"destination": destination, "after": after, "limit": min(limit, MAX_ROWS)}
        rows = await self._listings.rows(_sql["list_dead_ranges"], parameters)
        return [(row[0], DeadRange(*row[1:])) for row in rows]

    async def waiting(self) -> dict[LaneKey, int]:
        """Retries per lane."""
        rows = await self._listings.rows(_sql["count_retries"], {})
        return {LaneKey(destination, replay): count for destination, replay, count in rows}

    async def retire(self, key: LaneKey, reason: str) -> None:
        """The lane of a disabled destination, its running attempts settled: retry rows become requeueable dead letters,
        and see :meth:`skip` (RULES R18). Repeating it changes nothing."""
        await self.discard_retries(key.destination, replay=key.replay, reason=reason)
        if not key.replay:
            await self.skip(key.destination, reason)

    async def skip(self, destination: int, reason: str) -> None:
        """Move the cursor of a live lane, which is closed, past what came while its destination was disabled: to the
        head, or to where the lane starts if it is enabled by now. What is passed becomes one range that is counted as
        discarded."""
        await self._writer.run(lambda t: pass_over_disabled(t, destination, reason))

    async def discard_retries(
        self,
        destination: int,
        *,
        mapping: int = 0,
        replay: int | None = None,
        reason: str,
        keep: bool = True,
        requeueable: bool = True,
    ) -> int:
        """Empty the retry queue of a destination, or of one mapping or replay: into dead letters, or, without ``keep``,
        into a counted discard (RULES R18, R20). In slices; returns the number of rows."""
        parameters = {"destination": destination, "mapping": mapping, "replay": replay, "limit": _SLICE}

        def discard(transaction: Transaction) -> int:
            rows = transaction.db.execute(_sql["read_discarded"], parameters).fetchall()
            bury_retries(transaction, map(retry_of, rows), reason, requeueable=requeueable, keep=keep)
            return len(rows)

        total = 0
        while moved := await self._writer.run(discard):
            total += moved
        return total


def _dead_letter(row: Sequence[Any]) -> DeadLetter:
    id, destination, replay, *fields, died_at = row
    fields[-1] = bool(fields[-1])
    return DeadLetter(id, Dead(LaneKey(destination, replay), *fields), died_at)


def _key(key: LaneKey) -> dict[str, int]:
    return {"destination": key.destination, "replay": key.replay}
