"""Reading a file: TOML to tables, tables to structs, then what must agree between tables. Every problem is found in one
go and names its line and key."""

import os
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from actionsd.errors import ConfigError
from actionsd.settings import readers as read
from actionsd.settings.lines import locate, named
from actionsd.settings.tables import DestinationDecl, Settings, SourceDecl

default_path = Path("actionsd.toml")


def load(path: Path, environ: Mapping[str, str] = os.environ) -> Settings:
    """Read and check one file.

    Raises:
        ConfigError: ``problems`` has a line for each thing wrong, ``FILE:LINE: KEY: what``.
    """
    text, tables = _parse(path)
    return _settings(path, text, tables, environ)


def resolve(value: Any, folder: Path, environ: Mapping[str, str] = os.environ) -> Any:
    """A JSON value with its references resolved; relative paths are relative to ``folder``.

    Raises:
        ConfigError: names every reference that does not resolve.
    """
    reading = read.Reading(folder, environ)
    resolved = read.read(reading, value, "", read.json_value)
    if reading.problems:
        raise ConfigError(*(f"{named(key.lstrip('.'))}{text}" for key, text in reading.problems))
    return resolved


def load_listeners(path: Path, environ: Mapping[str, str] = os.environ, *, sources: bool = False) -> Settings:
    """Only where the daemon listens, and its ``sources`` when wanted: for commands that run where the references of the
    rest of the file do not resolve.

    Raises:
        ConfigError: as :func:`load` does, for the keys that are read.
    """
    text, tables = _parse(path)
    wanted: dict[str, tuple[str, ...]] = {"data_dir": (), "ingest": ("listen", "stream"), "admin": ("listen",)}
    if sources:
        wanted["sources"] = ()
    part = {
        name: {key: table[key] for key in wanted[name] if key in table} if isinstance(table, dict) else table
        for name, table in tables.items()
        if name in wanted
    }
    return _settings(path, text, part, environ)


def _parse(path: Path) -> tuple[str, dict[str, Any]]:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from None
    return text, parse(path, text)


def parse(path: Path, text: str) -> dict[str, Any]:
    """The tables of a TOML text.

    Raises:
        ConfigError: it is none; ``path`` is what the error calls it.
    """
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from None
    except RecursionError:
        raise ConfigError(f"{path}: not valid TOML: nested too deeply") from None


def _settings(path: Path, text: str, tables: dict[str, Any], environ: Mapping[str, str]) -> Settings:
    reading = read.Reading(path.absolute().parent, environ)
    settings = read.read_table(Settings, reading, {"data_dir": "./data"} | tables, "")
    if settings is not None:
        settings = _with_default_listeners(settings, tables, reading)
        check_agreement(settings.sources, settings.destinations, reading)
    if settings is None or reading.problems:
        raise locate(path, text, reading.problems)
    return settings


def located(path: Path, problems: Iterable[tuple[str, str]]) -> ConfigError:
    """The error that names problems of a file, given as pairs of key path and text, with their lines."""
    return locate(path, _parse(path)[0], problems)


def _with_default_listeners(settings: Settings, tables: dict[str, Any], reading: read.Reading) -> Settings:
    """The listeners of DESIGN.md where a table does not name its own; the sockets lie in the data directory."""

    def listeners(table: str, key: str, *defaults: str) -> tuple[read.Address, ...]:
        if key in tables.get(table, {}):
            return getattr(getattr(settings, table), key)  # type: ignore[no-any-return]
        return read.read(reading, list(defaults), f"{table}.{key}", read.many(read.address))  # type: ignore[no-any-return]

    replace, folder = msgspec.structs.replace, settings.data_dir
    listen = listeners("ingest", "listen", "127.0.0.1:8080", f"unix:{folder}/ingest.sock")
    stream = listeners("ingest", "stream", f"unix:{folder}/events.sock")
    admin = listeners("admin", "listen", "127.0.0.1:8081", f"unix:{folder}/admin.sock")
    ingest = replace(settings.ingest, listen=listen, stream=stream)
    return replace(settings, ingest=ingest, admin=replace(settings.admin, listen=admin))


def check_agreement(
    sources: Sequence[SourceDecl], destinations: Sequence[DestinationDecl], reading: read.Reading
) -> None:
    """Note what is not unique: slugs, write keys over all sources, mapping names in their destination."""
    _check_unique(reading, ((f"sources[{i}].slug", s.slug) for i, s in enumerate(sources)))
    _check_unique(reading, ((f"destinations[{i}].slug", d.slug) for i, d in enumerate(destinations)))
    keys = ((f"sources[{i}].write_keys", key) for i, s in enumerate(sources) for key in s.write_keys)
    _check_unique(reading, keys, shown=False)
    for i, destination in enumerate(destinations):
        mappings = enumerate(destination.mappings)
        _check_unique(reading, ((f"destinations[{i}].mappings[{j}].name", m.name) for j, m in mappings))


def _check_unique(reading: read.Reading, values: Iterable[tuple[str, str]], *, shown: bool = True) -> None:
    seen: dict[str, str] = {}
    for key, value in values:
        if value in seen:
            reading.wrong(key, f"{read.show(value) if shown else 'a write key'} is already taken by {seen[value]}")
        seen.setdefault(value, key)
