"""The floor under start-up time and idle memory: what any daemon on these libraries needs before it does anything.

Imports them, opens a SQLite file and an HTTP listener, and says so on ``NOTIFY_SOCKET``.
"""

import asyncio
import os
import socket
import sqlite3
import sys

import aiosqlite
import anyio
import click
import msgspec
import pluggy
import uvloop
from aiohttp import web

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

LOADED = (aiosqlite, anyio, click, msgspec, pluggy, zstd)


async def main(port: int, path: str) -> None:
    database = sqlite3.connect(path)
    database.execute("PRAGMA journal_mode = WAL")
    runner = web.AppRunner(web.Application(), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.sendto(b"READY=1", os.environ["NOTIFY_SOCKET"])
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), sys.argv[2]))
