"""Who may call the admin API: everybody who can open the unix socket, and over TCP whoever has the token."""

import hmac
import os
import socket
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from actionsd.admin.answers import refuse

_open_paths = {"/healthz", "/readyz"}


def load_token(configured: str | None, data_dir: Path) -> str:
    """The configured token, else the one in ``<data_dir>/admin.token``, which the first start makes (mode 0600)."""
    if configured is not None:
        return configured
    path = data_dir / "admin.token"
    if path.exists():
        return path.read_text(encoding="ascii").strip()
    import secrets  # only the first start makes a token

    token = secrets.token_urlsafe(32)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "w", encoding="ascii") as file:
        file.write(f"{token}\n")
    return token


def guard(token: str) -> Middleware:
    """Asks for ``Authorization: Bearer TOKEN`` on TCP; health checks are free."""

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path in _open_paths or _is_unix(request) or _has(request, token):
            return await handler(request)
        answer = refuse(401, "unauthorized", "the admin API asks for Authorization: Bearer TOKEN")
        answer.headers["WWW-Authenticate"] = "Bearer"
        return answer

    return check


def _is_unix(request: web.Request) -> bool:
    transport = request.transport
    peer = transport.get_extra_info("socket") if transport else None
    return peer is not None and peer.family == socket.AF_UNIX


def _has(request: web.Request, token: str) -> bool:
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    return scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), token.encode())
