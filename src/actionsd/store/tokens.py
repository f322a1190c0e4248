"""Bearer tokens of the admin API, known by their hashes (FEATURES F237)."""

import sqlite3
from collections.abc import Mapping

import msgspec

from actionsd.errors import Conflict, NotFound
from actionsd.store import sql
from actionsd.store.reader import Reader
from actionsd.store.records import Token
from actionsd.store.transaction import Transaction
from actionsd.store.writer import Writer
from actionsd.wire import Role

_sql = sql.load("tokens")

MAX_TOKENS = 1000  # that are not revoked; also the most rows of a listing (RULES R34)


class Tokens:
    """The loop's side. Every token that is not revoked is in memory, so that a call to the API reads no database.

    When a token was last used is written with the store's upkeep and at a clean stop, not with each call; a crash
    forgets the uses of the last half minute.
    """

    def __init__(self, writer: Writer, listings: Reader) -> None:
        self._writer = writer
        self._listings = listings
        self._known: dict[bytes, Token] = {}
        self._uses: dict[int, int] = {}  # last use by id, not yet written

    async def load(self) -> None:
        """Read what the last run left."""
        rows = await self._listings.rows(_sql["load_tokens"], {"limit": MAX_TOKENS})
        self._known = {hash: Token(*columns) for *columns, hash in rows}

    def find(self, hash: bytes) -> Token | None:
        """The token with this hash, unless it was revoked; whether it has expired is for the caller to see."""
        return self._known.get(hash)

    def used(self, token: Token, now: int) -> None:
        """A token opened the door at ``now`` (milliseconds)."""
        self._uses[token.id] = now

    async def create(self, name: str, role: Role, hash: bytes, expires_at: int | None) -> Token:
        """Keep a new token.

        Raises:
            Conflict: one of this name is not revoked, or there are too many.
        """

        def create(transaction: Transaction) -> Token:
            db, values = transaction.db, {"name": name, "role": role, "hash": hash, "expires_at": expires_at}
            if db.execute(_sql["find_unrevoked"], {"name": name}).fetchone():
                raise Conflict(f'there is a token "{name}" already; revoke it first')
            if db.execute(_sql["count_unrevoked"]).fetchone()[0] >= MAX_TOKENS:
                raise Conflict(f"{MAX_TOKENS} tokens are in use; revoke one first")
            id = db.execute(_sql["create_token"], {**values, "now": transaction.now}).lastrowid
            assert id is not None
            return Token(id, name, role, transaction.now, None, expires_at, None)

        token = await self._writer.run(create)
        self._known[hash] = token
        return token

    async def revoke(self, name: str) -> None:
        """No call is let in with it any more.

        Raises:
            NotFound: there is no such token that is not revoked.
        """

        def revoke(transaction: Transaction) -> None:
            if not transaction.db.execute(_sql["revoke_token"], {"name": name, "now": transaction.now}).rowcount:
                raise NotFound(f'no token "{name}" is in use')

        await self.note_uses()
        await self._writer.run(revoke)
        self._known = {hash: token for hash, token in self._known.items() if token.name != name}

    async def list(self, *, after: int, limit: int) -> list[Token]:
        """Tokens in the order of ids above ``after``, the revoked ones too."""
        rows = await self._listings.rows(_sql["list_tokens"], {"after": after, "limit": min(limit, MAX_TOKENS)})
        return [self._with_use(Token(*row)) for row in rows]

    async def note_uses(self) -> None:
        """Write when tokens were last used, where that is not written yet.

        Raises:
            Unavailable: the disk is full or the database locked; the next time writes it.
        """
        uses = dict(self._uses)
        if uses:
            await self._writer.run(lambda transaction: _write(transaction.db, uses))
        self._uses = {id: used_at for id, used_at in self._uses.items() if uses.get(id) != used_at}

    def write_last_uses(self, db: sqlite3.Connection) -> None:
        """The same on the connection of a writer that has ended."""
        _write(db, self._uses)

    def _with_use(self, token: Token) -> Token:
        return msgspec.structs.replace(token, last_used_at=self._uses.get(token.id, token.last_used_at))


def _write(db: sqlite3.Connection, uses: Mapping[int, int]) -> None:
    db.executemany(_sql["note_use"], [{"id": id, "used_at": used_at} for id, used_at in uses.items()])
