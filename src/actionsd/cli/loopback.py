"""The loopback address to which a provider redirects a browser (RFC 8252): takes one answer, and shows a page."""

import html
import queue
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from actionsd import wire
from actionsd.cli.http import Failed, reason_of

_path = "/callback"
_idle = 10.0  # seconds that a browser's connection may be quiet
_page = """<!doctype html><meta charset="utf-8"><title>{title}</title>
<body style="font: 1.1em/1.5 sans-serif; margin: 4em auto; max-width: 32em">
<h1 style="font-size: 1.3em">{title}</h1><p>{text}</p><p>You can close this page.</p>
"""

Finish = Callable[[wire.ConnectAnswer], wire.Connected]


def listen(port: int) -> "Server":
    """A server on 127.0.0.1; port 0 is any free one.

    Raises:
        Failed: the port is taken.
    """
    try:
        return Server(port)
    except OSError as error:
        raise Failed(f"cannot wait on 127.0.0.1:{port}: {reason_of(error)}") from None


class Server(ThreadingHTTPServer):
    """Hands the first answer of the provider to ``finish``; what came of it is for :meth:`wait` and for the browser."""

    daemon_threads = True
    finish: Finish

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self._outcomes: queue.Queue[wire.Connected | Failed] = queue.Queue()
        self._once = threading.Lock()

    @property
    def redirect_uri(self) -> str:
        """Where the provider sends the browser."""
        return f"http://127.0.0.1:{self.server_port}{_path}"

    def close(self) -> None:
        """Free the port."""
        self.server_close()

    def wait(self, seconds: float) -> wire.Connected:
        """Serve until the provider has answered.

        Raises:
            Failed: it did not within that time, or it did not work.
        """
        thread = threading.Thread(target=self.serve_forever, name="connect", daemon=True)
        thread.start()
        try:
            outcome = self._outcomes.get(timeout=seconds)
        except queue.Empty:
            raise Failed(f"no answer came within {seconds / 60:.0f} minutes; nothing was changed") from None
        finally:
            self.shutdown()
            thread.join()
        if isinstance(outcome, Failed):
            raise outcome
        return outcome

    def answered(self, answer: wire.ConnectAnswer, show: Callable[[wire.Connected | Failed], None]) -> bool:
        """Take the provider's answer, unless one was taken before."""
        if not self._once.acquire(blocking=False):
            return False
        outcome: wire.Connected | Failed
        try:
            outcome = self.finish(answer)
        except Failed as error:
            outcome = error
        try:
            show(outcome)
        finally:
            self._outcomes.put(outcome)
        return True

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser may go whenever it likes."""


class _Handler(BaseHTTPRequestHandler):
    server: Server
    timeout = _idle

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = parse_qs(parts.query)
        if parts.path != _path or not query:
            self._send(404, "Nothing is here", "This address waits for the answer of a provider.")
            return
        answer = wire.ConnectAnswer(
            **{name: query.get(name, [""])[0] for name in ("state", "code", "error", "error_description")}
        )
        if not self.server.answered(answer, self._show):
            self._send(409, "An answer was here already", "The command that waited for it has more.")

    def _show(self, outcome: wire.Connected | Failed) -> None:
        if isinstance(outcome, Failed):
            self._send(400, "Not connected", outcome.message)
        else:
            self._send(200, f"{outcome.destination} is connected", "actionsd has the tokens.")

    def _send(self, status: int, title: str, text: str) -> None:
        body = _page.format(title=html.escape(title), text=html.escape(text)).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Referrer-Policy", "no-referrer")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the address has the code in it."""
