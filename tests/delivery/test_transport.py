"""The HTTP client of a destination against real sockets."""

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable

import pytest

from actionsd.delivery import transport
from actionsd.delivery.transport import HttpTransport, Resolver, Share, body_limit
from actionsd.sdk import NetworkError, Request, Response
from support.lanes import eventually

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def exchange(serve: Serve, *, timeout: float = 5.0) -> Response:
    """Send one POST to a server on a free port."""

    async def main() -> Response:
        async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            try:
                await serve(reader, writer)
            finally:
                writer.close()

        server = await asyncio.start_server(served, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        resolver = Resolver()
        client = HttpTransport(resolver)
        try:
            return await client.send(Request("POST", f"http://127.0.0.1:{port}/a?b=%20", {"x-a": "1"}, b"{}", timeout))
        finally:
            await client.close()
            resolver.close()
            server.close()

    return asyncio.run(main())


def answering(text: bytes) -> Serve:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(text)
        await writer.drain()

    return serve


def test_an_answer_comes_back_whatever_its_status() -> None:
    response = exchange(answering(b"HTTP/1.1 503 Busy\r\nContent-Length: 2\r\nRetry-After: 7\r\n\r\nno"))
    assert (response.status, response.headers["retry-after"], response.body) == (503, "7", b"no")


def test_redirects_are_not_followed_here() -> None:
    response = exchange(answering(b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: http://other.test/\r\n\r\n"))
    assert (response.status, response.headers["location"]) == (302, "http://other.test/")


def test_r28_a_body_is_read_to_its_limit() -> None:
    size = 3 * body_limit
    response = exchange(answering(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + b"x" * size))
    assert len(response.body) == body_limit


async def never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def abort(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    writer.transport.abort()


@pytest.mark.parametrize(
    ("serve", "timeout", "code"),
    [
        (never, 0.05, "ETIMEDOUT"),
        (abort, 5.0, "ECONNRESET"),
        (answering(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ncut"), 5.0, "ECONNRESET"),
        (answering(b"nonsense\r\n\r\n"), 5.0, "ECONNRESET"),
    ],
)
def test_f173_failures_have_their_names(serve: Serve, timeout: float, code: str) -> None:
    with pytest.raises(NetworkError) as caught:
        exchange(serve, timeout=timeout)
    assert caught.value.code == code


def test_f173_a_closed_port_and_an_unknown_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]

        async def failure(url: str) -> tuple[str, str]:
            resolver = Resolver()
            client = HttpTransport(resolver)
            with pytest.raises(NetworkError) as caught:
                await client.send(Request("GET", url, {}))
            await client.close()
            resolver.close()
            return caught.value.code, caught.value.message

        refused = asyncio.run(failure(f"http://127.0.0.1:{port}/"))
        assert refused == ("ECONNREFUSED", f"connect ECONNREFUSED 127.0.0.1:{port}")
        assert asyncio.run(failure("http://nowhere.test/")) == ("ENOTFOUND", "getaddrinfo ENOTFOUND nowhere.test")


def test_r28_a_name_is_looked_up_once_at_a_time_and_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, release = list[str](), threading.Event()

    def look_up(host: str, port: int, family: int) -> list[object]:
        asked.append(host)
        release.wait(10)
        return []

    monkeypatch.setattr(transport, "_look_up", look_up)

    async def main() -> None:
        resolver = Resolver()
        waiting = [asyncio.ensure_future(resolver.resolve("a.test", 80, 0)) for _ in range(50)]
        await asyncio.wait(waiting, timeout=0.01)
        release.set()
        await asyncio.gather(*waiting)
        await resolver.resolve("a.test", 80, 0)
        resolver.close()

    asyncio.run(main())
    assert asked == ["a.test"]


def test_r28_look_ups_that_hang_take_two_threads_of_a_destination_even_when_nobody_waits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked, release = list[str](), threading.Event()

    def look_up(host: str, port: int, family: int) -> list[object]:
        asked.append(host)
        if host.startswith("hangs"):
            release.wait(10)
        return []

    monkeypatch.setattr(transport, "_look_up", look_up)

    async def main() -> None:
        resolver = Resolver()
        sick, healthy = Share(resolver), Share(resolver)
        waiting = [asyncio.ensure_future(sick.resolve(f"hangs{number}.test", 80)) for number in range(50)]
        await eventually(lambda: len(asked) == 2)
        for _ in range(3):
            waiting.pop(0).cancel()
            await asyncio.wait(waiting, timeout=0.01)
        assert asked == ["hangs0.test", "hangs1.test"]
        await asyncio.gather(*[healthy.resolve("well.test", 80) for _ in range(5)])
        release.set()
        await asyncio.gather(*waiting)
        resolver.close()

    asyncio.run(main())
    assert asked.count("well.test") == 1
    assert len(asked) == 50, "one that was cancelled before its turn is not asked for"
