"""Hashes of properties, as a transformation's ``hashPropertiesConfiguration`` asks for them."""

import base64
import hashlib
import hmac
from collections.abc import Callable
from typing import Any, Final

from actionsd.protocols.errors import ProtocolsError
from actionsd.sdk import js

Hash = Callable[[Any], str]

_ALGORITHMS: Final = ("MD5", "SHA1", "SHA256", "SHA384", "SHA512")
_ENCODINGS: Final[dict[str, Callable[[bytes], str]]] = {
    "HEX": bytes.hex,
    "BASE16": lambda digest: digest.hex().upper(),
    "BASE64": lambda digest: base64.b64encode(digest).decode("ascii"),
    "BASE64URL": lambda digest: base64.urlsafe_b64encode(digest).decode("ascii"),
}


def compile_hash(algorithm: str, key: str | None, encoding: str | None) -> Hash:
    """Hashes a value's text, of an object or list its JSON; an HMAC where there is a key; in hex where nothing is said.

    ``ProtocolsError`` for an algorithm or encoding that is unknown.

    >>> compile_hash("sha256", None, None)("a@b.co")[:16]
    '80305c9bb1bb2480'
    """
    name = algorithm.upper().replace("-", "")
    if name not in _ALGORITHMS:
        raise ProtocolsError(f"algorithm: expected one of {', '.join(_ALGORITHMS)}, found {algorithm!r}")
    encode = _ENCODINGS.get(encoding or "HEX")
    if encode is None:
        raise ProtocolsError(f"encoding: expected one of {', '.join(_ENCODINGS)}, found {encoding!r}")
    secret = key.encode("utf-8", "surrogatepass") if key else None

    def hash(value: Any) -> str:
        text = str(js.stringify(value) if isinstance(value, dict | list) else js.string(value))
        data = text.encode("utf-8", "surrogatepass")
        return encode(hmac.digest(secret, data, name) if secret else hashlib.new(name, data).digest())

    return hash
