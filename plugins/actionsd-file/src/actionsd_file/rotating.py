"""A file that several destinations append to, one after the other, and that is rotated by size."""

import os
import threading
from pathlib import Path

_files: dict[str, "RotatingFile"] = {}
_files_lock = threading.Lock()


def shared_file(path: Path) -> "RotatingFile":
    """The one object of the process for a path."""
    key = os.path.realpath(path)
    with _files_lock:
        return _files.setdefault(key, RotatingFile(Path(key)))


class RotatingFile:
    """Opened for each append, so that it may be moved or removed by others at any time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()

    def append(self, lines: bytes, max_size: int, keep: int) -> None:
        """Append whole lines. A file that would grow beyond ``max_size`` bytes becomes ``PATH.1`` first, ``PATH.1``
        becomes ``PATH.2``, and so on; ``keep`` of them stay.

        Raises:
            OSError: nothing was written.
        """
        with self._lock:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            if self._size() > 0 and self._size() + len(lines) > max_size:
                self._rotate(keep)
            self._write(lines)

    def _size(self) -> int:
        return self.path.stat().st_size if self.path.exists() else 0

    def _write(self, lines: bytes) -> None:
        descriptor = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            before = os.fstat(descriptor).st_size
            torn = before > 0 and os.pread(descriptor, 1, before - 1) != b"\n"
            try:
                _write_all(descriptor, b"\n" + lines if torn else lines)
            except OSError:
                os.ftruncate(descriptor, before)
                raise
        finally:
            os.close(descriptor)

    def _rotate(self, keep: int) -> None:
        if keep < 1:
            self.path.unlink()
            return
        for number in range(keep - 1, 0, -1):
            if self._numbered(number).exists():
                self._numbered(number).replace(self._numbered(number + 1))
        self.path.replace(self._numbered(1))

    def _numbered(self, number: int) -> Path:
        return self.path.with_name(f"{self.path.name}.{number}")


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
