"""A call too many is refused over HTTP as the API does it (FEATURES F235)."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from actionsd.admin import server
from actionsd.admin.publicapi.endpoint import limits_key
from actionsd.admin.publicapi.limits import Limits
from support.clock import FakeClock
from support.parts import running

TOKEN = "t0ken-of-the-config"


def test_a_call_too_many(tmp_path: Path) -> None:
    clock = FakeClock()

    async def main() -> list[tuple[int, Any, Mapping[str, str]]]:
        async with running(tmp_path) as parts:
            app = server.application(parts, TOKEN)
            app[limits_key] = Limits(clock, points=2)
            serving = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
            await serving.setup()
            await web.TCPSite(serving, "127.0.0.1", 0).start()
            url = f"http://127.0.0.1:{serving.addresses[0][1]}/sources"
            answers = []
            async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {TOKEN}"}) as client:
                for _ in range(3):
                    async with client.get(url) as answer:
                        answers.append((answer.status, await answer.json(), answer.headers))
            await serving.cleanup()
            return answers

    first, second, third = asyncio.run(main())
    assert [each[0] for each in (first, second, third)] == [200, 200, 429]
    assert second[2]["X-RateLimit-Remaining"] == "0"
    (problem,) = third[1]["errors"]
    assert problem["data"] == {"msBeforeNext": 60_000, "remainingPoints": 0, "consumedPoints": 2}
    assert (problem["status"], third[2]["Retry-After"]) == (429, "60")
