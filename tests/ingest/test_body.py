import asyncio
import contextlib
import gzip
import tracemalloc
import zlib
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from actionsd.errors import Unavailable
from actionsd.ingest.body import Bodies, inflate
from actionsd.ingest.refusal import BadRequest
from support.clock import settle

LIMIT = 1000


class Content:
    """The body of a request that has not arrived yet."""

    def __init__(self) -> None:
        self.chunks: asyncio.Queue[bytes] = asyncio.Queue()

    def is_eof(self) -> bool:
        return False

    async def readany(self) -> bytes:
        return await self.chunks.get()


def request(**headers: str) -> Any:
    """A request as far as reading its body goes."""
    fields = CIMultiDict({name.replace("_", "-"): value for name, value in headers.items()})
    length = int(fields["Content-Length"]) if "Content-Length" in fields else None
    return SimpleNamespace(headers=fields, content=Content(), content_length=length)


def test_a_gzip_bomb_is_stopped_while_it_inflates() -> None:
    bomb = gzip.compress(bytes(50_000_000))
    tracemalloc.start()
    try:
        with pytest.raises(BadRequest, match="more than 512000 bytes"):
            inflate(bomb, 512_000)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4_000_000


def test_a_bomb_of_many_members_is_stopped_too() -> None:
    with pytest.raises(BadRequest, match="more than 1000 bytes"):
        inflate(gzip.compress(bytes(600)) * 2, LIMIT)


@given(st.lists(st.binary(max_size=400), max_size=3))
def test_gzip_of_any_number_of_members(parts: list[bytes]) -> None:
    body, text = b"".join(gzip.compress(part) for part in parts), b"".join(parts)
    if len(text) <= LIMIT:
        assert inflate(body, LIMIT) == text
    else:
        with pytest.raises(BadRequest):
            inflate(body, LIMIT)


@pytest.mark.parametrize(
    "body", [b"no gzip", zlib.compress(b"{}"), gzip.compress(b"{}")[:-1], gzip.compress(b"{}") + b"tail", b"\x1f\x8b"]
)
def test_what_is_no_gzip_is_a_bad_request(body: bytes) -> None:
    with pytest.raises(BadRequest, match="gzip"):
        inflate(body, LIMIT)


def test_a_length_above_the_limit_is_refused_unread() -> None:
    async def main() -> None:
        with pytest.raises(BadRequest, match="more than 1000"):
            await Bodies(10 * LIMIT).read(request(Content_Length=str(LIMIT + 1)), LIMIT)

    asyncio.run(main())


def test_bodies_that_arrive_in_pieces_share_one_budget() -> None:
    async def main() -> None:
        bodies = Bodies(LIMIT + 100)
        first, second, third = request(Content_Length="100"), request(), request()
        reading = [asyncio.create_task(bodies.read(asked, LIMIT)) for asked in (first, second)]
        await settle()
        with pytest.raises(Unavailable):
            await bodies.read(third, LIMIT)
        assert bodies._free == 0
        for chunk in (b"bo", b"dy", b""):
            first.content.chunks.put_nowait(chunk)
        assert await reading[0] == b"body"
        bodies.stop()
        with pytest.raises(Unavailable):
            await reading[1]
        assert bodies._free == LIMIT + 100

    asyncio.run(main())


def test_r32_after_a_stop_no_body_is_waited_for() -> None:
    async def main() -> None:
        bodies = Bodies(10 * LIMIT)
        bodies.stop()
        with pytest.raises(Unavailable):
            await bodies.read(request(), LIMIT)

    asyncio.run(main())


@given(st.binary(max_size=60))
def test_any_bytes_are_inflated_within_the_limit_or_refused(tail: bytes) -> None:
    with contextlib.suppress(BadRequest):
        assert len(inflate(b"\x1f\x8b\x08\x00" + tail, LIMIT)) <= LIMIT
