"""The admin API: its routes at one glance."""

import socket
from collections.abc import Sequence

from aiohttp import web
from aiohttp.typedefs import Handler

from actionsd.admin import (
    access,
    answers,
    connecting,
    handlers,
    metrics,
    oauthclients,
    overview,
    protocols,
    tail,
    testing,
    workspace,
)
from actionsd.admin.access import Least
from actionsd.admin.context import parts_key
from actionsd.admin.publicapi import endpoint, openapi
from actionsd.admin.publicapi.limits import Limits
from actionsd.admin.publicapi.table import OPERATIONS
from actionsd.operate.parts import Parts

# Method, path, the least role that the call needs ("open": nobody is asked who calls), handler.
routes: tuple[tuple[str, str, Least, Handler], ...] = (
    ("GET", "/healthz", "open", handlers.healthz),
    ("GET", "/readyz", "open", handlers.readyz),
    ("GET", "/metrics", "read", metrics.show),
    ("GET", "/actionsd/status", "read", handlers.status),
    ("GET", "/actionsd/tail", "read", tail.follow),
    ("GET", "/actionsd/explain", "read", handlers.explain),
    ("GET", "/actionsd/overview", "read", overview.overview),
    ("GET", "/actionsd/samples", "read", overview.samples),
    ("GET", "/actionsd/alerts", "read", overview.alerts),
    ("POST", "/actionsd/alerts", "write", overview.add_alert),
    ("DELETE", "/actionsd/alerts/{name}", "write", overview.remove_alert),
    ("GET", "/actionsd/sources", "read", handlers.sources),
    ("GET", "/actionsd/destinations", "read", handlers.destinations),
    ("GET", "/actionsd/destinations/{slug}", "read", handlers.destination),
    ("POST", "/actionsd/destinations/{slug}/pause", "write", handlers.pause),
    ("POST", "/actionsd/destinations/{slug}/resume", "write", handlers.resume),
    ("POST", "/actionsd/destinations/{slug}/forget", "admin", handlers.forget),
    ("POST", "/actionsd/destinations/{slug}/connect", "write", connecting.begin),
    ("POST", "/actionsd/destinations/{slug}/connect/finish", "write", connecting.finish),
    ("POST", "/actionsd/resume", "write", handlers.release),
    ("POST", "/actionsd/sources", "write", workspace.create_source),
    ("GET", "/actionsd/sources/{slug}", "read", workspace.source),
    ("GET", "/actionsd/sources/{slug}/events", "read", testing.source_events),
    ("PATCH", "/actionsd/sources/{slug}", "write", workspace.change_source),
    ("DELETE", "/actionsd/sources/{slug}", "write", workspace.delete_source),
    ("POST", "/actionsd/sources/{slug}/keys", "write", workspace.add_key),
    ("DELETE", "/actionsd/sources/{slug}/keys/{key}", "write", workspace.remove_key),
    ("GET", "/actionsd/sources/{slug}/schema", "read", protocols.schema),
    ("PATCH", "/actionsd/sources/{slug}/schema", "write", protocols.change_schema),
    ("GET", "/actionsd/tracking-plans", "read", protocols.plans),
    ("POST", "/actionsd/tracking-plans", "write", protocols.create_plan),
    ("GET", "/actionsd/tracking-plans/{slug}", "read", protocols.plan),
    ("DELETE", "/actionsd/tracking-plans/{slug}", "write", protocols.delete_plan),
    ("POST", "/actionsd/tracking-plans/{slug}/{verb:connect|disconnect}", "write", protocols.follow_plan),
    ("GET", "/actionsd/transformations", "read", protocols.list_transformations),
    ("POST", "/actionsd/transformations", "write", protocols.create_transformation),
    ("DELETE", "/actionsd/transformations/{id:[0-9]+}", "write", protocols.delete_transformation),
    ("POST", "/actionsd/destinations", "write", workspace.create_destination),
    ("GET", "/actionsd/destinations/{slug}/config", "read", workspace.destination),
    ("PATCH", "/actionsd/destinations/{slug}", "write", workspace.change_destination),
    ("DELETE", "/actionsd/destinations/{slug}", "write", workspace.delete_destination),
    ("POST", "/actionsd/destinations/{slug}/mappings", "write", workspace.create_mapping),
    ("GET", "/actionsd/destinations/{slug}/mappings/{name}", "read", workspace.mapping),
    ("PATCH", "/actionsd/destinations/{slug}/mappings/{name}", "write", workspace.change_mapping),
    ("DELETE", "/actionsd/destinations/{slug}/mappings/{name}", "write", workspace.delete_mapping),
    ("POST", "/actionsd/destinations/{slug}/mappings/{name}/duplicate", "write", workspace.duplicate_mapping),
    ("POST", "/actionsd/destinations/{slug}/mappings/{name}/move", "write", workspace.move_mapping),
    ("POST", "/actionsd/destinations/{slug}/filters", "write", workspace.create_filter),
    ("PATCH", "/actionsd/destinations/{slug}/filters/{id:[0-9]+}", "write", workspace.change_filter),
    ("DELETE", "/actionsd/destinations/{slug}/filters/{id:[0-9]+}", "write", workspace.delete_filter),
    ("POST", "/actionsd/test/event", "write", testing.event),
    ("POST", "/actionsd/test/mapping", "write", testing.mapping),
    ("POST", "/actionsd/preview", "write", testing.preview),
    ("GET", "/actionsd/test/samples", "read", testing.samples),
    ("POST", "/actionsd/config/plan", "write", workspace.plan_config),
    ("POST", "/actionsd/config/apply", "write", workspace.apply_config),
    ("GET", "/actionsd/config/export", "read", workspace.export_config),
    ("GET", "/actionsd/history", "read", workspace.changes),
    ("POST", "/actionsd/history/{id:[0-9]+}/restore", "write", workspace.restore),
    ("POST", "/actionsd/secrets/rotate", "admin", workspace.rotate_key),
    ("GET", "/actionsd/retries", "read", handlers.retries),
    ("GET", "/actionsd/dead", "read", handlers.dead),
    ("GET", "/actionsd/dead/{id:[0-9]+}", "read", handlers.dead_letter),
    ("POST", "/actionsd/dead/requeue", "write", handlers.requeue),
    ("POST", "/actionsd/dead/drop", "write", handlers.drop),
    ("GET", "/actionsd/replays", "read", handlers.replays),
    ("POST", "/actionsd/replays", "write", handlers.create_replay),
    ("POST", "/actionsd/replays/plan", "read", handlers.plan_replay),
    ("GET", "/actionsd/replays/{id:[0-9]+}", "read", handlers.replay),
    ("POST", "/actionsd/replays/{id:[0-9]+}/{verb:stop|resume}", "write", handlers.change_replay),
    ("POST", "/actionsd/backup", "admin", handlers.backup),
    ("GET", "/actionsd/plugins", "read", handlers.plugins),
    ("POST", "/actionsd/check", "read", handlers.check),
    ("GET", "/actionsd/tokens", "admin", handlers.tokens),
    ("POST", "/actionsd/tokens", "admin", handlers.create_token),
    ("POST", "/actionsd/tokens/{name}/revoke", "admin", handlers.revoke_token),
    ("GET", "/actionsd/oauth-clients", "read", oauthclients.listed),
    ("POST", "/actionsd/oauth-clients", "write", oauthclients.create),
    ("DELETE", "/actionsd/oauth-clients/{client}", "write", oauthclients.remove),
    ("POST", "/actionsd/oauth-clients/{client}/keys", "write", oauthclients.add_key),
    ("DELETE", "/actionsd/oauth-clients/{client}/keys/{kid}", "write", oauthclients.remove_key),
    ("GET", "/openapi.json", "read", openapi.serve),
    *((each.method, each.path, each.least, endpoint.handler(each)) for each in OPERATIONS),
)

_longest_line = 64 * 1024  # bytes of a request line: the Public API takes whole lists of rules away by their query
_largest_body = 1024 * 1024  # bytes, after decompression; a larger one is refused with 413


def application(parts: Parts, token: str) -> web.Application:
    """The admin API over running parts; ``token`` is the configured one."""
    guard = access.Guard(token, parts)
    app = web.Application(middlewares=[answers.errors_as_json, guard.middleware], client_max_size=_largest_body)
    app[parts_key] = parts
    app[endpoint.limits_key] = Limits(parts.clock)
    for method, path, least, handler in routes:
        guard.protect(app.router.add_route(method, path, handler), least)
    return app


async def serve(parts: Parts, token: str, listeners: Sequence[socket.socket]) -> web.AppRunner:
    """Answer on sockets that listen already; they are the runner's from now on."""
    runner = web.AppRunner(
        application(parts, token), access_log=None, shutdown_timeout=1.0, max_line_size=_longest_line
    )  # fmt: skip
    await runner.setup()
    for listener in listeners:
        await web.SockSite(runner, listener).start()
    return runner
