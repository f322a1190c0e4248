"""Personal data hashed as advertising destinations ask for, values that are hashed already left as they are."""

import base64
import binascii
import hashlib
import re
from collections.abc import Callable
from typing import Literal

Encoding = Literal["hex", "base64"]

_HEX_LENGTHS = {"md5": 32, "sha1": 40, "sha224": 56, "sha256": 64, "sha384": 96, "sha512": 128}


def is_hashed(value: str, algorithm: str = "sha256", encoding: Encoding = "hex") -> bool:
    """Whether ``value`` looks like a digest of this algorithm already.

    >>> is_hashed("f" * 64), is_hashed("ada@example.com")
    (True, False)
    """
    length = _HEX_LENGTHS[algorithm]
    if encoding == "hex":
        return re.fullmatch(rf"[0-9a-fA-F]{{{length}}}", value) is not None
    try:
        return len(base64.b64decode(value, validate=True)) == length // 2
    except (binascii.Error, ValueError):
        return False


def hashed(
    value: str, normalize: Callable[[str], str] | None = None, *, algorithm: str = "sha256", encoding: Encoding = "hex"
) -> str:
    """The digest of ``value`` in UTF-8, after ``normalize``; a digest, and "", stay as they are.

    Args:
        value: clear text or a digest.
        normalize: applied to clear text only, such as :func:`actionsd.sdk.helpers.normalize_email`.
        algorithm: md5, sha1, sha224, sha256, sha384 or sha512.
        encoding: of the digest.

    >>> hashed(" Ada@Example.com ", lambda text: text.strip().lower())[:12]
    'b5fc85e55755'
    """
    if value.strip() == "" or is_hashed(value, algorithm, encoding):
        return value
    digest = hashlib.new(algorithm, (normalize(value) if normalize else value).encode("utf-8", "replace")).digest()
    return digest.hex() if encoding == "hex" else base64.b64encode(digest).decode()
