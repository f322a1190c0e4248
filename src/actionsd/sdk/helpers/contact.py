"""E-mail addresses, phone numbers and names in the forms that destinations compare or hash."""

import re

from actionsd.sdk.formats import format_test


def normalize_email(text: str) -> str:
    """Lower case without blanks.

    >>> normalize_email(" Ada@Example.com ")
    'ada@example.com'
    """
    return re.sub(r"\s+", "", text).lower()


def normalize_phone(text: str, *, plus: bool = True) -> str:
    """The digits, after a ``+`` where the number had one (always without one if ``plus`` is False).

    >>> normalize_phone("+1 (415) 555-0142"), normalize_phone("+1 415 555 0142", plus=False)
    ('+14155550142', '14155550142')
    """
    digits = re.sub(r"[^0-9]", "", text)
    return f"+{digits}" if plus and text.strip().startswith("+") else digits


def is_email(text: str) -> bool:
    """Whether a text is an e-mail address as RFC 5322 writes it, ASCII only.

    >>> is_email("ada@example.com"), is_email("ada@exämple.com")
    (True, False)
    """
    return "@" in text and format_test("email")(text) is not None


def is_e164(text: str) -> bool:
    """Whether a phone number is in the international form.

    >>> is_e164("+14155550142"), is_e164("(415) 555-0142")
    (True, False)
    """
    return re.fullmatch(r"\+[1-9][0-9]{1,14}", text) is not None


def split_name(text: str) -> tuple[str, str]:
    """First name and the rest of a full name.

    >>> split_name("Ada King Lovelace"), split_name("Ada")
    (('Ada', 'King Lovelace'), ('Ada', ''))
    """
    first, _, rest = " ".join(text.split()).partition(" ")
    return first, rest
