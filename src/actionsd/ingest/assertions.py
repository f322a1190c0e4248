"""What a client proves itself with at the token server: a JWT signed by RS256 (RFC 7523, FEATURES F011, part 2.2, C20).

``cryptography`` is loaded with the first one.
"""

import binascii
import functools
import math
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

import msgspec

from actionsd.errors import ActionsdError
from actionsd.store.records import OAuthClient

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

LONGEST_LIFE = 60  # seconds from iat to exp
EXPIRED = "Token is expired"  # these two texts let Segment's Python client set its clock right and try again
TOO_EARLY = "Token used before issued"

_leeway = 5  # seconds that a client's clock may be ahead
_least_bits = 2048
_longest_id = 255  # characters


class Refused(ActionsdError):
    """Why there is no token: ``code`` is one of RFC 6749, 5.2."""

    def __init__(self, code: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.code = code
        self.status = status


class Assertion(NamedTuple):
    """An assertion that holds; ``expires_at`` is in milliseconds."""

    client: OAuthClient
    jti: str
    expires_at: int


def verify(text: str, find: Callable[[str], OAuthClient | None], host: str, now: int) -> Assertion:
    """Check an assertion.

    Args:
        text: the JWT.
        find: the client with this id of the protocol.
        host: ``host[:port]`` under which the client reached us, which ``aud`` must name.
        now: milliseconds since the epoch.

    Raises:
        Refused: what is wrong with it. Of times only one who has the key is told.
    """
    signed, _, signature = text.rpartition(".")
    header, claims = (_object(part) for part in _two(signed))
    if header.get("alg") != "RS256":
        raise _unproven("alg: expected RS256")
    subject = claims.get("sub")
    client = find(subject) if isinstance(subject, str) else None
    if client is None:
        raise _unproven("sub: it is no client of this server")
    pem = client.config.keys.get(str(header.get("kid")))
    if pem is None:
        raise _unproven("kid: the client has no such key")
    if not _is_signed(signed.encode(), _decoded(signature), read_key(pem)):
        raise _unproven("the signature is not by the key that kid names")
    _check_parties(claims, client.name, host)
    jti = claims.get("jti")
    if not (isinstance(jti, str) and 0 < len(jti) <= _longest_id and jti.isprintable()):
        raise Refused("invalid_request", f"jti: expected a text of 1 to {_longest_id} characters")
    return Assertion(client, jti, _expiry(claims, now))


@functools.lru_cache(64)
def read_key(pem: str) -> "RSAPublicKey":
    """A public key for RS256.

    Raises:
        ValueError: it is none, or too short; the text is a sentence for people.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key = load_pem_public_key(pem.encode("utf-8", "replace"))
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError("expected a public key in PEM (-----BEGIN PUBLIC KEY-----)") from None
    if not isinstance(key, RSAPublicKey) or key.key_size < _least_bits:
        raise ValueError(f"expected an RSA key of {_least_bits} bits or more")
    return key


def key_id(pem: str) -> str:
    """A name for a key: the SHA-256 of what it says, so that nobody has to make one up.

    Raises:
        ValueError: it is no public key for RS256.
    """
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    content = read_key(pem).public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return urlsafe_b64encode(sha256(content).digest()).rstrip(b"=").decode()


def _check_parties(claims: dict[str, Any], name: str, host: str) -> None:
    """``aud`` names us. ``iss`` is optional: the client, as SDKs send it, or us, as Segment's page has it (C20)."""
    issuer, audience = claims.get("iss", name), claims.get("aud")
    if issuer != name and not _is_us(issuer, host):
        raise _unproven("iss: expected the id of the client")
    if not any(_is_us(each, host) for each in (audience if isinstance(audience, list) else [audience])):
        raise _unproven(f"aud: expected the address of this server, http(s)://{host}")


def _is_us(url: object, host: str) -> bool:
    if not isinstance(url, str):
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.netloc.lower() == host.lower() and parts.scheme in ("http", "https")


def _expiry(claims: dict[str, Any], now: int) -> int:
    issued, expires = (_time(claims, name) for name in ("iat", "exp"))
    if expires * 1000 <= now:
        raise Refused("invalid_request", EXPIRED)
    if issued * 1000 > now + _leeway * 1000:
        raise Refused("invalid_request", TOO_EARLY)
    if not 0 < expires - issued <= LONGEST_LIFE:
        raise Refused("invalid_request", f"exp: expected at most {LONGEST_LIFE} seconds after iat")
    return int(expires * 1000)


def _time(claims: dict[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or abs(value) > 1e12:
        raise Refused("invalid_request", f"{name}: expected a time in seconds since 1970")
    return value


def _two(signed: str) -> list[str]:
    parts = signed.split(".")
    if len(parts) != 2:
        raise Refused("invalid_request", "client_assertion: expected a JWT of three parts")
    return parts


def _object(part: str) -> dict[str, Any]:
    try:
        return msgspec.json.decode(_decoded(part), type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError):
        raise Refused("invalid_request", "client_assertion: expected a JWT whose parts are JSON objects") from None


def _decoded(part: str) -> bytes:
    try:
        return urlsafe_b64decode(part.encode("ascii") + b"=" * (-len(part) % 4))
    except (UnicodeEncodeError, binascii.Error):
        raise Refused("invalid_request", "client_assertion: expected a JWT in base64url") from None


def _is_signed(content: bytes, signature: bytes, key: "RSAPublicKey") -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA256

    try:
        key.verify(signature, content, PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return True


def _unproven(description: str) -> Refused:
    return Refused("invalid_client", description, 401)
