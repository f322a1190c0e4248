"""The workspace: ids, versions and states of what is configured (RULES R18-R21).

What the file declares may hold secrets, so only names, a keyed fingerprint, versions, states and starts are stored.
"""

import hashlib
from collections.abc import Sequence
from typing import Literal

import msgspec

from actionsd.errors import ConfigError, Conflict, NotFound
from actionsd.settings import DestinationDecl, MappingDecl, SourceDecl
from actionsd.store import sql
from actionsd.store.ledger import Ledger
from actionsd.store.reader import Reader
from actionsd.store.records import Destination, Mapping, Source, Workspace
from actionsd.store.settle import pass_over
from actionsd.store.transaction import Transaction
from actionsd.store.writer import Writer

_sql = sql.load("workspace")
_ledger_sql = sql.load("ledger")

_SYNC_MODE = "__segment_internal_sync_mode"  # the reserved key that ``sync_mode`` of a file stands for (RULES C8)


class Registry:
    """``current`` is the workspace as of the last change."""

    def __init__(self, writer: Writer, reader: Reader, ledger: Ledger, hash_key: bytes) -> None:
        self._writer = writer
        self._reader = reader
        self._ledger = ledger
        self._hash_key = hash_key
        self._sources: Sequence[SourceDecl] = ()
        self._destinations: Sequence[DestinationDecl] = ()
        self.current = Workspace(version=0)

    async def declare(self, sources: Sequence[SourceDecl], destinations: Sequence[DestinationDecl]) -> Workspace:
        """Make these the configuration, in one transaction: new objects get ids and start at the head, changed ones a
        new version, missing ones become undeclared (RULES R19, R21).

        Raises:
            ConfigError: a destination names a source that is not declared.
        """
        known = {source.slug for source in sources}
        unknown = [
            f"destination {each.slug!r}: source {each.source!r} is not declared; declared are {sorted(known)}"
            for each in destinations
            if each.source not in known
        ]
        if unknown:
            raise ConfigError(*unknown)
        await self._writer.run(lambda transaction: self._declare(transaction, sources, destinations))
        self._sources, self._destinations = tuple(sources), tuple(destinations)
        for destination, mapping in await self._reader.rows(_sql["disabled_with_retries"], {}):
            await self._ledger.discard_retries(destination, mapping=mapping, reason="mapping_disabled")
        return await self._refresh()

    async def set_state(self, destination: int, state: Literal["enabled", "paused"]) -> Workspace:
        """Pause a destination or let it go on. It stays paused over restarts and reloads.

        Raises:
            NotFound: there is no such destination.
        """

        def change(transaction: Transaction) -> None:
            values = {"id": destination, "paused": state == "paused"}
            if not transaction.db.execute(_sql["pause_destination"], values).rowcount:
                raise NotFound(f"there is no destination {destination}")

        await self._writer.run(change)
        return await self._refresh()

    async def forget(self, slug: str) -> Workspace:
        """Delete a destination, or else a source, that the file no longer declares. What a destination has not
        delivered becomes dead letters that cannot be requeued and a counted range (RULES R18, R21).

        Raises:
            NotFound: there is none with this slug.
            Conflict: it is declared, or the source still has destinations.
        """
        rows = await self._reader.rows(_sql["find_destination"], {"slug": slug})
        if not rows:
            await self._writer.run(lambda transaction: _forget_source(transaction, slug))
            return await self._refresh()
        id, _, declared = rows[0]
        if declared:
            raise Conflict(f"destination {slug!r} is declared in the file; remove it there first")
        await self._ledger.discard_retries(id, reason="destination_deleted", requeueable=False)
        await self._writer.run(lambda transaction: _forget_destination(transaction, id))
        return await self._refresh()

    def _declare(
        self, transaction: Transaction, sources: Sequence[SourceDecl], destinations: Sequence[DestinationDecl]
    ) -> None:
        db = transaction.db
        db.executemany(_sql["declare_source"], [(source.slug,) for source in sources])
        db.execute(_sql["undeclare_sources"], {"slugs": _json([source.slug for source in sources])})
        ids = {slug: id for id, slug, _ in db.execute(_sql["read_sources"]).fetchall()}
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
        """The stored ids and states joined with what the file declared."""
        sources = await self._reader.rows(_sql["read_sources"], {})
        destinations = await self._reader.rows(_sql["read_destinations"], {})
        mappings = {
            (destination, name): (id, version, start)
            for id, destination, name, version, start in await self._reader.rows(_sql["read_mappings"], {})
        }
        ids = {slug: id for id, slug, _ in sources}
        declared = {each.slug: each for each in self._destinations}
        self.current = Workspace(
            version=self.current.version + 1,
            sources=tuple(
                Source(ids[each.slug], each.slug, each.name or each.slug, tuple(each.write_keys), each.enabled)
                for each in self._sources
            ),
            destinations=tuple(_destination(row, declared.get(row[1]), mappings) for row in destinations),
        )
        return self.current


def _destination(
    row: tuple[int, str, int, int, int, int, int, int],
    declared: DestinationDecl | None,
    mappings: dict[tuple[int, str], tuple[int, int, int]],
) -> Destination:
    id, slug, source, enabled, paused, _, version, start = row
    if declared is None:
        return Destination(
            id=id, slug=slug, name=slug, source=source, definition="", settings={}, mappings=(), filters=(),
            state="undeclared", start=start, version=version,
        )  # fmt: skip
    return Destination(
        id=id,
        slug=slug,
        name=declared.name or slug,
        source=source,
        definition=declared.definition,
        settings=declared.settings,
        mappings=tuple(_mapping(mappings[id, each.name], each) for each in declared.mappings),
        filters=declared.filters,
        state="disabled" if not enabled else "paused" if paused else "enabled",
        start=start,
        version=version,
        consent=declared.consent,
        concurrency=declared.concurrency,
        rate_limit=declared.rate_limit,
        timeout=declared.timeout,
        retry_window=declared.retry_window,
    )


def _mapping(stored: tuple[int, int, int], declared: MappingDecl) -> Mapping:
    id, version, start = stored
    fields = dict(declared.fields or {})
    if declared.sync_mode is not None:
        fields[_SYNC_MODE] = declared.sync_mode
    return Mapping(
        id=id,
        name=declared.name,
        action=declared.action,
        trigger=declared.trigger or "",
        fields=fields,
        enabled=declared.enabled,
        start=start,
        version=version,
    )


def _forget_destination(transaction: Transaction, id: int) -> None:
    pass_over(transaction, id, transaction.head, "destination_deleted")
    transaction.db.execute(_ledger_sql["delete_lanes"], {"destination": id})
    for statement in ("delete_replays", "delete_intents", "delete_destination"):
        transaction.db.execute(_sql[statement], {"id": id})


def _forget_source(transaction: Transaction, slug: str) -> None:
    rows = transaction.db.execute(_sql["read_sources"]).fetchall()
    declared = {known: declared for _, known, declared in rows}.get(slug)
    if declared is None:
        raise NotFound(f"there is no destination and no source {slug!r}")
    if not transaction.db.execute(_sql["delete_source"], {"slug": slug}).rowcount:
        why = "is declared in the file" if declared else "still has destinations; forget them first"
        raise Conflict(f"source {slug!r} {why}")


def _json(values: Sequence[str]) -> str:
    return msgspec.json.encode(values).decode()
