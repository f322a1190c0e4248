"""Connecting a destination whose scheme is OAuth: a person consents in a browser, the daemon gets tokens (RULES C10).

The caller holds the loopback address that the provider redirects to (RFC 8252) and hands on what came there. The code
is exchanged here, over the destination's own connections, so that the client's secret and the tokens stay inside (I6).
"""

import logging
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from actionsd import wire
from actionsd.delivery.credentials import secrets_of
from actionsd.delivery.http import Client
from actionsd.delivery.redactor import Redactor
from actionsd.errors import ConfigError, Conflict, Unavailable
from actionsd.operate.callers import Caller
from actionsd.operate.drafts import known_definition
from actionsd.operate.flows import Flow
from actionsd.operate.parts import Parts, find_destination
from actionsd.sdk import Auth, Definition, NetworkError, OAuth, Response, Tokens
from actionsd.store.records import Destination

log = logging.getLogger(__name__)

_longest = 300  # characters of what a provider says


def begin(parts: Parts, slug: str, request: wire.ConnectRequest) -> wire.ConnectBegun:
    """The address of the page on which a person consents; the answer is expected within ten minutes.

    Raises:
        NotFound: no such destination.
        Conflict: it is not connected in this way.
        ConfigError: the redirect address is not on the loopback interface, or the settings name no client.
    """
    destination = find_destination(parts.workspace, slug)
    oauth = _oauth(known_definition(parts, destination))
    if not _is_loopback(request.redirect_uri):
        raise ConfigError(f"redirectUri: expected http://127.0.0.1:PORT/..., got {request.redirect_uri[:200]!r}")
    client = _client(parts, destination)
    flow = parts.flows.begin(destination.id, request.redirect_uri)
    query = {
        "response_type": "code",
        "client_id": client.client_id,
        "redirect_uri": flow.redirect_uri,
        "state": flow.state,
        "code_challenge": flow.challenge,
        "code_challenge_method": "S256",
    }
    if oauth.scopes:
        query["scope"] = " ".join(oauth.scopes)
    page = urlsplit(oauth.authorize_url)
    own = f"{page.query}&" if page.query else ""
    return wire.ConnectBegun(url=page._replace(query=own + urlencode(query, quote_via=quote)).geturl())


async def finish(parts: Parts, who: Caller, slug: str, answer: wire.ConnectAnswer) -> wire.Connected:
    """Exchange the code; deliveries use the tokens from then on, and what was held for want of good ones goes out.

    Raises:
        NotFound: no such destination.
        Conflict: the state is wrong or too old, or the provider refused; the text has its words, without secrets.
        ConfigError: the settings name no client any more.
        Unavailable: the provider cannot be reached.
    """
    destination = find_destination(parts.workspace, slug)
    definition = known_definition(parts, destination)
    oauth = _oauth(definition)
    flow = parts.flows.take(destination.id, answer.state)
    if answer.error or not answer.code:
        told = _said({"error": answer.error, "error_description": answer.error_description})[:_longest]
        raise Conflict(f"{definition.name} did not connect: {told or 'it sent neither a code nor an error'}")
    tokens = await _exchanged(parts, destination, definition, oauth, flow, answer.code)
    _, credentials = parts.lanes.link(destination.id)
    await credentials.replace(tokens)
    await parts.lanes.resume(destination.id)
    log.info("a destination was connected", extra={"destination": slug, "by": who.name})
    return wire.Connected(destination=slug, refreshable=tokens.refresh_token is not None)


async def _exchanged(
    parts: Parts, destination: Destination, definition: Definition[Any], oauth: OAuth, flow: Flow, code: str
) -> Tokens:
    client = _client(parts, destination)
    transport, _ = parts.lanes.link(destination.id)
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": flow.redirect_uri,
        "client_id": client.client_id,
        "code_verifier": flow.verifier,
    }
    if client.client_secret:
        form["client_secret"] = client.client_secret
    http = Client(transport, [], parts.clock.monotonic)
    redact = Redactor({code, flow.verifier, *secrets_of(client)})
    try:
        response = await http.post(
            oauth.token_url, form=form, headers={"accept": "application/json"}, raise_for_status=False
        )
    except NetworkError as error:
        reason = redact(f"{error.code}: {error.message}")
        raise Unavailable(f"{definition.name} cannot be reached: {reason}", reason="provider") from None
    tokens = _tokens(response)
    if tokens is None:
        told = redact(_said(response.data))[:_longest] or "the answer has no access_token"
        raise Conflict(f"{definition.name} gave no tokens (status {response.status}): {told}")
    return tokens


def _tokens(response: Response) -> Tokens | None:
    data = response.data
    if not (response.ok and isinstance(data, dict)):
        return None
    access, refresh = data.get("access_token"), data.get("refresh_token")
    if not (isinstance(access, str) and access):
        return None
    return Tokens(access, refresh if isinstance(refresh, str) and refresh else None)


def _said(data: object) -> str:
    """The provider's own words on an error: those of RFC 6749, or ``message``, where many have it.

    >>> _said({"error": "access_denied", "error_description": "The user said no"}), _said({"message": "Bad code"})
    ('access_denied: The user said no', 'Bad code')
    """
    if not isinstance(data, dict):
        return " ".join(str(data or "").split())
    words = [data.get(name) for name in ("error", "error_description", "message")]
    return ": ".join(" ".join(word.split()) for word in words if isinstance(word, str) and word)


def _oauth(definition: Definition[Any]) -> OAuth:
    if definition.oauth is None:
        raise Conflict(f"{definition.name} is not connected in a browser; its settings have all that it needs")
    return definition.oauth


def _client(parts: Parts, destination: Destination) -> Auth:
    """The OAuth client that the settings name.

    Raises:
        ConfigError: they name none.
    """
    auth = parts.lanes.link(destination.id)[1].auth
    if not auth.client_id:
        raise ConfigError(
            "settings.oauth.client_id: missing; take it, and client_secret, from the app that you made at the provider"
        )
    return auth


def _is_loopback(uri: str) -> bool:
    """Whether the answer stays on this machine: no name that could be resolved elsewhere (RFC 8252, 7.3 and 8.3).

    >>> [_is_loopback(f"http://{rest}") for rest in ("127.0.0.1:4100/callback", "localhost:1/", "127.0.0.1.test:1/")]
    [True, False, False]
    """
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError:
        return False
    plain = parts.path.startswith("/") and not (parts.query or parts.fragment) and uri.isascii() and uri.isprintable()
    return plain and port is not None and port > 0 and uri.startswith(f"http://127.0.0.1:{port}/")
