"""Binding listeners: TCP, and unix sockets that only their owner may open (RULES R2: stale ones are removed)."""

import os
import socket
import stat
from pathlib import Path

from actionsd.errors import ConfigError
from actionsd.settings import Address

_backlog = 1024


def bind(address: Address) -> socket.socket:
    """A listening socket that does not block. Call it under the lock of the data directory.

    Raises:
        ConfigError: the address is in use, not ours or malformed; the text names it.
    """
    try:
        listener = _bind_unix(address.path) if address.kind == "unix" else _bind_tcp(address.host, address.port)
    except OSError as error:
        raise ConfigError(f"cannot listen on {address}: {_reason(error)}") from None
    listener.setblocking(False)
    return listener


def bound(address: Address, listener: socket.socket) -> Address:
    """The address with the port that the system chose where 0 was asked for."""
    if address.kind == "unix":
        return address
    return Address(kind="tcp", host=address.host, port=listener.getsockname()[1])


def release(address: Address) -> None:
    """Remove what a closed listener leaves behind."""
    if address.kind == "unix":
        address.path.unlink(missing_ok=True)


def _reason(error: OSError) -> str:
    """What the system says; a name that cannot be found has its own numbers and texts."""
    if isinstance(error, socket.gaierror) or error.errno is None:
        return error.strerror or str(error)
    return os.strerror(error.errno)


def _bind_tcp(host: str, port: int) -> socket.socket:
    family, *_, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    return socket.create_server(place[:2], family=family, backlog=_backlog)


def _bind_unix(path: Path) -> socket.socket:
    _remove_stale(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.bind(str(path))
        path.chmod(0o600)  # before listen(): until then nobody can connect
        listener.listen(_backlog)
    except OSError:
        listener.close()
        raise
    return listener


def _remove_stale(path: Path) -> None:
    """Remove the socket of a process that is gone; anything else that lies there stays and is an error."""
    try:
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise ConfigError(f"cannot listen on unix:{path}: there is a file that is no socket")
    except FileNotFoundError:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink(missing_ok=True)
            return
        raise ConfigError(f"cannot listen on unix:{path}: another process listens there")
