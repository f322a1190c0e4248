"""The config of a development daemon, generated: one source, and the plugin with all its default mappings."""

from collections.abc import Iterable
from typing import Any

import tomli_w

from actionsd.cli.dev.offer import Mapped, Offered

WRITE_KEY = "dev-write-key"
_any_event = " or ".join(f'type = "{each}"' for each in ("track", "identify", "page", "screen", "group", "alias"))


def generate(port: int, definitions: Iterable[Offered]) -> str:
    """The text of actionsd.toml; a destination is called as its definition, a mapping as its action. An action without
    a trigger of its own gets every event."""
    return tomli_w.dumps(
        {
            "data_dir": "./data",
            "ingest": {"listen": [f"127.0.0.1:{port}"], "stream": []},
            "admin": {"listen": ["unix:./admin.sock"]},
            "delivery": {"batch_linger": "100ms", "retry_base": "2s", "drain_timeout": "1s"},
            "sources": [{"slug": "dev", "write_keys": [WRITE_KEY]}],
            "destinations": [_destination(offered) for offered in definitions],
        }
    )


def _destination(offered: Offered) -> dict[str, Any]:
    return {
        "slug": offered.slug,
        "source": "dev",
        "definition": offered.slug,
        "settings": _without_null(offered.settings),
        "mappings": [_mapping(mapped) for mapped in offered.mappings],
    }


def _mapping(mapped: Mapped) -> dict[str, Any]:
    return {
        "name": mapped.action,
        "action": mapped.action,
        "trigger": mapped.trigger or _any_event,
        "fields": _without_null(mapped.fields),
    }


def _without_null(value: Any) -> Any:
    """A JSON value as TOML can have it, which knows no null.

    >>> _without_null({"a": [1, None], "b": None})
    {'a': [1]}
    """
    if isinstance(value, dict):
        return {key: _without_null(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without_null(item) for item in value if item is not None]
    return value
