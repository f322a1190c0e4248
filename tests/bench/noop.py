"""The reference for ingest: an aiohttp server on uvloop that reads the body and answers, and does nothing else."""

import asyncio
import sys

import uvloop
from aiohttp import web


async def answer(request: web.Request) -> web.Response:
    await request.read()
    return web.Response(body=b'{"success":true}', content_type="application/json")


async def main(port: int) -> None:
    app = web.Application(client_max_size=1 << 24)
    app.router.add_post("/v1/{kind}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, backlog=1024).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))
