"""The admin API listens from the start, and is loaded by the first call."""

import asyncio
import socket
import sys
from pathlib import Path
from types import SimpleNamespace

import aiohttp
import msgspec
import pytest

from actionsd import settings
from actionsd.admin.listeners import Admin
from actionsd.errors import ConfigError
from actionsd.observe import Tap
from actionsd.operate.parts import Parts
from actionsd.settings import Address
from support.clock import FakeClock, settle
from support.parts import running

TCP = Address(kind="tcp", host="127.0.0.1", port=0)


def options(*addresses: Address) -> settings.Admin:
    return settings.Admin(listen=addresses, token="t" * 32)


def ready(parts: Parts) -> Parts:
    return msgspec.structs.replace(parts, clock=FakeClock(), tap=Tap())


async def healthy(address: Address) -> bool:
    is_unix = address.kind == "unix"
    connector = aiohttp.UnixConnector(str(address.path)) if is_unix else aiohttp.TCPConnector()
    url = "http://daemon/healthz" if is_unix else f"http://{address}/healthz"
    async with aiohttp.ClientSession(connector=connector) as client, client.get(url) as answer:
        return answer.status == 200


def test_the_first_call_opens_all_listeners(tmp_path: Path) -> None:
    async def main() -> None:
        unix = Address(kind="unix", path=tmp_path / "admin.sock")
        async with running(tmp_path) as parts:
            admin = Admin(ready(parts), options(TCP, unix), tmp_path)
            await admin.start()
            assert (tmp_path / "admin.sock").stat().st_mode & 0o777 == 0o600
            calls = [healthy(address) for address in (unix, *admin.addresses, unix)]
            assert await asyncio.gather(*calls) == [True] * 4
            assert await healthy(admin.addresses[0])
            await admin.stop()
            assert not (tmp_path / "admin.sock").exists()
            with pytest.raises(aiohttp.ClientConnectionError):
                await healthy(admin.addresses[0])

    asyncio.run(main())


def test_what_nobody_called_is_not_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        served = []

        async def serve(parts: Parts, token: str, listeners: list[socket.socket]) -> None:
            served.append(len(listeners))

        monkeypatch.setitem(sys.modules, "actionsd.admin.server", SimpleNamespace(serve=serve))
        async with running(tmp_path) as parts:
            unix = Address(kind="unix", path=tmp_path / "admin.sock")
            unasked, asked = (
                Admin(ready(parts), options(TCP, unix), tmp_path),
                Admin(ready(parts), options(TCP), tmp_path),
            )
            await unasked.start()
            await unasked.stop()
            assert (served, unix.path.exists()) == ([], False)
            await asked.start()
            _, writer = await asyncio.open_connection(asked.addresses[0].host, asked.addresses[0].port)
            await settle()
            writer.close()
            await asked.stop()
            assert served == [1]

    asyncio.run(main())


def test_a_taken_address_is_told_at_the_start_and_nothing_stays_open(tmp_path: Path) -> None:
    async def main() -> None:
        with socket.create_server(("127.0.0.1", 0)) as other:
            taken = Address(kind="tcp", host="127.0.0.1", port=other.getsockname()[1])
            unix = Address(kind="unix", path=tmp_path / "admin.sock")
            async with running(tmp_path) as parts:
                with pytest.raises(ConfigError, match=r"cannot listen on 127\.0\.0\.1"):
                    await Admin(ready(parts), options(unix, taken), tmp_path).start()
        assert not unix.path.exists()

    asyncio.run(main())


def test_what_cannot_be_served_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        async def serve(parts: Parts, token: str, listeners: list[socket.socket]) -> None:
            raise RuntimeError("no such luck")

        monkeypatch.setattr("actionsd.admin.server.serve", serve)
        async with running(tmp_path) as parts:
            admin = Admin(ready(parts), options(TCP), tmp_path)
            await admin.start()
            reader, writer = await asyncio.open_connection(admin.addresses[0].host, admin.addresses[0].port)
            await settle()
            await admin.stop()
            with pytest.raises(ConnectionResetError):
                await reader.read()
            writer.close()

    asyncio.run(main())
    assert caplog.messages == ["the admin API cannot be served"]
