"""The admin API's listeners. What answers there is loaded when the first call comes: it takes as long as a tenth of a
start, and two megabytes that a daemon which nobody asks anything need not have."""

import asyncio
import logging
import os
import socket
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from actionsd import settings
from actionsd.ingest.sockets import bind, bound, release
from actionsd.operate.parts import Parts
from actionsd.settings import Address

if TYPE_CHECKING:
    from aiohttp import web

log = logging.getLogger(__name__)

_weak = 16  # characters below which a configured token may be guessed


class Admin:
    """Serves the management API on every address of ``options``. ``addresses`` has the real ports after the start."""

    def __init__(self, parts: Parts, options: settings.Admin, data_dir: Path) -> None:
        self._parts = parts
        self._options = options
        self._data_dir = data_dir
        self._token = ""
        self._listeners: list[socket.socket] = []
        self._opening: asyncio.Task[None] | None = None
        self._runner: web.AppRunner | None = None
        self.addresses: tuple[Address, ...] = ()

    async def start(self) -> None:
        """Bind, and serve from the first call on.

        Raises:
            ConfigError: an address cannot be bound; then none is.
        """
        self._token = load_token(self._options.token, self._data_dir)
        loop = asyncio.get_running_loop()
        try:
            for address in self._options.listen:
                listener = bind(address)
                self._listeners.append(listener)
                self.addresses += (bound(address, listener),)
                loop.add_reader(listener, self._called)
        except BaseException:
            self._close()
            raise

    def _called(self) -> None:
        """Somebody connects."""
        self._stop_waiting()
        self._opening = asyncio.create_task(self._open(), name="admin")

    def _stop_waiting(self) -> None:
        for listener in self._listeners:
            asyncio.get_running_loop().remove_reader(listener)

    async def _open(self) -> None:
        try:
            serve = await asyncio.to_thread(_load)
            self._runner = await serve(self._parts, self._token, self._listeners)
        except Exception:
            log.critical("the admin API cannot be served", exc_info=True)

    async def stop(self) -> None:
        """End the streams, finish the calls, close and remove the sockets."""
        self._parts.tap.close()
        if self._opening is not None:
            await asyncio.wait({self._opening})
        if self._runner is not None:
            await self._runner.cleanup()
        self._close()

    def _close(self) -> None:
        if self._opening is None:
            self._stop_waiting()
        for listener in self._listeners:
            listener.close()
        for address in self.addresses:
            release(address)


def _load() -> Callable[[Parts, str, Sequence[socket.socket]], Awaitable["web.AppRunner"]]:
    """What answers; in a thread, for on a small machine this takes long enough that events would notice."""
    from actionsd.admin.server import serve

    return serve


def load_token(configured: str | None, data_dir: Path) -> str:
    """The configured token, else the one in ``<data_dir>/admin.token``, which the first start makes (mode 0600)."""
    if configured is not None:
        if len(configured) < _weak:
            log.warning("admin.token is so short that it may be guessed: take 32 random characters")
        return configured
    path = data_dir / "admin.token"
    if path.exists():
        return path.read_text(encoding="ascii").strip()
    import secrets  # only the first start makes a token

    token = secrets.token_urlsafe(32)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "w", encoding="ascii") as file:
        file.write(f"{token}\n")
    return token
