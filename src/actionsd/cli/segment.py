"""Segment's Public API, as an import reads it."""

import http.client
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from actionsd.cli.http import Failed, connect, reason_of

_page = 200
_timeout = 30.0
_tries = 5  # of a call that is answered 429
_longest_wait = 60.0  # seconds

Item = dict[str, Any]


class SegmentApi:
    """A workspace at ``url``, read with ``token``. ``sleep`` waits where the API asks for it."""

    def __init__(self, url: str, token: str, sleep: Callable[[float], None] = time.sleep) -> None:
        self.url = url.rstrip("/")
        self._token = token
        self._sleep = sleep

    def sources(self) -> Iterator[Item]:
        yield from self._all("/sources", "sources")

    def destinations(self) -> Iterator[Item]:
        yield from self._all("/destinations", "destinations")

    def subscriptions(self, destination: str) -> Iterator[Item]:
        yield from self._all(f"/destinations/{quote(destination, safe='')}/subscriptions", "subscriptions")

    def filters(self, destination: str) -> Iterator[Item]:
        yield from self._all(f"/destination/{quote(destination, safe='')}/filters", "filters")

    def schema_settings(self, source: str) -> Item:
        return dict(self._get(f"/sources/{quote(source, safe='')}/settings").get("settings") or {})

    def tracking_plans(self) -> Iterator[Item]:
        yield from self._all("/tracking-plans", "trackingPlans")

    def rules(self, plan: str) -> Iterator[Item]:
        yield from self._all(f"/tracking-plans/{quote(plan, safe='')}/rules", "rules")

    def followers(self, plan: str) -> Iterator[Item]:
        yield from self._all(f"/tracking-plans/{quote(plan, safe='')}/sources", "sources")

    def transformations(self) -> Iterator[Item]:
        yield from self._all("/transformations", "transformations")

    def _all(self, path: str, key: str) -> Iterator[Item]:
        """The items of all pages."""
        cursor = ""
        while True:
            query = {"pagination[count]": _page} | ({"pagination[cursor]": cursor} if cursor else {})
            data = self._get(f"{path}?{urlencode(query)}")
            yield from data.get(key) or []
            cursor = (data.get("pagination") or {}).get("next") or ""
            if not cursor:
                return

    def _get(self, path: str) -> Item:
        for _ in range(_tries):
            status, headers, body = self._ask(path)
            if status != 429:
                break
            self._sleep(_wait(headers))
        try:
            answer = msgspec.json.decode(body, type=Item)
        except msgspec.DecodeError:
            answer = {}
        if status == 200 and isinstance(answer.get("data"), dict):
            return dict(answer["data"])
        raise Failed(f"{self.url}{path.partition('?')[0]} answered {status}: {_why(answer)}")

    def _ask(self, path: str) -> tuple[int, http.client.HTTPMessage, bytes]:
        headers = {"authorization": f"Bearer {self._token}", "accept": "application/json"}
        with closing(connect(self.url, _timeout)) as connection:
            try:
                connection.request("GET", urlsplit(self.url).path + path, headers=headers)
                response = connection.getresponse()
                return response.status, response.headers, response.read()
            except (OSError, http.client.HTTPException) as error:
                raise Failed(f"cannot reach {self.url}: {reason_of(error)}") from None


def _wait(headers: http.client.HTTPMessage) -> float:
    """Seconds until the limit is reset: Retry-After, or X-RateLimit-Reset, which is a date (FEATURES C39)."""
    after, reset = headers.get("Retry-After", ""), headers.get("X-RateLimit-Reset", "")
    if after.isdigit():
        return min(float(after), _longest_wait)
    try:
        left = (parsedate_to_datetime(reset) - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError):
        return 1.0
    return min(max(left, 1.0), _longest_wait)


def _why(answer: Item) -> str:
    errors = answer.get("errors")
    texts = [str(each.get("message") or each.get("type")) for each in errors or [] if isinstance(each, dict)]
    return "; ".join(texts) or "no reason given"
