"""The workspace: ids, versions and states of what is configured (RULES R18-R21).

What the file declares may hold secrets, so only names, a keyed fingerprint, versions, states and starts of it are
stored; its history is the file's own. What is made elsewhere is stored whole, with every version it has had.
"""

import asyncio
import hashlib
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import msgspec

from actionsd.errors import ConfigError, Conflict, NotFound
from actionsd.settings import DestinationDecl, MappingDecl, SourceDecl
from actionsd.store import changes as history
from actionsd.store import oauth, oauthclients, planned, sql
from actionsd.store.assemble import Stored, assemble
from actionsd.store.configs import Change, Kind, Version
from actionsd.store.ledger import MAX_ROWS, Ledger
from actionsd.store.reader import Reader
from actionsd.store.records import TrackingPlan, Workspace
from actionsd.store.sealing import Sealer
from actionsd.store.transaction import Transaction
from actionsd.store.writer import Writer

_sql = sql.load("workspace")
_ledger_sql = sql.load("ledger")


class Registry:
    """``current`` is the workspace as of the last change.

    ``resolve`` gives what the references in a JSON value stand for, or raises :class:`ConfigError`.
    """

    def __init__(
        self, writer: Writer, reader: Reader, listings: Reader, ledger: Ledger, hash_key: bytes, sealer: Sealer,
        resolve: Callable[[Any], Any],
    ) -> None:  # fmt: skip
        self._writer = writer
        self._reader = reader
        self._listings = listings
        self._ledger = ledger
        self._hash_key = hash_key
        self._sealer = sealer
        self._resolve = resolve
        self._sources: Sequence[SourceDecl] = ()
        self._destinations: Sequence[DestinationDecl] = ()
        self._written: Mapping[str, DestinationDecl] = {}
        self._changing = asyncio.Lock()  # a change and the look at its result are one step
        self._plans_read = 0  # the change up to which the plans in ``current`` are read
        self.current = Workspace(version=0)

    async def declare(
        self,
        sources: Sequence[SourceDecl],
        destinations: Sequence[DestinationDecl],
        written: Mapping[str, DestinationDecl] = {},
    ) -> Workspace:
        """Make these what the file declares, in one transaction: new objects get ids and start at the head, changed
        ones a new version, missing ones become undeclared (RULES R19, R21). ``written`` has the destinations by slug as
        they were before their references were resolved, to be shown.

        Raises:
            ConfigError: a destination names a source that there is not, or a slug was given elsewhere.
        """
        async with self._changing:
            await self._writer.run(lambda transaction: self._declare(transaction, sources, destinations))
            self._sources, self._destinations, self._written = tuple(sources), tuple(destinations), written
            return await self._refresh()

    async def change(self, who: str, changes: Sequence[Change]) -> list[int]:
        """Change what is configured here and not in the file: all of it or nothing, in one transaction, written into
        the history as done by ``who``. Returns the id of each object.

        Raises:
            NotFound: an object or parent is not there.
            Conflict: a slug or name is taken, or the object is declared in the file.
        """
        async with self._changing:
            ids = await self._writer.run(lambda transaction: history.write(transaction, who, changes, self._sealer))
            await self._refresh()
        return ids

    async def history(
        self, *, kind: Kind | Literal[""] = "", object: int = 0, before: int = 0, limit: int = 100
    ) -> list[Version]:
        """Versions of what is configured here, the newest first, older than the one with id ``before``; "" and 0 mean
        any. Secrets stand in them."""
        parameters = {"kind": kind, "object": object, "before": before, "limit": min(limit, MAX_ROWS)}
        rows = await self._listings.rows(_sql["list_changes"], parameters)
        return [history.version_of(row, self._sealer) for row in rows]

    async def changed_together(self, batch: int) -> list[Version]:
        """All versions that one call wrote, in their order."""
        rows = await self._listings.rows(_sql["read_batch"], {"batch": batch})
        return [history.version_of(row, self._sealer) for row in rows]

    async def rotate_key(self) -> int:
        """Seal everything with a new key and drop the old ones; returns how many texts were sealed again."""
        async with self._changing:
            self._sealer.add_key()
            sealed = await self._writer.run(self._reseal)
            self._sealer.drop_old_keys()
        return sealed

    def _reseal(self, transaction: Transaction) -> int:
        return sum(each.reseal(transaction, self._sealer) for each in (history, oauth, oauthclients))

    async def set_state(self, destination: int, state: Literal["enabled", "paused"]) -> Workspace:
        """Pause a destination or let it go on. It stays paused over restarts and reloads.

        Raises:
            NotFound: there is no such destination.
        """

        def change(transaction: Transaction) -> None:
            values = {"id": destination, "paused": state == "paused"}
            if not transaction.db.execute(_sql["pause_destination"], values).rowcount:
                raise NotFound(f"there is no destination {destination}")

        async with self._changing:
            await self._writer.run(change)
            return await self._refresh()

    async def forget(self, slug: str) -> Workspace:
        """Delete a destination, or else a source, that the file no longer declares. What a destination has not
        delivered becomes dead letters that cannot be requeued and a counted range (RULES R18, R21).

        Raises:
            NotFound: there is none with this slug.
            Conflict: it is declared, or was made elsewhere, or the source still has destinations.
        """
        async with self._changing:
            await self._writer.run(lambda transaction: _forget(transaction, slug))
            return await self._refresh()

    def _declare(
        self, transaction: Transaction, sources: Sequence[SourceDecl], destinations: Sequence[DestinationDecl]
    ) -> None:
        db = transaction.db
        _refuse_taken_slugs(transaction, sources, destinations)
        db.executemany(_sql["declare_source"], [(source.slug,) for source in sources])
        db.execute(_sql["undeclare_sources"], {"slugs": _json([source.slug for source in sources])})
        ids = {slug: id for id, slug, declared, *_, body in db.execute(_sql["read_sources"]) if declared or body}
        _refuse_unknown_sources(destinations, ids)
        for declared in destinations:
            destination = self._declare_destination(transaction, declared, ids[declared.source])
            for mapping in declared.mappings:
                self._declare_mapping(transaction, destination, mapping)
            names = {"destination": destination, "names": _json([mapping.name for mapping in declared.mappings])}
            db.execute(_sql["undeclare_mappings"], names)
        db.execute(_sql["undeclare_destinations"], {"slugs": _json([each.slug for each in destinations])})

    def _declare_destination(self, transaction: Transaction, declared: DestinationDecl, source: int) -> int:
        db = transaction.db
        values = {
            "slug": declared.slug,
            "source": source,
            "enabled": declared.enabled,
            "fingerprint": self._fingerprint(msgspec.structs.replace(declared, mappings=(), enabled=True)),
        }
        found = db.execute(_sql["find_destination"], {"slug": declared.slug}).fetchone()
        if found is None:
            id = db.execute(_sql["create_destination"], values).lastrowid
            assert id is not None
            lane = {"destination": id, "replay": 0, "start": transaction.head}
            db.execute(_ledger_sql["create_lane"], lane)
            return id
        id, enabled, _ = found
        if declared.enabled and not enabled:
            db.execute(_ledger_sql["restart_lane"], {"destination": id, "start": transaction.head})
        db.execute(_sql["update_destination"], values | {"id": id})
        return int(id)

    def _declare_mapping(self, transaction: Transaction, destination: int, declared: MappingDecl) -> None:
        values = {
            "destination": destination,
            "name": declared.name,
            "enabled": declared.enabled,
            "fingerprint": self._fingerprint(msgspec.structs.replace(declared, enabled=True)),
            "head": transaction.head,
        }
        found = transaction.db.execute(_sql["find_mapping"], values).fetchone()
        if found is None:
            transaction.db.execute(_sql["create_mapping"], values)
        else:
            transaction.db.execute(_sql["update_mapping"], values | {"id": found[0]})

    def _fingerprint(self, declared: DestinationDecl | MappingDecl) -> bytes:
        """Tells whether it changed; keyed, so that it cannot be used to guess a secret setting."""
        return hashlib.blake2b(msgspec.json.encode(declared), key=self._hash_key, digest_size=16).digest()

    async def _refresh(self) -> Workspace:
        """Bury the retries of what is gone or switched off (RULES R18, R20), then put the workspace together."""
        for (destination,) in await self._reader.rows(_sql["retries_left_behind"], {}):
            await self._ledger.discard_retries(destination, reason="destination_deleted", requeueable=False)
        for destination, mapping in await self._reader.rows(_sql["disabled_with_retries"], {}):
            await self._ledger.discard_retries(destination, mapping=mapping, reason="mapping_disabled")
        filters = defaultdict(list)
        for row in await self._reader.rows(_sql["read_filters"], {}):
            filters[row[1]].append(row)
        mappings = defaultdict(list)
        for row in await self._reader.rows(_sql["read_mappings"], {}):
            mappings[row[1]].append(row)
        stored = Stored(
            sources=await self._reader.rows(_sql["read_sources"], {}),
            destinations=await self._reader.rows(_sql["read_destinations"], {}),
            written=self._written,
            mappings=mappings,
            filters=filters,
        )
        sources, destinations = assemble(stored, self._sources, self._destinations, self._sealer, self._resolve)
        schemas = planned.schemas(await self._reader.rows(_sql["read_schemas"], {}), self._sealer)
        rewriting = planned.transformations(await self._reader.rows(_sql["read_transformations"], {}), self._sealer)
        self.current = Workspace(
            self.current.version + 1,
            sources=tuple(planned.with_schema(each, schemas, rewriting) for each in sources),
            destinations=tuple(planned.rewritten(each, rewriting) for each in destinations),
            plans=await self._plans(),
            transformations=rewriting,
        )
        return self.current

    async def _plans(self) -> tuple[TrackingPlan, ...]:
        """The tracking plans, read again only when one has changed: they may have thousands of rules."""
        ((changed,),) = await self._reader.rows(_sql["plans_changed"], {})
        if changed == self._plans_read:
            return self.current.plans
        self._plans_read = changed
        rows, rules = await self._reader.rows(_sql["read_plans"], {}), await self._reader.rows(_sql["read_rules"], {})
        return planned.plans(rows, rules, self.current.plans, self._sealer)


def _refuse_taken_slugs(
    transaction: Transaction, sources: Sequence[SourceDecl], destinations: Sequence[DestinationDecl]
) -> None:
    slugs = {
        "sources": _json([source.slug for source in sources]),
        "destinations": _json([destination.slug for destination in destinations]),
    }
    taken = transaction.db.execute(_sql["slugs_elsewhere"], slugs).fetchall()
    if taken:
        made = "was made with actionsctl or the API; delete it there, or take it out of the file"
        raise ConfigError(*(f"{kind} {slug!r} {made}" for kind, slug in taken))


def _refuse_unknown_sources(destinations: Sequence[DestinationDecl], known: dict[str, int]) -> None:
    unknown = [
        f"destination {each.slug!r}: source {each.source!r} is not declared; declared are {sorted(known)}"
        for each in destinations
        if each.source not in known
    ]
    if unknown:
        raise ConfigError(*unknown)


def _forget(transaction: Transaction, slug: str) -> None:
    found = transaction.db.execute(_sql["find_destination"], {"slug": slug}).fetchone()
    if found is None:
        _forget_source(transaction, slug)
        return
    id, _, declared = found
    if declared:
        raise Conflict(f"destination {slug!r} is declared in the file; remove it there first")
    if transaction.db.execute(_sql["read_config"], {"kind": "destination", "id": id}).fetchone():
        raise Conflict(f"destination {slug!r} was never declared in the file; delete it instead")
    history.forget_destination(transaction, id)


def _forget_source(transaction: Transaction, slug: str) -> None:
    rows = transaction.db.execute(_sql["read_sources"]).fetchall()
    found = {known: (id, declared, body) for id, known, declared, *_, body in rows}.get(slug)
    if found is None:
        raise NotFound(f"there is no destination and no source {slug!r}")
    id, declared, body = found
    if body:
        raise Conflict(f"source {slug!r} was never declared in the file; delete it instead")
    transaction.db.execute(_sql["delete_source_configs"], {"id": id})
    if not transaction.db.execute(_sql["delete_source"], {"slug": slug}).rowcount:
        why = "is declared in the file" if declared else "still has destinations; forget them first"
        raise Conflict(f"source {slug!r} {why}")


def _json(values: Sequence[str]) -> str:
    return msgspec.json.encode(values).decode()
