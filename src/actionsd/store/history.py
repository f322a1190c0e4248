"""What was counted over time, read back in pages and put together (RULES R29, R34; FEATURES F176).

A minute is in its hour and its day once it lies before ``store_state.rolled``; what came since is added from minutes.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any

import msgspec

from actionsd.errors import Unavailable
from actionsd.event import Facet, no_facet
from actionsd.store import sql
from actionsd.store.counters import Width
from actionsd.store.reader import Reader
from actionsd.store.records import Count

_sql = sql.load("counters")

_PAGE = 1000  # rows of one read (RULES R34)
_MOST_PAGES = 400  # of one question: some seconds
_TRIES = 5


class History:
    """``listings`` serves people; ``catch_up`` has everything counted by facet before that is read. Buckets start at
    whole minutes, hours or days of UTC, in minutes since the epoch."""

    def __init__(
        self, listings: Reader, totals: Callable[[], Mapping[Count, int]], catch_up: Callable[[], Awaitable[None]]
    ) -> None:
        self._listings = listings
        self._catch_up = catch_up
        self._totals = totals
        self._counters: dict[Count, int] = {}
        self._facets: dict[int, Facet] = {}

    async def counts(
        self, width: Width, since: int, until: int, wanted: Callable[[Count], bool]
    ) -> list[tuple[int, Count, int]]:
        """(start, count, events) of the buckets that start in ``since <= start < until``, of the wanted counts.

        Raises:
            Unavailable: there is too much of it, or it takes too long.
        """
        names, chosen = await self._chosen(wanted)

        def page(after: list[Any]) -> dict[str, Any]:
            return {"counters": chosen, "after_start": after[0], "after_counter": after[1]}

        rows = await self._read("read_buckets", width, since, until, page)
        return [(start, names[counter], events) for (start, counter), events in rows.items()]

    async def details(
        self, width: Width, since: int, until: int, wanted: Callable[[Count], bool]
    ) -> list[tuple[int, Count, Facet, int]]:
        """The same by facet. What is missing to :meth:`counts` is of no facet, or counted in a moment where the store
        has trouble.

        Raises:
            Unavailable: there is too much of it, or it takes too long.
        """
        with suppress(Unavailable):
            await self._catch_up()
        names, chosen = await self._chosen(wanted)

        def page(after: list[Any]) -> dict[str, Any]:
            return {"counters": chosen, "after_start": after[0], "after_counter": after[1], "after_facet": after[2]}

        rows = await self._read("read_facet_buckets", width, since, until, page)
        if any(facet not in self._facets for _, _, facet in rows):
            await self._load_facets()
        return [
            (start, names[counter], self._facets.get(facet, no_facet), events)
            for (start, counter, facet), events in rows.items()
        ]

    async def latencies(self, width: Width, since: int, until: int, destination: int = 0) -> dict[tuple[int, int], int]:
        """Deliveries by (start, number of the bound they took at most), of one destination or (0) of all.

        Raises:
            Unavailable: there is too much of it, or it takes too long.
        """

        def page(after: list[Any]) -> dict[str, Any]:
            keys = {"after_start": after[0], "after_destination": after[1], "after_bucket": after[2]}
            return keys | {"destination": destination}

        found: dict[tuple[int, int], int] = {}
        rows = await self._read("read_latency_buckets", width, since, until, page)
        for (start, _, bucket), events in rows.items():
            found[start, bucket] = found.get((start, bucket), 0) + events
        return found

    async def _chosen(self, wanted: Callable[[Count], bool]) -> tuple[dict[int, Count], str]:
        """The counters that are wanted by their rows, and the list of these for a statement."""
        if len(self._counters) != len(self._totals()):
            async for id, *what in self._listed("list_counters"):
                self._counters[Count(*what)] = id
        names = {id: what for what, id in self._counters.items() if wanted(what)}
        return names, msgspec.json.encode(list(names)).decode()

    async def _load_facets(self) -> None:
        async for id, type, name, app_version in self._listed("list_facets"):
            self._facets[id] = (type, name, app_version)

    async def _listed(self, statement: str) -> AsyncIterator[Any]:
        after = 0
        while rows := await self._listings.rows(_sql[statement], {"after": after, "limit": _PAGE}):
            for row in rows:
                yield row
            after = rows[-1][0]

    async def _read(
        self, statement: str, width: Width, since: int, until: int, page: Callable[[list[Any]], dict[str, Any]]
    ) -> dict[tuple[Any, ...], int]:
        """Events by key, whose first part is the start. All of it again when minutes were rolled meanwhile, for some
        may have been seen twice then."""
        for _ in range(_TRIES):
            rolled = await self._rolled()
            found: dict[tuple[Any, ...], int] = {}
            async for start, *key, events in self._pages(statement, width, since, until, page):
                found[start, *key] = events
            if width > 1:
                async for start, *key, events in self._pages(statement, 1, max(since, rolled), until, page):
                    bucket = (start // width * width, *key)
                    found[bucket] = found.get(bucket, 0) + events
            if await self._rolled() == rolled:
                return found
        raise Unavailable("the counters are just being put together; ask again", reason="read_timeout")

    async def _pages(
        self, statement: str, width: int, since: int, until: int, page: Callable[[list[Any]], dict[str, Any]]
    ) -> AsyncIterator[Any]:
        after: list[Any] = [since, -1, -1]
        bounds = {"width": width, "until": until, "limit": _PAGE}
        for _ in range(_MOST_PAGES):
            rows = await self._listings.rows(_sql[statement], bounds | page(after))
            for row in rows:
                yield row
            if len(rows) < _PAGE:
                return
            after = rows[-1][:-1]
        raise Unavailable("this is too much to count; ask for a shorter time", reason="read_timeout")

    async def _rolled(self) -> int:
        ((rolled,),) = await self._listings.rows(_sql["read_rolled"], {})
        return int(rolled)
