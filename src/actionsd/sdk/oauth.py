"""How a person connects a destination whose scheme is OAuth: the provider's two addresses (RULES C10)."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from actionsd.sdk.errors import ContractError

_loopback = ("127.0.0.1", "localhost", "::1")


class OAuth:
    """The authorization-code flow of a provider, for ``actionsctl destinations connect`` (RFC 6749; PKCE, RFC 7636).

    The daemon runs it with the client id and secret of the settings' ``oauth`` table, and keeps the tokens; a plugin
    finds them in ``call.auth``, and renews them in its ``refresh``.

    Args:
        authorize_url: where a person gives consent; a query in it is kept, such as ``?access_type=offline``.
        token_url: where a code is exchanged for tokens, by POST of a form with client id and secret in it.
        scopes: what to ask for; () leaves that to the provider.

    Raises:
        ContractError: an address that is no https URL (on this machine it may be http), or a scope with a space in it.

    Example:
        acme = Definition(
            "acme", name="Acme", scheme="oauth2", refresh=refresh, actions=[track],
            oauth=OAuth("https://acme.test/authorize", "https://api.acme.test/token", scopes=["events.write"]),
        )
    """

    def __init__(self, authorize_url: str, token_url: str, scopes: Sequence[str] = ()) -> None:
        self.authorize_url = authorize_url
        self.token_url = token_url
        self.scopes = tuple(scopes)
        for name, url in (("authorize_url", authorize_url), ("token_url", token_url)):
            if not _is_safe(url):
                raise ContractError(f"{name}: expected an https URL, got {url!r}")
        for scope in self.scopes:
            if not scope or set(scope) & set(" \t\n"):
                raise ContractError(f"scopes: expected one scope for each item, got {scope!r}")

    def __repr__(self) -> str:
        return f"OAuth({self.authorize_url!r})"


def _is_safe(url: str) -> bool:
    parts = urlsplit(url)
    secure = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _loopback)
    return secure and bool(parts.hostname) and not parts.fragment
