import socket
from pathlib import Path

import pytest

from actionsd.errors import ConfigError
from actionsd.ingest.sockets import bind, bound, release
from actionsd.settings import Address


def unix(path: Path) -> Address:
    return Address(kind="unix", path=path)


def tcp(port: int = 0, host: str = "127.0.0.1") -> Address:
    return Address(kind="tcp", host=host, port=port)


def test_tcp_tells_the_port_it_got() -> None:
    with bind(tcp()) as listener:
        address = bound(tcp(), listener)
        assert address.port > 0
        with socket.create_connection((address.host, address.port), timeout=5):
            assert str(address) == f"127.0.0.1:{address.port}"


def test_a_tcp_address_in_use_is_named() -> None:
    with bind(tcp()) as listener:
        taken = bound(tcp(), listener)
        with pytest.raises(ConfigError, match=f"cannot listen on {taken}: .*in use"):
            bind(taken)


@pytest.mark.parametrize("host", ["no such host", "192.0.2.1"])
def test_a_host_that_is_not_ours_is_named(host: str) -> None:
    with pytest.raises(ConfigError, match=f"cannot listen on {host}:0"):
        bind(tcp(host=host))


def test_r2_a_unix_socket_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "s.sock"
    with bind(unix(path)) as listener:
        assert path.stat().st_mode & 0o777 == 0o600
        assert bound(unix(path), listener) == unix(path)
    release(unix(path))
    assert not path.exists()
    release(unix(path))


def test_r2_a_stale_socket_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "s.sock"
    bind(unix(path)).close()
    assert path.is_socket()
    with bind(unix(path)), socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
        assert client.getpeername() == str(path)


def test_r2_a_socket_in_use_stays(tmp_path: Path) -> None:
    path = tmp_path / "s.sock"
    with bind(unix(path)), socket.socket(socket.AF_UNIX) as client:
        with pytest.raises(ConfigError, match="another process listens there"):
            bind(unix(path))
        client.connect(str(path))
        assert path.is_socket()


def test_a_file_that_is_no_socket_is_not_removed(tmp_path: Path) -> None:
    path = tmp_path / "precious"
    path.write_text("data")
    with pytest.raises(ConfigError, match="no socket"):
        bind(unix(path))
    assert path.read_text() == "data"


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=f"cannot listen on unix:{tmp_path}/none/s.sock: No such file"):
        bind(unix(tmp_path / "none" / "s.sock"))
