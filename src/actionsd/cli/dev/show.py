"""Events, requests and answers as a developer reads them."""

import json
import textwrap
from collections.abc import Iterator, Mapping

import click

from actionsd import wire
from actionsd.cli.output import coloured
from actionsd.sdk.http import phrase

_most_lines = 60  # of one body
_usual = {"content-type", "user-agent", "content-length"}  # headers that are not worth a line
_step_width = 9


def seen(record: wire.Seen) -> str:
    """What happened, the requests and answers of an attempt under it."""
    at = click.style(record.at.astimezone().strftime("%H:%M:%S.%f")[:-3], dim=True)
    step = coloured(record.step) + " " * (_step_width - len(record.step))
    head = " ".join(part for part in (at, step, _what(record), _how(record)) if part)
    return "\n".join([head, *(line for exchange in record.exchanges for line in _exchange(exchange))])


def _what(record: wire.Seen) -> str:
    event = f'"{record.event}"' if record.event else ""
    if record.mapping:
        return " ".join([click.style(record.mapping, bold=True), *([event] if event else [])])
    what = f"{record.type} {event}".rstrip()
    return f"{what} {click.style(record.message_id, dim=True)}" if record.step == "accepted" else what


def _how(record: wire.Seen) -> str:
    """The status and the time it took, or the reason and what is known about it."""
    if record.step == "delivered":
        return f"{record.status} in {record.took_ms:.0f} ms"
    status = str(record.status) if record.status else ""
    return " ".join(part for part in (status, record.reason, record.message) if part)


def _exchange(exchange: wire.Exchange) -> Iterator[str]:
    request = exchange.request
    yield f"  {click.style(request.method, fg='cyan')} {request.url}"
    headers = {name: value for name, value in request.headers.items() if name not in _usual}
    yield from (click.style(f"  {name}: {value}", dim=True) for name, value in headers.items())
    yield from _body(request.body, request.headers, request.truncated)
    took = f"{exchange.seconds * 1000:.0f} ms"
    if exchange.error is not None:
        yield click.style(f"  ← {exchange.error.code} {exchange.error.message}, {took}", fg="red")
    if exchange.response is not None:
        response = exchange.response
        colour = "green" if 200 <= response.status < 300 else "red"
        status = f"{response.status} {phrase(response.status)}".rstrip()
        yield click.style(f"  ← {status}, {took}", fg=colour)
        yield from _body(response.body, response.headers, response.truncated)


def _body(text: str, headers: Mapping[str, str], truncated: bool) -> Iterator[str]:
    """The lines of a body, JSON indented, the end of a long one left out."""
    if "json" in headers.get("content-type", ""):
        try:
            text = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
        except ValueError:
            pass  # cut off, or no JSON after all: shown as it is
    lines = text.splitlines()
    yield from textwrap.indent("\n".join(lines[:_most_lines]), "    ").splitlines()
    if truncated or len(lines) > _most_lines:
        yield click.style("    ... cut here", dim=True)
