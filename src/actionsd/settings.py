"""actionsd.toml as one frozen struct; the sample file in the project's root is the manual of its keys.

Reading it takes four steps: TOML to tables, tables to structs (each field names the function that reads it), references
``env:NAME`` and ``file:PATH`` resolved on the way, then what must agree between tables. Every problem is found in one
go and names its line and key. Durations become seconds (float), sizes bytes (int), relative paths absolute ones.
"""

import os
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_type_hints

import msgspec

from actionsd.errors import ConfigError

default_path = Path("actionsd.toml")

_kilobyte = 1024
_megabyte = 1024 * 1024
_minute, _hour, _day = 60.0, 3600.0, 86400.0
_duration_units = {"ms": 0.001, "s": 1.0, "m": _minute, "h": _hour, "d": _day}
_size_units = {"B": 1, "KB": _kilobyte, "MB": _megabyte, "GB": 1024 * _megabyte}
_unix_path_limit = 107  # bytes of sockaddr_un.sun_path on Linux, less the final NUL

T = TypeVar("T", bound="Table")


class Problem(ValueError):
    """One wrong value; the reader that meets it adds key and line. The text never holds a resolved reference."""


class Reading:
    """One pass over one file: where references resolve to, and what was found wrong so far."""

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        self.folder = folder
        self.environ = environ
        self.problems: list[tuple[str, str]] = []

    def wrong(self, key: str, text: str) -> None:
        self.problems.append((key, text))

    def path(self, text: str) -> Path:
        """A path relative to the file, as an absolute one."""
        return Path(os.path.normpath(self.folder / Path(text).expanduser()))

    def resolve(self, text: str) -> str:
        """What ``env:NAME`` or ``file:PATH`` stands for; any other text is itself."""
        if text.startswith("env:"):
            name = text[4:]
            if name not in self.environ:
                raise Problem(f"the environment variable {name} is not set")
            return self.environ[name]
        if text.startswith("file:"):
            path = self.path(text[5:])
            try:
                return path.read_text(encoding="utf-8").rstrip("\r\n")
            except (OSError, UnicodeDecodeError) as error:
                raise Problem(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from None
        return text


# Readers of single values: raw TOML value in, value out, ``Problem`` when it is not what the field wants.


def _text(reading: Reading, raw: object, key: str) -> str:
    if not isinstance(raw, str):
        raise Problem(f"expected a text, got {_show(raw)}")
    value = reading.resolve(raw)
    if not value:
        raise Problem("must not be empty")
    return value


def _path(reading: Reading, raw: object, key: str) -> Path:
    return reading.path(_text(reading, raw, key))


def _slug(reading: Reading, raw: object, key: str) -> str:
    value = _text(reading, raw, key)
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}", value):
        raise Problem(f"a slug is letters, digits, '-', '_' and '.', at most 100; got {_show(raw)}")
    return value


def _flag(reading: Reading, raw: object, key: str) -> bool:
    if not isinstance(raw, bool):
        raise Problem(f"expected true or false, got {_show(raw)}")
    return raw


def _whole(reading: Reading, raw: object, key: str) -> int:
    if isinstance(raw, bool) or not isinstance(raw, int) or raw < 1:
        raise Problem(f"expected a whole number from 1, got {_show(raw)}")
    return raw


def _rate(reading: Reading, raw: object, key: str) -> float:
    if isinstance(raw, bool) or not isinstance(raw, int | float) or raw <= 0:
        raise Problem(f"expected a number above 0 (a second), got {_show(raw)}")
    return float(raw)


def _duration(reading: Reading, raw: object, key: str) -> float:
    found = isinstance(raw, str) and re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)", reading.resolve(raw))
    if not found:
        raise Problem(f'expected a duration such as "500ms", "10s", "5m", "4h" or "7d", got {_show(raw)}')
    return float(found[1]) * _duration_units[found[2]]


def _size(reading: Reading, raw: object, key: str) -> int:
    found = isinstance(raw, str) and re.fullmatch(r"(\d+)(B|KB|MB|GB)", reading.resolve(raw))
    if not found:
        raise Problem(f'expected a size such as "512KB" or "64MB", got {_show(raw)}')
    return int(found[1]) * _size_units[found[2]]


def _synchronous(reading: Reading, raw: object, key: str) -> str:
    if raw not in ("full", "normal"):
        raise Problem(f'expected "full" or "normal", got {_show(raw)}')
    return str(raw)


def _address(reading: Reading, raw: object, key: str) -> "Address":
    if isinstance(raw, str):
        text = reading.resolve(raw)
        if text.startswith("unix:") and text != "unix:":
            return _unix_address(reading.path(text[5:]))
        found = re.fullmatch(r"(?:\[([0-9A-Fa-f:.]+)\]|([^\[\]:/\s]+)):(\d{1,5})", text)
        if found and int(found[3]) < 65536:
            return Address(kind="tcp", host=found[1] or found[2], port=int(found[3]))
    raise Problem(f'expected "HOST:PORT" or "unix:PATH", got {_show(raw)}')


def _unix_address(path: Path) -> "Address":
    if len(os.fsencode(path)) > _unix_path_limit:
        raise Problem(f"the path of a unix socket may have {_unix_path_limit} bytes: {path}")
    return Address(kind="unix", path=path)


def _network(reading: Reading, raw: object, key: str) -> str:
    import ipaddress  # only those who name proxies pay for it

    value = _text(reading, raw, key)
    try:
        return str(ipaddress.ip_network(value, strict=False))
    except ValueError:
        raise Problem(f'expected an address or network such as "10.0.0.0/8", got {_show(raw)}') from None


def _json(reading: Reading, raw: object, key: str) -> Any:
    """Any JSON value with its references resolved."""
    if isinstance(raw, str):
        return reading.resolve(raw)
    if isinstance(raw, list):
        return list(_each(reading, raw, key, _json))
    if isinstance(raw, dict):
        return {name: _read(reading, value, f"{key}.{name}", _json) for name, value in raw.items()}
    if raw is None or isinstance(raw, bool | int | float):
        return raw
    raise Problem(f"dates have no place here; write them as text: {raw}")


def _object(reading: Reading, raw: object, key: str) -> dict[str, Any]:
    if not isinstance(raw, dict):
        raise Problem(f"expected a table, got {_show(raw)}")
    value: dict[str, Any] = _json(reading, raw, key)
    return value


Reader = Callable[[Reading, object, str], Any]


def _many(reader: Reader) -> Reader:
    def read(reading: Reading, raw: object, key: str) -> tuple[Any, ...]:
        if not isinstance(raw, list):
            raise Problem(f"expected a list, got {_show(raw)}")
        return tuple(_each(reading, raw, key, reader))

    return read


def _each(reading: Reading, raw: list[object], key: str, reader: Reader) -> Iterator[Any]:
    for index, value in enumerate(raw):
        yield _read(reading, value, f"{key}[{index}]", reader)


def _read(reading: Reading, raw: object, key: str, reader: Reader) -> Any:
    """The value, or None with the problem noted."""
    try:
        return reader(reading, raw, key)
    except Problem as problem:
        reading.wrong(key, str(problem))
        return None


def _show(raw: object) -> str:
    """A value as the file wrote it: references are shown, never what they resolve to."""
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if isinstance(raw, dict):
        return "a table"
    if isinstance(raw, list):
        return "a list"
    return f'"{raw}"' if isinstance(raw, str) else str(raw)


# The tables. Each field is annotated with the function that reads it; a field without default is required.


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """Base of the tables. Its repr shows no values: some of them are secrets (DESIGN.md I6)."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


def _table(cls: type[T]) -> Reader:
    def read(reading: Reading, raw: object, key: str) -> T | None:
        if not isinstance(raw, dict):
            raise Problem(f"expected a table, got {_show(raw)}")
        return read_table(cls, reading, raw, key)

    return read


def read_table(cls: type[T], reading: Reading, table: Mapping[str, object], key: str) -> T | None:
    """A table as its struct; None when it has problems, which are then noted in ``reading``."""
    before = len(reading.problems)
    hints = get_type_hints(cls, include_extras=True)
    dot = f"{key}." if key else ""
    for name in table.keys() - hints.keys():
        reading.wrong(f"{dot}{name}", f"unknown key{did_you_mean(name, hints)}")
    values = {
        name: _read(reading, table[name], f"{dot}{name}", hint.__metadata__[0])
        for name, hint in hints.items()
        if name in table
    }
    for field in msgspec.structs.fields(cls):
        if field.required and field.name not in table:
            reading.wrong(key, f'the key "{field.name}" is required')
    return cls(**values) if len(reading.problems) == before else None


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """Where a listener listens: ``host`` and ``port`` (0: any free one) or the ``path`` of a unix socket."""

    kind: Literal["tcp", "unix"]
    host: str = ""
    port: int = 0
    path: Path = Path()

    def __str__(self) -> str:
        if self.kind == "unix":
            return f"unix:{self.path}"
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


Text = Annotated[str, _text]
Slug = Annotated[str, _slug]
Flag = Annotated[bool, _flag]
Whole = Annotated[int, _whole]
Duration = Annotated[float, _duration]
Size = Annotated[int, _size]
Addresses = Annotated[tuple[Address, ...], _many(_address)]
Texts = Annotated[tuple[str, ...], _many(_text)]
OptionalDuration = Annotated[float | None, _duration]
OptionalRate = Annotated[float | None, _rate]
Object = Annotated[dict[str, Any], _object]


class Ingest(Table, frozen=True, kw_only=True):
    """How events come in. Limits of FEATURES part 2.3; ``rate_limit`` is events a second over all sources."""

    listen: Addresses = ()
    stream: Addresses = ()
    strict_keys: Flag = False
    max_event: Size = 32 * _kilobyte
    max_batch: Size = 500 * _kilobyte
    max_items: Whole = 2500
    dedup_window: Duration = _day
    queue_bytes: Size = 64 * _megabyte
    rate_limit: OptionalRate = None
    trusted_proxies: Annotated[tuple[str, ...], _many(_network)] = ()


class Admin(Table, frozen=True, kw_only=True):
    """Where the management API listens. ``token`` None: one is made in ``<data_dir>/admin.token``."""

    listen: Addresses = ()
    token: Annotated[str | None, _text] = None


class Journal(Table, frozen=True, kw_only=True):
    """How long events stay, and what the disk must keep free (RULES R6, R12)."""

    retention: Duration = 7 * _day
    max_size: Annotated[int | None, _size] = None
    synchronous: Annotated[Literal["full", "normal"], _synchronous] = "full"
    min_free: Size = 256 * _megabyte


class Delivery(Table, frozen=True, kw_only=True):
    """How events go out; a destination may set some of it for itself (FEATURES part 7, RULES R4, R16, R32)."""

    retry_window: Duration = 4 * _hour
    retry_base: Duration = 10.0
    retry_cap: Duration = 10 * _minute
    in_flight: Whole = 4096
    checkpoint_interval: Duration = 0.05
    request_timeout: Duration = 10.0
    concurrency: Whole = 32
    batch_linger: Duration = 1.0
    drain_timeout: Duration = 10.0


class SourceDecl(Table, frozen=True, kw_only=True):
    """A source that the file declares. All its write keys are valid at once, for rotation (FEATURES F024)."""

    slug: Slug
    write_keys: Texts
    name: Text = ""
    enabled: Flag = True


class MappingDecl(Table, frozen=True, kw_only=True):
    """A mapping that the file declares. ``trigger`` or ``fields`` None: the action's defaults; ``sync_mode`` stands for
    the reserved key (RULES C8)."""

    name: Text
    action: Text
    trigger: Annotated[str | None, _text] = None
    fields: Annotated[dict[str, Any] | None, _object] = None
    enabled: Flag = True
    sync_mode: Annotated[str | None, _text] = None


class DestinationDecl(Table, frozen=True, kw_only=True):
    """A destination that the file declares; ``source`` and ``definition`` are slugs, ``filters`` tables of ``if`` and
    ``actions``, ``consent`` the categories that must all be granted (FEATURES F043). The limits are None where
    ``[delivery]`` holds."""

    slug: Slug
    source: Slug
    definition: Text
    name: Text = ""
    enabled: Flag = True
    settings: Object = msgspec.field(default_factory=dict)
    consent: Texts = ()
    concurrency: Annotated[int | None, _whole] = None
    rate_limit: OptionalRate = None
    timeout: OptionalDuration = None
    retry_window: OptionalDuration = None
    filters: Annotated[tuple[dict[str, Any], ...], _many(_object)] = ()
    mappings: Annotated[tuple[MappingDecl, ...], _many(_table(MappingDecl))] = ()


class Settings(Table, frozen=True, kw_only=True):
    """The whole file. ``data_dir`` holds the database, the lock and the sockets that nobody placed elsewhere."""

    data_dir: Annotated[Path, _path]
    ingest: Annotated[Ingest, _table(Ingest)] = Ingest()
    admin: Annotated[Admin, _table(Admin)] = Admin()
    journal: Annotated[Journal, _table(Journal)] = Journal()
    delivery: Annotated[Delivery, _table(Delivery)] = Delivery()
    sources: Annotated[tuple[SourceDecl, ...], _many(_table(SourceDecl))] = ()
    destinations: Annotated[tuple[DestinationDecl, ...], _many(_table(DestinationDecl))] = ()


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
    reading = Reading(folder, environ)
    resolved = _read(reading, value, "", _json)
    if reading.problems:
        raise ConfigError(*(f"{_named(key.lstrip('.'))}{text}" for key, text in reading.problems))
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
        return text, tomllib.loads(text)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from None


def _settings(path: Path, text: str, tables: dict[str, Any], environ: Mapping[str, str]) -> Settings:
    reading = Reading(path.absolute().parent, environ)
    settings = read_table(Settings, reading, {"data_dir": "./data"} | tables, "")
    if settings is not None:
        settings = _with_default_listeners(settings, tables, reading)
        _check_agreement(settings, reading)
    if settings is None or reading.problems:
        raise _located(path, text, reading.problems)
    return settings


def located(path: Path, problems: Iterable[tuple[str, str]]) -> ConfigError:
    """The error that names problems of a file, given as pairs of key path and text, with their lines."""
    return _located(path, _parse(path)[0], problems)


def _located(path: Path, text: str, problems: Iterable[tuple[str, str]]) -> ConfigError:
    lines = _key_lines(text)
    return ConfigError(*(f"{path}{_line_of(key, lines)}: {_named(key)}{what}" for key, what in problems))


def _with_default_listeners(settings: Settings, tables: dict[str, Any], reading: Reading) -> Settings:
    """The listeners of DESIGN.md where a table does not name its own; the sockets lie in the data directory."""

    def listeners(table: str, key: str, *defaults: str) -> tuple[Address, ...]:
        if key in tables.get(table, {}):
            return getattr(getattr(settings, table), key)  # type: ignore[no-any-return]
        return _read(reading, list(defaults), f"{table}.{key}", _many(_address))  # type: ignore[no-any-return]

    replace, folder = msgspec.structs.replace, settings.data_dir
    listen = listeners("ingest", "listen", "127.0.0.1:8080", f"unix:{folder}/ingest.sock")
    stream = listeners("ingest", "stream", f"unix:{folder}/events.sock")
    admin = listeners("admin", "listen", "127.0.0.1:8081", f"unix:{folder}/admin.sock")
    ingest = replace(settings.ingest, listen=listen, stream=stream)
    return replace(settings, ingest=ingest, admin=replace(settings.admin, listen=admin))


def _check_agreement(settings: Settings, reading: Reading) -> None:
    """What must be unique: slugs, write keys over all sources, mapping names in their destination."""
    _check_unique(reading, ((f"sources[{i}].slug", s.slug) for i, s in enumerate(settings.sources)))
    _check_unique(reading, ((f"destinations[{i}].slug", d.slug) for i, d in enumerate(settings.destinations)))
    keys = ((f"sources[{i}].write_keys", key) for i, s in enumerate(settings.sources) for key in s.write_keys)
    _check_unique(reading, keys, shown=False)
    for i, destination in enumerate(settings.destinations):
        mappings = enumerate(destination.mappings)
        _check_unique(reading, ((f"destinations[{i}].mappings[{j}].name", m.name) for j, m in mappings))


def _check_unique(reading: Reading, values: Iterable[tuple[str, str]], *, shown: bool = True) -> None:
    seen: dict[str, str] = {}
    for key, value in values:
        if value in seen:
            reading.wrong(key, f"{_show(value) if shown else 'a write key'} is already taken by {seen[value]}")
        seen.setdefault(value, key)


def did_you_mean(name: str, choices: Iterable[str]) -> str:
    """The end of an error about an unknown name: its nearest neighbour, else the choices.

    >>> did_you_mean("max_evnt", ["max_event", "listen"])
    '; did you mean "max_event"?'
    """
    import difflib  # only needed once something is wrong

    known = sorted(choices)
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    if near:
        return f'; did you mean "{near[0]}"?'
    return f"; known are {', '.join(known)}" if known else ""


def _key_lines(text: str) -> dict[str, int]:
    """The line of each key and table header, by its path, such as ``destinations[0].mappings[2].name``."""
    lines: dict[str, int] = {}
    counts: dict[str, int] = {}
    table = ""
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[\[\s*([^\]\s]+)\s*\]\]", line):
            table = _indexed(header[1], counts, new=True)
            lines[table] = number
        elif header := re.match(r"\s*\[\s*([^\]\s]+)\s*\]", line):
            table = _indexed(header[1], counts, new=False)
            lines[table] = number
        elif pair := re.match(r"\s*([A-Za-z0-9_.-]+|\"[^\"]+\")\s*=", line):
            key = pair[1].strip('"')
            lines.setdefault(f"{table}.{key}" if table else key, number)
    return lines


def _indexed(header: str, counts: dict[str, int], *, new: bool) -> str:
    """A header's path with the index of each array it passes; ``new`` opens the next element of the last one."""
    path = ""
    parts = header.split(".")
    for depth, part in enumerate(parts):
        path = f"{path}.{part}" if path else part
        if new and depth == len(parts) - 1:
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = f"{path}[{counts[path]}]"
    return path


def _line_of(key: str, lines: Mapping[str, int]) -> str:
    """``:LINE`` of the key, else of the nearest table around it, else nothing."""
    while key and key not in lines:
        key = re.sub(r"(\.[^.\[\]]*|\[\d+\]|^[^.\[\]]+)$", "", key)
    return f":{lines[key]}" if key else ""


def _named(key: str) -> str:
    return f"{key}: " if key else ""
