"""Sources: made, changed, deleted; their write keys rotated (FEATURES F024)."""

import secrets
from collections.abc import Sequence
from typing import Any

import msgspec

from actionsd.errors import Conflict, NotFound
from actionsd.operate.callers import Caller
from actionsd.operate.configuring import check_slug, commit, refuse, refuse_declared
from actionsd.operate.parts import Parts
from actionsd.store.configs import Delete, Put, SourceConfig
from actionsd.store.records import Source


async def create(parts: Parts, who: Caller, config: SourceConfig) -> Source:
    """A new source; without write keys it gets one.

    Raises:
        ConfigError: what is wrong with it.
        Conflict: its slug is taken.
    """
    if not config.write_keys:
        config = msgspec.structs.replace(config, write_keys=(new_key(),))
    _check(parts, config, "")
    (id,) = await commit(parts, who, [Put(config=config)])
    return by_id(parts, id)


async def change(parts: Parts, who: Caller, source: Source, **changes: Any) -> Source:
    """Change some fields of :class:`SourceConfig`.

    Raises:
        ConfigError: what is wrong with it.
        Conflict: the file declares it, or its slug is taken.
    """
    config = msgspec.structs.replace(_config(parts, source), **changes)
    _check(parts, config, source.slug)
    if config != source.config:
        await commit(parts, who, [Put(config=config, id=source.id)])
    return by_id(parts, source.id)


async def delete(parts: Parts, who: Caller, source: Source) -> None:
    """Delete a source that no destination belongs to any more.

    Raises:
        Conflict: the file declares it, or it has destinations.
    """
    refuse_declared(parts, source)
    if held := [each.slug for each in parts.workspace.destinations if each.source == source.id]:
        raise Conflict(f"source {source.slug} still has destinations: {', '.join(held)}; delete them first")
    await commit(parts, who, [Delete(kind="source", id=source.id)])


async def add_key(parts: Parts, who: Caller, source: Source, key: str = "") -> Source:
    """One more write key, ``key`` or a new one; all of a source's are valid at once.

    Raises:
        ConfigError: another source has it.
        Conflict: the file declares the source.
    """
    return await change(parts, who, source, write_keys=(*source.write_keys, key or new_key()))


async def remove_key(parts: Parts, who: Caller, source: Source, key: str) -> Source:
    """Take a write key away: events that carry it are of an unknown source from then on.

    Raises:
        NotFound: the source has no such key.
        Conflict: the file declares the source, or it is the last key.
    """
    if key not in source.write_keys:
        raise NotFound(f"source {source.slug} has no such write key")
    if len(source.write_keys) == 1:
        raise Conflict(f"it is the last write key of source {source.slug}; add another first, or disable the source")
    return await change(parts, who, source, write_keys=tuple(each for each in source.write_keys if each != key))


def by_id(parts: Parts, id: int) -> Source:
    """The source with this id.

    Raises:
        NotFound: there is none.
    """
    for source in parts.workspace.sources:
        if source.id == id:
            return source
    raise NotFound(f"there is no source {id}")


def new_key() -> str:
    """A write key: 32 characters from A-Z, a-z, 0-9, ``-`` and ``_``."""
    return secrets.token_urlsafe(24)


def _config(parts: Parts, source: Source) -> SourceConfig:
    refuse_declared(parts, source)
    assert source.config is not None
    return source.config


def key_problems(parts: Parts, slug: str, keys: Sequence[str]) -> list[str]:
    """What is wrong with the write keys of the source with this slug."""
    others = {key: each.slug for each in parts.workspace.sources if each.slug != slug for key in each.write_keys}
    problems = ["write_keys: a write key must not be empty" for key in keys if not key]
    problems += [f"write_keys: source {others[key]} has one of them" for key in keys if key in others]
    problems += ["write_keys: a write key is written out, it is no secret" for key in keys if key.startswith("env:")]
    if len(set(keys)) < len(keys):
        problems.append("write_keys: one stands there twice")
    return problems


def _check(parts: Parts, config: SourceConfig, slug: str) -> None:
    refuse([*check_slug(config.slug), *key_problems(parts, slug, config.write_keys)])
