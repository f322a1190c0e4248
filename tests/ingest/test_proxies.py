from types import SimpleNamespace
from typing import Any

import pytest
from multidict import CIMultiDict

from actionsd.ingest.proxies import Proxies

TRUSTED = ("10.0.0.0/8", "192.0.2.1/32", "fd00::/8")


def request(peer: object, *forwarded: str, **headers: str) -> Any:
    fields = CIMultiDict({name.replace("_", "-"): value for name, value in headers.items()})
    for chain in forwarded:
        fields.add("X-Forwarded-For", chain)
    transport = SimpleNamespace(get_extra_info=lambda name: peer)
    return SimpleNamespace(transport=transport, headers=fields, secure=False, host="direct:8080")


@pytest.mark.parametrize(
    ("peer", "forwarded", "ip"),
    [
        (("203.0.113.9", 1), (), "203.0.113.9"),
        (("203.0.113.9", 1), ("1.1.1.1",), "203.0.113.9"),
        (("10.1.2.3", 1), ("1.1.1.1",), "1.1.1.1"),
        (("10.1.2.3", 1), ("6.6.6.6, 1.1.1.1, 10.9.9.9",), "1.1.1.1"),
        (("10.1.2.3", 1), ("6.6.6.6", "1.1.1.1"), "1.1.1.1"),
        (("10.1.2.3", 1), ("10.0.0.1, 10.0.0.2",), "10.0.0.1"),
        (("10.1.2.3", 1), ("1.1.1.1:4711",), "1.1.1.1"),
        (("10.1.2.3", 1), ("nonsense, 10.0.0.2",), "10.0.0.2"),
        (("10.1.2.3", 1), ("",), "10.1.2.3"),
        (("10.1.2.3", 1), (), "10.1.2.3"),
        (("::ffff:203.0.113.9", 1, 0, 0), (), "203.0.113.9"),
        (("2001:db8::1", 1, 0, 0), (), ""),
        (("fd00::1", 1, 0, 0), ("1.1.1.1",), "1.1.1.1"),
        (("10.1.2.3", 1), ("[2001:db8::1]:443",), ""),
        ("", ("1.1.1.1",), "1.1.1.1"),
        ("", (), ""),
        (None, (), ""),
    ],
)
def test_f020_only_trusted_proxies_are_believed(peer: object, forwarded: tuple[str, ...], ip: str) -> None:
    assert Proxies(TRUSTED).client_ip(request(peer, *forwarded)) == ip


@pytest.mark.parametrize(
    ("peer", "headers", "base"),
    [
        (("10.1.2.3", 1), {"X_Forwarded_Proto": "https", "X_Forwarded_Host": "a.test"}, ("https", "a.test")),
        (("10.1.2.3", 1), {"X_Forwarded_Proto": "http, HTTPS"}, ("https", "direct:8080")),
        (("10.1.2.3", 1), {"X_Forwarded_Proto": "gopher"}, ("http", "direct:8080")),
        (("203.0.113.9", 1), {"X_Forwarded_Proto": "https", "X_Forwarded_Host": "a.test"}, ("http", "direct:8080")),
    ],
)
def test_the_address_that_the_browser_sees(peer: object, headers: dict[str, str], base: tuple[str, str]) -> None:
    assert Proxies(TRUSTED).base(request(peer, **headers)) == base


def test_a_client_that_has_gone_has_no_address() -> None:
    gone = request("")
    gone.transport = None
    assert Proxies(()).client_ip(gone) == ""
