"""Which users' events are refused, as ingest asks for every event: keyed hashes in memory (FEATURES F224)."""

import hashlib
from collections.abc import Iterable

MAX_SUPPRESSED = 1_000_000
"""Users that may be suppressed; some 100 MB."""

EVERYWHERE = 0
"""In the place of a source: all of them."""


class Suppressed:
    """Users by source, as 16-byte hashes, so that memory does not grow with the length of their ids. False when nobody
    is suppressed.

    >>> suppressed = Suppressed(b"key")
    >>> suppressed.add([(EVERYWHERE, "ada")])
    >>> suppressed.holds(7, "ada"), suppressed.holds(7, "bob")
    (True, False)
    """

    def __init__(self, key: bytes = b"") -> None:
        self._key = key
        self._users: dict[int, set[bytes]] = {}

    def __bool__(self) -> bool:
        return bool(self._users)

    def holds(self, source: int, user: str) -> bool:
        """Whether this user's events are refused at a source."""
        hash = self._hash(user)
        return any(hash in self._users[each] for each in (EVERYWHERE, source) if each in self._users)

    def add(self, users: Iterable[tuple[int, str]]) -> None:
        """Refuse these users' events, each at a source or everywhere."""
        for source, user in users:
            self._users.setdefault(source, set()).add(self._hash(user))

    def discard(self, source: int, users: Iterable[str]) -> None:
        """Take these users' events again, at a source; with ``EVERYWHERE`` at all."""
        hashes = set(map(self._hash, users))
        for each in [source] if source else list(self._users):
            left = self._users.get(each, set()) - hashes
            if left:
                self._users[each] = left
            else:
                self._users.pop(each, None)

    def _hash(self, user: str) -> bytes:
        return hashlib.blake2b(user.encode("utf-8", "surrogatepass"), key=self._key, digest_size=16).digest()
