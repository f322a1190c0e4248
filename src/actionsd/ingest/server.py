"""The listeners of ingest, from start to stop."""

import asyncio
from collections.abc import Callable

from actionsd.clock import Clock
from actionsd.ingest import sockets
from actionsd.ingest.bearer import Bearers
from actionsd.ingest.http import Http
from actionsd.ingest.intake import Intake, Journal
from actionsd.ingest.stream import Streams
from actionsd.ingest.tokenserver import Clients
from actionsd.observe import Tap
from actionsd.settings import Address
from actionsd.settings import Ingest as Options
from actionsd.store.records import Workspace
from actionsd.store.suppressed import Suppressed

_grace = 5.0  # seconds for what was read to be committed and answered at a stop


class Ingest:
    """Events in: HTTP and streams, on any number of listeners.

    ``trouble`` tells why the daemon cannot take events at present, "" when it can; ``GET /readyz`` shows it.
    ``suppressed`` are the users whose events are refused, ``clients`` those that get access tokens.
    ``addresses`` and ``stream_addresses`` are where it listens, with real ports, known after :meth:`start`.
    """

    def __init__(
        self, options: Options, journal: Journal, clock: Clock, tap: Tap, trouble: Callable[[], str] = str,
        suppressed: Suppressed | None = None, clients: Clients | None = None,
    ) -> None:  # fmt: skip
        self.addresses: tuple[Address, ...] = ()
        self.stream_addresses: tuple[Address, ...] = ()
        self._options = options
        self._clock = clock
        self._trouble = trouble
        bearers = None if clients is None else Bearers(clients.by_id, clock)
        self._intake = Intake(options, journal, clock, tap, suppressed, bearers)
        self._clients = clients
        self._http: Http | None = None
        self._streams = Streams(options, self._intake)
        self._servers: list[asyncio.Server] = []
        self._stopping = False

    def apply(self, workspace: Workspace) -> None:
        """Use this workspace's write keys from the next call on."""
        self._intake.apply(workspace)

    @property
    def troubles(self) -> dict[int, str]:
        """What of a source's plan, filters or transformations does not act, by source: its events pass without it."""
        return self._intake.troubles

    async def start(self) -> None:
        """Bind everything and accept connections.

        Raises:
            ConfigError: an address cannot be bound; then none is.
        """
        self._http = Http(self._options, self._intake, self._clock, self._why_not, self._clients)
        try:
            self.addresses = await self._listen(self._options.listen, self._http.connection)
            self.stream_addresses = await self._listen(self._options.stream, self._streams.connection)
        except BaseException:
            self._close_listeners()
            raise

    async def stop(self) -> None:
        """Stop accepting and reading, commit and answer what was read, close every connection (RULES R32)."""
        self._stopping = True
        self._close_listeners()
        await asyncio.gather(self._streams.stop(_grace), *([self._http.stop(_grace)] if self._http else []))

    def _why_not(self) -> str:
        return "the daemon is stopping" if self._stopping else self._trouble()

    async def _listen(
        self, wanted: tuple[Address, ...], protocol: Callable[[], asyncio.BaseProtocol]
    ) -> tuple[Address, ...]:
        loop = asyncio.get_running_loop()
        addresses = []
        for address in wanted:
            listener = sockets.bind(address)
            if address.kind == "unix":
                server = await loop.create_unix_server(protocol, sock=listener)
            else:
                server = await loop.create_server(protocol, sock=listener)
            self._servers.append(server)
            addresses.append(sockets.bound(address, listener))
        return tuple(addresses)

    def _close_listeners(self) -> None:
        for server in self._servers:
            server.close()
        self._servers.clear()
        for address in (*self._options.listen, *self._options.stream):
            sockets.release(address)
