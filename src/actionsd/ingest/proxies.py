"""The client's address behind proxies, and the address that the browser sees (FEATURES F020)."""

import ipaddress
from collections.abc import Sequence

from aiohttp import web

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Proxies:
    """Whose ``X-Forwarded-*`` headers are believed: the configured networks and whoever may open our unix sockets."""

    def __init__(self, trusted: Sequence[str]) -> None:
        self._trusted: tuple[Network, ...] = tuple(ipaddress.ip_network(network) for network in trusted)

    def client_ip(self, request: web.BaseRequest) -> str:
        """The IPv4 address of the client, "" when it is unknown or IPv6, which Segment does not record either."""
        if not self._trusts_peer(request):
            found = _address(_peer(request))
        else:
            found = self._forwarded(request)
        return str(found) if isinstance(found, ipaddress.IPv4Address) else ""

    def base(self, request: web.BaseRequest) -> tuple[str, str]:
        """Protocol and ``host[:port]`` under which the client reached us."""
        protocol, host = "https" if request.secure else "http", request.host
        if self._trusts_peer(request):
            protocol = _last(request.headers.get("X-Forwarded-Proto")).lower() or protocol
            host = _last(request.headers.get("X-Forwarded-Host")) or host
        return protocol if protocol in ("http", "https") else "http", host

    def _forwarded(self, request: web.BaseRequest) -> Address | None:
        """The last address of the chain that no trusted proxy wrote for itself: what stands before it can be forged."""
        chain = [part.strip() for part in ",".join(request.headers.getall("X-Forwarded-For", ())).split(",")]
        found = _address(_peer(request))
        for part in reversed(chain):
            hop = _address(part)
            if hop is None:
                break
            found = hop
            if not self._is_trusted(hop):
                break
        return found

    def _trusts_peer(self, request: web.BaseRequest) -> bool:
        peer = _address(_peer(request))
        return peer is None or self._is_trusted(peer)

    def _is_trusted(self, address: Address) -> bool:
        return any(address.version == network.version and address in network for network in self._trusted)


def _peer(request: web.BaseRequest) -> str:
    """The other end of the connection; "" on a unix socket."""
    peer = request.transport.get_extra_info("peername") if request.transport is not None else None
    return str(peer[0]) if isinstance(peer, tuple) and peer else ""


def _address(text: str) -> Address | None:
    """An address as proxies write it (IPv4 with a port, IPv6 in brackets); IPv4 inside of IPv6 counts as IPv4."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _last(header: str | None) -> str:
    return (header or "").rpartition(",")[2].strip()
