"""An online copy of the database (RULES R33)."""

import os
import shutil
import sqlite3
from pathlib import Path

from actionsd.errors import Conflict, Unavailable
from actionsd.store import sql
from actionsd.store.connection import DataDir

_sql = sql.load("backup")


def back_up(files: DataDir, target: Path, needed: int, min_free: int) -> int:
    """Copy the database to ``target`` (readable by its owner only) and return the copy's size. Blocks; run it in a
    thread. The copy appears under its name only when it is whole and synced.

    Raises:
        Conflict: ``target`` exists, or its directory does not.
        Unavailable: there is no room for ``needed`` bytes with ``min_free`` left.
    """
    if target.exists():
        raise Conflict(f"backup: {target} exists already")
    if not target.parent.is_dir():
        raise Conflict(f"backup: {target.parent} is no directory")
    free = shutil.disk_usage(target.parent).free
    if free < needed + min_free:
        raise Unavailable(
            f"backup: {needed} bytes are needed and {min_free} must stay free, {target.parent} has {free}",
            reason="disk_full",
        )
    partial = target.with_name(target.name + ".partial")
    partial.unlink(missing_ok=True)
    os.close(os.open(partial, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    try:
        _copy(files, partial)
        partial.rename(target)
    finally:
        partial.unlink(missing_ok=True)
    return target.stat().st_size


def _copy(files: DataDir, partial: Path) -> None:
    source = sqlite3.connect(files.database, isolation_level=None)
    try:
        source.execute(_sql["copy_into"], {"path": str(partial)})
    finally:
        source.close()
    copy = sqlite3.connect(partial, isolation_level=None)
    try:
        copy.execute(_sql["mark_copy"])
    finally:
        copy.close()
