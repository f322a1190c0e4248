"""Everything that is configured here as TOML files that :mod:`actionsd.operate.plan` reads (RULES C13)."""

import re
from typing import Any

import msgspec

from actionsd import wire
from actionsd.catalog import Catalog
from actionsd.operate import exportplans, filters
from actionsd.operate.parts import Names, Parts
from actionsd.sdk import Payload, Settings
from actionsd.sdk.payload import secret_keys
from actionsd.settings import writing
from actionsd.store.configs import DestinationConfig
from actionsd.store.records import Destination

Table = dict[str, Any]


def export(parts: Parts, *, together: bool = False) -> wire.ConfigExport:
    """One file for all sources, one for each destination and one for tracking plans, schemas and transformations, or
    all ``together`` in one. A secret becomes a reference to an environment variable, which the head of its file names;
    what actionsd.toml declares is left out."""
    sources = [
        writing.without_nulls(msgspec.to_builtins(each.config)) for each in parts.workspace.sources if not each.declared
    ]
    destinations = [
        _destination(parts, each, each.config)
        for each in parts.workspace.destinations
        if each.config is not None and not each.declared
    ]
    needs = sorted(name for _, wanted in destinations for name in wanted)
    tables: Table = {"sources": sources} if sources else {}
    protocols, keys = exportplans.tables(parts)
    if together:
        both = tables | ({"destinations": [table for table, _ in destinations]} if destinations else {}) | protocols
        needs = sorted([*needs, *keys])
        return wire.ConfigExport(files={"config.toml": writing.write(both, needs)}, needs=needs)
    files = {"sources.toml": writing.write(tables)} if sources else {}
    if protocols:
        files["protocols.toml"] = writing.write(protocols, keys)
        needs = sorted([*needs, *keys])
    for table, wanted in destinations:
        files[f"destination-{table['slug']}.toml"] = writing.write({"destinations": [table]}, wanted)
    return wire.ConfigExport(files=files, needs=needs)


def _destination(parts: Parts, destination: Destination, config: DestinationConfig) -> tuple[Table, list[str]]:
    """Its table, and the environment variables that its secrets are to come from."""
    secrets = _Secrets(parts.catalog, destination.slug)
    table = writing.without_nulls(msgspec.to_builtins(config))
    table["source"] = Names(parts.workspace).source(destination.source)
    table |= {key: writing.duration(table[key]) for key in ("timeout", "retry_window") if key in table}
    if config.settings:
        table["settings"] = writing.json_object(secrets.settings(config))
    mappings = []
    for mapping in destination.mappings:
        assert mapping.config is not None
        fields = secrets.fields(config.definition, mapping.name, mapping.action, mapping.config.fields)
        mappings.append(
            {
                "name": mapping.name,
                "action": mapping.action,
                "trigger": mapping.trigger,
                "enabled": mapping.enabled,
                "fields": writing.json_object(fields),
            }
        )
    if mappings:
        table["mappings"] = mappings
    if destination.filters:
        kept = [filters.config_of(each) for each in destination.filters]
        table["filters"] = [writing.without_nulls(msgspec.to_builtins(each)) for each in kept]
    return table, secrets.needed


class _Secrets:
    """Puts references in the place of secrets, and remembers the names that they need."""

    def __init__(self, catalog: Catalog, slug: str) -> None:
        self._catalog = catalog
        self._slug = slug
        self._values: dict[str, str] = {}

    @property
    def needed(self) -> list[str]:
        return list(self._values)

    def settings(self, config: DestinationConfig) -> Table:
        found = self._catalog.definitions.get(config.definition)
        secret = _secret_among(found.settings if found else None, config.settings)
        return self._table(config.settings, secret | {"oauth"}, ())

    def fields(self, definition: str, mapping: str, action: str, fields: Table) -> Table:
        found = self._catalog.definitions.get(definition)
        offered = found.actions.get(action) if found else None
        return self._table(fields, _secret_among(offered.payload if offered else None, fields), (mapping,))

    def _table(self, value: Table, secret: frozenset[str], path: tuple[str, ...]) -> Table:
        return {
            key: self._referenced(part, (*path, key)) if key in secret else self._inside(part, secret, (*path, key))
            for key, part in value.items()
        }

    def _inside(self, value: Any, secret: frozenset[str], path: tuple[str, ...]) -> Any:
        if isinstance(value, dict):
            return self._table(value, secret, path)
        if isinstance(value, list):
            return [self._inside(part, secret, (*path, str(index))) for index, part in enumerate(value)]
        return value

    def _referenced(self, value: Any, path: tuple[str, ...]) -> Any:
        """All texts in a secret value become references."""
        if isinstance(value, dict):
            return {key: self._referenced(part, (*path, key)) for key, part in value.items()}
        if isinstance(value, list):
            return [self._referenced(part, (*path, str(index))) for index, part in enumerate(value)]
        if not isinstance(value, str) or not value or value.startswith(("env:", "file:")):
            return value
        return f"env:{self._name(path, value)}"

    def _name(self, path: tuple[str, ...], value: str) -> str:
        base = name = re.sub(r"[^A-Z0-9]+", "_", "_".join(("actionsd", self._slug, *path)).upper()).strip("_")
        number = 1
        while self._values.setdefault(name, value) != value:
            number += 1
            name = f"{base}_{number}"
        return name


def _secret_among(struct: type[Payload] | type[Settings] | None, value: Table) -> frozenset[str]:
    """The keys that are secret; all, where nobody knows the type."""
    return frozenset(value) if struct is None else secret_keys(struct)
