"""System and device out of a user agent, in the words that Amplitude's own libraries use."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from actionsd_amplitude.fields import UserAgentData

if TYPE_CHECKING:
    from ua_parser import Device

_PROPERTIES = ("os_name", "os_version", "device_manufacturer", "device_model", "device_type")
_SYSTEMS = {"Mac OS X": "Mac OS", "Chrome OS": "Chromium OS", "BlackBerry OS": "BlackBerry", "Web0S": "webOS"}
_MAKERS = {"XiaoMi": "Xiaomi", "Oppo": "OPPO"}
_TYPES = {
    "console": re.compile(r"PlayStation|Xbox|Nintendo"),
    "smarttv": re.compile(r"Apple ?TV|Smart-?TV|Android TV|Roku|CrKey|BRAVIA", re.IGNORECASE),
    "wearable": re.compile(r"\bQuest\b|\bWatch\b"),
    "tablet": re.compile(r"iPad|Tablet|Kindle|\bKF[A-Z]+\b|\bSM-[TPX]\d|^Mozilla.*Android(?!.*Mobi)"),
    "mobile": re.compile(r"iPhone|iPod|Android|Mobi|Phone|BB10"),
}
_WEBKIT = re.compile(r"AppleWebKit/(\d+)")
_REMEMBERED = 1024  # user agents; a few hundred make up nearly all traffic


def device_properties(user_agent: str | None, hints: UserAgentData | None) -> Mapping[str, str | None]:
    """``os_name``, ``os_version``, ``device_manufacturer``, ``device_model``, ``device_type``; None where unknown.

    Args:
        user_agent: as the device sent it.
        hints: the browser's client hints, which win.
    """
    if not user_agent:
        return {}
    found = _read(user_agent)
    if hints is None:
        return found
    if hints.platformVersion is not None:
        found = {**found, "os_version": hints.platformVersion}
    if hints.model is not None:
        found = {**found, "device_model": hints.model}
    return found


@lru_cache(maxsize=_REMEMBERED)
def _read(text: str) -> Mapping[str, str | None]:
    """What the text alone says. HTTP libraries and most bots name neither system nor device: nothing."""
    from ua_parser import parse  # here, as it would slow down every start of the daemon

    parsed = parse(text)
    device = _known(parsed.device)
    if parsed.os is None and device is None:
        return dict.fromkeys(_PROPERTIES)
    browser = parsed.user_agent
    system = parsed.os.family if parsed.os else browser.family if browser else None
    system = _SYSTEMS.get(system or "", system)
    webkit = _WEBKIT.search(text)
    version = browser.major if browser and browser.major else webkit and webkit[1]
    values = system, version, _maker(device), _model(device) or system, _type(text) if device else None
    return dict(zip(_PROPERTIES, values, strict=True))


def _known(device: "Device | None") -> "Device | None":
    """Without bots, and without Macs: Amplitude counts computers by their system."""
    return None if device is None or device.brand == "Spider" or device.family == "Mac" else device


def _maker(device: "Device | None") -> str | None:
    if device is None or device.brand is None:
        return None
    if device.brand.startswith("Generic"):
        return "Samsung" if (device.model or "").startswith("SM-") else None
    return _MAKERS.get(device.brand, device.brand)


def _model(device: "Device | None") -> str | None:
    if device is None or device.model is None or device.brand == "Generic":
        return None
    return device.model.removeprefix(f"{device.brand} ")


def _type(text: str) -> str | None:
    return next((name for name, pattern in _TYPES.items() if pattern.search(text)), None)
