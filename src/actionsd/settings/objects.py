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
    """What one file describes; ``file`` is its name and ``text`` its content, which errors point into. ``problems`` are
    those of reading it, to be told with all else that is wrong; None stands for a table that has some. ``slugs`` are
    those of all sources and tracking plans, by the name of their tables."""

    file: str
    text: str
    problems: tuple[tuple[str, str], ...] = ()
    slugs: frozenset[tuple[str, str]] = frozenset()
    sources: tuple[SourceDecl | None, ...] = ()
    destinations: tuple[DestinationDecl | None, ...] = ()
    tracking_plans: tuple[PlanDecl | None, ...] = ()
    schemas: tuple[SchemaDecl | None, ...] = ()
    transformations: tuple[dict[str, Any] | None, ...] = ()

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
        ConfigError: a file is no TOML.
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
    raw = parse(path, text)
    tables = read.read_values(_Tables, reading, raw, "")
    if not reading.problems:
        check_agreement(tables.get("sources", ()), tables.get("destinations", ()), reading)
    lists = {key: value for key, value in tables.items() if value is not None}
    return Objects(file=name, text=text, problems=tuple(reading.problems), slugs=_slugs(raw), **lists)


def _slugs(raw: Mapping[str, Any]) -> frozenset[tuple[str, str]]:
    """What tables of a file go by, those with problems included, so that nothing that names them seems to be wrong."""
    return frozenset(
        (kind, table["slug"])
        for kind in ("sources", "tracking_plans")
        for table in (raw[kind] if isinstance(raw.get(kind), list) else ())
        if isinstance(table, dict) and isinstance(table.get("slug"), str)
    )
