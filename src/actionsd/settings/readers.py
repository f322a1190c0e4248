"""Readers of single values and of tables: a raw TOML value in, a value out, a noted problem when it is not that.

Durations become seconds (float), sizes bytes (int), relative paths absolute ones; references ``env:NAME`` and
``file:PATH`` are resolved on the way.
"""

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar, get_type_hints

import msgspec

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


def text(reading: Reading, raw: object, key: str) -> str:
    if not isinstance(raw, str):
        raise Problem(f"expected a text, got {show(raw)}")
    value = reading.resolve(raw)
    if not value:
        raise Problem("must not be empty")
    return value


def any_text(reading: Reading, raw: object, key: str) -> str:
    return "" if raw == "" else text(reading, raw, key)


def path(reading: Reading, raw: object, key: str) -> Path:
    return reading.path(text(reading, raw, key))


def slug(reading: Reading, raw: object, key: str) -> str:
    value = text(reading, raw, key)
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}", value):
        raise Problem(f"a slug is letters, digits, '-', '_' and '.', at most 100; got {show(raw)}")
    return value


def flag(reading: Reading, raw: object, key: str) -> bool:
    if not isinstance(raw, bool):
        raise Problem(f"expected true or false, got {show(raw)}")
    return raw


def whole(reading: Reading, raw: object, key: str) -> int:
    if isinstance(raw, bool) or not isinstance(raw, int) or raw < 1:
        raise Problem(f"expected a whole number from 1, got {show(raw)}")
    return raw


def rate(reading: Reading, raw: object, key: str) -> float:
    if isinstance(raw, bool) or not isinstance(raw, int | float) or raw <= 0:
        raise Problem(f"expected a number above 0 (a second), got {show(raw)}")
    return float(raw)


def duration(reading: Reading, raw: object, key: str) -> float:
    found = isinstance(raw, str) and re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)", reading.resolve(raw))
    if not found:
        raise Problem(f'expected a duration such as "500ms", "10s", "5m", "4h" or "7d", got {show(raw)}')
    return float(found[1]) * _duration_units[found[2]]


def size(reading: Reading, raw: object, key: str) -> int:
    found = isinstance(raw, str) and re.fullmatch(r"(\d+)(B|KB|MB|GB)", reading.resolve(raw))
    if not found:
        raise Problem(f'expected a size such as "512KB" or "64MB", got {show(raw)}')
    return int(found[1]) * _size_units[found[2]]


def synchronous(reading: Reading, raw: object, key: str) -> str:
    if raw not in ("full", "normal"):
        raise Problem(f'expected "full" or "normal", got {show(raw)}')
    return str(raw)


def oauth_rule(reading: Reading, raw: object, key: str) -> str:
    if raw not in ("optional", "required"):
        raise Problem(f'expected "optional" or "required", got {show(raw)}')
    return str(raw)


def address(reading: Reading, raw: object, key: str) -> "Address":
    if isinstance(raw, str):
        text = reading.resolve(raw)
        if text.startswith("unix:") and text != "unix:":
            return _unix_address(reading.path(text[5:]))
        found = re.fullmatch(r"(?:\[([0-9A-Fa-f:.]+)\]|([^\[\]:/\s]+)):(\d{1,5})", text)
        if found and int(found[3]) < 65536:
            return Address(kind="tcp", host=found[1] or found[2], port=int(found[3]))
    raise Problem(f'expected "HOST:PORT" or "unix:PATH", got {show(raw)}')


def _unix_address(path: Path) -> "Address":
    if len(os.fsencode(path)) > _unix_path_limit:
        raise Problem(f"the path of a unix socket may have {_unix_path_limit} bytes: {path}")
    return Address(kind="unix", path=path)


def network(reading: Reading, raw: object, key: str) -> str:
    import ipaddress  # only those who name proxies pay for it

    value = text(reading, raw, key)
    try:
        return str(ipaddress.ip_network(value, strict=False))
    except ValueError:
        raise Problem(f'expected an address or network such as "10.0.0.0/8", got {show(raw)}') from None


def json_value(reading: Reading, raw: object, key: str) -> Any:
    """Any JSON value with its references resolved."""
    if isinstance(raw, str):
        return reading.resolve(raw)
    if isinstance(raw, list):
        return list(_each(reading, raw, key, json_value))
    if isinstance(raw, dict):
        return {name: read(reading, value, f"{key}.{name}", json_value) for name, value in raw.items()}
    if raw is None or isinstance(raw, bool | int | float):
        return raw
    raise Problem(f"dates have no place here; write them as text: {raw}")


def json_object(reading: Reading, raw: object, key: str) -> dict[str, Any]:
    """A table, or the text of a JSON object, which may hold the null that TOML lacks."""
    if isinstance(raw, str) and raw.lstrip().startswith("{"):
        try:
            raw = msgspec.json.decode(raw)
        except msgspec.DecodeError as error:
            raise Problem(f"no valid JSON: {error}") from None
    if not isinstance(raw, dict):
        raise Problem(f"expected a table, got {show(raw)}")
    value: dict[str, Any] = json_value(reading, raw, key)
    return value


Reader = Callable[[Reading, object, str], Any]


def many(reader: Reader) -> Reader:
    def read(reading: Reading, raw: object, key: str) -> tuple[Any, ...]:
        if not isinstance(raw, list):
            raise Problem(f"expected a list, got {show(raw)}")
        return tuple(_each(reading, raw, key, reader))

    return read


def _each(reading: Reading, raw: list[object], key: str, reader: Reader) -> Iterator[Any]:
    for index, value in enumerate(raw):
        yield read(reading, value, f"{key}[{index}]", reader)


def read(reading: Reading, raw: object, key: str, reader: Reader) -> Any:
    """The value, or None with the problem noted."""
    try:
        return reader(reading, raw, key)
    except Problem as problem:
        reading.wrong(key, str(problem))
        return None


def show(raw: object) -> str:
    """A value as the file wrote it: references are shown, never what they resolve to."""
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if isinstance(raw, dict):
        return "a table"
    if isinstance(raw, list):
        return "a list"
    return f'"{raw}"' if isinstance(raw, str) else str(raw)


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """Base of the tables. Its repr shows no values: some of them are secrets (DESIGN.md I6)."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


def table(cls: type[T]) -> Reader:
    def read(reading: Reading, raw: object, key: str) -> T | None:
        if not isinstance(raw, dict):
            raise Problem(f"expected a table, got {show(raw)}")
        return read_table(cls, reading, raw, key)

    return read


def read_table(cls: type[T], reading: Reading, table: Mapping[str, object], key: str) -> T | None:
    """A table as its struct; None when it has problems, which are then noted in ``reading``."""
    before = len(reading.problems)
    values = read_values(cls, reading, table, key)
    return cls(**values) if len(reading.problems) == before else None


def read_values(cls: type[T], reading: Reading, table: Mapping[str, object], key: str) -> dict[str, Any]:
    """The values of a table by name, None where one is wrong, as an element of a list is; problems are noted."""
    hints = get_type_hints(cls, include_extras=True)
    dot = f"{key}." if key else ""
    for name in table.keys() - hints.keys():
        reading.wrong(f"{dot}{name}", f"unknown key{did_you_mean(name, hints)}")
    values = {
        name: read(reading, table[name], f"{dot}{name}", hint.__metadata__[0])
        for name, hint in hints.items()
        if name in table
    }
    for field in msgspec.structs.fields(cls):
        if field.required and field.name not in table:
            reading.wrong(key, f'the key "{field.name}" is required')
    return values


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
