"""Clients that get access tokens for ingest, sealed (FEATURES F011). Their tokens are signed and stand nowhere."""

import sqlite3
from collections.abc import Mapping

import msgspec

from actionsd.errors import Conflict, NotFound
from actionsd.store import sql
from actionsd.store.reader import Reader
from actionsd.store.records import OAuthClient, OAuthClientConfig
from actionsd.store.sealing import Sealer
from actionsd.store.transaction import Transaction
from actionsd.store.writer import Writer

_sql = sql.load("oauth_clients")

MAX_CLIENTS = 1000  # also the most rows of a listing (RULES R34)


class OAuthClients:
    """The loop's side. All clients are in memory, so that no request waits for the database because of them."""

    def __init__(self, writer: Writer, reader: Reader, sealer: Sealer) -> None:
        self._writer = writer
        self._reader = reader
        self._sealer = sealer
        self._by_id: dict[int, OAuthClient] = {}
        self._by_name: dict[str, OAuthClient] = {}

    async def load(self) -> None:
        """Read what earlier runs left.

        Raises:
            ConfigError: no key opens it.
        """
        for id, name, created_at, body in await self._reader.rows(_sql["load_clients"], {"limit": MAX_CLIENTS}):
            config = msgspec.json.decode(self._sealer.open(body), type=OAuthClientConfig)
            self._keep(OAuthClient(id, name, created_at, config))

    def find(self, name: str) -> OAuthClient | None:
        """The client with this id of the protocol."""
        return self._by_name.get(name)

    def by_id(self, id: int) -> OAuthClient | None:
        """The client with this id of the store, which is never used again."""
        return self._by_id.get(id)

    def list(self) -> list[OAuthClient]:
        """All clients, the oldest first."""
        return list(self._by_id.values())

    async def create(self, name: str, config: OAuthClientConfig) -> OAuthClient:
        """Keep a new client.

        Raises:
            Conflict: there is one of this name, or there are too many.
        """
        body = self._seal(config)

        def create(transaction: Transaction) -> OAuthClient:
            db, values = transaction.db, {"name": name, "body": body, "now": transaction.now}
            if db.execute(_sql["find_client"], values).fetchone():
                raise Conflict(f'there is a client "{name}" already')
            if db.execute(_sql["count_clients"]).fetchone()[0] >= MAX_CLIENTS:
                raise Conflict(f"there are {MAX_CLIENTS} clients; remove one first")
            id = db.execute(_sql["create_client"], values).lastrowid
            assert id is not None
            return OAuthClient(id, name, transaction.now, config)

        return self._keep(await self._writer.run(create))

    async def change(self, client: OAuthClient, config: OAuthClientConfig) -> OAuthClient:
        """Give a client other keys.

        Raises:
            NotFound: it is gone.
        """
        values = {"id": client.id, "body": self._seal(config)}
        await self._writer.run(lambda transaction: _must_change(transaction.db, "update_client", values, client))
        return self._keep(msgspec.structs.replace(client, config=config))

    async def remove(self, client: OAuthClient) -> None:
        """Forget a client: its tokens are worth nothing from then on.

        Raises:
            NotFound: it is gone already.
        """
        values = {"id": client.id}
        await self._writer.run(lambda transaction: _must_change(transaction.db, "delete_client", values, client))
        self._by_id.pop(client.id, None)
        self._by_name.pop(client.name, None)

    async def use_assertion(self, client: OAuthClient, jti: str, expires_at: int) -> bool:
        """Note that an assertion, good until ``expires_at`` (milliseconds), was used; False when it was before.

        Raises:
            Unavailable: not now.
        """
        values = {"client": client.id, "jti": jti, "expires_at": expires_at}

        def use(transaction: Transaction) -> bool:
            transaction.db.execute(_sql["forget_assertions"], {"now": transaction.now})
            return bool(transaction.db.execute(_sql["use_assertion"], values).rowcount)

        return await self._writer.run(use)

    def _keep(self, client: OAuthClient) -> OAuthClient:
        self._by_id[client.id] = self._by_name[client.name] = client
        return client

    def _seal(self, config: OAuthClientConfig) -> bytes:
        return self._sealer.seal(msgspec.json.encode(config))


def reseal(transaction: Transaction, sealer: Sealer) -> int:
    """Seal all clients with the newest key; returns how many."""
    rows = transaction.db.execute(_sql["load_clients"], {"limit": MAX_CLIENTS}).fetchall()
    for id, _, _, body in rows:
        transaction.db.execute(_sql["update_client"], {"id": id, "body": sealer.seal(sealer.open(body))})
    return len(rows)


def _must_change(db: sqlite3.Connection, statement: str, values: Mapping[str, object], client: OAuthClient) -> None:
    if not db.execute(_sql[statement], values).rowcount:
        raise NotFound(f'there is no client "{client.name}" any more')
