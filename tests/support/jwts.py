"""An RSA key of a client, and the assertions that Segment's SDKs make with it."""

import functools
import uuid
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@functools.cache
def key(number: int = 0, bits: int = 2048) -> RSAPrivateKey:
    """A key for tests; the same for the same number."""
    return generate_private_key(65537, bits)


def private_pem(private: RSAPrivateKey) -> str:
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def public_pem(private: RSAPrivateKey) -> str:
    return private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def assertion(
    client: str, audience: str, now: int, *, signer: Any = None, kid: str = "k1", alg: str = "RS256", **changes: Any
) -> str:
    """A JWT as Segment's Python SDK makes it at ``now`` (seconds); ``changes`` are other claims, None for none."""
    claims = {"iss": client, "sub": client, "aud": audience, "iat": now - 5, "exp": now + 55, "jti": str(uuid.uuid4())}
    claims = {name: value for name, value in (claims | changes).items() if value is not None}
    return jwt.encode(claims, key() if signer is None else signer, algorithm=alg, headers={"kid": kid})


def form(text: str, **changes: str) -> dict[str, str]:
    """The fields of a token request."""
    fields = {"grant_type": "client_credentials", "client_assertion_type": ASSERTION_TYPE, "client_assertion": text}
    return fields | {"scope": "tracking_api:write"} | changes
