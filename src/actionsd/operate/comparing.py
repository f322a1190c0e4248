"""What differs between two configs of an object, field by field, fit to be shown."""

from collections.abc import Mapping
from typing import Any

import msgspec

from actionsd import wire
from actionsd.catalog import Catalog
from actionsd.operate import shown
from actionsd.sdk.payload import MASK
from actionsd.store.configs import DestinationConfig, MappingConfig, TransformationConfig


def differences(
    catalog: Catalog, before: msgspec.Struct | None, after: msgspec.Struct | None, definition: str = ""
) -> list[wire.FieldChange]:
    """The fields, by dotted name, in which two configs differ; None stands for no object, and for a field that one of
    them has not. Secrets are masked.

    ``definition`` is that of a mapping's destination.
    """
    old, new = _flat(before), _flat(after)
    old_shown, new_shown = _flat(before, catalog, definition), _flat(after, catalog, definition)
    unsaid = {} if before is None or after is None else _defaults(after)
    changes = []
    for field in sorted(old.keys() | new.keys()):
        if old.get(field) == new.get(field):
            continue
        was, became = (each.get(field, unsaid.get(field)) for each in (old_shown, new_shown))
        if was == became == MASK:
            became = f"{MASK} (another)"
        changes.append(wire.FieldChange(field=field, before=was, after=became))
    return changes


def _defaults(config: msgspec.Struct) -> dict[str, Any]:
    """The numbers, words and switches that hold where a config leaves them out."""
    found = {field.encode_name: field.default for field in msgspec.structs.fields(config)}
    return {name: value for name, value in found.items() if isinstance(value, bool | int | str) and value != ""}


def _flat(config: msgspec.Struct | None, catalog: Catalog | None = None, definition: str = "") -> dict[str, Any]:
    """A config's fields by dotted name; with a catalogue, masked."""
    if config is None:
        return {}
    fields: dict[str, Any] = msgspec.to_builtins(config)
    if catalog is not None and isinstance(config, DestinationConfig):
        fields["settings"] = shown.settings(catalog, config.definition, config.settings)
    if catalog is not None and isinstance(config, MappingConfig):
        fields["fields"] = shown.fields(catalog, definition, config.action, config.fields)
    if catalog is not None and isinstance(config, TransformationConfig):
        fields["edits"] = shown.edits(config.edits)
    return {name: value for key, part in fields.items() for name, value in _leaves(key, part)}


def _leaves(key: str, value: Any) -> list[tuple[str, Any]]:
    """The parts of a value that are compared: a directive is one part."""
    if isinstance(value, Mapping) and value and not any(name.startswith("@") for name in value):
        return [pair for name, part in value.items() for pair in _leaves(f"{key}.{name}", part)]
    return [(key, value)]
