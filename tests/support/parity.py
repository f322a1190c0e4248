"""Replays the recorded requests of one destination against a definition, and counts where they agree.

A plugin's tests/test_parity.py is no more than this:

    from actionsd_acme import acme
    from support import parity

    def test_the_recorded_requests_are_sent() -> None:
        report = parity.replay(acme)
        assert report.total and report.agreement >= 0.99, report.text()

Run ``python -m support.parity acme [text in the id]`` (with PYTHONPATH=tests) to see the counts and every difference of
an installed plugin. Compared are method, URL, headers, body (JSON by value) and the class of the outcome; requests as a
multiset. The test is skipped where ../shared is not there. README tables come from ``report.table()``.
"""

import asyncio
import gzip
import json
import os
import sys
from base64 import b64decode
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import pytest

from actionsd import testing
from actionsd.sdk import Choices, Definition, Request, Tokens, plain
from actionsd.sdk.errors import is_retryable

RECORDS = Path(__file__).parents[3] / "shared" / "destinations" / "requests"
NOW = datetime(2024, 5, 15, 12, 34, 56, 789000, tzinfo=UTC)
UUID = "00000000-0000-4000-8000-000000000000"
_OTHER_UUID = "80808080-8080-4080-8080-808080808080"  # upstream draws some UUIDs from Math.random
_GROUPS = {
    "onEvent": "events", "onBatch": "batches", "executeBatch": "batches", "testAuthentication": "authentication",
    "onDelete": "deletions", "refreshAccessToken": "refreshes", "executeDynamicField": "choices",
}  # fmt: skip
_FORWARDS = ("segment",)  # returns its batch upstream; ours really posts it (RULES C11)


class Difference(NamedTuple):
    """A record that does not agree; ``what`` is requests, outcome or result."""

    id: str
    what: str
    want: Any
    got: Any

    def __str__(self) -> str:
        return f"{self.id}: {self.what}\n    want {_short(self.want)}\n    got  {_short(self.got)}"


class Report:
    """Counts by group (events, batches, authentication, deletions, refreshes, choices), and the differences."""

    def __init__(self, slug: str) -> None:
        self.slug = slug
        self.counts: Counter[str] = Counter()
        self.agreed: Counter[str] = Counter()
        self.differences: list[Difference] = []

    @property
    def total(self) -> int:
        return self.counts.total()

    @property
    def agreement(self) -> float:
        return self.agreed.total() / self.total if self.total else 1.0

    def table(self) -> str:
        """Markdown for the plugin's README."""
        rows = [f"| {name} | {self.agreed[name]} | {count} |" for name, count in sorted(self.counts.items())]
        total = f"| **all** | **{self.agreed.total()}** | **{self.total}** |"
        return "\n".join(["| records | agree | of |", "|---|---:|---:|", *rows, total])

    def text(self, most: int = 20) -> str:
        """The counts and the first differences."""
        shown = [str(difference) for difference in self.differences[:most]]
        return "\n".join([f"{self.slug}: {self.agreed.total()} of {self.total} agree", self.table(), *shown])


def replay(definition: str | Definition[Any], only: str = "", records: Path | None = None) -> Report:
    """Replay all open records of a destination, or those with ``only`` in their id; skips where there are none."""
    slug = definition if isinstance(definition, str) else definition.slug
    file = records or RECORDS / f"{slug}.jsonl"
    if not file.exists():
        pytest.skip(f"no records at {file}")
    header, *rows = map(json.loads, file.read_text(encoding="utf-8").splitlines())
    os.environ.update(header.get("env") or {})
    report = Report(slug)

    async def replay_all() -> None:
        for row in rows:
            if only in row["id"] and row["call"] in _GROUPS:
                group = _GROUPS[row["call"]]
                difference = await _replay(definition, header, row)
                report.counts[group] += 1
                report.agreed[group] += difference is None
                if difference is not None:
                    report.differences.append(difference)

    asyncio.run(replay_all())
    return report


async def _replay(definition: str | Definition[Any], header: Any, row: Any) -> Difference | None:
    wanted = row["outcome"]
    respond = [_answer(request.get("response")) for request in wanted.get("requests", [])]
    settings = header["settings"].get(row["settings"], row["settings"]) if row["settings"] else {}
    if row["call"] in ("onEvent", "onBatch", "executeBatch"):
        return await _replay_delivery(definition, header, row, settings, respond)
    kinds: dict[str, testing.Kind] = {
        "testAuthentication": "test_authentication", "onDelete": "on_delete", "refreshAccessToken": "refresh",
        "executeDynamicField": "choices",
    }  # fmt: skip
    given = header["events"][row["event"]] if "event" in row else row.get("input")
    done = await testing.call(
        definition, kinds[row["call"]], settings=settings, action=row.get("action"), input=given, respond=respond,
        now=NOW, uuid=UUID,
    )  # fmt: skip
    found = _requests_difference(row, done.requests)
    failed = done.outcome.kind != "delivered"
    if found is None and failed != ("error" in wanted):
        return Difference(row["id"], "outcome", wanted.get("error", "success"), done.outcome.message or "success")
    if found is None and not failed and row["call"] in ("executeDynamicField", "refreshAccessToken"):
        got = _result(done.result)
        return None if got == _result(wanted.get("result")) else Difference(row["id"], "result", wanted["result"], got)
    return found


async def _replay_delivery(
    definition: str | Definition[Any], header: Any, row: Any, settings: Any, respond: list[Any]
) -> Difference | None:
    events = [header["events"][key] for key in row.get("events", [row.get("event")])]
    done = await testing.run(
        definition, row["action"], settings=settings, events=events, mapping=header["mappings"][row["mapping"]],
        trigger=row.get("subscribe"), transaction=dict(header.get("transactionContext") or {}), respond=respond,
        batch=row["call"] != "onEvent", now=NOW, uuid=UUID, random=0.5,
    )  # fmt: skip
    if row["destination"] in _FORWARDS:
        found = _forwarded_difference(row, done.requests)
    else:
        found = _requests_difference(row, done.requests)
    got: list[str] = [outcome.kind for outcome in done.outcomes]
    want = _kinds(row, len(events))
    if found is None and not _kinds_agree(want, got):
        what = [f"{outcome.kind}: {outcome.code} {outcome.message}" for outcome in done.outcomes]
        return Difference(row["id"], "outcome", row["outcome"].get("error", want), what)
    return found


def _kinds(row: Any, count: int) -> list[str]:
    """The class of each outcome: delivered, retry, discarded, or "failed" where upstream doesn't tell which."""
    outcome = row["outcome"]
    if "error" in outcome:
        return [_error_kind(outcome["error"])] * count
    result = outcome.get("result", [])
    if row["call"] == "onEvent":
        return ["delivered" if any(step.get("output") == "Action Executed" for step in result) else "discarded"]
    items = result[0].get("multistatus", []) if result and "multistatus" in result[0] else result
    kinds = [_status_kind(item["status"]) if "status" in item else "discarded" for item in items]
    return kinds or ["discarded"] * count


def _error_kind(error: Mapping[str, Any]) -> str:
    status = error.get("status") or error.get("responseStatus")
    if error["name"] == "RetryableError" or str(error.get("code", "")).startswith("ECONN"):
        return "retry"
    return _status_kind(status) if status else "failed"


def _status_kind(status: int) -> str:
    return "delivered" if 200 <= status < 300 else "retry" if is_retryable(status) else "discarded"


def _kinds_agree(want: list[str], got: list[str]) -> bool:
    if len(set(want)) == 1 and len(got) > 1 and want[0] != "delivered":  # a batch that failed whole, invalid items too
        return want[0] in got or (want[0] == "failed" and "delivered" not in got)
    return len(want) == len(got) and all(
        one == other or (one == "failed" and other != "delivered") for one, other in zip(want, got, strict=True)
    )


def _answer(response: Mapping[str, Any] | None) -> Any:
    if response is None:
        return None
    return response["status"], response.get("headers"), response.get("body")


def _requests_difference(row: Any, requests: list[Request]) -> Difference | None:
    want = [_wanted(request) for request in row["outcome"].get("requests", [])]
    got = [_sent(request) for request in requests]
    left = list(got)
    for request in want:
        match = next((index for index, other in enumerate(left) if _same(request, other)), None)
        if match is None:
            return Difference(row["id"], "requests", *_first_difference(want, got))
        del left[match]
    return Difference(row["id"], "requests", want, got) if left else None


def _forwarded_difference(row: Any, requests: list[Request]) -> Difference | None:
    steps = row["outcome"].get("result", [])
    data = [step["data"] for step in steps if isinstance(step, dict) and step.get("data")]
    want = [item for part in data for item in part.get("batch", [])]
    got = [item for request in requests for item in request.json["batch"]]
    return None if _same(want, got) else Difference(row["id"], "requests", want, got)


def _wanted(request: Mapping[str, Any]) -> dict[str, Any]:
    body = request["body"]
    if request["bodyType"] == "form":
        body = sorted(map(tuple, body))
    elif request["bodyType"] == "base64":
        body = b64decode(body).decode("latin-1")
    elif request["bodyType"] == "empty":
        body = None
    headers: dict[str, str] = {name.lower(): value for name, value in request["headers"].items()}
    return _uniform({"method": request["method"], "url": request["url"], "headers": headers, "body": body})


def _sent(request: Request) -> dict[str, Any]:
    headers = dict(request.headers)
    if headers.get("user-agent") == "Segment (Actions)":
        del headers["user-agent"]
    body = gzip.decompress(request.body) if headers.get("content-encoding") == "gzip" else request.body
    return _uniform({"method": request.method, "url": request.url, "headers": headers, "body": _body(body, headers)})


def _body(body: bytes, headers: Mapping[str, str]) -> Any:
    if "x-www-form-urlencoded" in headers.get("content-type", ""):
        return sorted(parse_qsl(body.decode(), keep_blank_values=True))
    try:
        return json.loads(body) if body else None
    except ValueError:
        return body.decode("latin-1") if not body.isascii() else body.decode()


def _uniform(request: dict[str, Any]) -> dict[str, Any]:
    """Without what is not ours to repeat: the second UUID, and the text "undefined" of a missing token."""
    uniform: dict[str, Any] = json.loads(json.dumps(request).replace(_OTHER_UUID, UUID))
    if uniform["headers"].get("authorization") in ("Bearer undefined", "Bearer None"):
        del uniform["headers"]["authorization"]
    return uniform


def _same(one: Any, other: Any) -> bool:
    """Equal as JSON values; a JSON text sent as text equals its value."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, str) and isinstance(other, dict | list | int | float):
        try:
            return _same(json.loads(one), other)
        except ValueError:
            return False
    return bool(one == other and isinstance(one, bool) == isinstance(other, bool))


def _first_difference(want: list[Any], got: list[Any]) -> tuple[Any, Any]:
    """The parts that differ of the first pair that differs, or both lists where the counts do."""
    if len(want) != len(got):
        return [f"{r['method']} {r['url']}" for r in want], [f"{r['method']} {r['url']} {r['body']}" for r in got]
    for one, other in zip(want, got, strict=True):
        if not _same(one, other):
            keys = [key for key in one if not _same(one[key], other[key])]
            parts = list(_parts({key: one[key] for key in keys}, {key: other[key] for key in keys}, ""))
            return [f"{path} {_short(a)}" for path, a, _ in parts], [f"{path} {_short(b)}" for path, _, b in parts]
    return want, got


def _parts(one: Any, other: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(one, dict) and isinstance(other, dict):
        for key in {**one, **other}:
            first, second = one.get(key, "(absent)"), other.get(key, "(absent)")
            if not _same(first, second):
                yield from _parts(first, second, f"{path}.{key}")
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for index, (first, second) in enumerate(zip(one, other, strict=True)):
            if not _same(first, second):
                yield from _parts(first, second, f"{path}[{index}]")
    else:
        yield path, one, other


def _result(result: Any) -> Any:
    """Choices and tokens in upstream's form; None is a refresh that brought no token."""
    if result is None:
        return {}
    if isinstance(result, Choices):
        made: dict[str, Any] = {"choices": [plain(choice) for choice in result.choices]}
        if result.error:
            made["error"] = {"message": result.error[0], "code": result.error[1]}
        return made
    if isinstance(result, Tokens):
        return {"accessToken": result.access_token}
    if isinstance(result, dict) and "choices" in result:
        return {key: value for key, value in result.items() if key != "nextPage"}
    if isinstance(result, dict) and "accessToken" in result:
        return {"accessToken": result["accessToken"]}
    return result


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 700 else f"{text[:700]} … ({len(text)} characters)"


if __name__ == "__main__":
    print(replay(sys.argv[1], "".join(sys.argv[2:3])).text(most=200))  # noqa: T201
