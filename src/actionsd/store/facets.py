"""Numbers for what counts are broken down by: a source's event types, event names and app versions (FEATURES F169)."""

import sqlite3
from collections.abc import Collection

from actionsd.event import Facet, types
from actionsd.store import sql

_sql = sql.load("counters")

MOST = 2000  # of a source: half of what Segment's schema view shows (F166), and under 1 MB in memory
OTHER = "(other)"  # event name and app version of what came after that
_LONGEST = 200  # characters kept of a name or version


class Facets:
    """The writer's side. A facet is stored in the transaction that first needs it; ids are never reused."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._ids: dict[int, dict[Facet, int]] = {}

    def load(self) -> None:
        """Read all of them; also what to call after a rollback, which may have undone new ones."""
        self._ids.clear()
        for id, source, *facet in self._db.execute(_sql["load_facets"]).fetchall():
            type, name, app_version = facet
            self.of(source)[type, name, app_version] = id

    def of(self, source: int) -> dict[Facet, int]:
        """The known ones of a source; :meth:`intern` is for those that are not here."""
        return self._ids.setdefault(source, {})

    def intern(self, source: int, facet: Facet) -> int:
        """The id of a facet, new or known; that of its type and "(other)" once the source has too many."""
        known = self.of(source)
        type, name, app_version = facet
        facet = (type if type in types else "", _storable(name), _storable(app_version))
        if facet not in known and len(known) >= MOST:
            facet = (facet[0], OTHER, OTHER)
        id = known.get(facet)
        if id is None:
            id = self._db.execute(_sql["create_facet"], (source, *facet)).lastrowid
            assert id is not None
            known[facet] = id
        return id

    def drop(self, ids: Collection[int]) -> None:
        """Forget facets that nothing counts any more; if they come again they get new ids."""
        self._db.executemany(_sql["delete_facet"], [(id,) for id in ids])
        gone = set(ids)
        for source, known in self._ids.items():
            self._ids[source] = {facet: id for facet, id in known.items() if id not in gone}


def _storable(text: str) -> str:
    """Cut, and without the lone surrogates that cannot be bound (RULES R10)."""
    text = text[:_LONGEST]
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
