"""The newest OAuth tokens of destinations, sealed: a refresh may have used up the configured ones (RULES C10)."""

import hashlib
from typing import NamedTuple

import msgspec

from actionsd.sdk import Auth
from actionsd.store import sql
from actionsd.store.reader import Reader
from actionsd.store.sealing import Sealer
from actionsd.store.transaction import Transaction
from actionsd.store.writer import Writer

_sql = sql.load("oauth")


class _Kept(NamedTuple):
    basis: bytes
    access_token: str | None
    refresh_token: str | None


class OAuthTokens:
    """The loop's side; all tokens are in memory. They belong to the credentials that were configured when they came."""

    def __init__(self, writer: Writer, reader: Reader, sealer: Sealer, hash_key: bytes) -> None:
        self._writer = writer
        self._reader = reader
        self._sealer = sealer
        self._hash_key = hash_key
        self._kept: dict[int, _Kept] = {}

    async def load(self) -> None:
        """Read what earlier runs left.

        Raises:
            ConfigError: no key opens it.
        """
        for destination, basis, body in await self._reader.rows(_sql["load"], {}):
            access, refresh = msgspec.json.decode(self._sealer.open(body))
            self._kept[destination] = _Kept(basis, access, refresh)

    def newest(self, destination: int, configured: Auth) -> Auth:
        """The credentials to use: the configured ones with the newest tokens that came from them."""
        kept = self._kept.get(destination)
        if kept is None or kept.basis != self._basis(configured):
            return configured
        return msgspec.structs.replace(configured, access_token=kept.access_token, refresh_token=kept.refresh_token)

    async def save(self, destination: int, configured: Auth, newest: Auth) -> None:
        """Keep the tokens of ``newest``, which came from the ``configured`` credentials.

        Raises:
            Unavailable: not now; they are used all the same until the daemon ends.
        """
        basis = self._basis(configured)
        self._kept[destination] = _Kept(basis, newest.access_token, newest.refresh_token)
        text = msgspec.json.encode((newest.access_token, newest.refresh_token))
        values = {"destination": destination, "basis": basis, "body": self._sealer.seal(text)}
        await self._writer.run(lambda transaction: transaction.db.execute(_sql["save"], values))

    def _basis(self, configured: Auth) -> bytes:
        return hashlib.blake2b(msgspec.json.encode(configured), key=self._hash_key, digest_size=16).digest()


def reseal(transaction: Transaction, sealer: Sealer) -> int:
    """Seal all tokens with the newest key; returns how many."""
    rows = transaction.db.execute(_sql["sealed"]).fetchall()
    for destination, body in rows:
        sealed = sealer.seal(sealer.open(body))
        transaction.db.execute(_sql["reseal"], {"destination": destination, "body": sealed})
    return len(rows)
