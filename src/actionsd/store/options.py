"""What the store can be told. Durations are seconds, sizes bytes."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import msgspec

_MB = 1024 * 1024
_HOUR = 3600.0
_DAY = 24 * _HOUR


class StoreOptions(msgspec.Struct, frozen=True, kw_only=True):
    """``data_dir`` must exist; everything else has the daemon's default.

    ``synchronous`` is SQLite's: ``full`` syncs each commit, ``normal`` each checkpoint, ``off`` never.
    ``max_size`` limits the pages in use, ``None`` leaves that to the disk (RULES R12).
    ``retry_window`` is the longest of all destinations: so long retries pin their events (RULES R13).
    ``resolve`` gives what the references in a stored config stand for, or raises :class:`ConfigError`.
    """

    data_dir: Path
    synchronous: Literal["full", "normal", "off"] = "full"
    dedup_window: float = _DAY
    retention: float = 7 * _DAY
    max_size: int | None = None
    min_free: int = 256 * _MB
    reserve: int = 32 * _MB
    queue_bytes: int = 64 * _MB
    checkpoint_interval: float = 0.05
    probe_interval: float = 1.0
    retry_window: float = 4 * _HOUR
    wal_limit: int = 32 * _MB
    dead_retention: float = 30 * _DAY
    dead_max_rows: int = 100_000
    dead_max_bytes: int = 256 * _MB
    resolve: Callable[[Any], Any] = lambda value: value
