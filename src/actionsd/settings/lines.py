"""Where in a TOML file a key stands, so that an error names its line."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from actionsd.errors import ConfigError


def locate(path: Path, text: str, problems: Iterable[tuple[str, str]]) -> ConfigError:
    """The error that names problems of a text, given as pairs of key path and words, with their lines."""
    lines = _key_lines(text)
    return ConfigError(*(f"{path}{_line_of(key, lines)}: {named(key)}{what}" for key, what in problems))


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


def named(key: str) -> str:
    """The key before what is wrong with it."""
    return f"{key}: " if key else ""
