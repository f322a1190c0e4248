"""Puts the workspace together: stored ids, versions and states, joined with what the file declared and what is stored.

Nothing here reads or writes; a reference that does not resolve makes its destination troubled, not the workspace.
"""

from collections.abc import Callable, Iterable, Sequence
from collections.abc import Mapping as MappingOf
from typing import Any, NamedTuple

import msgspec

from actionsd.errors import ConfigError
from actionsd.mapping import MappingError, expand_keys
from actionsd.settings import DestinationDecl, LabelDecl, MappingDecl, SourceDecl
from actionsd.store.changes import decode
from actionsd.store.configs import DestinationConfig, FilterConfig, Label, MappingConfig, SourceConfig
from actionsd.store.records import Destination, Mapping, Source
from actionsd.store.sealing import Sealer

_SYNC_MODE = "__segment_internal_sync_mode"  # the reserved key that ``sync_mode`` of a file stands for (RULES C8)

Row = tuple[Any, ...]
Resolve = Callable[[Any], Any]


class Stored(NamedTuple):
    """Rows of workspace.sql: ``read_sources``, ``read_destinations``, and by destination ``read_mappings`` and
    ``read_filters``."""

    sources: Sequence[Row]
    destinations: Sequence[Row]
    written: MappingOf[str, DestinationDecl]
    mappings: MappingOf[int, Sequence[Row]]
    filters: MappingOf[int, Sequence[Row]]


def assemble(
    stored: Stored, sources: Sequence[SourceDecl], destinations: Sequence[DestinationDecl], sealer: Sealer,
    resolve: Resolve,
) -> tuple[tuple[Source, ...], tuple[Destination, ...]]:  # fmt: skip
    """All sources, those of the file first and in its order, and all destinations in the order of their ids.

    Raises:
        ConfigError: a stored config is sealed and no key fits.
    """
    ids = {slug: id for id, slug, *_ in stored.sources}
    declared = {each.slug: each for each in destinations}
    made = [_stored_source(row, sealer) for row in stored.sources if row[-1]]
    return (
        (*(_declared_source(ids[each.slug], each) for each in sources), *made),
        tuple(_destination(row, declared.get(row[1]), stored, sealer, resolve) for row in stored.destinations),
    )


def _declared_source(id: int, declared: SourceDecl) -> Source:
    return Source(
        id=id, slug=declared.slug, name=declared.name or declared.slug, write_keys=declared.write_keys,
        enabled=declared.enabled, config=source_config(declared), oauth=declared.oauth,
    )  # fmt: skip


def source_config(declared: SourceDecl) -> SourceConfig:
    """A source of a file as it would be stored."""
    return SourceConfig(
        slug=declared.slug,
        name=declared.name,
        write_keys=declared.write_keys,
        enabled=declared.enabled,
        definition=declared.definition,
        settings=declared.settings,
        labels=labels(declared.labels),
        oauth=declared.oauth,
    )


def labels(declared: Iterable[LabelDecl]) -> tuple[Label, ...]:
    """Labels of a file as they would be stored."""
    return tuple(Label(key=each.key, value=each.value, description=each.description) for each in declared)


def _stored_source(row: Row, sealer: Sealer) -> Source:
    id, slug, _, version, created_at, updated_at, body = row
    config = decode("source", body, sealer)
    assert isinstance(config, SourceConfig)
    return Source(
        id=id, slug=slug, name=config.name or slug, write_keys=config.write_keys, enabled=config.enabled,
        declared=False, version=version, config=config, created_at=created_at, updated_at=updated_at,
        oauth=config.oauth,
    )  # fmt: skip


def _destination(
    row: Row, declared: DestinationDecl | None, stored: Stored, sealer: Sealer, resolve: Resolve
) -> Destination:
    id, slug, source, enabled, paused, _, version, start, created_at, updated_at, body = row
    state = "disabled" if not enabled else "paused" if paused else "enabled"
    if declared is not None:
        written = stored.written.get(slug)
        return _declared_destination(id, source, state, start, version, declared, written, stored.mappings[id])
    if body is None:
        return Destination(
            id=id, slug=slug, name=slug, source=source, definition="", settings={}, mappings=(), filters=(),
            state="undeclared", start=start, version=version,
        )  # fmt: skip
    config = decode("destination", body, sealer)
    assert isinstance(config, DestinationConfig)
    mappings = [_stored_mapping(each, sealer, resolve) for each in stored.mappings[id]]
    settings, trouble = _resolved(config.settings, resolve)
    troubles = [trouble, *(trouble for _, trouble in mappings)]
    return Destination(
        id=id,
        slug=slug,
        name=config.name or slug,
        source=source,
        definition=config.definition,
        settings=settings,
        mappings=tuple(sorted((mapping for mapping, _ in mappings), key=_order)),
        filters=tuple(_stored_filter(each, sealer) for each in stored.filters[id]),
        state=state,
        start=start,
        version=version,
        consent=config.consent,
        concurrency=config.concurrency,
        rate_limit=config.rate_limit,
        timeout=config.timeout,
        retry_window=config.retry_window,
        declared=False,
        trouble="; ".join(filter(None, troubles)),
        config=config,
        created_at=created_at,
        updated_at=updated_at,
    )


def _declared_destination(
    id: int, source: int, state: str, start: int, version: int, declared: DestinationDecl,
    written: DestinationDecl | None, rows: Sequence[Row],
) -> Destination:  # fmt: skip
    """A destination of the file; ``written`` is the same before its references were resolved."""
    stored = {row[2]: row for row in rows}
    before = {each.name: each for each in written.mappings} if written else {}
    return Destination(
        id=id,
        slug=declared.slug,
        name=declared.name or declared.slug,
        source=source,
        definition=declared.definition,
        settings=declared.settings,
        mappings=tuple(_declared_mapping(stored[each.name], each, before.get(each.name)) for each in declared.mappings),
        filters=declared.filters,
        state=state,
        start=start,
        version=version,
        consent=declared.consent,
        concurrency=declared.concurrency,
        rate_limit=declared.rate_limit,
        timeout=declared.timeout,
        retry_window=declared.retry_window,
        config=destination_config(written or declared),
    )


def destination_config(declared: DestinationDecl) -> DestinationConfig:
    """A destination of a file as it would be stored, without its mappings and filters."""
    return DestinationConfig(
        slug=declared.slug,
        definition=declared.definition,
        name=declared.name,
        enabled=declared.enabled,
        settings=declared.settings,
        consent=declared.consent,
        concurrency=declared.concurrency,
        rate_limit=declared.rate_limit,
        timeout=declared.timeout,
        retry_window=declared.retry_window,
        labels=labels(declared.labels),
    )


def unstored(declared: DestinationDecl, written: DestinationDecl | None = None) -> Destination:
    """A declared destination as it would be with a store of its own; mappings are numbered from 1. ``written`` is the
    same before its references were resolved."""
    rows = [(number, 0, mapping.name, 1, 0) for number, mapping in enumerate(declared.mappings, 1)]
    return _declared_destination(1, 1, "enabled", 0, 1, declared, written, rows)


def _declared_mapping(row: Row, declared: MappingDecl, written: MappingDecl | None) -> Mapping:
    id, _, _, version, start, *_ = row
    shown = declared if written is None or written.fields is None else written
    config = MappingConfig(
        name=declared.name, action=declared.action, trigger=declared.trigger or "", fields=fields_of(shown),
        enabled=declared.enabled,
    )  # fmt: skip
    return Mapping(
        id=id,
        name=declared.name,
        action=declared.action,
        trigger=declared.trigger or "",
        fields=fields_of(declared),
        enabled=declared.enabled,
        start=start,
        version=version,
        config=config,
    )


def fields_of(declared: MappingDecl) -> dict[str, Any]:
    """The fields of a mapping of a file; ``sync_mode`` stands for a reserved key (RULES C8)."""
    fields = dict(declared.fields or {})
    return fields if declared.sync_mode is None else fields | {_SYNC_MODE: declared.sync_mode}


def _stored_mapping(row: Row, sealer: Sealer, resolve: Resolve) -> tuple[Mapping, str]:
    """A mapping, and why it cannot work or ""."""
    id, _, _, version, start, created_at, updated_at, body = row
    config = decode("mapping", body, sealer)
    assert isinstance(config, MappingConfig)
    fields, trouble = _resolved(config.fields, resolve)
    try:
        fields = expand_keys(fields)
    except MappingError as error:
        trouble = trouble or str(error)
    mapping = Mapping(
        id=id, name=config.name, action=config.action, trigger=config.trigger, fields=fields, enabled=config.enabled,
        start=start, version=version, config=config, created_at=created_at, updated_at=updated_at,
    )  # fmt: skip
    return mapping, f"mapping {config.name!r}: {trouble}" if trouble and config.enabled else ""


def _stored_filter(row: Row, sealer: Sealer) -> dict[str, Any]:
    """A filter as the filters' compiler takes it; its id seeds its samples (RULES R22)."""
    id, _, created_at, updated_at, body = row
    config = decode("filter", body, sealer)
    assert isinstance(config, FilterConfig)
    filter: dict[str, Any] = msgspec.to_builtins(config)
    return filter | {"id": id, "enabled": config.enabled, "createdAt": created_at, "updatedAt": updated_at}


def _resolved(value: dict[str, Any], resolve: Resolve) -> tuple[dict[str, Any], str]:
    """The value with its references resolved, or as it is and what is wrong with it."""
    try:
        return resolve(value), ""
    except ConfigError as error:
        return value, "; ".join(error.problems)


def _order(mapping: Mapping) -> tuple[int, int]:
    return mapping.config.rank if mapping.config else 0, mapping.id
