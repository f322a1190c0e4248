"""Connecting a destination whose scheme is OAuth (RULES C10). Neither tokens nor the client's secret go over this."""

from actionsd.wire.base import Wire


class ConnectRequest(Wire, frozen=True, kw_only=True):
    """Where the caller waits for the provider's answer: ``http://127.0.0.1:PORT/...``."""

    redirect_uri: str


class ConnectBegun(Wire, frozen=True, kw_only=True):
    """The page on which a person gives consent."""

    url: str


class ConnectAnswer(Wire, frozen=True, kw_only=True):
    """What the provider added to the redirect: ``code``, or else ``error`` (RFC 6749, 4.1.2)."""

    state: str
    code: str = ""
    error: str = ""
    error_description: str = ""


class Connected(Wire, frozen=True, kw_only=True):
    """It worked. ``refreshable``: the provider gave a refresh token, so the connection lasts."""

    destination: str
    refreshable: bool
