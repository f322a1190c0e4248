"""The history of what is configured here: who changed what, and how to have an earlier version back."""

from collections.abc import Mapping, Sequence

import msgspec

from actionsd import wire
from actionsd.errors import Conflict, NotFound
from actionsd.operate.callers import Caller
from actionsd.operate.comparing import differences
from actionsd.operate.configuring import commit
from actionsd.operate.parts import Names, Parts
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
_owners: Mapping[str, Kind] = {
    "mapping": "destination", "filter": "destination", "rule": "tracking_plan", "transformation": "source",
}  # fmt: skip
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
    under its old id with all that went with it, and takes events from now on (RULES R19). Sources that its deletion
    took from a tracking plan follow it again. ``refused`` tells what did not come back.

    Raises:
        NotFound: there is no such change, or what it belonged to is gone.
        Conflict: its slug or name is taken by another.
    """
    version = await _find(parts, change)
    await _check_owner(parts, version)
    together, changes = [version], list[Change]()
    refused: list[str] = []
    if version.verb == "deleted":
        batch = await parts.store.workspace.changed_together(version.batch)
        together += [each for each in batch if _went_with(each, version)]
        changes, refused = await _followers(parts, version, batch)
    for each in together:
        newest = (await parts.store.workspace.history(kind=each.kind, object=each.object, limit=1))[0]
        gone = newest.verb == "deleted"
        if each.verb == "deleted" and not gone:
            raise Conflict(f"{each.kind} {_name(each.config)} is there; name the change that it should be as after")
        changes.append(Put(config=each.config, id=each.object, parent=each.parent, restored=gone))
    await commit(parts, who, changes)
    return wire.Done(changed=len(changes), refused=[*refused, *await _astray(parts, changes)])


async def _followers(parts: Parts, plan: Version, batch: Sequence[Version]) -> tuple[list[Change], list[str]]:
    """What lets the sources that followed a tracking plan until it was deleted follow it again, and which cannot."""
    plans = {each.id: each.config.slug for each in parts.workspace.plans}
    sources = {source.id: source for source in parts.workspace.sources}
    changes, refused = list[Change](), list[str]()
    for each in batch if plan.kind == "tracking_plan" else ():
        before, after = await _sides(parts, each)
        if not isinstance(before, SchemaConfig) or before.plan != plan.object or after is None:
            continue
        source = sources.get(each.object)
        if source is None:
            refused.append(f"{await _called(parts, 'source', each.object)} followed it; it is deleted")
        elif (other := source.schema.config.plan) in plans:
            refused.append(f"source {source.slug} followed it; it follows tracking plan {plans[other]} now")
        else:
            changes.append(Put(config=msgspec.structs.replace(source.schema.config, plan=plan.object), id=source.id))
    return changes, refused


async def _astray(parts: Parts, changes: Sequence[Change]) -> list[str]:
    """What schemas that came back refer to and is not there."""
    plans, sources = ({each.id for each in every} for every in (parts.workspace.plans, parts.workspace.sources))
    names, told = Names(parts.workspace), list[str]()
    for change in changes:
        if not isinstance(change, Put) or not isinstance(schema := change.config, SchemaConfig):
            continue
        lost: list[tuple[Kind, int]] = [("source", id) for id in {schema.violations_to, schema.blocked_to} - sources]
        lost += [("tracking_plan", schema.plan)] if schema.plan not in plans else []
        for kind, id in lost:
            if id:
                told.append(f"source {names.source(change.id)} refers to {await _called(parts, kind, id)}, now deleted")
    return told


async def _called(parts: Parts, kind: Kind, object: int) -> str:
    """A deleted object by its kind and last name."""
    newest = await parts.store.workspace.history(kind=kind, object=object, limit=1)
    return f"{kind.replace('_', ' ')} {_name(newest[0].config) if newest else object}"


async def _check_owner(parts: Parts, version: Version) -> None:
    """Nothing comes back before what it belongs to."""
    if (kind := _owners.get(version.kind)) is None:
        return
    newest = await parts.store.workspace.history(kind=kind, object=version.parent, limit=1)
    if newest and newest[0].verb == "deleted":
        what, owner = f"{version.kind} {_name(version.config)}", f"{kind.replace('_', ' ')} {_name(newest[0].config)}"
        raise NotFound(f"{what} belongs to {owner}, which is deleted; restore that first")


def _went_with(each: Version, parent: Version) -> bool:
    """Whether it was deleted because what it belonged to was."""
    owner = each.object if each.kind == "schema" else each.parent
    return each.verb == "deleted" and each.kind in _parts_of.get(parent.kind, ()) and owner == parent.object


async def _find(parts: Parts, change: int) -> Version:
    found = await parts.store.workspace.history(before=change + 1, limit=1)
    if not found or found[0].id != change:
        raise NotFound(f"there is no change {change}")
    return found[0]


async def before_and_after(parts: Parts, change: int) -> tuple[Version, Config | None, Config | None]:
    """A change with what its object was before it and after it, None where it was not there.

    Raises:
        NotFound: there is no such change.
    """
    version = await _find(parts, change)
    return version, *await _sides(parts, version)


async def _sides(parts: Parts, version: Version) -> tuple[Config | None, Config | None]:
    earlier = await parts.store.workspace.history(kind=version.kind, object=version.object, before=version.id, limit=1)
    before = earlier[0].config if earlier and earlier[0].verb != "deleted" else None
    return before, None if version.verb == "deleted" else version.config


async def _shown(parts: Parts, version: Version) -> wire.HistoryRow:
    before, after = await _sides(parts, version)
    owner = await _owner(parts, version)
    definition = owner.definition if isinstance(owner, DestinationConfig) and version.kind == "mapping" else ""
    return wire.HistoryRow(
        id=version.id,
        at=wire.moment(version.at),
        who=version.who,
        kind=version.kind,
        object=version.object,
        of=_name(owner) if owner is not None else "",
        name=_name(version.config) or Names(parts.workspace).source(version.object),
        version=version.version,
        verb=version.verb,
        changed=differences(parts.catalog, before, after, definition),
    )


def _name(config: Config) -> str:
    """What people call an object; a schema goes by the name of its source."""
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


async def _owner(parts: Parts, version: Version) -> Config | None:
    """What an object belongs to, which may be deleted; None for those that stand alone, and where nobody knows."""
    kind = _owners.get(version.kind)
    if kind is None or not version.parent:
        return None
    if kind != "tracking_plan":
        every = parts.workspace.destinations if kind == "destination" else parts.workspace.sources
        for each in every:
            if each.id == version.parent:
                return each.config
    versions = await parts.store.workspace.history(kind=kind, object=version.parent, limit=1)
    return versions[0].config if versions else None
