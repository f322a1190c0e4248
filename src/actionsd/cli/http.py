"""HTTP as the commands speak it: the standard library's client, over TCP, TLS or a unix socket."""

import http.client
import os
import socket
from urllib.parse import urlsplit

import click

from actionsd.settings import Address


class Failed(click.ClickException):
    """The command could not be done; exit code 1. The text is one line for the user."""


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a unix stream socket."""

    def __init__(self, path: str, timeout: float | None) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def url_of(address: Address) -> str:
    """A listener of the config as a URL that :func:`connect` takes; "any address" is reached on this machine."""
    if address.kind == "unix":
        return f"unix:{address.path}"
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address.host, address.host)
    return f"http://{Address(kind='tcp', host=host, port=address.port)}"


def connect(url: str, timeout: float | None) -> http.client.HTTPConnection:
    """A connection for ``unix:PATH``, ``http://HOST:PORT`` or ``https://HOST``; it opens with the first request.

    Raises:
        click.UsageError: the text is no such URL.
    """
    if url.startswith("unix:") and len(url) > len("unix:"):
        return UnixConnection(url.removeprefix("unix:"), timeout)
    parts = urlsplit(url)
    if parts.scheme in ("http", "https") and parts.hostname:
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        return kind(parts.hostname, parts.port, timeout=timeout)
    raise click.UsageError(f"expected http://HOST:PORT, https://HOST or unix:PATH, got {url!r}")


def reason_of(error: OSError | http.client.HTTPException) -> str:
    """Why a request failed, in lower case as the end of a sentence."""
    reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)
    return reason.lower() or type(error).__name__
