"""Transformations: made, changed, deleted (FEATURES F154, F155)."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from actionsd.errors import Conflict, NotFound
from actionsd.operate import configuring
from actionsd.operate.callers import Caller
from actionsd.operate.configuring import commit, refuse
from actionsd.operate.parts import Parts
from actionsd.operate.shown import HASH
from actionsd.protocols import ProtocolsError, compile_transformations
from actionsd.store.configs import Delete, Put, TransformationConfig
from actionsd.store.records import Source, Transformation

Edits = dict[str, Any]

EDITS = (
    "newEventName",
    "propertyRenames",
    "propertyValueTransformations",
    "fqlDefinedProperties",
    "allowProperties",
    "hashPropertiesConfiguration",
    "drop",
)
"""The members of a transformation that say what it does, as the Public API names them."""


async def create(parts: Parts, who: Caller, source: Source, config: TransformationConfig) -> Transformation:
    """A new transformation of a source's events. Its definition may be given by slug, name or catalogue id.

    Raises:
        ConfigError: what is wrong with it.
        NotFound: there is no such definition.
        Conflict: another does the same to the same events.
    """
    config = prepared(parts, who, config, {})
    _refuse_rivals(parts, config, source.id, id=0)
    (id,) = await commit(parts, who, [Put(config=config, parent=source.id)])
    return by_id(parts, id)


async def change(
    parts: Parts, who: Caller, transformation: Transformation, *, source: int = 0, **changes: Any
) -> Transformation:
    """Change some fields of :class:`TransformationConfig`, or move it to another source. A key of hashes that comes
    back masked stays what it was.

    Raises:
        ConfigError: what is wrong with it.
        NotFound: there is no such source or definition.
        Conflict: another does the same to the same events.
    """
    config = msgspec.structs.replace(transformation.config, **changes)
    config = prepared(parts, who, config, transformation.config.edits)
    source = source or transformation.source
    _refuse_rivals(parts, config, source, transformation.id)
    if (config, source) != (transformation.config, transformation.source):
        await commit(parts, who, [Put(config=config, id=transformation.id, parent=source)])
    return by_id(parts, transformation.id)


async def delete(parts: Parts, who: Caller, transformation: Transformation) -> None:
    """Delete it; it rewrites no event any more."""
    await commit(parts, who, [Delete(kind="transformation", id=transformation.id)])


def by_id(parts: Parts, id: int) -> Transformation:
    """The transformation with this id.

    Raises:
        NotFound: there is none.
    """
    for transformation in parts.workspace.transformations:
        if transformation.id == id:
            return transformation
    raise NotFound(f"there is no transformation {id}")


def prepared(
    parts: Parts, who: Caller, config: TransformationConfig, before: Mapping[str, Any]
) -> TransformationConfig:
    """The config as it is kept, checked: with the slug of its definition and the key of its hashes. A masked key is the
    one in the edits ``before``, a reference is read now.

    Raises:
        ConfigError: what is wrong with it.
        Forbidden: a reference is new and ``who`` is no admin.
        NotFound: there is no such definition.
    """
    definition = _definition(parts, config.definition) if config.definition else ""
    config = msgspec.structs.replace(config, definition=definition, edits=_keyed(parts, who, config.edits, before))
    problems = [] if config.name.strip() else ["name: expected a text, got none"]
    try:
        compile_transformations([{"if": config.condition, **config.edits}])
    except ProtocolsError as error:
        problems.append(str(error).removeprefix("transformations[0]: "))
    if not any(config.edits.get(member) for member in EDITS):
        problems.append(f"expected one of {', '.join(EDITS)}")
    refuse(problems)
    return config


def _keyed(parts: Parts, who: Caller, edits: Edits, before: Mapping[str, Any]) -> Edits:
    hashed, known = edits.get(HASH), before.get(HASH)
    if not isinstance(hashed, dict) or "key" not in hashed:
        return edits
    configuring.allow_references(who, HASH, hashed)
    hashed = configuring.unmasked(hashed, known if isinstance(known, dict) else {})
    return edits | {HASH: configuring.resolved(parts, hashed, HASH)}


def _refuse_rivals(parts: Parts, config: TransformationConfig, source: int, id: int) -> None:
    for other in parts.workspace.transformations:
        if other.id != id and other.source == source and (both := next(_both(config, other.config), None)):
            raise Conflict(f"transformation {other.config.name!r} has {both} for the same events already")


def _both(one: TransformationConfig, other: TransformationConfig) -> Iterator[str]:
    """What both do to the same events: such a pair could undo each other (F154)."""
    if (one.condition, one.definition) == (other.condition, other.definition):
        yield from (member for member in EDITS if one.edits.get(member) and other.edits.get(member))


def _definition(parts: Parts, key: str) -> str:
    try:
        return parts.catalog.find(key).slug
    except LookupError as error:
        raise NotFound(str(error)) from None
