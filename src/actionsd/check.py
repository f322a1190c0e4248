"""The config against what is installed: definitions and actions exist, settings are valid, triggers and fields compile.

What passes is returned ready for the store: a mapping's omitted trigger and fields are the action's defaults, dotted
field keys are expanded (FEATURES F119).
"""

import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from actionsd import filters, fql, mapping
from actionsd.catalog import Catalog
from actionsd.sdk import Action, Definition, PayloadValidationError, validate
from actionsd.sdk.payload import shape
from actionsd.settings import DestinationDecl, MappingDecl, Settings, did_you_mean, located

replace = msgspec.structs.replace

Problems = list[tuple[str, str]]  # key path and what is wrong there


def prepare(settings: Settings, catalog: Catalog, path: Path, *, sources: Collection[str] = ()) -> Settings:
    """The settings with everything resolved that the catalog knows.

    ``path`` is the file they came from, ``sources`` the slugs of those that the file does not declare but the daemon
    has.

    Raises:
        ConfigError: every problem of every destination, with line and key (RULES R21).
    """
    problems: Problems = []
    known = {source.slug for source in settings.sources} | set(sources)
    prepared = tuple(
        check_destination(destination, f"destinations[{index}]", catalog, known, problems)
        for index, destination in enumerate(settings.destinations)
    )
    if problems:
        raise located(path, problems)
    return replace(settings, destinations=prepared)


def check_destination(
    declared: DestinationDecl, key: str, catalog: Catalog, sources: Collection[str], problems: Problems
) -> DestinationDecl:
    """The destination as :func:`prepare` returns it, its references resolved; what is wrong is added to ``problems``,
    below ``key``."""
    if declared.source not in sources:
        problems.append((f"{key}.source", f'no source "{declared.source}"{did_you_mean(declared.source, sources)}'))
    for index, declared_filter in enumerate(declared.filters):
        problems.extend((f"{key}.filters[{index}]", text) for text in filter_problems(declared_filter))
    try:
        definition = catalog.find(declared.definition)
    except LookupError as error:
        problems.append((f"{key}.definition", str(error)))
        return declared
    found = settings_problems(definition, declared.settings, complete=declared.enabled)
    problems.extend((f"{key}.settings", text) for text in found)
    mappings = tuple(
        _mapping(declared_mapping, f"{key}.mappings[{index}]", definition, problems)
        for index, declared_mapping in enumerate(declared.mappings)
    )
    return replace(declared, mappings=mappings)


def filter_problems(declared: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with a filter: its condition, ``if``, or its ``actions``; each begins with which."""
    try:
        filters.compile_filters([declared])
    except fql.FQLError as error:
        yield f"if: {_without_number(_one_line(error))}"
    except ValueError as error:
        yield f"actions: {_without_number(str(error))}"


def _without_number(text: str) -> str:
    """What is said of one filter, without which of a list it is: there is only one."""
    return re.sub(r"^filter \d+: ", "", text)


def settings_problems(
    definition: Definition[Any], values: Mapping[str, Any], *, complete: bool = True
) -> Iterator[str]:
    """What is wrong with a destination's settings, their references resolved. Unless they must be ``complete``, as
    those of a destination that is switched off, only names that the definition does not know are wrong."""
    keys = {field.key for field in shape(definition.settings)}
    for name in values.keys() - keys - {"oauth"}:
        yield f'{definition.slug} has no setting "{name}"{did_you_mean(name, keys)}'
    if not complete:
        return
    try:
        validate(definition.settings, dict(values))
    except PayloadValidationError as error:
        yield from error.problems


def _mapping(declared: MappingDecl, key: str, definition: Definition[Any], problems: Problems) -> MappingDecl:
    made, found = check_mapping(definition, declared, complete=declared.enabled)
    problems.extend((f"{key}.{name}", text) for name, text in found)
    return made


def check_mapping(
    definition: Definition[Any], declared: MappingDecl, *, complete: bool = True
) -> tuple[MappingDecl, Problems]:
    """The mapping with what it leaves out filled in and dotted keys expanded, and what is wrong with it, each with the
    key it is wrong in. Unless it must be ``complete`` it may lack fields that its action requires."""
    problems: Problems = []
    action = definition.actions.get(declared.action)
    if action is None:
        unknown = (
            f'{definition.slug} has no action "{declared.action}"{did_you_mean(declared.action, definition.actions)}'
        )
        return declared, [("action", unknown)]
    trigger = action.trigger if declared.trigger is None else declared.trigger
    try:
        (fql.check_trigger if declared.trigger else fql.compile_trigger)(trigger)
    except fql.FQLError as error:
        none_given = declared.trigger is None and not trigger
        problems.append(("trigger", f"{action.slug} has no default" if none_given else _one_line(error)))
    fields = action.default_mapping if declared.fields is None else declared.fields
    if declared.sync_mode not in (None, *action.sync_modes):
        problems.append(("sync_mode", f"{action.slug} knows {', '.join(action.sync_modes) or 'none'}"))
    try:
        fields = mapping.expand_keys(fields)
        mapping.compile_mapping(mapping.split_reserved(fields)[0])
    except mapping.MappingError as error:
        problems.extend(("fields", problem.message) for problem in error.errors)
    else:
        if complete:
            problems.extend(("fields", text) for text in _missing_fields(action, fields))
    return replace(declared, trigger=trigger, fields=fields), problems


def _missing_fields(action: Action[Any, Any], fields: dict[str, Any]) -> Iterator[str]:
    """Required fields that the mapping leaves out: no event could ever be delivered."""
    for field in shape(action.payload):
        if field.required and field.key not in fields:
            yield f'{action.slug} requires the field "{field.key}" ({field.meta.label})'


def _one_line(error: fql.FQLError) -> str:
    """An error of FQL without its caret line: the config's line is named anyway."""
    return error.reason if error.position is None else f"{error.reason} (column {error.position + 1} of the condition)"
