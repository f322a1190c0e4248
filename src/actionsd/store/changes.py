"""Writes changes of the configuration with their history, in one transaction. Runs in the writer's thread.

Rules kept here: a new or newly enabled destination or mapping starts at the head (RULES R18, R19); what the file
declares is not changed from elsewhere (R21); nothing is written without its line in the history.
"""

import sqlite3
from collections.abc import Sequence
from typing import Any

import msgspec

from actionsd.errors import Conflict, NotFound
from actionsd.store import sql
from actionsd.store.configs import (
    KINDS,
    SEALED,
    TYPES,
    Change,
    Config,
    Delete,
    DestinationConfig,
    Kind,
    MappingConfig,
    PlanConfig,
    Put,
    RuleConfig,
    SchemaConfig,
    SourceConfig,
    Verb,
    Version,
)
from actionsd.store.sealing import Sealer
from actionsd.store.settle import pass_over
from actionsd.store.transaction import Transaction

_sql = sql.load("workspace")
_ledger_sql = sql.load("ledger")

_PARENTS = {  # of each kind that has one: what it is, and the statement that finds it
    "destination": ("source", "find_source"),
    "mapping": ("destination", "destination_by_slug"),
    "filter": ("destination", "destination_by_slug"),
    "schema": ("source", "find_source"),
    "rule": ("tracking plan", "find_plan"),
    "transformation": ("source", "find_source"),
}
_DELETES = {
    "mapping": "delete_mapping",
    "filter": "delete_filter",
    "tracking_plan": "delete_tracking_plan",
    "rule": "delete_rule",
    "transformation": "delete_transformation",
}


def encode(config: Config, sealer: Sealer) -> bytes:
    """A config as it is stored."""
    body = msgspec.json.encode(config)
    return sealer.seal(body) if KINDS[type(config)] in SEALED else body


def decode(kind: Kind, body: bytes, sealer: Sealer) -> Config:
    """A stored config.

    Raises:
        ConfigError: it is sealed and no key fits.
    """
    return msgspec.json.decode(sealer.open(body) if kind in SEALED else body, type=TYPES[kind])


def version_of(row: Sequence[Any], sealer: Sealer) -> Version:
    """A row of ``changes``."""
    id, batch, at, who, kind, object, parent, version, verb, body = row
    return Version(
        id=id, batch=batch, at=at, who=who, kind=kind, object=object, parent=parent, version=version, verb=verb,
        config=decode(kind, body, sealer),
    )  # fmt: skip


def write(transaction: Transaction, who: str, changes: Sequence[Change], sealer: Sealer) -> list[int]:
    """Make all changes, in their order; returns the id of each object.

    Raises:
        NotFound: an object or parent that is not there.
        Conflict: a slug or name is taken, or the file declares the object.
    """
    (batch,) = transaction.db.execute(_sql["next_change"]).fetchone()
    writing = _Writing(transaction, who, batch, sealer)
    return [writing.put(each) if isinstance(each, Put) else writing.delete(each) for each in changes]


class _Writing:
    """The changes of one call."""

    def __init__(self, transaction: Transaction, who: str, batch: int, sealer: Sealer) -> None:
        self._transaction = transaction
        self._db = transaction.db
        self._who = who
        self._batch = batch
        self._sealer = sealer

    def put(self, change: Put) -> int:
        if isinstance(change.config, SchemaConfig):
            change = self._settled(change, change.config)
        kind = KINDS[type(change.config)]
        known = self._db.execute(_sql["read_config"], {"kind": kind, "id": change.id}).fetchone()
        if change.id and known is None and not change.restored and kind != "schema":
            raise self._missing(kind, change.id)
        parent = self._parent(kind, change)
        values: dict[str, Any] = {"kind": kind, "id": change.id or None, "parent": parent}
        values["version"] = self._version(kind, change.id)
        try:
            id = self._write_row(change.config, values | {"head": self._transaction.head})
        except sqlite3.IntegrityError:
            raise Conflict(_taken(change.config)) from None
        self._touch(kind, parent)
        verb: Verb = "restored" if change.restored else "created" if known is None else "changed"
        values |= {"id": id, "body": encode(change.config, self._sealer), "now": self._transaction.now}
        self._db.execute(_sql["put_config"], values)
        self._record(values, verb)
        return id

    def delete(self, change: Delete) -> int:
        key = {"kind": change.kind, "id": change.id}
        known = self._db.execute(_sql["read_config"], key).fetchone()
        if known is None:
            raise self._missing(change.kind, change.id)
        for kind, id in self._db.execute(_sql["children"], key).fetchall():
            self.delete(Delete(kind=kind, id=id))
        parent = self._parent_of(change.kind, change.id)
        self._touch(change.kind, parent)
        values = key | {"parent": parent, "version": known[0] + 1, "body": known[3], "now": self._transaction.now}
        self._record(values, "deleted")
        self._db.execute(_sql["delete_config"], key)
        self._delete_row(change)
        return change.id

    def _settled(self, change: Put, schema: SchemaConfig) -> Put:
        """A schema with the ids of its source and of what it refers to."""
        id = change.id or self._id("source", "find_source", change.parent)
        refers = {
            member: self._id(*(_PARENTS["rule"] if member == "plan" else _PARENTS["schema"]), slug)
            for member, slug in change.names.items()
        }
        config = msgspec.structs.replace(schema, **refers)
        return msgspec.structs.replace(change, id=id, config=config, names={})

    def _write_row(self, config: Config, values: dict[str, Any]) -> int:
        """The row that gives the object its id and what SQL needs to know of it."""
        if isinstance(config, SourceConfig):
            return self._insert("put_source", values | {"slug": config.slug})
        if isinstance(config, DestinationConfig):
            return self._write_destination(config, values)
        if isinstance(config, MappingConfig):
            return self._insert("put_mapping", values | {"name": config.name, "enabled": config.enabled})
        if isinstance(config, SchemaConfig):
            return int(values["id"])
        if isinstance(config, PlanConfig):
            return self._insert("put_tracking_plan", values | {"slug": config.slug})
        if isinstance(config, RuleConfig):
            found = {"type": config.type, "key": config.key, "rule_version": config.version}
            return self._insert("put_rule", values | found)
        return self._insert("put_transformation" if values["kind"] == "transformation" else "put_filter", values)

    def _write_destination(self, config: DestinationConfig, values: dict[str, Any]) -> int:
        before = self._db.execute(_sql["is_enabled"], values).fetchone()
        id = self._insert("put_destination", values | {"slug": config.slug, "enabled": config.enabled})
        lane = {"destination": id, "replay": 0, "start": self._transaction.head}
        if before is None:
            self._db.execute(_ledger_sql["create_lane"], lane)
        elif config.enabled and not before[0]:
            self._db.execute(_ledger_sql["restart_lane"], lane)
        return id

    def _insert(self, statement: str, values: dict[str, Any]) -> int:
        id = self._db.execute(_sql[statement], values).lastrowid
        return int(values["id"] or id or 0)

    def _delete_row(self, change: Delete) -> None:
        if change.kind == "destination":
            forget_destination(self._transaction, change.id)
        elif change.kind == "source":
            if not self._db.execute(_sql["delete_source_by_id"], {"id": change.id}).rowcount:
                raise Conflict(f"source {change.id} still has destinations; delete them first")
        elif change.kind in _DELETES:
            self._db.execute(_sql[_DELETES[change.kind]], {"id": change.id})

    def _touch(self, kind: Kind, parent: int) -> None:
        """Filters and transformations are part of a destination's version (RULES R20)."""
        if kind in ("filter", "transformation"):
            self._db.execute(_sql["touch_destination" if kind == "filter" else "touch_destinations"], {"id": parent})

    def _parent(self, kind: Kind, change: Put) -> int:
        """The id of the parent; that of an object which exists stays as it is, but for a transformation's."""
        if kind not in _PARENTS:
            return 0
        what, statement = _PARENTS[kind]
        named: int | str = change.id if kind == "schema" else change.parent
        if change.id and not change.restored and not (named and kind in ("schema", "transformation")):
            return self._parent_of(kind, change.id)
        id = self._id(what, statement, named)
        if what == "destination" and self._db.execute(_sql[statement], {"id": id, "slug": ""}).fetchone()[1]:
            raise Conflict(f"destination {named!r} is declared in the file; its {kind}s are changed there")
        return id

    def _id(self, what: str, statement: str, named: int | str) -> int:
        by_id = isinstance(named, int)
        key = {"id": named if by_id else 0, "slug": "" if by_id else named}
        found = self._db.execute(_sql[statement], key).fetchone()
        if found is None:
            raise NotFound(f"there is no {what} {named!r}")
        return int(found[0])

    def _parent_of(self, kind: Kind, id: int) -> int:
        found = self._db.execute(_sql["parents"], {"kind": kind, "id": id}).fetchone()
        return int(found[0]) if found else 0

    def _version(self, kind: Kind, id: int) -> int:
        (last,) = self._db.execute(_sql["last_version"], {"kind": kind, "id": id}).fetchone()
        return int(last) + 1

    def _record(self, values: dict[str, Any], verb: Verb) -> None:
        self._db.execute(_sql["add_change"], values | {"batch": self._batch, "who": self._who, "verb": verb})

    def _missing(self, kind: Kind, id: int) -> NotFound | Conflict:
        """Why there is no config of an object: the file has it, or nobody."""
        declared = {"source": "find_source", "destination": "destination_by_slug"}.get(kind)
        if declared and self._db.execute(_sql[declared], {"id": id, "slug": ""}).fetchone():
            return Conflict(f"{kind} {id} is declared in the file; change it there")
        if self._parent_of(kind, id):
            return Conflict(f"{kind} {id} belongs to a destination that is declared in the file; change it there")
        return NotFound(f"there is no {kind.replace('_', ' ')} {id}")


def forget_destination(transaction: Transaction, id: int) -> None:
    """Delete a destination and its lanes: what it has not claimed becomes one counted range (RULES R18)."""
    pass_over(transaction, id, transaction.head, "destination_deleted")
    transaction.db.execute(_ledger_sql["delete_lanes"], {"destination": id})
    for statement in ("delete_replays", "delete_intents", "delete_destination"):
        transaction.db.execute(_sql[statement], {"id": id})


def reseal(transaction: Transaction, sealer: Sealer) -> int:
    """Seal everything with the newest key; returns how many texts that were."""
    db = transaction.db
    bodies = db.execute(_sql["sealed_bodies"]).fetchall()
    versions = db.execute(_sql["sealed_changes"]).fetchall()
    for kind, object, body in bodies:
        sealed = sealer.seal(sealer.open(body))
        db.execute(_sql["reseal_config"], {"kind": kind, "object": object, "body": sealed})
    for id, body in versions:
        db.execute(_sql["reseal_change"], {"id": id, "body": sealer.seal(sealer.open(body))})
    return len(bodies) + len(versions)


def _taken(config: Config) -> str:
    if isinstance(config, MappingConfig):
        return f"the destination has a mapping {config.name!r} already"
    if isinstance(config, RuleConfig):
        return f"the plan has a rule of type {config.type}, key {config.key!r}, version {config.version} already"
    slug = config.slug if isinstance(config, SourceConfig | DestinationConfig | PlanConfig) else ""
    return f"the slug {slug!r} is taken"
