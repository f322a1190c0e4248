"""Steering: pause and resume, forget, back up, look at plugins and mappings, check the config."""

from pathlib import Path
from typing import Any

from actionsd import check as checking
from actionsd import settings, wire
from actionsd.errors import ConfigError, Conflict
from actionsd.operate.parts import Names, Parts, find_destination

_done = wire.Done(changed=1)


async def pause(parts: Parts, slug: str) -> wire.Done:
    """Cursor and retries of the destination wait until :func:`resume` (RULES R18).

    Raises:
        NotFound: there is none with this slug.
        Conflict: it is disabled or no longer declared.
    """
    destination = find_destination(parts.workspace, slug)
    if destination.state not in ("enabled", "paused"):
        raise Conflict(f"{slug} is {destination.state}; only an enabled destination can be paused")
    parts.lanes.apply(await parts.store.workspace.set_state(destination.id, "paused"))
    return _done


async def resume(parts: Parts, slug: str) -> wire.Done:
    """Undo a pause and let an open breaker probe at once (RULES R17).

    Raises:
        NotFound: there is none with this slug.
        Conflict: it is disabled or no longer declared.
    """
    destination = find_destination(parts.workspace, slug)
    if destination.state not in ("enabled", "paused"):
        raise Conflict(f"{slug} is {destination.state}; enable or declare it in {parts.path}")
    parts.lanes.apply(await parts.store.workspace.set_state(destination.id, "enabled"))
    await parts.lanes.resume(destination.id)
    return _done


async def release(parts: Parts) -> wire.Done:
    """Let all lanes run after the first start of a restored copy (RULES R33)."""
    held = parts.store.held
    if held:
        await parts.lanes.resume()
        parts.deletions.wake()
    return wire.Done(changed=int(held))


async def forget(parts: Parts, slug: str) -> wire.Done:
    """Delete a destination or source that the file no longer declares (RULES R21).

    Raises:
        NotFound: there is none with this slug.
        Conflict: the file still declares it.
    """
    parts.apply(await parts.store.workspace.forget(slug))
    return _done


def plugins(parts: Parts) -> list[wire.PluginStatus]:
    """The definitions that are installed, and the plugins that were quarantined."""
    rows = []
    for plugin in parts.catalog.plugins:
        offered = [(made.slug, made.name, list(made.actions)) for made in plugin.definitions] or [(plugin.name, "", [])]
        source: dict[str, Any] = {"package": plugin.package, "version": plugin.version, "error": plugin.error}
        source["deprecations"] = list(plugin.deprecations)
        rows += [wire.PluginStatus(slug=slug, name=name, actions=actions, **source) for slug, name, actions in offered]
    return rows


async def backup(parts: Parts, request: wire.BackupRequest) -> wire.Backup:
    """Copy the database while it is used (RULES R33).

    Raises:
        ConfigError: the path is relative.
        Conflict: there is something already, or no such directory.
        Unavailable: there is no room for it.
    """
    path = Path(request.path)
    if not path.is_absolute():
        raise ConfigError(f"the path of a backup is absolute, got {request.path!r}")
    size = await parts.store.backup(path)
    return wire.Backup(path=str(path), bytes=size)


def check(parts: Parts) -> wire.CheckResult:
    """What a reload would say of the config file now, and what is stored and does not work."""
    problems: tuple[str, ...] = ()
    try:
        checking.prepare(settings.load(parts.path), parts.catalog, parts.path)
    except ConfigError as error:
        problems = error.problems
    names = Names(parts.workspace)
    troubles = [f"source {names.source(id)}: {text}" for id, text in parts.ingest.troubles.items()]
    troubles += [f"destination {each.slug}: {each.trouble}" for each in parts.workspace.destinations if each.trouble]
    return wire.CheckResult(path=str(parts.path), problems=list(problems), troubles=troubles)
