"""What several destinations need, once: hashing, contact data, dates, campaigns, audiences."""

from actionsd.sdk.dates import date_parse, is_date, iso, to_datetime, to_iso, to_ms, to_seconds
from actionsd.sdk.helpers.audience import audience_membership
from actionsd.sdk.helpers.campaign import UTM_NAMES, host_of, query_of, utm_of_url, utm_parameters
from actionsd.sdk.helpers.contact import is_e164, is_email, normalize_email, normalize_phone, split_name
from actionsd.sdk.helpers.hashing import hashed, is_hashed

__all__ = [
    "UTM_NAMES",
    "audience_membership",
    "date_parse",
    "hashed",
    "host_of",
    "is_date",
    "is_e164",
    "is_email",
    "is_hashed",
    "iso",
    "normalize_email",
    "normalize_phone",
    "query_of",
    "split_name",
    "to_datetime",
    "to_iso",
    "to_ms",
    "to_seconds",
    "utm_of_url",
    "utm_parameters",
]
