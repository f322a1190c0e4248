"""Sources, destinations, tracking plans and transformations as code: tables like those of actionsd.toml, in files of
their own.

Unlike the daemon's own file they keep their references: ``env:NAME`` and ``file:PATH`` go into the store as written.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from actionsd.errors import ConfigError
from actionsd.settings import readers as read
from actionsd.settings.files import check_agreement, parse
from actionsd.settings.lines import locate
from actionsd.settings.tables import (
    DestinationDecl,
    Destinations,
    PlanDecl,
    Plans,
    SchemaDecl,
    Schemas,
    SourceDecl,
    Sources,
    Transformations,
)


class Objects(read.Table, frozen=True, kw_only=True):
    """What one file describes; ``file`` is its name and ``text`` its content, which errors point into."""

    file: str
    text: str
    sources: tuple[SourceDecl, ...] = ()
    destinations: tuple[DestinationDecl, ...] = ()
    tracking_plans: tuple[PlanDecl, ...] = ()
    schemas: tuple[SchemaDecl, ...] = ()
    transformations: tuple[dict[str, Any], ...] = ()

    def located(self, problems: list[tuple[str, str]]) -> ConfigError:
        """The error that names these problems, pairs of key path and text, with file and line."""
        return locate(Path(self.file), self.text, problems)


class _Tables(read.Table, frozen=True, kw_only=True):
    sources: Sources = ()
    destinations: Destinations = ()
    tracking_plans: Plans = ()
    schemas: Schemas = ()
    transformations: Transformations = ()


class _Verbatim(read.Reading):
    """A reading that leaves references as they are."""

    def resolve(self, text: str) -> str:
        return text


def load_objects(files: Mapping[str, str]) -> list[Objects]:
    """The objects of files, given as names and TOML texts.

    Raises:
        ConfigError: every problem of every file, with its line.
    """
    found: list[Objects] = []
    problems: list[str] = []
    for name, text in files.items():
        try:
            found.append(_objects(name, text))
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(*problems)
    return found


def written(path: Path) -> dict[str, DestinationDecl]:
    """The destinations of the daemon's own file by slug, with their references as they are written. One with a
    reference where none can stand unresolved, such as a duration, is left out."""
    reading = _Verbatim(path.parent, {})
    tables = parse(path, path.read_text(encoding="utf-8")).get("destinations", ())
    found = (read.read_table(DestinationDecl, reading, table, "") for table in tables)
    return {each.slug: each for each in found if each is not None}


def _objects(name: str, text: str) -> Objects:
    path = Path(name)
    reading = _Verbatim(path.parent, {})
    tables = read.read_table(_Tables, reading, parse(path, text), "")
    if tables is not None:
        check_agreement(tables.sources, tables.destinations, reading)
    if tables is None or reading.problems:
        raise locate(path, text, reading.problems)
    return Objects(
        file=name,
        text=text,
        sources=tables.sources,
        destinations=tables.destinations,
        tracking_plans=tables.tracking_plans,
        schemas=tables.schemas,
        transformations=tables.transformations,
    )
