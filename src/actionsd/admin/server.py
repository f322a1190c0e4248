"""The admin API's listeners, and its routes at one glance."""

from pathlib import Path

from aiohttp import web

from actionsd import settings
from actionsd.admin import access, answers, handlers, metrics, tail
from actionsd.admin.context import parts_key
from actionsd.ingest.sockets import bind, bound, release
from actionsd.operate.parts import Parts
from actionsd.settings import Address

routes = (
    ("GET", "/healthz", handlers.healthz),
    ("GET", "/readyz", handlers.readyz),
    ("GET", "/metrics", metrics.show),
    ("GET", "/actionsd/status", handlers.status),
    ("GET", "/actionsd/tail", tail.follow),
    ("GET", "/actionsd/explain", handlers.explain),
    ("GET", "/actionsd/sources", handlers.sources),
    ("GET", "/actionsd/destinations", handlers.destinations),
    ("GET", "/actionsd/destinations/{slug}", handlers.destination),
    ("GET", "/actionsd/destinations/{slug}/mappings/{name}", handlers.mapping),
    ("POST", "/actionsd/destinations/{slug}/pause", handlers.pause),
    ("POST", "/actionsd/destinations/{slug}/resume", handlers.resume),
    ("POST", "/actionsd/destinations/{slug}/forget", handlers.forget),
    ("POST", "/actionsd/resume", handlers.release),
    ("GET", "/actionsd/retries", handlers.retries),
    ("GET", "/actionsd/dead", handlers.dead),
    ("GET", "/actionsd/dead/{id:[0-9]+}", handlers.dead_letter),
    ("POST", "/actionsd/dead/requeue", handlers.requeue),
    ("POST", "/actionsd/dead/drop", handlers.drop),
    ("GET", "/actionsd/replays", handlers.replays),
    ("POST", "/actionsd/replays", handlers.create_replay),
    ("POST", "/actionsd/replays/plan", handlers.plan_replay),
    ("GET", "/actionsd/replays/{id:[0-9]+}", handlers.replay),
    ("POST", "/actionsd/replays/{id:[0-9]+}/{verb:stop|resume}", handlers.change_replay),
    ("POST", "/actionsd/backup", handlers.backup),
    ("GET", "/actionsd/plugins", handlers.plugins),
    ("POST", "/actionsd/check", handlers.check),
)


class Admin:
    """Serves the management API on every address of ``options``. ``addresses`` has the real ports after the start."""

    def __init__(self, parts: Parts, options: settings.Admin, data_dir: Path) -> None:
        self._parts = parts
        self._options = options
        self._data_dir = data_dir
        self._runner: web.AppRunner | None = None
        self.addresses: tuple[Address, ...] = ()

    async def start(self) -> None:
        """Bind and serve.

        Raises:
            ConfigError: an address cannot be bound.
        """
        token = access.load_token(self._options.token, self._data_dir)
        app = web.Application(middlewares=[answers.errors_as_json, access.guard(token)])
        app[parts_key] = self._parts
        for method, path, handler in routes:
            app.router.add_route(method, path, handler)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        addresses = []
        for address in self._options.listen:
            sock = bind(address)
            addresses.append(bound(address, sock))
            await web.SockSite(self._runner, sock).start()
        self.addresses = tuple(addresses)

    async def stop(self) -> None:
        """End the streams, finish the calls, close and remove the sockets."""
        if self._runner is not None:
            await self._runner.cleanup()
        for address in self.addresses:
            release(address)
