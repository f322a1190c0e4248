"""Reads the named statements that stand in ``sql/*.sql``.

A statement follows a line ``-- name: <name>``; the comment lines under that line say what it keeps true.
"""

import re
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

directory: Traversable = files("actionsd.store") / "sql"

_name = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


@cache
def load(module: str) -> dict[str, str]:
    """The statements of ``sql/<module>.sql`` by name."""
    parts = _name.split((directory / f"{module}.sql").read_text("utf-8"))
    return dict(zip(parts[1::2], (_strip(text) for text in parts[2::2]), strict=True))


def migrations() -> list[str]:
    """The scripts that build the schema, in the order of their numbers: script n leads to ``user_version`` n."""
    found = sorted((directory / "migrations").iterdir(), key=lambda script: script.name)
    return [script.read_text("utf-8") for script in found if script.name.endswith(".sql")]


def _strip(text: str) -> str:
    lines = (line for line in text.splitlines() if not line.startswith("--"))
    return "\n".join(lines).strip().removesuffix(";")
