"""The history of what is configured here: who changed what, and how to have an earlier version back."""

from typing import Any

import msgspec

from actionsd import wire
from actionsd.errors import Conflict, NotFound
from actionsd.operate import shown
from actionsd.operate.callers import Caller
from actionsd.operate.configuring import commit
from actionsd.operate.parts import Parts
from actionsd.store.configs import (
    Change,
    Config,
    DestinationConfig,
    FilterConfig,
    Kind,
    MappingConfig,
    PlanConfig,
    Put,
    RuleConfig,
    SchemaConfig,
    SourceConfig,
    TransformationConfig,
    Version,
)

_page = 100
_parts_of = {"destination": ("mapping", "filter"), "source": ("transformation", "schema"), "tracking_plan": ("rule",)}


async def listed(
    parts: Parts, *, kind: Kind | None = None, id: int = 0, before: int = 0, limit: int = _page
) -> wire.HistoryPage:
    """A page of changes, the newest first; each with what it changed, secrets masked."""
    versions = await parts.store.workspace.history(kind=kind or "", object=id, before=before, limit=limit)
    return wire.HistoryPage(
        items=[await _shown(parts, each) for each in versions],
        before=versions[-1].id if len(versions) == limit else None,
    )


async def restore(parts: Parts, who: Caller, change: int) -> wire.Done:
    """Make an object what it was after the change with this id, or before it where that deleted it: then it comes back
    under its old id with all that went with it, and takes events from now on (RULES R19).

    Raises:
        NotFound: there is no such change, or what it belonged to is gone.
        Conflict: its slug or name is taken by another.
    """
    version = await _find(parts, change)
    together = [version]
    if version.verb == "deleted":
        batch = await parts.store.workspace.changed_together(version.batch)
        together += [each for each in batch if _went_with(each, version)]
    changes: list[Change] = []
    for each in together:
        newest = (await parts.store.workspace.history(kind=each.kind, object=each.object, limit=1))[0]
        gone = newest.verb == "deleted"
        if each.verb == "deleted" and not gone:
            raise Conflict(f"{each.kind} {each.object} is there; name the version it should have")
        changes.append(Put(config=each.config, id=each.object, parent=each.parent, restored=gone))
    await commit(parts, who, changes)
    return wire.Done(changed=len(changes))


def _went_with(each: Version, parent: Version) -> bool:
    """Whether it was deleted because what it belonged to was."""
    owner = each.object if each.kind == "schema" else each.parent
    return each.verb == "deleted" and each.kind in _parts_of.get(parent.kind, ()) and owner == parent.object


async def _find(parts: Parts, change: int) -> Version:
    found = await parts.store.workspace.history(before=change + 1, limit=1)
    if not found or found[0].id != change:
        raise NotFound(f"there is no change {change}")
    return found[0]


async def _shown(parts: Parts, version: Version) -> wire.HistoryRow:
    earlier = await parts.store.workspace.history(kind=version.kind, object=version.object, before=version.id, limit=1)
    before = await _fields(parts, earlier[0]) if earlier and earlier[0].verb != "deleted" else {}
    after = {} if version.verb == "deleted" else await _fields(parts, version)
    return wire.HistoryRow(
        id=version.id,
        at=wire.moment(version.at),
        who=version.who,
        kind=version.kind,
        object=version.object,
        name=_name(version.config),
        version=version.version,
        verb=version.verb,
        changed=[
            wire.FieldChange(field=key, before=before.get(key), after=after.get(key))
            for key in sorted(before.keys() | after.keys())
            if before.get(key) != after.get(key)
        ],
    )


def _name(config: Config) -> str:
    match config:
        case SourceConfig() | DestinationConfig() | PlanConfig():
            return config.slug
        case MappingConfig() | TransformationConfig():
            return config.name
        case RuleConfig():
            return config.key or config.type
        case FilterConfig():
            return config.title
        case SchemaConfig():
            return ""


async def _fields(parts: Parts, version: Version) -> dict[str, Any]:
    """The config's fields by dotted name; what may be secret is masked."""
    config = version.config
    fields: dict[str, Any] = msgspec.to_builtins(config)
    if isinstance(config, DestinationConfig):
        fields["settings"] = shown.settings(parts.catalog, config.definition, config.settings)
    elif isinstance(config, MappingConfig):
        definition = await _definition(parts, version.parent)
        fields["fields"] = shown.fields(parts.catalog, definition, config.action, config.fields)
    elif isinstance(config, TransformationConfig):
        fields["edits"] = shown.edits(config.edits)
    return {name: value for key, part in fields.items() for name, value in _flat(key, part)}


def _flat(key: str, value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, dict) and value and not any(name.startswith("@") for name in value):
        return [pair for name, part in value.items() for pair in _flat(f"{key}.{name}", part)]
    return [(key, value)]


async def _definition(parts: Parts, destination: int) -> str:
    """The definition of a destination that may be deleted; "" where nobody knows."""
    for each in parts.workspace.destinations:
        if each.id == destination:
            return each.definition
    versions = await parts.store.workspace.history(kind="destination", object=destination, limit=1)
    return versions[0].config.definition if versions and isinstance(versions[0].config, DestinationConfig) else ""
