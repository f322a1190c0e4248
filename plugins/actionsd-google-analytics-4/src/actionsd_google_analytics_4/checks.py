"""What Google refuses without saying so: the Measurement Protocol answers 204 to everything."""

from collections.abc import Mapping
from typing import Any

from actionsd.sdk import IntegrationError, PayloadValidationError
from actionsd_google_analytics_4.fields import GenerateLead, Listed, Sale

_ISO_4217 = """
AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE
CHF CHW CLF CLP CNY COP COU CRC CUC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ
GYD HKD HNL HRK HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL
LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN
PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SLL SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD
TWD TZS UAH UGX USD USN UYI UYU UYW UZS VED VES VND VUV WST XAF XAG XAU XBA XBB XBC XBD XCD XCG XDR XOF XPD XPF XPT
XSU XTS XUA XXX YER ZAR ZMW ZWC ZWG ZWL
"""
_CURRENCIES = frozenset(_ISO_4217.split())
"""Codes that are no longer in use are among them, and the one for "no currency"."""

_PARAMETERS = "GA4 does not accept null, array, or object values for event parameters and item parameters."
_USER_PROPERTIES = "GA4 does not accept array or object values for user properties."


def known_currency(payload: Sale | GenerateLead) -> None:
    """The event's currency, where it has one."""
    if payload.currency:
        _check_currency(payload.currency)


def currency_of_value(payload: Sale | GenerateLead) -> None:
    """A value needs a currency."""
    if payload.value and not payload.currency:
        raise IntegrationError("Currency is required if value is set.", "INVALID_CURRENCY_CODE", 400)


def some_currency(payload: Sale) -> None:
    """The event or its first item needs a currency."""
    first = payload.items[0] if payload.items else {}
    if not payload.currency and not first.get("currency"):
        raise PayloadValidationError("One of item-level currency or top-level currency is required.")


def some_items(payload: Listed) -> None:
    """At least one item."""
    if not payload.items:
        raise PayloadValidationError("Google requires one or more products in add_payment_info events.")


def named_items(payload: Listed) -> None:
    """Each item needs an ID or a name, and a currency that is known where it has one."""
    for item in payload.items or []:
        if item.get("item_name") is None and item.get("item_id") is None:
            raise PayloadValidationError("One of product name or product id is required for each product.")
        if item.get("currency"):
            _check_currency(item["currency"])


def check_params(params: Mapping[str, Any]) -> None:
    """Parameters are texts, numbers and booleans; only ``items`` may be an array."""
    for key, value in params.items():
        if value is None or (isinstance(value, dict | list) and not (key == "items" and isinstance(value, list))):
            raise PayloadValidationError(f"Param [{key}] has unsupported value of type [{_type(value)}]. {_PARAMETERS}")


def check_user_properties(properties: Mapping[str, Any]) -> None:
    """User properties are texts, numbers and booleans; null unsets one."""
    for key, value in properties.items():
        if isinstance(value, dict | list):
            text = f"Param [{key}] has unsupported value of type [{_type(value)}]. {_USER_PROPERTIES}"
            raise PayloadValidationError(text)


def _check_currency(code: str) -> None:
    if code.upper() not in _CURRENCIES:
        raise IntegrationError(f"{code} is not a valid currency code.", "INVALID_CURRENCY_CODE", 400)


def _type(value: object) -> str:
    return "NULL" if value is None else "Array" if isinstance(value, list) else "object"
