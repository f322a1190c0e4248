"""Replays: consumers of their own over a fixed range of the journal (RULES R30)."""

from typing import Literal

from actionsd.errors import Conflict, NotFound
from actionsd.store import sql
from actionsd.store.ledger import MAX_ROWS, Ledger
from actionsd.store.reader import Reader
from actionsd.store.records import Replay
from actionsd.store.transaction import Transaction
from actionsd.store.writer import Writer

_sql = sql.load("replays")
_ledger_sql = sql.load("ledger")


class Replays:
    """The loop's side. A replay's cursor moves with the settlements of its lane."""

    def __init__(self, writer: Writer, reader: Reader, ledger: Ledger) -> None:
        self._writer = writer
        self._reader = reader
        self._ledger = ledger

    async def create(
        self,
        destination: int,
        *,
        mapping: int = 0,
        source: int = 0,
        event: str = "",
        first: int,
        last: int,
        rate: float | None = None,
    ) -> Replay:
        """A running replay of positions ``first`` to ``last``, cut at the live lane's cursor: what lies beyond it the
        live lane delivers.

        Raises:
            NotFound: there is no such destination.
            Conflict: nothing lies in the range.
        """

        def create(transaction: Transaction) -> int:
            row = transaction.db.execute(_sql["live_cursor"], {"destination": destination}).fetchone()
            if row is None:
                raise NotFound(f"there is no destination {destination}")
            bound = min(last, row[0])
            if bound < first:
                raise Conflict(f"nothing to replay from position {first} to {last}: the lane stands at {row[0]}")
            values = {
                "destination": destination,
                "mapping": mapping,
                "source": source,
                "event": event,
                "first": first,
                "last": bound,
                "rate": rate,
                "now": transaction.now,
            }
            id = transaction.db.execute(_sql["create_replay"], values).lastrowid
            assert id is not None
            lane = {"destination": destination, "replay": id, "start": first - 1}
            transaction.db.execute(_ledger_sql["create_lane"], lane)
            return id

        return await self.get(await self._writer.run(create))

    async def list(self, *, destination: int = 0, after: int = 0, limit: int = 100) -> list[Replay]:
        """Replays in the order of ids above ``after``, with their progress as of the last commit."""
        parameters = {"destination": destination, "after": after, "limit": min(limit, MAX_ROWS)}
        return [Replay(*row) for row in await self._reader.rows(_sql["list_replays"], parameters)]

    async def get(self, id: int) -> Replay:
        """One replay.

        Raises:
            NotFound: there is none with this id.
        """
        rows = await self._reader.rows(_sql["read_replay"], {"id": id})
        if not rows:
            raise NotFound(f"there is no replay {id}")
        return Replay(*rows[0])

    async def set_state(self, id: int, state: Literal["running", "stopped", "done"]) -> Replay:
        """Stopping drops the replay's retries as a counted discard ``replay_stopped``; it can run on from its cursor.

        Raises:
            NotFound: there is none with this id.
            Conflict: it is done.
        """
        replay = await self.get(id)
        if replay.state == "done" and state != "done":
            raise Conflict(f"replay {id} is done")
        values = {"id": id, "state": state}
        await self._writer.run(lambda transaction: transaction.db.execute(_sql["set_state"], values).rowcount)
        if state == "stopped":
            await self._ledger.discard_retries(replay.destination, replay=id, reason="replay_stopped", keep=False)
        return await self.get(id)
