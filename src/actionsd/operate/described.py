"""What files of config as code describe, checked as if it were here already: tables in, configs out."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

import msgspec

from actionsd.check import check_destination
from actionsd.errors import ConfigError
from actionsd.operate import configuring, describedplans, filters, sources
from actionsd.operate.callers import Caller
from actionsd.operate.parts import Parts
from actionsd.operate.schemas import NamedSchema
from actionsd.settings import DestinationDecl, MappingDecl, Objects
from actionsd.store.assemble import destination_config, fields_of, source_config
from actionsd.store.configs import (
    KINDS,
    DestinationConfig,
    FilterConfig,
    Kind,
    MappingConfig,
    PlanConfig,
    RuleConfig,
    SourceConfig,
    TransformationConfig,
)
from actionsd.store.records import Destination

Config = (
    SourceConfig
    | DestinationConfig
    | MappingConfig
    | FilterConfig
    | PlanConfig
    | RuleConfig
    | NamedSchema
    | TransformationConfig
)
Problems = list[tuple[str, str]]
T = TypeVar("T")


class Key(NamedTuple):
    """What finds an object again: its kind, the slug of what it belongs to or "", and its slug, name or title."""

    kind: Kind
    owner: str
    name: str

    def __str__(self) -> str:
        return f"{self.owner} / {self.name}" if self.owner else self.name


class Wanted(NamedTuple):
    """An object as a file describes it; ``parent`` is the slug of what it belongs to."""

    config: Config
    parent: str = ""

    @property
    def key(self) -> Key:
        if isinstance(self.config, NamedSchema):
            return Key("schema", "", self.parent)
        owner = "" if isinstance(self.config, SourceConfig | DestinationConfig | PlanConfig) else self.parent
        return Key(KINDS[type(self.config)], owner, name_of(self.config))


def name_of(config: Config) -> str:
    """The slug, name or title of an object; of a rule what it is for, of a schema nothing."""
    match config:
        case MappingConfig() | TransformationConfig():
            return config.name
        case FilterConfig():
            return config.title
        case RuleConfig():
            return f"{config.type} {config.key} {config.version}".replace("  ", " ")
        case NamedSchema():
            return ""
        case _:
            return config.slug


def wanted(parts: Parts, who: Caller, files: Sequence[Objects]) -> list[Wanted]:
    """All objects of the files, checked as if they were there already.

    Raises:
        ConfigError: every problem of every file, with its line.
    """
    found: list[Wanted] = []
    errors: list[str] = []
    written = {each for file in files for each in file.slugs}
    known = {each.slug for each in parts.workspace.sources} | {slug for kind, slug in written if kind == "sources"}
    plans = {each.config.slug for each in parts.workspace.plans}
    plans |= {slug for kind, slug in written if kind == "tracking_plans"}
    seen: set[str] = set()
    for file in files:
        problems: Problems = []
        for index, source in _read(file.sources):
            key = f"sources[{index}]"
            problems += [(f"{key}.slug", text) for text in _slug_problems(parts, "source", source.slug, seen)]
            problems += [(key, text) for text in sources.key_problems(parts, source.slug, source.write_keys)]
            found.append(Wanted(source_config(source)))
        for index, destination in _read(file.destinations):
            key = f"destinations[{index}]"
            problems += [(f"{key}.slug", text) for text in _slug_problems(parts, "destination", destination.slug, seen)]
            found += _destination(parts, who, destination, key, known, problems)
        found += _protocols(parts, who, file, known, plans, seen, problems)
        told = {key for key, _ in problems}
        if problems := [*(each for each in file.problems if each[0] not in told), *dict.fromkeys(problems)]:
            errors += file.located(problems).problems
    if errors:
        raise ConfigError(*errors)
    return found


def _read(tables: Iterable[T | None]) -> Iterator[tuple[int, T]]:
    """Those tables that could be read, with their place in the file."""
    return ((index, table) for index, table in enumerate(tables) if table is not None)


def _protocols(
    parts: Parts, who: Caller, file: Objects, sources: set[str], plans: set[str], seen: set[str], problems: Problems
) -> list[Wanted]:
    """The tracking plans, schemas and transformations of a file."""
    found: list[Wanted] = []
    for index, plan in _read(file.tracking_plans):
        key = f"tracking_plans[{index}]"
        if f"tracking plan {plan.slug}" in seen:
            problems.append((f"{key}.slug", f'there are two tracking plans "{plan.slug}" in these files'))
        seen.add(f"tracking plan {plan.slug}")
        config, rules = describedplans.plan(plan, key, problems)
        found += [Wanted(config), *(Wanted(rule, plan.slug) for rule in rules)]
    for index, schema in _read(file.schemas):
        key = f"schemas[{index}]"
        if f"schema {schema.source}" in seen:
            problems.append((f"{key}.source", f'there are two schemas of "{schema.source}" in these files'))
        seen.add(f"schema {schema.source}")
        found.append(Wanted(describedplans.schema(schema, key, sources, plans, problems), schema.source))
    for index, written in _read(file.transformations):
        made = describedplans.transformation(parts, who, written, f"transformations[{index}]", sources, problems)
        found += [Wanted(*made)] if made else []
    return found


def _slug_problems(parts: Parts, kind: Kind, slug: str, seen: set[str]) -> list[str]:
    declared = {
        each.slug
        for each in (parts.workspace.sources if kind == "source" else parts.workspace.destinations)
        if each.declared
    }
    problems = configuring.check_slug(slug)
    if slug in declared:
        problems.append(f'{kind} "{slug}" is declared in {parts.path}; it is changed there')
    if f"{kind} {slug}" in seen:
        problems.append(f'there are two {kind}s "{slug}" in these files')
    seen.add(f"{kind} {slug}")
    return problems


def _destination(
    parts: Parts, who: Caller, declared: DestinationDecl, key: str, known: set[str], problems: Problems
) -> list[Wanted]:
    """A destination with its mappings and filters; what is wrong with them is added to ``problems``."""
    here = _here(parts, declared.slug)
    before = here.config.settings if here and here.config else {}
    configuring.allow_references(who, "settings", declared.settings, before)
    fields_before = {each.name: each.config.fields for each in here.mappings if each.config} if here else {}
    for each in declared.mappings:
        configuring.allow_references(who, "fields", each.fields, fields_before.get(each.name))
    used = msgspec.structs.replace(
        declared,
        settings=_resolved(parts, declared.settings, f"{key}.settings", problems),
        mappings=tuple(
            msgspec.structs.replace(each, fields=_resolved(parts, each.fields, f"{key}.mappings[{i}].fields", problems))
            for i, each in enumerate(declared.mappings)
        ),
    )
    made = check_destination(used, key, parts.catalog, known, problems)
    if here and _source_slug(parts, here) != declared.source:
        problems.append((f"{key}.source", f"it belongs to {_source_slug(parts, here)}; a destination keeps its source"))
    if len(declared.mappings) > configuring.most_mappings:
        problems.append((key, f"a destination has at most {configuring.most_mappings} mappings"))
    if len(declared.filters) > configuring.most_filters:
        problems.append((key, f"a destination has at most {configuring.most_filters} filters"))
    config = _config(parts, declared)
    mappings = [
        Wanted(_mapping(parts, config.definition, written, checked, rank), declared.slug)
        for rank, (written, checked) in enumerate(zip(declared.mappings, made.mappings, strict=True))
    ]
    titled = [_filter(each, f"{key}.filters[{i}]", problems) for i, each in enumerate(declared.filters)]
    return [
        Wanted(config, declared.source),
        *mappings,
        *(Wanted(each, declared.slug) for each in titled if each is not None),
    ]


def _config(parts: Parts, declared: DestinationDecl) -> DestinationConfig:
    try:
        definition = parts.catalog.find(declared.definition).slug
    except LookupError:
        definition = declared.definition  # noted as a problem already
    return msgspec.structs.replace(destination_config(declared), definition=definition)


def _mapping(parts: Parts, definition: str, written: MappingDecl, checked: MappingDecl, rank: int) -> MappingConfig:
    """A mapping with its references and dotted keys as they were written."""
    offered = parts.catalog.definitions.get(definition)
    action = offered.actions.get(written.action) if offered else None
    if written.fields is None and action is not None:
        written = msgspec.structs.replace(written, fields=action.default_mapping)
    return MappingConfig(
        name=written.name,
        action=written.action,
        trigger=checked.trigger or "",
        fields=fields_of(written),
        enabled=written.enabled,
        rank=rank,
    )


def _filter(written: Mapping[str, Any], key: str, problems: Problems) -> FilterConfig | None:
    try:
        config = msgspec.convert(written, FilterConfig)
        filters.check(config)
    except (msgspec.ValidationError, ConfigError) as error:
        problems.append((key, str(error)))
        return None
    return config


def _resolved(parts: Parts, value: dict[str, Any] | None, key: str, problems: Problems) -> Any:
    if value is None:
        return None
    try:
        return configuring.resolved(parts, value, key)
    except ConfigError as error:
        problems += [(key, text.removeprefix(f"{key}.")) for text in error.problems]
        return value


def _here(parts: Parts, slug: str) -> Destination | None:
    return next((each for each in parts.workspace.destinations if each.slug == slug), None)


def _source_slug(parts: Parts, destination: Destination) -> str:
    return next(source.slug for source in parts.workspace.sources if source.id == destination.source)
