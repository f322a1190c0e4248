"""``POST /token``: access tokens for clients that prove who they are (FEATURES F011, part 2.2; RFC 6749, 4.4 and 7523).

Every answer has the members of OAuth and those of our other errors: Segment's Python client reads ``error`` and
``error_description`` of any error, and stops for ever without a word where they are missing.
"""

import asyncio
import logging
from typing import Protocol
from urllib.parse import parse_qs

from aiohttp import web

from actionsd.clock import Clock
from actionsd.errors import StoreBroken, Unavailable
from actionsd.ingest import answers, bearer
from actionsd.ingest.answers import Answer, json_headers
from actionsd.ingest.assertions import Refused, verify
from actionsd.ingest.body import Bodies
from actionsd.ingest.limits import RateLimit
from actionsd.ingest.proxies import Proxies
from actionsd.ingest.refusal import BadRequest
from actionsd.store.records import OAuthClient

log = logging.getLogger(__name__)

MOST = 100.0  # requests a second; each costs a signature to check, and a commit where it is good
_largest = 16 * 1024  # bytes of a body
_form = "application/x-www-form-urlencoded"
_no_store = json_headers | {"Cache-Control": "no-store"}
_wanted = {
    "grant_type": ("client_credentials", "unsupported_grant_type"),
    "client_assertion_type": ("urn:ietf:params:oauth:client-assertion-type:jwt-bearer", "invalid_request"),
}


class Clients(Protocol):
    """What the token server needs of the store's clients."""

    def find(self, name: str) -> OAuthClient | None: ...

    def by_id(self, id: int) -> OAuthClient | None: ...

    async def use_assertion(self, client: OAuthClient, jti: str, expires_at: int) -> bool: ...


class TokenServer:
    """Gives out tokens, which :class:`actionsd.ingest.bearer.Bearers` takes."""

    def __init__(self, clients: Clients, bodies: Bodies, proxies: Proxies, clock: Clock) -> None:
        self._clients = clients
        self._bodies = bodies
        self._proxies = proxies
        self._clock = clock
        self._rate = RateLimit(MOST, clock)

    async def answer(self, request: web.BaseRequest) -> Answer:
        """A token, or why there is none."""
        try:
            self._rate.take(1)
            client = await self._client(request)
        except Refused as refused:
            log.debug("no access token: %s: %s", refused.code, refused)
            return _error(refused.status, refused.code, str(refused))
        except BadRequest as error:
            return _error(400, "invalid_request", str(error))
        except (Unavailable, StoreBroken) as trouble:
            headers = answers.retry_headers(trouble)
            return _error(answers.status(trouble), "temporarily_unavailable", str(trouble), headers)
        token = {
            "access_token": bearer.issue(client, self._clock.now()),
            "token_type": "Bearer",
            "expires_in": client.config.token_life,
            "scope": bearer.SCOPE,
        }
        return answers.document(200, token, _no_store)

    async def _client(self, request: web.BaseRequest) -> OAuthClient:
        """The client that a request is proven to come from.

        Raises:
            Refused: it is not proven, or not what was to be asked.
            BadRequest: the body cannot be read.
            Unavailable: not now.
        """
        kind = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if kind != _form:
            raise Refused("invalid_request", f"the content type is {_form}", 415)
        form = _fields(await self._bodies.read(request, _largest))
        for name, (value, code) in _wanted.items():
            if form.get(name) != value:
                raise Refused(code, f"{name}: expected {value}")
        if bearer.SCOPE not in form.get("scope", bearer.SCOPE).split():
            raise Refused("invalid_scope", f"scope: expected {bearer.SCOPE}")
        host, now = self._proxies.base(request)[1], self._clock.now()
        text = form.get("client_assertion", "")
        proven = await asyncio.to_thread(verify, text, self._clients.find, host, now)  # the first one loads a library
        if form.get("client_id", proven.client.name) != proven.client.name:
            raise Refused("invalid_client", "client_id: expected the one that the assertion has", 401)
        if not await self._clients.use_assertion(proven.client, proven.jti, proven.expires_at):
            raise Refused("invalid_client", "jti: this assertion was used before", 401)
        if self._clients.by_id(proven.client.id) is None:
            raise Refused("invalid_client", "sub: it is no client of this server", 401)
        return proven.client


def _fields(body: bytes) -> dict[str, str]:
    """A form whose fields stand there once (RFC 6749, 3.2)."""
    try:
        fields = parse_qs(body.decode("ascii"), keep_blank_values=True, max_num_fields=20)
    except ValueError:
        raise Refused("invalid_request", "the body is no form") from None
    if twice := [name for name, values in fields.items() if len(values) > 1]:
        raise Refused("invalid_request", f"{twice[0][:40]}: it stands there twice")
    return {name: values[0] for name, values in fields.items()}


def _error(status: int, code: str, description: str, headers: dict[str, str] | None = None) -> Answer:
    body = {"error": code, "error_description": description, "code": code, "message": description}
    return answers.document(status, body, _no_store | (headers or {}))
