"""Writing the tables that :mod:`actionsd.settings.objects` reads."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec

Tables = Mapping[str, Any]


def write(tables: Tables, needs: Sequence[str] = ()) -> str:
    """TOML text of these tables; the environment variables that it ``needs`` are listed at its head."""
    import tomli_w  # only exports and imports write TOML

    head = "".join(f"#   {name}\n" for name in needs)
    return (f"# Set these before it is applied:\n{head}\n" if needs else "") + tomli_w.dumps(tables)


def without_nulls(table: Tables) -> dict[str, Any]:
    """A table without what TOML cannot say; left out is as good as None."""
    return {key: value for key, value in table.items() if value is not None}


def json_object(value: dict[str, Any]) -> dict[str, Any] | str:
    """A JSON object as a table, or as JSON text where it holds a null, which TOML lacks."""
    return msgspec.json.encode(value).decode() if any(_nulls(value)) else value


def duration(seconds: float) -> str:
    """Seconds as the config writes them.

    >>> duration(7200.0), duration(0.25), duration(90.0)
    ('2h', '0.25s', '90s')
    """
    for unit, length in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= length and seconds % length == 0:
            return f"{int(seconds // length)}{unit}"
    return f"{Decimal(repr(seconds)).normalize():f}s"


def _nulls(value: Any) -> Iterator[bool]:
    if isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _nulls(part)
    yield value is None
