"""The events of the benches: realistic calls of a shop and its app, 1 to 2 KB of JSON, the same in every run."""

import json
import random
from dataclasses import dataclass
from typing import Any

Event = dict[str, Any]

_TYPES = ["track"] * 12 + ["page"] * 3 + ["identify"] * 3 + ["screen", "group"]
_TRACKED = ("Order Completed", "Product Viewed", "Product Added", "Signed Up", "Checkout Started", "Video Played")
_BROWSER = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 Edg/131.0"
)


_SPREAD = 0x9E3779B97F4A7C15F39CC0605CEDC835  # odd, so that every number has an id of its own


@dataclass(frozen=True)
class Template:
    """An event as bytes around its messageId, so that a request costs the load generator next to nothing. The ids are
    as those of real clients are, no two alike in more than chance has it."""

    type: str
    before: bytes
    after: bytes

    @property
    def size(self) -> int:
        return len(self.before) + 32 + len(self.after)

    def body(self, number: int) -> bytes:
        return self.before + message_id(number) + self.after


def message_id(number: int) -> bytes:
    return b"%032x" % (number * _SPREAD % 2**128)


def events(count: int = 40, *, seed: int = 20) -> list[Event]:
    """``count`` events of all types, without messageId."""
    chance = random.Random(seed)
    return [_event(chance, number) for number in range(count)]


def templates(count: int = 200) -> list[Template]:
    """So many that those of one segment of the journal are all different, as those of real clients are."""
    made = []
    for event in events(count):
        text = json.dumps({**event, "messageId": "@"}, ensure_ascii=False, separators=(",", ":")).encode()
        before, _, after = text.partition(b'"messageId":"@"')
        made.append(Template(event["type"], before + b'"messageId":"', b'"' + after))
    return made


def _event(chance: random.Random, number: int) -> Event:
    kind = _TYPES[number % len(_TYPES)]
    event: Event = {
        "type": kind,
        "userId": f"customer-{chance.randrange(100_000)}",
        "anonymousId": f"{chance.getrandbits(128):032x}",
        "timestamp": f"2026-05-{1 + number % 28:02}T12:{number % 60:02}:07.{chance.randrange(1000):03}Z",
        "context": _context(chance),
        "integrations": {"All": True},
    }
    match kind:
        case "track":
            event["event"] = _TRACKED[number % len(_TRACKED)]
            event["properties"] = _purchase(chance)
        case "page" | "screen":
            event["name"] = "Teapots"
            event["properties"] = {**event["context"]["page"], "referrer": "", "category": "Kitchen", "in_stock": True}
        case "identify":
            event["traits"] = _traits(chance)
        case "group":
            event["groupId"] = "kettle-club"
            event["traits"] = {
                "name": "Kettle Club",
                "employees": 41,
                "plan": "team",
                "website": "https://kettle.example",
            }
    return event


def _context(chance: random.Random) -> Event:
    page = {"path": "/teapots", "url": "https://shop.example/teapots?c=brëw", "title": "Teapots", "search": "?c=brëw"}
    return {
        "ip": f"198.51.100.{chance.randrange(256)}",
        "userAgent": _BROWSER,
        "locale": chance.choice(["en-GB", "ja-JP", "pt-BR"]),
        "timezone": "Europe/London",
        "library": {"name": "analytics.js", "version": "next-1.84.3"},
        "page": page,
        "campaign": {"name": "spring", "source": "letter", "medium": "email", "content": "button"},
        "device": {
            "id": f"{chance.getrandbits(64):016x}",
            "type": "ios",
            "model": "iPhone16,1",
            "manufacturer": "Apple",
        },
        "os": {"name": "iOS", "version": "18.1"},
        "app": {"name": "Shop", "version": "4.2.0", "build": "912"},
        "network": {"wifi": True, "cellular": False, "carrier": "example"},
        "screen": {"width": 1170, "height": 2532, "density": 3},
    }


def _purchase(chance: random.Random) -> Event:
    products = [
        {
            "product_id": f"p{chance.randrange(10**6):06}",
            "sku": f"T-{chance.randrange(900)}",
            "name": "Tetsubin, 0.8 ℓ",
            "price": round(chance.uniform(9, 99), 2),
            "quantity": chance.randint(1, 3),
            "category": "Kitchen",
            "brand": "Iwachu",
            "coupon": None,
            "url": "https://shop.example/p/1",
            "image_url": "https://shop.example/p/1.jpg",
        }
        for _ in range(chance.randint(1, 3))
    ]
    return {
        "order_id": f"o{chance.randrange(10**9)}",
        "total": 81.9,
        "revenue": 70,
        "tax": 11.9,
        "shipping": 0,
        "currency": "GBP",
        "coupon": "SPRING",
        "products": products,
        "labels": ["new", "gift"],
        "gift": chance.random() < 0.5,
        "note": None,
        "query": "cast iron",
        "nested": {"path": {"to": [1, {"x": "y"}]}},
    }


def _traits(chance: random.Random) -> Event:
    return {
        "email": f"c{chance.randrange(10**5)}@shop.example",
        "firstName": "Kikuko",
        "lastName": "Ōta",
        "phone": "+442071838750",
        "age": chance.randint(18, 90),
        "plan": chance.choice(["free", "plus"]),
        "createdAt": "2025-11-03T08:00:00.000Z",
        "address": {"street": "1 Leaf Lane", "city": "Bath", "postalCode": "BA1", "country": "GB", "state": "Somerset"},
        "company": {"name": "Kettle Club", "id": "kettle-club", "employee_count": 41},
        "vip": False,
        "tags": ["a", "b"],
        "title": "Buyer",
        "gender": "f",
        "birthday": "1984-02-29",
        "website": "https://kikuko.example",
    }
