"""Seals what may hold secrets before it is written (DESIGN.md I6): Fernet of the ``cryptography`` package.

The key file ``<data_dir>/secrets.key`` (mode 0600) is made at the first start. It has one key a line, the newest first;
the first seals, all open, so that keys can be rotated. The database and its backups are worthless without it, and it is
in none of them.
"""

import os
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import TYPE_CHECKING

from actionsd.errors import ConfigError

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet


class Sealer:
    """Made once for a data directory; the library is loaded when something is sealed or opened (start-up time)."""

    def __init__(self, data_dir: Path) -> None:
        self.path = data_dir / "secrets.key"
        if not self.path.exists():
            _write(self.path, [_new_key()])
        self._fernet: MultiFernet | None = None

    def seal(self, text: bytes) -> bytes:
        """The text, encrypted and authenticated."""
        return self._cipher().encrypt(text)

    def open(self, sealed: bytes) -> bytes:
        """What :meth:`seal` was given.

        Raises:
            ConfigError: the key file has no key that fits.
        """
        from cryptography.fernet import InvalidToken

        try:
            return self._cipher().decrypt(sealed)
        except InvalidToken:
            raise ConfigError(
                f"{self.path}: no key in it opens what the database holds; put back the file that belongs to it"
            ) from None

    def add_key(self) -> None:
        """Put a new key in front: it seals from now on, the others still open."""
        _write(self.path, [_new_key(), *self._keys()])
        self._fernet = None

    def drop_old_keys(self) -> None:
        """Keep only the newest key, once nothing is sealed with another."""
        _write(self.path, self._keys()[:1])
        self._fernet = None

    def _keys(self) -> list[str]:
        return self.path.read_text(encoding="ascii").split()

    def _cipher(self) -> "MultiFernet":
        if self._fernet is None:
            from cryptography.fernet import Fernet, MultiFernet

            try:
                self._fernet = MultiFernet([Fernet(key) for key in self._keys()])
            except (OSError, ValueError) as error:
                raise ConfigError(f"{self.path}: cannot be used: {error}") from None
        return self._fernet


def _new_key() -> str:
    return urlsafe_b64encode(os.urandom(32)).decode()


def _write(path: Path, keys: list[str]) -> None:
    """Replace the file in one step, so that a crash leaves the old one or the new one."""
    fresh = path.with_suffix(".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with open(descriptor, "w", encoding="ascii") as file:
        file.writelines(f"{key}\n" for key in keys)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
