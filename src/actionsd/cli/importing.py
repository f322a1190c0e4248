"""``actionsctl import segment``: a Segment workspace as files that ``apply`` takes, and what could not be taken."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import click

from actionsd.cli import importplans
from actionsd.cli.client import Usage
from actionsd.cli.output import Column, json_option, print_json, print_table
from actionsd.cli.segment import Item, SegmentApi

_filter_keys = ("title", "if", "actions", "enabled", "description")
_columns = (Column("what", flexible=True), Column("left out or to do", flexible=True))


@click.group("import")
def import_() -> None:
    """Bring a configuration over from elsewhere."""


@import_.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--api", metavar="URL", default="https://api.segmentapis.com", show_default=True, help="The Public API.")
@json_option
def segment(folder: Path, api: str, as_json: bool) -> None:
    """Write sources, destinations, mappings, filters, tracking plans and transformations of a Segment workspace as TOML
    into FOLDER.

    Reads Segment's Public API with the token in SEGMENT_TOKEN and changes nothing there. What cannot be carried over,
    and the secrets that Segment does not tell, are listed and written to FOLDER/report.txt. Then:

    \b
    actionsctl plan FOLDER
    actionsctl apply FOLDER
    """
    token = os.environ.get("SEGMENT_TOKEN")
    if not token:
        raise Usage("put a token of Segment's Public API into SEGMENT_TOKEN")
    if folder.exists() and any(folder.iterdir()):
        raise Usage(f"{folder} is not empty; name a new folder")
    imported = read(SegmentApi(api, token))
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in imported.files.items():
        (folder / name).write_text(text, encoding="utf-8")
    report = [f"{note.what}: {note.why}" for note in imported.notes]
    (folder / "report.txt").write_text("\n".join([*report, ""]), encoding="utf-8")
    if as_json:
        print_json([note._asdict() for note in imported.notes])
        return
    click.echo(f"wrote {len(imported.files)} files to {folder}")
    print_table(_columns, imported.notes, empty="everything was carried over")


class Note(NamedTuple):
    """Something that was left out, or that a person has to do."""

    what: str
    why: str


class Imported(NamedTuple):
    """TOML texts by file name, and what is to be known about them."""

    files: dict[str, str]
    notes: list[Note]


def read(api: SegmentApi) -> Imported:
    """A whole workspace, checked against what is installed here."""
    from actionsd import catalog  # only this command needs the engines
    from actionsd.settings import writing

    notes: list[Note] = []
    sources = {str(item["id"]): _source(item, notes) for item in api.sources()}
    files = {"sources.toml": writing.write({"sources": list(sources.values())})} if sources else {}
    installed, slugs = catalog.load(), {id: str(table["slug"]) for id, table in sources.items()}
    planned, keys = importplans.tables(api, installed, slugs, _slug, lambda what, why: notes.append(Note(what, why)))
    if planned:
        files["protocols.toml"] = writing.write(planned, keys)
    made = _Destinations(api, installed, slugs, notes)
    for table, needs in made.tables():
        files[f"destination-{table['slug']}.toml"] = writing.write({"destinations": [table]}, needs)
    return Imported(files, notes)


def _source(item: Item, notes: list[Note]) -> Item:
    slug, metadata = _slug(item.get("slug") or item.get("name") or item["id"]), item.get("metadata") or {}
    if not item.get("writeKeys"):
        notes.append(Note(f"source {slug}", "has no write key at Segment; `actionsctl sources add-key` makes one"))
    table = {
        "slug": slug,
        "name": item.get("name") or slug,
        "write_keys": item.get("writeKeys") or [],
        "enabled": bool(item.get("enabled", True)),
        "definition": metadata.get("slug") or "http-api",
    }
    labels = [
        {key: label[key] for key in ("key", "value", "description") if label.get(key)}
        for label in item.get("labels") or []
        if label.get("key") and label.get("value")
    ]
    return table | ({"labels": labels} if labels else {})


class _Destinations:
    """The destinations of a workspace that an installed plugin can take over."""

    def __init__(self, api: SegmentApi, catalog: Any, sources: dict[str, str], notes: list[Note]) -> None:
        self._api = api
        self._catalog = catalog
        self._sources = sources
        self._notes = notes
        self._taken: set[str] = set()

    def tables(self) -> Iterator[tuple[Item, list[str]]]:
        """Each as a table, with the environment variables that it needs."""
        for item in self._api.destinations():
            metadata = item.get("metadata") or {}
            name = item.get("name") or metadata.get("name") or item["id"]
            source = self._sources.get(str(item.get("sourceId")))
            definition = self._definition(metadata)
            if source is None:
                self._notes.append(Note(f"destination {name}", "left out: its source is not among the sources"))
            elif definition is None:
                told = metadata.get("slug") or metadata.get("name")
                self._notes.append(Note(f"destination {name}", f"left out: no plugin for {told} is installed"))
            else:
                yield self._table(item, name, source, definition)

    def _definition(self, metadata: Item) -> Any:
        for key in (metadata.get("slug"), metadata.get("id"), metadata.get("name")):
            try:
                if key:
                    return self._catalog.find(str(key))
            except LookupError:
                continue
        return None

    def _table(self, item: Item, name: str, source: str, definition: Any) -> tuple[Item, list[str]]:
        from actionsd.settings import writing

        slug = self._free(_slug(name))
        settings, needs = self._settings(slug, definition, item.get("settings") or {})
        subscriptions = [self._mapping(slug, definition, each) for each in self._api.subscriptions(item["id"])]
        mappings = [mapping for mapping in subscriptions if mapping is not None]
        filters = [
            {key: each[key] for key in _filter_keys if each.get(key) is not None}
            for each in self._api.filters(item["id"])
        ]
        table = {"slug": slug, "source": source, "definition": definition.slug, "name": name}
        table |= {"enabled": bool(item.get("enabled", True)), "settings": writing.json_object(settings)}
        return table | ({"filters": filters} if filters else {}) | ({"mappings": mappings} if mappings else {}), needs

    def _settings(self, slug: str, definition: Any, given: Item) -> tuple[Item, list[str]]:
        """The settings that the plugin knows; secrets, which Segment masks, come from the environment."""
        from actionsd.sdk.payload import secret_keys, shape

        known, secret = {field.key for field in shape(definition.settings)}, secret_keys(definition.settings)
        for key in sorted(given.keys() - known):
            self._notes.append(Note(f"destination {slug}", f"setting {key} left out: {definition.slug} has none"))
        required = {field.key for field in shape(definition.settings) if field.required}
        names = {key: f"ACTIONSD_{slug}_{key}" for key in sorted(secret & (given.keys() | required))}
        needs = {key: re.sub(r"[^A-Z0-9]+", "_", name.upper()) for key, name in names.items()}
        for name in needs.values():
            self._notes.append(Note(f"destination {slug}", f"set {name} for the daemon: Segment does not tell secrets"))
        plain = {key: value for key, value in given.items() if key in known and key not in secret and value is not None}
        return plain | {key: f"env:{name}" for key, name in needs.items()}, list(needs.values())

    def _mapping(self, slug: str, definition: Any, item: Item) -> Item | None:
        from actionsd import check
        from actionsd.settings import MappingDecl, writing

        name, action = item.get("name") or item["id"], item.get("actionSlug") or ""
        fields, trigger = item.get("settings") or {}, item.get("trigger") or ""
        if item.get("modelId"):
            self._notes.append(Note(f"mapping {slug} / {name}", "left out: it belongs to reverse ETL"))
            return None
        declared = MappingDecl(name=name, action=action, trigger=trigger, fields=fields)
        _, problems = check.check_mapping(definition, declared, complete=bool(item.get("enabled")))
        if problems:
            told = "; ".join(f"{key}: {text}" for key, text in problems)
            self._notes.append(Note(f"mapping {slug} / {name}", f"left out: {told}"))
            return None
        table = {"name": name, "action": action, "trigger": trigger, "enabled": bool(item.get("enabled"))}
        return table | {"fields": writing.json_object(fields)}

    def _free(self, slug: str) -> str:
        number, free = 1, slug
        while free in self._taken:
            number += 1
            free = f"{slug}-{number}"
        self._taken.add(free)
        return free


def _slug(text: str) -> str:
    """A slug made of a name; what is one stays as it is."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", str(text)).strip("-_.")[:90].lower() or "unnamed"
