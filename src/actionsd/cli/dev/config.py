"""The config of a development daemon, generated: one source, and the plugin with all its default mappings."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from actionsd.cli.dev.offer import Offered

WRITE_KEY = "dev-write-key"
_any_event = " or ".join(f'type = "{each}"' for each in ("track", "identify", "page", "screen", "group", "alias"))

_head = """\
data_dir = "./data"
[ingest]
listen = ["127.0.0.1:{port}"]
stream = []
[admin]
listen = ["unix:./admin.sock"]
[delivery]
batch_linger = "100ms"
retry_base = "2s"
drain_timeout = "1s"
[[sources]]
slug = "dev"
write_keys = ["{key}"]
"""


def generate(port: int, definitions: Iterable[Offered]) -> str:
    """The text of actionsd.toml; a destination is called as its definition, a mapping as its action. An action without
    a trigger of its own gets every event."""
    lines = [_head.format(port=port, key=WRITE_KEY)]
    for offered in definitions:
        lines += ["[[destinations]]", _pair("slug", offered.slug), _pair("source", "dev")]
        lines += [_pair("definition", offered.slug), _pair("settings", offered.settings)]
        for mapped in offered.mappings:
            lines += ["[[destinations.mappings]]", _pair("name", mapped.action), _pair("action", mapped.action)]
            lines += [_pair("trigger", mapped.trigger or _any_event), _pair("fields", mapped.fields)]
    return "\n".join([*lines, ""])


def _pair(key: str, value: Any) -> str:
    return f"{toml(key)} = {toml(value)}"


def toml(value: Any) -> str:
    """A JSON value as TOML on one line; TOML has no null, so members without a value are left out.

    >>> toml({"a": [1, True], "b": {"c": None}, "d": "Zoë"})
    '{ "a" = [1, true], "b" = {  }, "d" = "Zoë" }'
    """
    if isinstance(value, Mapping):
        return f"{{ {', '.join(_pair(str(key), item) for key, item in value.items() if item is not None)} }}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(toml(item) for item in value if item is not None)}]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
