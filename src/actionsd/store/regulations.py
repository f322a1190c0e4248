"""Regulations, what became of them, and the users that are suppressed (FEATURES F221-F224)."""

from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from actionsd.errors import Conflict, NotFound
from actionsd.store import sql
from actionsd.store.reader import Reader
from actionsd.store.suppressed import MAX_SUPPRESSED, Suppressed
from actionsd.store.transaction import Transaction
from actionsd.store.writer import Writer

_sql = sql.load("regulations")

Type = Literal["SUPPRESS_ONLY", "UNSUPPRESS", "SUPPRESS_WITH_DELETE", "DELETE_ONLY"]
Status = Literal["INITIALIZED", "INVALID", "NOT_SUPPORTED", "RUNNING", "PARTIAL_SUCCESS", "FAILED", "FINISHED"]

SUPPRESSING = {"SUPPRESS_ONLY", "SUPPRESS_WITH_DELETE"}
DELETING = {"SUPPRESS_WITH_DELETE", "DELETE_ONLY"}


class Deletion(msgspec.Struct, frozen=True):
    """How the deletion went at one destination."""

    destination: int
    source: int
    name: str
    status: Status
    error: str
    finished_at: int


class Regulation(msgspec.Struct, frozen=True):
    """Something done in the name of users' privacy, at one source or, with 0, at all. Times are milliseconds."""

    id: int
    type: Type
    source: int
    users: tuple[str, ...]
    who: str
    status: Status
    created_at: int
    finished_at: int | None


class Choice(msgspec.Struct, frozen=True):
    """Which regulations are wanted; 0, "" and () mean any."""

    source: int = 0
    status: Status | Literal[""] = ""
    types: tuple[str, ...] = ()

    @property
    def parameters(self) -> dict[str, Any]:
        types = msgspec.json.encode(self.types).decode()
        return {"source": self.source, "status": self.status, "types": types}


class Page(msgspec.Struct, frozen=True):
    """Where a page stands: the ids that the next and the previous one begin with, and how many items all have."""

    next: int | None
    previous: int | None
    total: int


class Regulations:
    """``suppressed`` is what ingest asks; it holds what is committed."""

    def __init__(self, writer: Writer, reader: Reader, listings: Reader, hash_key: bytes) -> None:
        self._writer = writer
        self._reader = reader
        self._listings = listings
        self.suppressed = Suppressed(hash_key)

    async def load(self) -> None:
        """Read who is suppressed."""
        after = 0
        while rows := await self._reader.rows(_sql["load_suppressions"], {"after": after}):
            self.suppressed.add((source, user) for _, source, user in rows)
            after = rows[-1][0]

    async def create(self, type: Type, source: int, users: Sequence[str], who: str) -> int:
        """Note a regulation, suppress or unsuppress its users; returns its id. One that deletes is still to be done.

        Raises:
            Conflict: too many users would be suppressed.
        """
        deletes = type in DELETING

        def create(transaction: Transaction) -> int:
            db = transaction.db
            values: dict[str, object] = {"source": source, "now": transaction.now}
            rows = [{**values, "user": user} for user in users]
            if type in SUPPRESSING:
                (count,) = db.execute(_sql["count_suppressions"]).fetchone()
                if count + len(users) > MAX_SUPPRESSED:
                    raise Conflict(f"{count} users are suppressed; the most is {MAX_SUPPRESSED}")
                db.executemany(_sql["suppress"], rows)
            elif type == "UNSUPPRESS":
                db.executemany(_sql["unsuppress"], rows)
            status = "INITIALIZED" if deletes else "FINISHED"
            values |= {"type": type, "users": _text(users), "who": who, "status": status, "finished": not deletes}
            id = db.execute(_sql["create_regulation"], values).lastrowid
            assert id is not None
            return id

        id = await self._writer.run(create)
        if type in SUPPRESSING:
            self.suppressed.add((source, user) for user in users)
        elif type == "UNSUPPRESS":
            self.suppressed.discard(source, users)
        return id

    async def get(self, id: int) -> Regulation:
        """A regulation.

        Raises:
            NotFound: there is none.
        """
        rows = await self._listings.rows(_sql["read_regulation"], {"id": id})
        if not rows:
            raise NotFound(f"there is no regulation {id}")
        return _regulation(rows[0])

    async def deletions(self, id: int) -> list[Deletion]:
        """How the deletion of a regulation went at the destinations that are done with."""
        return [Deletion(*row) for row in await self._listings.rows(_sql["read_deletions"], {"id": id})]

    async def list_regulations(self, choice: Choice, *, first: int = 0, limit: int) -> tuple[list[Regulation], Page]:
        """A page of regulations, the newest first, from the one with id ``first`` on (0: the newest)."""
        values = choice.parameters | {"first": first, "limit": limit + 1}
        rows = await self._listings.rows(_sql["list_regulations"], values)
        before = (
            await self._listings.rows(_sql["regulations_before"], values | {"limit": limit}) if first else [(None,)]
        )
        total = await self._listings.rows(_sql["count_regulations"], choice.parameters)
        page = Page(rows[limit][0] if len(rows) > limit else None, before[0][0], total[0][0])
        return [_regulation(row) for row in rows[:limit]], page

    async def list_suppressed(self, *, first: int = 0, limit: int) -> tuple[list[tuple[int, str]], Page]:
        """A page of suppressed users with the ids of their rows, in the order in which they were suppressed."""
        values = {"first": first, "limit": limit + 1}
        rows = await self._listings.rows(_sql["list_suppressions"], values)
        before = await self._listings.rows(_sql["page_before"], values | {"limit": limit})
        total = await self._listings.rows(_sql["count_suppressions"], {})
        return list(rows[:limit]), Page(rows[limit][0] if len(rows) > limit else None, before[0][0], total[0][0])

    async def unfinished(self) -> list[int]:
        """Regulations that are still to be done or were under way."""
        return [id for (id,) in await self._reader.rows(_sql["unfinished_regulations"], {})]

    async def set_status(self, id: int, status: Status) -> None:
        """How far a regulation is."""
        finished = status not in ("INITIALIZED", "RUNNING")
        values = {"id": id, "status": status, "finished": finished}
        await self._writer.run(
            lambda transaction: transaction.db.execute(_sql["set_status"], values | {"now": transaction.now})
        )

    async def report(
        self, regulation: int, destination: int, source: int, name: str, status: Status, error: str
    ) -> None:
        """Note how the deletion went at a destination."""
        values = {
            "regulation": regulation, "destination": destination, "source": source, "name": name, "status": status,
            "error": error,
        }  # fmt: skip
        await self._writer.run(
            lambda transaction: transaction.db.execute(_sql["report_deletion"], values | {"now": transaction.now})
        )

    async def delete(self, id: int) -> None:
        """Delete a regulation that has not begun.

        Raises:
            NotFound: there is none.
            Conflict: it has begun.
        """
        await self.get(id)
        if not await self._writer.run(lambda work: work.db.execute(_sql["delete_regulation"], {"id": id}).rowcount):
            raise Conflict(f"regulation {id} has begun; it stays as a record")


def _regulation(row: Sequence[Any]) -> Regulation:
    id, type, source, users, who, status, created_at, finished_at = row
    return Regulation(id, type, source, tuple(msgspec.json.decode(users)), who, status, created_at, finished_at)


def _text(users: Sequence[str]) -> str:
    return msgspec.json.encode(users).decode()
