"""Room on the disk: when to refuse events, and a reserve that lets the store save itself (RULES R6)."""

import os

from actionsd.store.connection import DataDir
from actionsd.store.options import StoreOptions


def free_bytes(files: DataDir) -> int:
    """Bytes that an ordinary user may still write to the file system of ``data_dir``."""
    room = os.statvfs(files.path)
    return room.f_bavail * room.f_frsize


class Disk:
    """Watches the room on disk. On a full disk even deleting fails, so a preallocated file is given back to let the
    ledger, retention and the checkpoint run; events are taken again only when it is back in place."""

    def __init__(self, files: DataDir, options: StoreOptions) -> None:
        self._files = files
        self._min_free = options.min_free
        self._reserve = options.reserve
        self._reserved = False

    def shortage(self) -> str:
        """Why no events can be taken now, or ""."""
        free = free_bytes(self._files)
        if free < self._min_free:
            return f"disk full: {free} bytes free on {self._files.path}, journal.min_free is {self._min_free}"
        return ""

    def give_back(self) -> None:
        """The disk is full: release the reserve."""
        self._files.reserve.unlink(missing_ok=True)
        self._reserved = False

    def restore(self) -> str:
        """Put the reserve in place; why that cannot be, or ""."""
        if self._reserved:
            return ""
        descriptor = os.open(self._files.reserve, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(descriptor, 0, max(self._reserve, 1))
        except OSError as error:
            self.give_back()
            return f"disk full: no room for the reserve of {self._reserve} bytes: {error.strerror}"
        finally:
            os.close(descriptor)
        self._reserved = True
        return ""
