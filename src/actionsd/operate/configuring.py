"""Changing what is configured here and not in the file: one way from a checked change to running lanes.

Everything is checked against what is installed before it is written; a change holds from the next event on (RULES R20).
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Mapping as MappingOf
from typing import Any

from actionsd import settings
from actionsd.errors import ConfigError, Conflict, Forbidden
from actionsd.operate.callers import Caller
from actionsd.operate.parts import Parts
from actionsd.sdk.payload import MASK
from actionsd.store.configs import Change, Config, Delete, DestinationConfig, MappingConfig, Put
from actionsd.store.records import Destination, Source

most_mappings = 50  # of a destination (FEATURES F078)
most_filters = 10  # of a destination (F131)
most_title = 64  # characters of a filter's title (F131)
most_instances = 25  # of one definition in a source (F047)

_slug = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")


async def commit(parts: Parts, who: Caller, changes: Sequence[Change]) -> list[int]:
    """Make all changes or none, in the name of ``who``; lanes and ingest follow at once. Returns the objects' ids.

    Raises:
        NotFound: an object or parent is not there (any more).
        Conflict: a slug or name is taken, or the file declares the object.
        Forbidden: see :func:`allow_references`.
    """
    for change in changes:
        if isinstance(change, Put) and not change.restored:
            allow_references(who, *_values(change.config), _values(_written(parts, change))[1])
    doomed = {change.id for change in changes if isinstance(change, Delete) and change.kind == "destination"}
    if doomed:
        await _close(parts, doomed)
    try:
        return await parts.store.workspace.change(who.name, changes)
    finally:
        parts.apply(parts.workspace)


async def _close(parts: Parts, doomed: set[int]) -> None:
    """Let the lanes of what is about to be deleted settle what is under way, which no lane could after it."""
    current = parts.workspace
    staying = tuple(each for each in current.destinations if each.id not in doomed or each.declared)
    parts.lanes.apply(type(current)(current.version, current.sources, staying))
    await parts.lanes.applied()


def refuse_declared(parts: Parts, object: Source | Destination) -> None:
    """What the file declares is changed there (RULES R21).

    Raises:
        Conflict: it is declared.
    """
    if object.declared:
        kind = "source" if isinstance(object, Source) else "destination"
        raise Conflict(f"{kind} {object.slug} is declared in {parts.path}; change it there")


def check_slug(slug: str) -> list[str]:
    """What is wrong with a slug."""
    if _slug.fullmatch(slug):
        return []
    return [f"slug: letters, digits, '-', '_' and '.', at most 100, beginning with a letter or digit; got {slug!r}"]


def slug_from(text: str, taken: Iterable[str]) -> str:
    """A free slug made of a name.

    >>> slug_from("Team Slack!", ["team-slack"])
    'team-slack-2'
    """
    return free(re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:90] or "unnamed", taken, "-")


def free(text: str, taken: Iterable[str], join: str) -> str:
    """The text, or else the text and the first number from 2 that make something new."""
    known = set(taken)
    numbered = (f"{text}{join}{number}" for number in range(2, len(known) + 3))
    return text if text not in known else next(each for each in numbered if each not in known)


def resolved(parts: Parts, value: dict[str, Any], key: str) -> dict[str, Any]:
    """The value with its references resolved, as the daemon would use it.

    Raises:
        ConfigError: one does not resolve.
    """
    try:
        return settings.resolve(value, parts.path.absolute().parent)  # type: ignore[no-any-return]
    except ConfigError as error:
        raise ConfigError(*(f"{key}.{problem}" for problem in error.problems)) from None


def allow_references(who: Caller, key: str, value: Any, before: Any = None) -> None:
    """Who writes ``env:NAME`` or ``file:PATH`` into a setting or field has the daemon read that variable or file and
    send it where the writer likes. So only an admin may; others may keep what stands there already.

    Call it before anything is resolved, so that errors do not tell what exists; :func:`commit` does for what is stored.

    Args:
        who: the writer.
        key: what the value is called in errors.
        value: any JSON.
        before: what stood in its place.

    Raises:
        Forbidden: a reference is new in its place and ``who`` is no admin.
    """
    new = () if who.role == "admin" else set(_references(key, value)) - set(_references(key, before))
    for path, reference in sorted(new):
        raise Forbidden(f"{path}: only the role admin may refer to {reference}; {who.name} has {who.role}")


def has_reference(value: Any) -> bool:
    """Whether ``env:NAME`` or ``file:PATH`` stands anywhere in a JSON value."""
    return any(_references("", value))


def _references(key: str, value: Any) -> Iterator[tuple[str, str]]:
    """All references in a JSON value, each with its place."""
    if isinstance(value, str):
        if value.startswith(("env:", "file:")):
            yield key, value
    elif isinstance(value, MappingOf):
        for name, part in value.items():
            yield from _references(f"{key}.{name}", part)
    elif isinstance(value, list | tuple):
        for index, part in enumerate(value):
            yield from _references(f"{key}[{index}]", part)


def _values(config: Config | None) -> tuple[str, dict[str, Any]]:
    if isinstance(config, DestinationConfig):
        return "settings", config.settings
    return ("fields", config.fields) if isinstance(config, MappingConfig) else ("", {})


def _written(parts: Parts, change: Put) -> Config | None:
    """The config that a change replaces."""
    for destination in parts.workspace.destinations if change.id else ():
        if isinstance(change.config, DestinationConfig) and destination.id == change.id:
            return destination.config
        for mapping in destination.mappings:
            if isinstance(change.config, MappingConfig) and mapping.id == change.id:
                return mapping.config
    return None


def unmasked(value: MappingOf[str, Any], before: MappingOf[str, Any]) -> dict[str, Any]:
    """A value that a client sends back: what was shown masked stays what it was.

    Raises:
        ConfigError: a mask stands where nothing was.
    """
    refuse(
        [
            f"{key}: this is how secrets are shown; give the secret"
            for key, part in value.items()
            if part == MASK and key not in before
        ]
    )
    return {key: before[key] if part == MASK else part for key, part in value.items()}


def refuse(problems: Sequence[str]) -> None:
    """Raise ``ConfigError`` with all problems, if there are any."""
    if problems:
        raise ConfigError(*problems)
